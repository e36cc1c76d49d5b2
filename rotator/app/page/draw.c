// Places along the line are percentages, so that the picture is as wide as the page is and its
// letters stay as large as they are: there is no viewBox that would shrink them.
#include "rotator/app/page/draw.h"

#include <string.h>

#include "rotator/app/page/html.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

enum { TOP = 20, ROW = 35, LABEL = 12, BAR = 23, AXIS = 20 };

static const char *const classes[LIFE_STAGES] = {
    [LIFE_NEW] = "new", [LIFE_CURRENT] = "cur", [LIFE_OLD] = "old", [LIFE_DISABLED] = "dis"};
static const int heights[LIFE_STAGES] = {
    [LIFE_NEW] = 8, [LIFE_CURRENT] = 10, [LIFE_OLD] = 5, [LIFE_DISABLED] = 1};
static const struct {
  const char *class, *path, *words;
} marks[LIFE_EVENTS] = {
    [LIFE_PROVEN] = {"ok", "M0-5 5 0 0 5-5 0z", "proven"},
    [LIFE_REFUSED] = {"no", "M-4-4 4 4M4-4-4 4", "refused, or seen dead"},
    [LIFE_USED] = {"use", "M0-5 5 4-5 4z", "used by others"},
};

void draw_percent(FILE *f, const char *attribute, int at) {
  fprintf(f, " %s=\"%d.%02d%%\"", attribute, at / 100, at % 100);
}

static void rect(FILE *f, const char *class, int from, int to, int middle, int height) {
  fprintf(f, "<rect class=\"%s\" y=\"%d\" height=\"%d\"", class, middle - height / 2, height);
  draw_percent(f, "x", from);
  draw_percent(f, "width", to > from ? to - from : 0);
  fputs("/>", f);
}

// A shape that does not stretch: its zero is at the place.
static void shape(FILE *f, int at, int y, const char *class, const char *path) {
  fputs("<svg overflow=\"visible\"", f);
  draw_percent(f, "x", at);
  fprintf(f, " y=\"%d\"><path class=\"%s\" d=\"%s\"/></svg>", y, class, path);
}

static void line(FILE *f, const char *class, int at, int y1, int y2) {
  fprintf(f, "<line class=\"%s\" y1=\"%d\" y2=\"%d\"", class, y1, y2);
  draw_percent(f, "x1", at);
  draw_percent(f, "x2", at);
  fputs("/>", f);
}

static const char *anchor(int at) {
  return at < 1000 ? "start" : at > TIMELINE_WIDTH - 1000 ? "end" : "middle";
}

static int height_of(const struct drawing *d) {
  return TOP + (int)d->life->n_keys * ROW + AXIS;
}

// --- in words ---

static void say_time(FILE *f, const char *before, int64_t at_s, const char *after) {
  char when[32];
  text_format_time(when, sizeof when, at_s);
  html(f, "%s%s%s", before, when, after);
}

static void describe_key(FILE *f, const struct life_key *k) {
  html(f, "%s: ", k->id);
  for (size_t i = 0; i < k->n_spans; i++) {
    html(f, "%s%s", i > 0 ? ", " : "", life_stage_name(k->spans[i].stage));
    say_time(f, " from ", k->spans[i].from_s, "");
  }
  const struct life_span *lasting = life_lasting(k);
  if (!lasting && k->n_spans > 0)
    say_time(f, ", ended ", k->spans[k->n_spans - 1].to_s, "");
  fputs(". ", f);
}

static void describe_marks(FILE *f, const struct life *l, enum life_event event) {
  int64_t last_s = 0;
  size_t n = 0;
  for (size_t i = 0; i < l->n_marks; i++)
    if (l->marks[i].event == event) {
      last_s = l->marks[i].at_s > last_s ? l->marks[i].at_s : last_s;
      n++;
    }
  if (n == 0)
    return;
  html(f, "%s: %zu times shown", marks[event].words, n);
  say_time(f, ", last ", last_s, ". ");
}

static void describe(FILE *f, const struct drawing *d) {
  html(f, "<title id=\"l%zu\">Life of the keys of %s</title><desc id=\"d%zu\">", d->id, d->name,
       d->id);
  for (size_t i = 0; i < d->life->n_keys; i++)
    describe_key(f, &d->life->keys[i]);
  for (int i = 0; i < LIFE_EVENTS; i++)
    describe_marks(f, d->life, (enum life_event)i);
  if (d->grace_end_s > 0)
    say_time(f, "Grace ends ", d->grace_end_s, ". ");
  if (d->due_s > 0)
    say_time(f, "The next rotation is due ", d->due_s, ".");
  fputs("</desc>", f);
}

// --- the picture ---

static void draw_axis(FILE *f, const struct drawing *d, const struct timeline *t) {
  int64_t ticks[TIMELINE_TICKS_MAX];
  bool hours = false;
  int bottom = height_of(d) - AXIS;
  size_t n = timeline_ticks(t, ticks, &hours);
  for (size_t i = 0; i < n; i++) {
    char when[32];
    int at = timeline_at(t, ticks[i]);
    text_format_time(when, sizeof when, ticks[i]);
    line(f, "grid", at, TOP, bottom);
    fprintf(f, "<text text-anchor=\"middle\" y=\"%d\" data-t=\"%s\"", bottom + 14, when);
    draw_percent(f, "x", at);
    if (hours)
      fprintf(f, ">%.5s %.5s</text>", when + 5, when + 11);
    else
      fprintf(f, ">%.10s</text>", when);
  }
  int now = timeline_at(t, d->now_s);
  line(f, "now", now, TOP - 6, bottom);
  fprintf(f, "<text class=\"now\" text-anchor=\"%s\" y=\"%d\"", anchor(now), TOP - 9);
  draw_percent(f, "x", now);
  fputs(">now</text>", f);
}

// The end of an id tells keys apart; the whole of it stands beside the picture.
static const char *end_of(const char *id) {
  size_t len = strlen(id);
  return len > 12 ? id + len - 12 : id;
}

static void draw_label(FILE *f, const struct life_key *k, int y) {
  const struct life_span *lasting = life_lasting(k);
  html(f, "<text y=\"%d\">…%s %s</text>", y, end_of(k->id),
       lasting ? life_stage_name(lasting->stage) : "gone");
}

static void draw_spans(FILE *f, const struct drawing *d, const struct timeline *t, size_t key) {
  const struct life_key *k = &d->life->keys[key];
  int middle = TOP + (int)key * ROW + BAR;
  for (size_t i = 0; i < k->n_spans; i++) {
    const struct life_span *s = &k->spans[i];
    int64_t to_s = s->to_s > 0 ? s->to_s : d->now_s;
    rect(f, classes[s->stage], timeline_at(t, s->from_s), timeline_at(t, to_s), middle,
         heights[s->stage]);
  }
  if (k->n_spans > 0 && !life_lasting(k))
    line(f, "end", timeline_at(t, k->spans[k->n_spans - 1].to_s), middle - 6, middle + 6);
}

// From now to what comes: when the current key is due, when the old one may go.
static void draw_ahead(FILE *f, const struct drawing *d, const struct timeline *t, size_t key) {
  const struct life_span *lasting = life_lasting(&d->life->keys[key]);
  int middle = TOP + (int)key * ROW + BAR;
  int64_t to_s = !lasting                         ? 0
                 : lasting->stage == LIFE_CURRENT ? d->due_s
                 : lasting->stage == LIFE_OLD     ? d->grace_end_s
                                                  : 0;
  if (to_s <= 0)
    return;
  if (to_s > d->now_s)
    rect(f, "ahead", timeline_at(t, d->now_s), timeline_at(t, to_s), middle,
         heights[lasting->stage]);
  shape(f, timeline_at(t, to_s), middle, "flag", "M0 6V-9h-9l2 3.5-2 3.5h9");
}

void draw_life(FILE *f, const struct drawing *d) {
  const struct life *l = d->life;
  if (l->n_keys == 0)
    return;
  struct timeline t =
      timeline_of(l, d->now_s, d->due_s > d->grace_end_s ? d->due_s : d->grace_end_s);
  html(f,
       "<svg class=\"life\" width=\"100%%\" height=\"%d\" role=\"img\" "
       "aria-labelledby=\"l%zu\" aria-describedby=\"d%zu\">",
       height_of(d), d->id, d->id);
  describe(f, d);
  draw_axis(f, d, &t);
  for (size_t i = 0; i < l->n_keys; i++) {
    draw_label(f, &l->keys[i], TOP + (int)i * ROW + LABEL);
    draw_spans(f, d, &t, i);
    draw_ahead(f, d, &t, i);
  }
  for (size_t i = 0; i < l->n_marks; i++) {
    const struct life_mark *m = &l->marks[i];
    shape(f, timeline_at(&t, m->at_s), TOP + (int)m->key * ROW + BAR, marks[m->event].class,
          marks[m->event].path);
  }
  fputs("</svg>\n", f);
}

// --- legend ---

static void begin_sample(FILE *f) {
  fputs("<svg class=\"sample\" width=\"36\" height=\"16\" aria-hidden=\"true\">", f);
}

void draw_sample_span(FILE *f, enum life_stage stage) {
  begin_sample(f);
  rect(f, classes[stage], 300, TIMELINE_WIDTH - 300, 8, heights[stage]);
  fputs("</svg>", f);
}

void draw_sample_mark(FILE *f, enum life_event event) {
  begin_sample(f);
  shape(f, TIMELINE_WIDTH / 2, 8, marks[event].class, marks[event].path);
  fputs("</svg>", f);
}

void draw_sample_ahead(FILE *f) {
  begin_sample(f);
  rect(f, "ahead", 300, 8500, 9, heights[LIFE_CURRENT]);
  shape(f, 8500, 9, "flag", "M0 6V-9h-9l2 3.5-2 3.5h9");
  fputs("</svg>", f);
}
