#include <stdlib.h>
#include <string.h>

#include "rotator/app/page/draw.h"
#include "rotator/app/page/html.h"
#include "rotator/app/page/page.h"
#include "tests/support/unit.h"

#define DAY 86400
#define T0 INT64_C(1790000000) // 2026-09-21T14:13:20Z

// --- escaping ---

static char *written;
static size_t written_len;

static FILE *begin(void) {
  free(written);
  return open_memstream(&written, &written_len);
}
#define WRITTEN(f, want)                                                                           \
  do {                                                                                             \
    fclose(f);                                                                                     \
    assert_string_equal(written, want);                                                            \
  } while (0)

static void text_is_escaped(void **state) {
  (void)state;
  const char *volatile nothing = NULL;
  FILE *f = begin();
  html(f, "%s", "a<b>&\"c\"'d' \xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91\n");
  WRITTEN(f, "a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39; \xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91\n");
  f = begin();
  html(f, "<p class=\"%s\">%s is 100%% of %zu, %d</p>", "\"><script>", "<i>", (size_t)7, -3);
  WRITTEN(f, "<p class=\"&quot;&gt;&lt;script&gt;\">&lt;i&gt; is 100% of 7, -3</p>");
  f = begin();
  html(f, "%s", nothing);
  WRITTEN(f, "");
}

#define FFFD "\xef\xbf\xbd"

static void what_is_no_text_is_replaced(void **state) {
  (void)state;
  static const struct {
    const char *text, *want;
  } cases[] = {
      {"a\x01z\x7f", "a" FFFD "z" FFFD},
      {"\x80\xff<", FFFD FFFD "&lt;"},
      {"\xc3", FFFD},
      {"\xc0\xaf", FFFD FFFD},                   // "/" in a form that is too long
      {"\xe0\x80\xbc", FFFD FFFD FFFD},          // "<" likewise
      {"\xed\xa0\x80", FFFD FFFD FFFD},          // half a pair
      {"\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD}, // beyond the last
      {"\xe2\x80\xae"
       "evil",
       FFFD "evil"},               // turns the direction
      {"\xe2\x81\xa6x", FFFD "x"}, // likewise
      {"\xc2\x85", FFFD},          // a control
      {"\xef\xbf\xbf", FFFD},      // no character
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    FILE *f = begin();
    html(f, "%s", cases[i].text);
    WRITTEN(f, cases[i].want);
  }
}

static void times_in_words(void **state) {
  (void)state;
  FILE *f = begin();
  html_time(f, T0);
  WRITTEN(f, "<time datetime=\"2026-09-21T14:13:20Z\">2026-09-21 14:13 UTC</time>");
  f = begin();
  html_time(f, 0);
  WRITTEN(f, "–");
  f = begin();
  html_words(f, "<proven> 2026-09-21T14:13:20Z (settle), 2026-99-99T14:13:20Z & 2026-09-21T14:1");
  WRITTEN(f, "&lt;proven&gt; <time datetime=\"2026-09-21T14:13:20Z\">2026-09-21 14:13 UTC</time> "
             "(settle), 2026-99-99T14:13:20Z &amp; 2026-09-21T14:1");
}

// --- lives ---

static void add(struct life *l, int64_t at_s, const char *what, const char *key,
                const char *previous) {
  char when[32];
  JSON_AUTO o = cJSON_CreateObject();
  time_text(when, sizeof when, at_s);
  cJSON_AddStringToObject(o, "time", when);
  cJSON_AddStringToObject(o, "what", what);
  if (key)
    cJSON_AddStringToObject(o, "key_id", key);
  if (previous)
    cJSON_AddStringToObject(o, "previous_id", previous);
  life_add_entry(l, o);
}

static void add_new(struct life *l, int64_t at_s, const char *key, const char *before) {
  add(l, at_s, "create", NULL, NULL);
  add(l, at_s + 1, "note", key, NULL);
  add(l, at_s + 20, "promote", key, NULL);
  add(l, at_s + 30, "settle", key, before);
}

#define SPAN(k, i, what, from, to)                                                                 \
  do {                                                                                             \
    assert_true((k).n_spans > (i));                                                                \
    assert_int_equal((k).spans[i].stage, what);                                                    \
    assert_int_equal((k).spans[i].from_s, from);                                                   \
    assert_int_equal((k).spans[i].to_s, to);                                                       \
  } while (0)

static void a_rotation(void **state) {
  (void)state;
  struct life l = {.n_keys = 0};
  add_new(&l, T0, "A", NULL);
  add_new(&l, T0 + DAY, "B", "A");
  add(&l, T0 + 2 * DAY, "retire", "B", "A");
  add(&l, T0 + 2 * DAY + 5, "disable", "A", "A");
  add(&l, T0 + 3 * DAY, "delete", "A", "A");
  add(&l, T0 + 3 * DAY, "retired", "B", "A");
  assert_int_equal(l.n_keys, 2);
  assert_string_equal(l.keys[0].id, "A");
  assert_int_equal(l.keys[0].n_spans, 4);
  SPAN(l.keys[0], 0, LIFE_NEW, T0, T0 + 20);
  SPAN(l.keys[0], 1, LIFE_CURRENT, T0 + 20, T0 + DAY + 20);
  SPAN(l.keys[0], 2, LIFE_OLD, T0 + DAY + 20, T0 + 2 * DAY + 5);
  SPAN(l.keys[0], 3, LIFE_DISABLED, T0 + 2 * DAY + 5, T0 + 3 * DAY);
  assert_null(life_lasting(&l.keys[0]));
  SPAN(l.keys[1], 1, LIFE_CURRENT, T0 + DAY + 20, 0);
  assert_int_equal(l.n_marks, 5); // promote and settle of each, and retire
  assert_int_equal(l.marks[4].key, 1);
}

static void back_and_forth(void **state) {
  (void)state;
  struct life l = {.n_keys = 0};
  add_new(&l, T0, "A", NULL);
  add_new(&l, T0 + DAY, "B", "A");
  add(&l, T0 + DAY + 100, "swap", "A", "B");
  SPAN(l.keys[0], 3, LIFE_CURRENT, T0 + DAY + 100, 0);
  SPAN(l.keys[1], 2, LIFE_OLD, T0 + DAY + 100, 0);
  add(&l, T0 + 2 * DAY, "create", NULL, NULL);
  add(&l, T0 + 2 * DAY, "note", "C", NULL);
  add(&l, T0 + 2 * DAY + 9, "refute", "C", NULL);
  SPAN(l.keys[2], 0, LIFE_NEW, T0 + 2 * DAY, T0 + 2 * DAY + 9);
  assert_int_equal(l.marks[l.n_marks - 1].event, LIFE_REFUSED);
}

static void an_adopted_key_and_what_failed(void **state) {
  (void)state;
  struct life l = {.n_keys = 0};
  add(&l, T0, "adopt", NULL, NULL);
  add(&l, T0 + DAY, "create", NULL, NULL);
  add(&l, T0 + DAY, "note", "B", NULL);
  add(&l, T0 + DAY + 20, "promote", "B", NULL);
  add(&l, T0 + DAY + 25, "publish", "B", "A");
  assert_int_equal(l.n_keys, 2);
  assert_string_equal(l.keys[1].id, "A");
  SPAN(l.keys[1], 0, LIFE_CURRENT, T0, T0 + DAY + 20);
  SPAN(l.keys[1], 1, LIFE_OLD, T0 + DAY + 20, 0);
  JSON_AUTO failed = cJSON_Parse("{\"time\":\"2026-11-01T00:00:00Z\",\"what\":\"delete\","
                                 "\"key_id\":\"A\",\"error\":\"no\"}");
  life_add_entry(&l, failed);
  assert_non_null(life_lasting(&l.keys[1]));
  JSON_AUTO garbage = cJSON_Parse("{\"time\":\"yesterday\",\"what\":7}");
  life_add_entry(&l, garbage);
  assert_int_equal(l.n_keys, 2);
}

static void the_last_keys_are_kept(void **state) {
  (void)state;
  struct life l = {.n_keys = 0};
  char name[8] = "K0";
  for (int i = 0; i < LIFE_KEYS_MAX + 3; i++) {
    name[1] = (char)('0' + i);
    add_new(&l, T0 + i * DAY, name, NULL);
  }
  assert_int_equal(l.n_keys, LIFE_KEYS_MAX);
  assert_string_equal(l.keys[0].id, "K3");
  assert_int_equal(l.n_marks, 2 * LIFE_KEYS_MAX);
  for (size_t i = 0; i < l.n_marks; i++)
    assert_int_equal(l.marks[i].key, i / 2);
  for (int i = 0; i < 3 * LIFE_MARKS_MAX; i++)
    add(&l, T0 + 30 * DAY + i, "probe", NULL, NULL);
  assert_int_equal(l.n_marks, LIFE_MARKS_MAX);
  for (int i = 0; i < 3 * LIFE_SPANS_MAX; i++) // each turns about what is current and what is old
    add(&l, T0 + 40 * DAY + i, "swap", NULL, NULL);
  assert_int_equal(l.keys[LIFE_KEYS_MAX - 1].n_spans, LIFE_SPANS_MAX);
  assert_non_null(life_lasting(&l.keys[LIFE_KEYS_MAX - 1]));
}

static void the_state_without_history(void **state) {
  (void)state;
  struct state s = {.phase = PHASE_GRACE, .phase_since_s = T0 + 5 * DAY, .late_s = T0 + 6 * DAY};
  struct life l = {.n_keys = 0};
  struct evidence_book book = {.of = {{.print = "x", .key_id = "B", .proven_s = T0 + 7 * DAY},
                                      {.print = "y", .key_id = "?", .proven_s = T0}}};
  s.slots[SLOT_CURRENT] = (struct slot){.used = true, .key_id = "B", .since_s = T0 + 4 * DAY};
  s.slots[SLOT_PREVIOUS] = (struct slot){.used = true, .key_id = "A", .since_s = T0};
  life_add_state(&l, &s);
  life_add_evidence(&l, &book);
  assert_int_equal(l.n_keys, 2);
  SPAN(l.keys[0], 0, LIFE_CURRENT, T0, T0 + 5 * DAY);
  SPAN(l.keys[0], 1, LIFE_OLD, T0 + 5 * DAY, 0);
  SPAN(l.keys[1], 0, LIFE_CURRENT, T0 + 4 * DAY, 0);
  assert_int_equal(l.n_marks, 2);
  assert_int_equal(l.marks[0].event, LIFE_USED);
  assert_int_equal(l.marks[0].key, 0);
  assert_int_equal(l.marks[1].event, LIFE_PROVEN);
  assert_int_equal(l.marks[1].key, 1);
}

static void the_state_wins(void **state) {
  (void)state;
  struct state s = {.phase = PHASE_IDLE, .phase_since_s = T0 + 9 * DAY};
  struct life l = {.n_keys = 0};
  struct evidence_book book = {
      .of = {{.print = "x", .key_id = "A", .iam = CAUSE_deleted, .iam_s = T0 + 10 * DAY},
             {.print = "y", .key_id = "B", .iam = CAUSE_deleted, .iam_s = T0 + 10 * DAY}}};
  s.slots[SLOT_CURRENT] = (struct slot){.used = true, .key_id = "B", .since_s = T0 + DAY};
  add_new(&l, T0, "A", NULL); // and then the history was lost
  life_add_state(&l, &s);
  assert_null(life_lasting(&l.keys[0]));
  assert_non_null(life_lasting(&l.keys[1]));
  size_t before = l.n_marks;
  life_add_evidence(&l, &book);
  assert_int_equal(l.n_marks, before + 1); // that the old one is gone is no news
  assert_int_equal(l.marks[before].key, 1);
  assert_int_equal(l.marks[before].event, LIFE_REFUSED);
}

// --- geometry ---

static void places_on_the_line(void **state) {
  (void)state;
  struct timeline t = {T0, T0 + 1000};
  assert_int_equal(timeline_at(&t, T0), 0);
  assert_int_equal(timeline_at(&t, T0 + 250), 2500);
  assert_int_equal(timeline_at(&t, T0 + 1000), TIMELINE_WIDTH);
  assert_int_equal(timeline_at(&t, 0), 0);
  assert_int_equal(timeline_at(&t, INT64_MAX), TIMELINE_WIDTH);
  t.to_s = T0 + INT64_C(400) * 365 * DAY;
  assert_int_equal(timeline_at(&t, T0 + INT64_C(100) * 365 * DAY), 2500);
}

static void what_the_line_spans(void **state) {
  (void)state;
  struct life l = {.n_keys = 0};
  struct timeline t = timeline_of(&l, T0, 0);
  assert_true(t.to_s - t.from_s >= TIMELINE_LEAST_S);
  assert_true(t.from_s < T0 && t.to_s > T0);
  add_new(&l, T0 - 100 * DAY, "A", NULL);
  t = timeline_of(&l, T0, T0 + 100 * DAY);
  assert_int_equal(T0 - 100 * DAY - t.from_s, t.to_s - (T0 + 100 * DAY));
  assert_int_equal(timeline_at(&t, T0), TIMELINE_WIDTH / 2);
}

static void ticks_have_room(void **state) {
  (void)state;
  int64_t ticks[TIMELINE_TICKS_MAX];
  bool hours;
  for (int64_t span_s = 3600; span_s < INT64_C(90) * 365 * DAY; span_s += span_s / 7) {
    struct timeline t = {T0, T0 + span_s};
    size_t n = timeline_ticks(&t, ticks, &hours);
    assert_true(n >= 1 && n <= TIMELINE_TICKS_MAX);
    for (size_t i = 0; i < n; i++) {
      int at = timeline_at(&t, ticks[i]);
      assert_true(at >= 1000 && at <= TIMELINE_WIDTH - 1000);
      if (i > 0)
        assert_true(at - timeline_at(&t, ticks[i - 1]) >= 2000);
      assert_true(hours || ticks[i] % DAY == 0);
    }
  }
}

static void a_picture(void **state) {
  (void)state;
  struct life l = {.n_keys = 0};
  struct drawing d = {.life = &l, .name = "a<b", .id = 3, .now_s = T0 + DAY};
  FILE *f = begin();
  draw_life(f, &d);
  WRITTEN(f, "");
  add_new(&l, T0, "ApiKey-0000-<&>", NULL);
  d.due_s = T0 + 9 * DAY;
  f = begin();
  draw_life(f, &d);
  fclose(f);
  assert_non_null(strstr(written, "<title id=\"l3\">Life of the keys of a&lt;b</title>"));
  assert_non_null(strstr(written, "ApiKey-0000-&lt;&amp;&gt;: new from 2026-09-21T14:13:20Z"));
  assert_non_null(strstr(written, "The next rotation is due 2026-09-30T14:13:20Z."));
  assert_null(strstr(written, "<&>"));
}

// --- which targets are shown in detail ---

static enum err add_row(struct page *p, enum page_class class, bool *ret_wanted) {
  struct page_row *r = page_add(p, "t", class);
  *ret_wanted = page_wants_section(p, r);
  if (*ret_wanted)
    r->section = strdup("x");
  return ERR_OK;
}

static void the_worst_have_sections(void **state) {
  (void)state;
  struct error e;
  struct app a = {.env = env_real()};
  struct page p;
  bool wanted;
  size_t shown = 0;
  assert_int_equal(page_begin(&p, &a, 3 * PAGE_SECTIONS, &e), ERR_OK);
  add_row(&p, PAGE_WELL, &wanted);
  assert_false(wanted); // there are too many for that
  for (int i = 0; i < PAGE_SECTIONS; i++) {
    add_row(&p, i % 2 ? PAGE_GRACE : PAGE_ATTENTION, &wanted);
    assert_true(wanted);
  }
  add_row(&p, PAGE_GRACE, &wanted);
  assert_false(wanted);
  for (int i = 0; i < PAGE_SECTIONS; i++)
    add_row(&p, PAGE_BROKEN, &wanted);
  for (size_t i = 0; i < p.n; i++) {
    shown += p.rows[i].section != NULL;
    assert_true(!p.rows[i].section || p.rows[i].class == PAGE_BROKEN);
  }
  assert_int_equal(shown, PAGE_SECTIONS);
  page_clear(&p);
  assert_int_equal(page_begin(&p, &a, PAGE_WHOLE, &e), ERR_OK);
  add_row(&p, PAGE_WELL, &wanted);
  assert_true(wanted);
  page_clear(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_escaped),
      cmocka_unit_test(what_is_no_text_is_replaced),
      cmocka_unit_test(times_in_words),
      cmocka_unit_test(a_rotation),
      cmocka_unit_test(back_and_forth),
      cmocka_unit_test(an_adopted_key_and_what_failed),
      cmocka_unit_test(the_last_keys_are_kept),
      cmocka_unit_test(the_state_without_history),
      cmocka_unit_test(the_state_wins),
      cmocka_unit_test(places_on_the_line),
      cmocka_unit_test(what_the_line_spans),
      cmocka_unit_test(ticks_have_room),
      cmocka_unit_test(a_picture),
      cmocka_unit_test(the_worst_have_sections),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  free(written);
  return failed;
}
