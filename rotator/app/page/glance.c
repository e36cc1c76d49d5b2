// The fleet at a glance, and every target in lists.
#include <stdlib.h>
#include <string.h>

#include "rotator/app/page/draw.h"
#include "rotator/app/page/html.h"
#include "rotator/app/page/page.h"

#define DAY_S 86400
#define SOON_MAX 8 // things that come next

static const struct {
  const char *words, *style;
} classes[PAGE_CLASSES] = {
    [PAGE_BROKEN] = {"no working key", "bad"},
    [PAGE_ATTENTION] = {"needs a person", "bad"},
    [PAGE_MISTAKE] = {"mistake in its configuration", "bad"},
    [PAGE_TROUBLE] = {"trouble that may pass", "warn"},
    [PAGE_UNKNOWN] = {"not known", "warn"},
    [PAGE_NOT_SET_UP] = {"not set up", "warn"},
    [PAGE_HELD] = {"on hold", "info"},
    [PAGE_DUE] = {"due", "info"},
    [PAGE_ROTATING] = {"being rotated", "info"},
    [PAGE_GRACE] = {"in grace", "info"},
    [PAGE_WELL] = {"well", "good"},
};

const char *page_class_words(enum page_class c) {
  return classes[c].words;
}
const char *page_class_style(enum page_class c) {
  return classes[c].style;
}

// --- charts ---

static void bar(FILE *f, const char *style, size_t n, size_t most) {
  fputs("<td class=\"bar\"><svg width=\"100%\" height=\"10\" aria-hidden=\"true\">", f);
  html(f, "<rect class=\"%s\" height=\"10\"", style);
  draw_percent(f, "width", most > 0 ? (int)(n * TIMELINE_WIDTH / most) : 0);
  fputs("/></svg></td></tr>\n", f);
}

static void begin_chart(FILE *f, const char *caption, const char *first) {
  html(f,
       "<table class=\"chart\"><caption>%s</caption><thead class=\"vh\"><tr>"
       "<th scope=\"col\">%s</th><th scope=\"col\">Targets</th><th scope=\"col\">Share</th></tr>"
       "</thead><tbody>\n",
       caption, first);
}

static void by_verdict(FILE *f, const struct page *p) {
  size_t most = 0;
  begin_chart(f, "By verdict", "Verdict");
  for (int c = 0; c < PAGE_CLASSES; c++)
    most = p->counts[c] > most ? p->counts[c] : most;
  for (int c = 0; c < PAGE_CLASSES; c++) {
    if (p->counts[c] == 0)
      continue;
    html(f, "<tr><th scope=\"row\"><a href=\"#g%d\">%s</a></th><td class=\"num\">%zu</td>", c,
         page_class_words((enum page_class)c), p->counts[c]);
    bar(f, page_class_style((enum page_class)c), p->counts[c], most);
  }
  fputs("</tbody></table>\n", f);
}

static const struct {
  int64_t below_s;
  const char *words;
} ages[] = {
    {7 * DAY_S, "under 7 days"},      {30 * DAY_S, "7 to 30 days"},
    {90 * DAY_S, "30 to 90 days"},    {180 * DAY_S, "90 to 180 days"},
    {365 * DAY_S, "180 to 365 days"}, {INT64_MAX, "over a year"},
};
#define N_AGES (sizeof ages / sizeof *ages)

static size_t age_of(const struct page *p, const struct page_row *r) {
  size_t i = 0;
  if (r->since_s <= 0)
    return N_AGES;
  while (p->now_s - r->since_s >= ages[i].below_s)
    i++;
  return i;
}

static void by_age(FILE *f, const struct page *p) {
  size_t counts[N_AGES + 1] = {0}, most = 0;
  begin_chart(f, "By age of the current key", "Age");
  for (size_t i = 0; i < p->n; i++)
    counts[age_of(p, &p->rows[i])]++;
  for (size_t i = 0; i <= N_AGES; i++)
    most = counts[i] > most ? counts[i] : most;
  for (size_t i = 0; i <= N_AGES; i++) {
    if (i == N_AGES && counts[i] == 0)
      continue;
    html(f, "<tr><th scope=\"row\">%s</th><td class=\"num\">%zu</td>",
         i < N_AGES ? ages[i].words : "no key known", counts[i]);
    bar(f, i < N_AGES ? "age" : "warn", counts[i], most);
  }
  fputs("</tbody></table>\n", f);
}

// --- what comes next ---

static bool is_sooner(const struct page_row *a, const struct page_row *b) {
  return a->comes_s != b->comes_s ? a->comes_s < b->comes_s : strcmp(a->name, b->name) < 0;
}

// The soonest first; returns how many there are.
static size_t find_soonest(const struct page *p, const struct page_row *soon[SOON_MAX]) {
  size_t n = 0;
  for (size_t i = 0; i < p->n; i++) {
    const struct page_row *r = &p->rows[i];
    if (r->comes_s <= 0)
      continue;
    size_t at = n < SOON_MAX ? n++ : n;
    while (at > 0 && is_sooner(r, soon[at - 1])) {
      if (at < SOON_MAX)
        soon[at] = soon[at - 1];
      at--;
    }
    if (at < SOON_MAX)
      soon[at] = r;
  }
  return n;
}

static void name_cell(FILE *f, const struct page_row *r) {
  if (r->section)
    html(f, "<th scope=\"row\"><a href=\"#t%zu\">%s</a></th>", r->id, r->name);
  else
    html(f, "<th scope=\"row\">%s</th>", r->name);
}

static void comes_next(FILE *f, const struct page *p) {
  const struct page_row *soon[SOON_MAX];
  size_t n = find_soonest(p, soon);
  if (n == 0)
    return;
  fputs("<table class=\"soon\"><caption>What comes next</caption><thead><tr>"
        "<th scope=\"col\">Target</th><th scope=\"col\">What</th><th scope=\"col\">When</th></tr>"
        "</thead><tbody>\n",
        f);
  for (size_t i = 0; i < n; i++) {
    fputs("<tr>", f);
    name_cell(f, soon[i]);
    html(f, "<td>%s</td><td>", soon[i]->comes);
    if (soon[i]->comes_s > p->now_s)
      html_time(f, soon[i]->comes_s);
    else
      fputs("with the next run", f);
    fputs("</td></tr>\n", f);
  }
  fputs("</tbody></table>\n", f);
}

void page_glance(FILE *f, const struct page *p) {
  fputs("<section><h2>At a glance</h2><div class=\"glance\">\n", f);
  by_verdict(f, p);
  by_age(f, p);
  comes_next(f, p);
  fputs("</div></section>\n", f);
}

// --- every target ---

static void write_row(FILE *f, const struct page *p, const struct page_row *r) {
  static const char *const words[] = {
      [WORKING_YES] = "yes", [WORKING_NO] = "NO", [WORKING_UNKNOWN] = "not known"};
  fputs("<tr>", f);
  name_cell(f, r);
  html(f, "<td>%s</td><td>%s</td><td>", words[r->working], r->phase);
  html_age(f, r->since_s > 0 ? p->now_s - r->since_s : -1);
  html(f, "</td><td>%s</td></tr>\n", r->next);
}

static size_t write_group(FILE *f, const struct page *p, size_t first) {
  enum page_class class = p->rows[first].class;
  size_t i = first;
  html(f,
       "<details class=\"group\" id=\"g%d\"%s><summary><h3>%s <span class=\"n\">%zu</span></h3>"
       "</summary><table class=\"list\"><caption class=\"vh\">Targets: %s</caption><thead><tr>"
       "<th scope=\"col\">Target</th><th scope=\"col\">Working</th><th scope=\"col\">Phase</th>"
       "<th scope=\"col\">Key age</th><th scope=\"col\">Next</th></tr></thead><tbody>\n",
       (int)class, class < PAGE_FIRST_UNDER_WAY ? " open" : "", page_class_words(class),
       p->counts[class], page_class_words(class));
  for (; i < p->n && p->rows[i].class == class; i++)
    write_row(f, p, &p->rows[i]);
  fputs("</tbody></table></details>\n", f);
  return i;
}

void page_groups(FILE *f, const struct page *p) {
  html(f, "<section><h2>Every target <span class=\"n\">%zu</span></h2>\n", p->n);
  for (size_t i = 0; i < p->n;)
    i = write_group(f, p, i);
  if (p->n == 0)
    fputs("<p>No target is configured.</p>\n", f);
  fputs("</section>\n", f);
}
