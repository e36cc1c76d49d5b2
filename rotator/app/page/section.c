// One target in detail: what consumers have, what is to be done, the life of its keys, and what
// `status` says of it, in the same words.
#include <stdlib.h>
#include <string.h>

#include "rotator/app/identity.h"
#include "rotator/app/page/draw.h"
#include "rotator/app/page/html.h"
#include "rotator/app/page/page.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/history.h"

#define PAST_MAX 40 // entries of the history that are shown

struct past {
  struct life life;
  cJSON *entries[PAST_MAX]; // a ring: entry n is at n % PAST_MAX
  size_t n;
};

static bool remember(void *ctx, const cJSON *entry) {
  struct past *p = ctx;
  cJSON **place = &p->entries[p->n++ % PAST_MAX];
  cJSON_Delete(*place);
  *place = cJSON_Duplicate(entry, true);
  life_add_entry(&p->life, entry);
  return true;
}

static void past_clear(struct past *p) {
  for (size_t i = 0; i < PAST_MAX; i++)
    cJSON_Delete(p->entries[i]);
}

// --- facts ---

static void fact(FILE *f, const char *label, const char *text) {
  html(f, "<dt>%s</dt><dd>", label);
  html_words(f, text);
  fputs("</dd>", f);
}

static void fact_moment(FILE *f, const struct standing *s, const char *label, int64_t t_s) {
  char text[80];
  standing_moment(s, t_s, text, sizeof text);
  fact(f, label, text);
}

static void fact_key(FILE *f, const struct standing *s, const char *label, enum slot_name name) {
  const struct slot *slot = standing_slot(s, name);
  char generation[32];
  if (!slot)
    return;
  snprintf(generation, sizeof generation, "%llu", (unsigned long long)slot->generation);
  html(f, "<dt>%s</dt><dd><code>%s</code><br>generation %s, made ", label,
       slot->key_id[0] ? slot->key_id : "not created yet", generation);
  html_time(f, slot->since_s);
  fputs(" (", f);
  html_age(f, s->now_s - slot->since_s);
  html(f, " old)%s", slot->adopted_s > 0 ? ", adopted" : "");
  if (name == SLOT_PREVIOUS) {
    char use[80];
    standing_old_key(s, use, sizeof use);
    fputs("<br>", f);
    html_words(f, use);
  }
  fputs("</dd>", f);
}

static void fact_due(FILE *f, const struct standing *s) {
  char text[80];
  int64_t begins_s = 0;
  if (s->observed.view.due_s <= 0)
    return;
  const char *delay = standing_delay(s, &begins_s);
  standing_moment(s, s->observed.view.due_s, text, sizeof text);
  fputs("<dt>due</dt><dd>", f);
  html_words(f, text);
  standing_moment(s, begins_s, text, sizeof text);
  if (delay && begins_s > 0) {
    fputs("<br>begins with the first run after ", f);
    html_words(f, text);
    html(f, ", %s", delay);
  } else if (delay) {
    html(f, "<br>does not begin %s", delay);
  }
  fputs("</dd>", f);
}

static void fact_sinks(FILE *f, const struct standing *s) {
  const struct view *v = &s->observed.view;
  fputs("<dt>sinks</dt>", f);
  for (size_t i = 0; i < v->n_sinks; i++) {
    char text[300];
    verdict_words(text, sizeof text, &v->sinks[i].verdict);
    html(f, "<dd><b>%s</b>: %s<br>", v->sinks[i].name, sink_words(v->sinks[i].value));
    html_words(f, text);
    html(f, "<br><span class=\"quiet\">%s</span></dd>", s->managed->target.sinks[i].item->what);
  }
}

static void fact_person(FILE *f, const char *label, const char *what, const char *by,
                        const char *reason) {
  html(f, "<dt>%s</dt><dd>", label);
  html_words(f, what);
  html(f, ", by %s%s%s</dd>", by, reason[0] ? ": " : "", reason);
}

static void fact_wishes(FILE *f, const struct standing *s) {
  const struct state *st = s->observed.view.state;
  char until[64] = "until resumed";
  if (st->hold.on && st->hold.until_s > 0) {
    memcpy(until, "until ", sizeof "until ");
    time_text(until + strlen(until), sizeof until - sizeof "until ", st->hold.until_s);
  }
  if (st->hold.on)
    fact_person(f, "hold", until, st->hold.by, st->hold.reason);
  if (st->wish.kind != WISH_NONE)
    fact_person(f, "asked for", wish_name(st->wish.kind), st->wish.by, st->wish.reason);
  if (st->failures > 0)
    html(f, "<dt>failed</dt><dd>%d rotation%s in a row</dd>", (int)st->failures,
         st->failures == 1 ? "" : "s");
}

// What it called somebody for counts as long as IAM was not asked since: this command asks nobody.
static void fact_last_run(FILE *f, const struct standing *s) {
  const struct last_run *last = &s->managed->last_run;
  enum why why = why_of_name(last->why);
  char text[80];
  standing_last_run(s, text, sizeof text);
  fputs("<dt>last run</dt><dd>", f);
  html_words(f, text);
  if (last->ended_s > 0 && last->exit != EXIT_FINE && why != WHY_none)
    html(f, ": %s", why_words(why)->text);
  fputs("</dd>", f);
}

static void write_facts(FILE *f, const struct section *x, const struct standing *s) {
  char text[IDENTITY_WORDS_MAX];
  fputs("<dl>", f);
  if (s) {
    fact(f, "phase", x->row->phase);
    fact_key(f, s, "key", SLOT_CURRENT);
    fact_key(f, s, "new key", SLOT_PENDING);
    fact_key(f, s, "old key", SLOT_PREVIOUS);
    if (s->observed.view.state && s->observed.view.state->phase == PHASE_GRACE)
      fact_moment(f, s, "grace ends", standing_grace_end_s(s));
    if (s->observed.view.state)
      fact_due(f, s);
    fact_sinks(f, s);
  }
  if (x->now[0])
    fact(f, "now", x->now);
  if (s && s->observed.view.state)
    fact_wishes(f, s);
  if (s) {
    fact_last_run(f, s);
    identity_words(s->managed, text);
    fact(f, "identity", text);
  }
  fputs("</dl>\n", f);
}

// --- the past ---

static void write_entry(FILE *f, const cJSON *o) {
  const char *time = json_text(o, "time"), *error = json_text(o, "error");
  const char *key = json_text(o, "key_id"), *by = json_text(o, "by");
  const char *reason = json_text(o, "reason");
  fputs("<tr><td>", f);
  html_words(f, time);
  html(f, "</td><th scope=\"row\">%s</th><td>", json_text(o, "what"));
  html_words(f, json_text(o, "text"));
  if (error)
    html(f, "; failed: %s", error);
  if (reason)
    html(f, "; asked for%s%s: %s", by ? " by " : "", by ? by : "", reason);
  if (key)
    html(f, "<br><span class=\"quiet\">%s</span>", key);
  fputs("</td></tr>", f);
}

static void write_past(FILE *f, const struct section *x, const struct past *p) {
  size_t first = p->n > PAST_MAX ? p->n - PAST_MAX : 0;
  if (p->n == 0)
    return;
  html(f, "<details class=\"past\"><summary>What was done<span class=\"vh\"> to %s</span>: ",
       x->row->name);
  if (first > 0)
    html(f, "the last %d of %zu steps", PAST_MAX, p->n);
  else
    html(f, "%zu step%s", p->n, p->n == 1 ? "" : "s");
  html(f,
       "</summary><table class=\"steps\"><caption class=\"vh\">Steps of %s, oldest first</caption>"
       "<thead><tr><th scope=\"col\">Time</th><th scope=\"col\">Step</th>"
       "<th scope=\"col\">What was done</th></tr></thead><tbody>\n",
       x->row->name);
  for (size_t i = first; i < p->n; i++)
    if (p->entries[i % PAST_MAX])
      write_entry(f, p->entries[i % PAST_MAX]);
  fputs("</tbody></table></details>\n", f);
}

// --- the whole ---

static void write_todo(FILE *f, const struct section *x) {
  if (!x->next[0] && !x->person)
    return;
  fputs("<div class=\"todo\">", f);
  if (x->person) {
    fputs("<p>", f);
    html_words(f, x->person);
    fputs("</p>", f);
  }
  if (x->next[0])
    html(f, "<p>next: <code>%s</code></p>", x->next);
  fputs("</div>\n", f);
}

static void write_head(FILE *f, const struct section *x) {
  const struct page_row *r = x->row;
  html(f,
       "<details class=\"target %s\" id=\"t%zu\"%s><summary><h3>%s</h3> "
       "<span class=\"badge\">%s</span> <span class=\"quiet\">%s</span></summary>\n<p>",
       page_class_style(r->class), r->id, r->class < PAGE_FIRST_UNDER_WAY ? " open" : "", r->name,
       page_class_words(r->class), strcmp(r->next, "needs a person") == 0 ? "" : r->next);
  html_words(f, x->working);
  fputs("</p>\n", f);
}

static void draw(FILE *f, const struct section *x, const struct standing *s,
                 const struct life *life) {
  const struct state *st = s->observed.view.state;
  struct drawing d = {
      .life = life, .name = x->row->name, .id = x->row->id, .now_s = s->now_s, .due_s = 0};
  if (st && st->phase == PHASE_GRACE)
    d.grace_end_s = standing_grace_end_s(s);
  if (st && st->phase == PHASE_IDLE)
    d.due_s = s->observed.view.due_s;
  draw_life(f, &d);
}

static void write_section(FILE *f, const struct section *x, const struct standing *s) {
  write_head(f, x);
  write_todo(f, x);
  if (s) {
    struct past past = {.n = 0};
    (void)history_read(s->managed, remember, &past, NULL); // none: nothing was done yet
    if (s->observed.view.state)
      life_add_state(&past.life, s->observed.view.state);
    life_add_evidence(&past.life, &s->managed->memory.book);
    draw(f, x, s, &past.life);
    write_facts(f, x, s);
    write_past(f, x, &past);
    past_clear(&past);
  } else {
    write_facts(f, x, NULL);
  }
  fputs("</details>\n", f);
}

enum err section_make(const struct section *x, const struct standing *s, struct error *e) {
  char *bytes = NULL;
  size_t len = 0;
  FILE *f = open_memstream(&bytes, &len);
  if (!f)
    return error_no_memory(e);
  write_section(f, x, s);
  if (fclose(f) != 0) {
    free(bytes);
    return error_no_memory(e);
  }
  x->row->section = bytes;
  x->row->section_len = len;
  return ERR_OK;
}
