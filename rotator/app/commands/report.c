// report: how every target stands, as a page. It is `status --offline` for a browser: the same
// looks, the same words, the same exit status, and the same errors on standard error.
//
// One target after the other is observed, and forgotten when its row and its section are made
// (page.h). All that happens when the place of the page is known to be good: a path that is wrong
// is told before anything is observed.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rotator/app/chosen.h"
#include "rotator/app/commands/stand.h"
#include "rotator/app/page/page.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/public_file.h"
#include "rotator/app/report/way_out.h"
#include "rotator/app/shard.h"
#include "rotator/base/text.h"

struct reporting {
  struct app *app;
  struct page page;
  int worst;
  bool begun; // targets were observed
};

// --- what a target's row says ---

// What the last run found counts as long as IAM was not asked since: this command asks nobody.
static bool last_run_says(const struct standing *s, int exit) {
  return s->outcome.exit == EXIT_FINE && s->managed->last_run.exit == exit;
}

static enum page_class class_at_rest(const struct standing *s) {
  const struct state *st = s->observed.view.state;
  if (view_working(&s->observed.view) == WORKING_UNKNOWN || !st)
    return PAGE_UNKNOWN;
  if (st->hold.on && (st->hold.until_s == 0 || st->hold.until_s > s->now_s))
    return PAGE_HELD;
  if (st->phase == PHASE_GRACE)
    return PAGE_GRACE;
  if (st->phase != PHASE_IDLE)
    return PAGE_ROTATING;
  return s->observed.view.due ? PAGE_DUE : PAGE_WELL;
}

// There is no state, and there are no signs that there ever was one.
static bool was_never_set_up(const struct standing *s) {
  const struct seen *seen = &s->managed->seen;
  bool untouched = !s->managed->last_run.binding[0] && s->outcome.exit != EXIT_PAGE;
  return s->observed.view.home == HOME_ABSENT && view_working(&s->observed.view) != WORKING_YES &&
         (seen->verdict.cause == CAUSE_empty || untouched);
}

static enum page_class class_of(const struct standing *s) {
  if (was_never_set_up(s))
    return PAGE_NOT_SET_UP;
  if (s->outcome.exit == EXIT_PAGE)
    return PAGE_BROKEN;
  if (s->outcome.exit == EXIT_PERSON || last_run_says(s, EXIT_PERSON) ||
      last_run_says(s, EXIT_PAGE))
    return PAGE_ATTENTION;
  if (s->outcome.exit != EXIT_FINE || last_run_says(s, EXIT_AGAIN))
    return PAGE_TROUBLE;
  return class_at_rest(s);
}

static void fill_comes(struct page_row *r, const struct standing *s) {
  const struct state *st = s->observed.view.state;
  int64_t begins_s = 0;
  if (!st || r->class < PAGE_FIRST_UNDER_WAY)
    return;
  if (st->phase == PHASE_GRACE) {
    r->comes = "the grace ends";
    r->comes_s = standing_grace_end_s(s);
  } else if (st->phase == PHASE_IDLE && s->observed.view.due_s > 0) {
    const char *delay = standing_delay(s, &begins_s);
    r->comes = "a rotation begins";
    r->comes_s = delay ? begins_s : s->observed.view.due_s;
  }
}

static void fill_row(struct page_row *r, const struct standing *s) {
  const struct slot *current = standing_slot(s, SLOT_CURRENT);
  r->working = view_working(&s->observed.view);
  r->phase = standing_phase(s);
  r->since_s = current ? current->since_s : 0;
  standing_next(s, r->next, sizeof r->next);
  fill_comes(r, s);
}

// --- … and its section ---

static enum err make_section(struct reporting *r, struct page_row *row, const struct standing *s,
                             struct error *e) {
  struct managed *m = s->managed;
  char working[320], now[1024], next[700], hint[WAY_OUT_HINT_MAX];
  struct way_out out = {.person = NULL};
  working_words(working, sizeof working, view_working(&s->observed.view), &m->seen.verdict);
  standing_now(s, now, sizeof now);
  if (row->class < PAGE_UNKNOWN && s->result.why == WHY_none && s->result.error.kind == ERR_OK)
    now[0] = '\0'; // there is something to report, only it was not seen now
  if (!s->outcome.silent) {
    way_out_after(r->app, m, &s->result, &s->outcome, &out);
    if (!way_out_is_of_store(s->result.why) &&
        way_out_rights(m, way_out_row_of_rights(&s->result), &s->result.error, hint, sizeof hint))
      out.person = hint;
  } else if (row->class < PAGE_UNKNOWN) {
    out.person = why_words(why_of_name(m->last_run.why))->text; // said by the last run
    report_next(r->app, "status", row->name, out.next, sizeof out.next);
  } else {
    out.person = standing_decision(s, next, sizeof next);
    text_copy(out.next, sizeof out.next, out.person ? next : "");
  }
  const struct section x = {row, working, now, out.person, out.next};
  return section_make(&x, s, e);
}

static enum err add_standing(struct reporting *r, struct standing *s, struct error *e) {
  struct page_row *row = page_add(&r->page, s->managed->config->name, class_of(s));
  fill_row(row, s);
  enum err err = page_wants_section(&r->page, row) ? make_section(r, row, s, e) : ERR_OK;
  report_result(r->app, s->managed, &s->result, &s->outcome);
  r->worst = exit_worse(r->worst, s->outcome.exit);
  return err;
}

// It could not be observed, `why`.
static enum err add_failure(struct reporting *r, struct managed *m, const struct error *why,
                            struct error *e) {
  char working[320], next[1000];
  bool never = why->kind == ERR_MISSING && !m->last_run.binding[0];
  struct page_row *row =
      page_add(&r->page, m->config->name, never ? PAGE_NOT_SET_UP : PAGE_TROUBLE);
  int exit = report_no_success(r->app, m, "report", why);
  if (!never && (exit == EXIT_PERSON || exit == EXIT_PAGE)) {
    r->page.counts[row->class]--;
    row->class = exit == EXIT_PAGE ? PAGE_BROKEN : PAGE_ATTENTION;
    r->page.counts[row->class]++;
  }
  r->worst = exit_worse(r->worst, exit);
  row->working = m->seen.observed ? verdict_working(&m->seen.verdict) : WORKING_UNKNOWN;
  row->phase = never ? "not set up" : "not read";
  text_copy(row->next, sizeof row->next, "needs a person");
  if (!page_wants_section(&r->page, row))
    return ERR_OK;
  working_words(working, sizeof working, row->working, &m->seen.verdict);
  report_failure_next(r->app, m, why, next, sizeof next);
  return section_make(&(struct section){row, working, why->text, NULL, next}, NULL, e);
}

// --- targets whose configuration cannot be used ---

static void say_mistakes(const struct app *a, const struct config_target *t, struct text_buf *b) {
  char line[1200];
  for (size_t i = 0; i < a->mistakes.n; i++) {
    const struct config_mistake *m = &a->mistakes.mistakes[i];
    if (m->warning || !m->target || strcmp(m->target, t->name) != 0)
      continue;
    config_mistake_format(m, line, sizeof line);
    text_buf_add(b, "%s%s", b->len > 0 ? "; " : "", line);
  }
}

static enum err add_broken(struct reporting *r, const struct config_target *t, struct error *e) {
  char working[320], next[700];
  struct page_row *row = page_add(&r->page, t->name, PAGE_MISTAKE);
  row->phase = "not read";
  text_copy(row->next, sizeof row->next, "needs a person");
  if (!page_wants_section(&r->page, row))
    return ERR_OK;
  struct text_buf mistakes = TEXT_BUF(16384);
  say_mistakes(r->app, t, &mistakes);
  working_words(working, sizeof working, WORKING_UNKNOWN, NULL);
  report_next(r->app, "check --offline", NULL, next, sizeof next);
  const struct section x = {row, working, text_buf_str(&mistakes), "mend its configuration", next};
  enum err err = section_make(&x, NULL, e);
  text_buf_free(&mistakes);
  return err;
}

static bool is_meant(const struct app *a, const struct config_target *t) {
  if (a->cli.n_targets == 0)
    return shard_has(&a->cli.shard, t);
  for (size_t i = 0; i < a->cli.n_targets; i++)
    if (strcmp(a->cli.targets[i], t->name) == 0)
      return true;
  return false;
}

// --- the page ---

static enum err add_one(struct reporting *r, struct managed *m, struct error *e) {
  struct standing s;
  struct error why = {0};
  if (!m)
    return error_no_memory(e);
  if (standing_take(r->app, m, OBSERVE_OFFLINE, &s, &why) != ERR_OK)
    return add_failure(r, m, &why, e);
  enum err err = add_standing(r, &s, e);
  standing_clear(&s);
  return err;
}

static enum err observe_all(struct reporting *r, struct error *e) {
  struct app *a = r->app;
  enum err err = ERR_OK;
  for (size_t i = 0; i < a->n_selected && err == ERR_OK; i++) {
    if (env_stopping(a->env))
      return error_set(e, ERR_CANCELLED, "stopped before the end, as asked");
    err = add_one(r, chosen_target(a, i), e);
    chosen_release(a, i);
  }
  for (size_t i = 0; i < a->config->n_targets && err == ERR_OK; i++)
    if (a->config->targets[i].broken && is_meant(a, &a->config->targets[i]))
      err = add_broken(r, &a->config->targets[i], e);
  return err;
}

static enum err make(void *ctx, FILE *f, struct error *e) {
  struct reporting *r = ctx;
  r->begun = true;
  enum err err = page_begin(&r->page, r->app, r->app->n_selected + r->app->n_broken, e);
  if (err == ERR_OK)
    err = observe_all(r, e);
  if (err == ERR_OK)
    page_write(&r->page, f);
  return err;
}

static enum err write_out(struct reporting *r, struct error *e) {
  enum err err = make(r, stdout, e);
  if (err == ERR_OK && (fflush(stdout) != 0 || ferror(stdout)))
    return error_set(e, errno == ENOSPC ? ERR_LIMIT : ERR_UNSENT, "standard output: write: %s",
                     strerror(errno));
  return err;
}

// Readable by all, as far as whoever asks for it lets files be.
static mode_t mode_wanted(void) {
  mode_t mask = umask(0);
  umask(mask);
  return 0644 & ~mask;
}

static void say_written(const struct reporting *r) {
  const struct page *p = &r->page;
  size_t wanting = 0;
  for (int c = 0; c < PAGE_FIRST_UNDER_WAY; c++)
    wanting += p->counts[c];
  out_line("%s: %zu target%s, %zu of them to look after", r->app->cli.html, p->n,
           p->n == 1 ? "" : "s", wanting);
}

// A wrong path is a mistake in what was typed; what may be otherwise the next time is none.
static int report_unwritten(const struct reporting *r, const struct error *e) {
  char next[700], text[700];
  snprintf(text, sizeof text, "the page was not written: %s", e->text);
  bool typed = e->kind == ERR_REFUSED || e->kind == ERR_MISSING || e->kind == ERR_DENIED ||
               e->kind == ERR_INVALID;
  report_next(r->app, "report --html FILE", NULL, next, sizeof next);
  if (typed && !r->begun) {
    report_usage(r->app, text, NULL, next);
    return EXIT_USAGE;
  }
  report_usage(r->app, text, "what was there before stays", next);
  return e->kind == ERR_INTERNAL ? EXIT_BUG : EXIT_AGAIN;
}

int command_report(struct app *a) {
  struct reporting r = {.app = a, .worst = EXIT_FINE};
  struct error e = {0};
  const struct file_content content = {make, &r};
  bool out = strcmp(a->cli.html, "-") == 0;
  enum err err =
      out ? write_out(&r, &e) : public_file_write(a->cli.html, mode_wanted(), &content, &e);
  if (err == ERR_OK)
    say_written(&r);
  int status = err == ERR_OK ? r.worst : exit_worse(r.worst, report_unwritten(&r, &e));
  page_clear(&r.page);
  return status;
}
