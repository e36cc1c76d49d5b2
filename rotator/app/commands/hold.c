// hold, resume and forget: one change of the state each, which the engine need not follow up.
#include <stdio.h>
#include <unistd.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/report/out.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

// A time, or a duration from now. 0: until lifted.
static enum err parse_until(const struct app *a, int64_t *ret_s, struct error *e) {
  int64_t now_s = env_wall_ms(a->env) / 1000, s = 0;
  const char *until = a->cli.until;
  if (!until) {
    *ret_s = 0;
    return ERR_OK;
  }
  if (text_parse_duration(until, &s) == ERR_OK)
    s += now_s;
  else if (text_parse_time(until, &s) != ERR_OK)
    return error_set(e, ERR_INVALID,
                     "--until takes a time such as 2026-12-01T06:00:00Z or a duration such as 3d, "
                     "not '%s'",
                     until);
  if (s <= now_s)
    return error_set(e, ERR_INVALID, "--until %s is over already", until);
  *ret_s = s;
  return ERR_OK;
}

static enum err hold(struct app *a, struct managed *m, const struct engine_io *io, char *ret_text,
                     size_t cap, struct error *e) {
  struct hold h = {.on = true};
  char until[32];
  enum err err = parse_until(a, &h.until_s, e);
  if (err != ERR_OK)
    return err;
  text_copy(h.reason, sizeof h.reason, a->cli.reason ? a->cli.reason : "");
  who_asks(h.by, sizeof h.by);
  err = wish_hold(&m->target, io, &h, e);
  time_text(until, sizeof until, h.until_s);
  snprintf(ret_text, cap,
           "held %s%s: no rotation begins and nothing is retired; sinks are still mended",
           h.until_s ? "until " : "until resumed", h.until_s ? until : "");
  return err;
}

static enum err resume(struct app *a, struct managed *m, const struct engine_io *io, char *ret_text,
                       size_t cap, struct error *e) {
  (void)a;
  snprintf(ret_text, cap, "resumed: the next run goes on");
  return wish_resume(&m->target, io, e);
}

// With --all a target that was never set up has nothing that could be held: it is passed over.
static void leave_out_new_ones(struct app *a) {
  size_t n = 0;
  for (size_t i = 0; i < a->n_selected; i++) {
    struct managed *m = a->selected[i];
    struct observed l;
    enum err err = observe(m, OBSERVE_OFFLINE, &l, NULL);
    if (err == ERR_MISSING) // its identity is not known here yet
      err = observe(m, OBSERVE_AS_NEEDED, &l, NULL);
    bool fresh = err == ERR_OK;
    if (fresh) {
      fresh = l.view.home == HOME_ABSENT;
      observed_clear(&l);
    }
    if (fresh)
      out_line("%s: never set up, nothing to hold", m->target.name);
    else
      a->selected[n++] = m;
  }
  a->n_selected = n;
}

int command_hold(struct app *a) {
  int64_t s;
  struct error e;
  if (parse_until(a, &s, &e) != ERR_OK) {
    report_usage(a, e.text, NULL, "rotator hold --help");
    return EXIT_USAGE;
  }
  if (a->cli.all)
    leave_out_new_ones(a);
  return change_each(a, "hold", hold);
}

int command_resume(struct app *a) {
  if (a->cli.all)
    leave_out_new_ones(a);
  return change_each(a, "resume", resume);
}

static enum err forget(struct app *a, struct managed *m, const struct engine_io *io, char *ret_text,
                       size_t cap, struct error *e) {
  (void)a;
  struct observed l;
  char key[IAM_ID_MAX] = "";
  if (observe(m, OBSERVE_OFFLINE, &l, NULL) == ERR_OK) {
    if (l.view.state)
      snprintf(key, sizeof key, "%s", l.state.slots[SLOT_CURRENT].key_id);
    observed_clear(&l);
  }
  enum err err = target_forget(&m->target, io, e);
  snprintf(ret_text, cap,
           "forgotten. %s stays active in IAM and stays in the sinks; nobody will rotate it. Take "
           "the target out of the configuration",
           key[0] ? key : "its key");
  if (err == ERR_OK)
    unlink(m->last_run_path);
  return err;
}

int command_forget(struct app *a) {
  if (!confirm(a, "forget", "End the management of this target? Its key stays as it is."))
    return EXIT_USAGE;
  return change_each(a, "forget", forget);
}
