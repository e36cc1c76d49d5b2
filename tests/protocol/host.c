// Hosts and their processes. A host runs a process every so often, as a timer would; a process
// ticks until waiting would take too long, then ends. Its memory ends with it. A process that dies
// leaves everything as it is at that instant: its calls do nothing any more, so the engine unwinds
// and frees what it holds.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/protocol/plant.h"
#include "tests/protocol/sim.h"

enum { TICKS_MAX = 400 };

// No run goes on for longer, however often the next wait is a short one; some minutes more where it
// is: one that ended between two refusals would have the last word of its host for hours. (The
// program's own end is two hours.) A process that was stopped meanwhile lasts until it is woken.
#define RUN_MAX_MS (2 * DAY_MS)
#define RUN_END_MS (10 * MINUTE_MS)
#define SHORT_MS (90 * 1000) // what a run waits for

static bool one_host(const struct sim *s) {
  bool only_a = s->p.home_class == STORE_CLASS_A;
  for (unsigned i = 0; i < s->p.sinks; i++)
    only_a = only_a && s->p.sink_class[i] == STORE_CLASS_A;
  return !only_a;
}

// ---- the mark of class C stores is a real file: what a dead process's unwinding clears is put
// back ----

static void mark_path(const struct sim *s, char *dst, size_t cap) {
  snprintf(dst, cap, "%s/mark", s->dir);
}

static bool mark_is_set(const struct sim *s) {
  char path[300], text[8];
  mark_path(s, path, sizeof path);
  FILE *f = fopen(path, "re");
  size_t n = f ? fread(text, 1, sizeof text, f) : 0;
  if (f)
    fclose(f);
  return n > 1;
}

static void mark_write(const struct sim *s, const char *text) {
  char path[300];
  mark_path(s, path, sizeof path);
  remove(path);
  FILE *f = fopen(path, "wxe");
  if (!f || fputs(text, f) < 0 || fclose(f) != 0)
    abort();
}

// ---- one process ----

static enum err run_hook(void *ctx, const struct target *t, const struct state *st,
                         struct error *e) {
  struct proc *p = ctx;
  struct sim *s = p->sim;
  (void)t;
  if (!proc_point(p))
    return error_set(e, ERR_CANCELLED, "stopped");
  if (s->faults && rng_chance(&s->rng, 1500))
    return error_set(e, ERR_UNSURE, "the hook failed");
  if (st->epoch > s->hook_epoch)
    s->hook_epoch = st->epoch;
  return proc_point(p) ? ERR_OK : error_set(e, ERR_CANCELLED, "stopped");
}

static void watch(void *ctx, const struct step *step) {
  struct proc *p = ctx;
  if (p->ghost)
    return;
  p->sim->totals->rows[step->action->row]++;
  sim_note(p->sim, "%s row %s (%s) → %s", p->writer, row_name(step->action->row),
           why_name(step->action->why), err_name(step->result));
  enum act_kind kind = step->action->kind;
  if (kind == ACT_WAIT || kind == ACT_REST || kind == ACT_ATTENTION)
    check_verdicts(p, step->view); // the tick ends with this reading
}

static void set_sinks(struct proc *p) {
  struct target *t = &p->target;
  for (unsigned i = 0; i < p->sim->p.sinks; i++) {
    if (!p->sim->sinks[i].configured)
      continue;
    fake_item_init(p, (int)i, &p->sinks[i]);
    t->sinks[t->n_sinks++] =
        (struct engine_sink){.name = p->sim->sinks[i].called, .item = &p->sinks[i].base};
  }
}

static char lock_file[300], mark_file[300];

static void set_target(struct proc *p) {
  struct sim *s = p->sim;
  bool local = one_host(s);
  snprintf(p->host_id, sizeof p->host_id, "host%u", local ? 0 : p->host);
  snprintf(p->process_id, sizeof p->process_id, "%016llx", (unsigned long long)rng_next(&s->rng));
  snprintf(lock_file, sizeof lock_file, "%s/lock", s->dir);
  mark_path(s, mark_file, sizeof mark_file);
  p->target = (struct target){.name = "target",
                              .account = SIM_ACCOUNT,
                              .iam_id = SIM_IDENTITY,
                              .instance = SIM_INSTANCE,
                              .key_name = "key",
                              .key_words = "made by rotator",
                              .application = "rotator",
                              .subsystem = "probe",
                              .severity = 3,
                              .host_id = p->host_id,
                              .writer = p->writer,
                              .process_id = p->process_id,
                              .policy = s->p.policy,
                              .home = &p->home.base,
                              .init = p->job == JOB_INIT,
                              .hook = s->p.has_hook ? run_hook : NULL,
                              .hook_ctx = p,
                              .lock_path = local && !planted(s, PLANT_NO_LOCK) ? lock_file : NULL,
                              .mark_path = local ? mark_file : NULL,
                              .own = s->p.own != OWN_NOT && !s->p.own_unsaid,
                              .memory = &p->memory};
  if (planted(s, PLANT_NO_PROBE))
    p->target.policy.probe_every_s = 0;
  fake_item_init(p, HOME_ITEM, &p->home);
  set_sinks(p);
}

static struct proc *proc_new(struct sim *s, unsigned host, enum job job) {
  struct proc *p = calloc(1, sizeof *p);
  if (!p || s->n_procs == SIM_PROCS)
    abort();
  p->sim = s;
  p->host = host;
  p->job = job;
  p->number = s->n_procs++;
  snprintf(p->writer, sizeof p->writer, "h%u/p%u", host, p->number);
  memory_init(&p->memory);
  fake_env_init(p);
  fake_iam_init(p);
  fake_logs_init(p);
  set_target(p);
  p->book = one_host(s) ? 0 : host;
  p->started_ms = s->now_ms;
  p->seen_pending = SINK_NOTHING;
  book_load(p);
  own_begin(p);
  p->io = (struct engine_io){
      .env = &p->env.base, .iam = &p->iam.base, .logs = s->p.own_alone ? NULL : &p->logs.base};
  fake_reader_init(p);
  return p;
}

static bool is_over(const struct proc *p, int64_t wait_ms) {
  int64_t over_ms = p->sim->now_ms - p->started_ms - RUN_MAX_MS;
  return over_ms > RUN_END_MS || (over_ms > 0 && wait_ms > SHORT_MS);
}

static void tick_on(struct proc *p) {
  struct sim *s = p->sim;
  struct watcher w = {.end = watch, .ctx = p};
  int64_t patience = s->p.several_ticks ? DAY_MS : SHORT_MS;
  for (int i = 0; i < TICKS_MAX && !p->ghost; i++) {
    struct tick_result r;
    s->totals->ticks++;
    tick(&p->target, &p->io, &w, &r);
    if (p->ghost)
      return;
    check_result(p, &r);
    book_save(p);
    if (r.end == TICK_STOPPED || r.end == TICK_BUSY)
      return;
    if (r.end == TICK_FAILED)
      sim_violate(s, "engine", "a tick failed: %s", r.error.text);
    sim_note(s, "%s tick ends: %d %s %s%s", p->writer, r.end, row_name(r.row), why_name(r.why),
             r.attention ? ", attention" : "");
    s->last = r;
    s->has_last = true;
    s->last_host = p->host;
    s->said[p->book] = verdict_working(&r.verdict);
    if (r.end == TICK_REST)
      check_rest(p);
    int64_t wait = r.again_ms == INT64_MAX ? INT64_MAX : r.again_ms - fake_mono_ms(p);
    if (wait > patience || is_over(p, wait) ||
        env_sleep_ms(&p->env.base, wait > 0 ? wait : 1) != ERR_OK)
      return;
  }
}

static void proc_run(void *arg) {
  struct proc *p = arg;
  if (!own_works_elsewhere(p))
    return;
  if (p->job == JOB_TICK || p->job == JOB_INIT)
    tick_on(p);
  else
    proc_command(p);
}

static void proc_finish(struct sim *s, struct proc *p) {
  for (unsigned i = 0; i < s->n_running; i++)
    if (s->running[i] == p)
      s->running[i] = s->running[--s->n_running];
  iam_key_list_clear(&p->memory.carried.list); // where a plant makes it last
  memory_clear(&p->memory);
  store_record_clear(&p->early);
  co_free(p->co);
  free(p);
}

static void proc_go(struct sim *s, struct proc *p) {
  plant_enter(s);
  co_resume(p->co);
  if (!co_ended(p->co))
    return;
  if (p->ghost && p->marked_at_death && !mark_is_set(s))
    mark_write(s, "a write was under way\n");
  proc_finish(s, p);
}

void proc_wake(struct sim *s, void *arg) {
  s->totals->switches++;
  proc_go(s, arg);
}

// Often somebody or something starts another one soon.
void proc_died(struct proc *p) {
  struct sim *s = p->sim;
  p->marked_at_death = p->target.mark_path && mark_is_set(s);
  if (s->faults && rng_chance(&s->rng, 5000))
    proc_start_later(s, rng_between(&s->rng, 1, 40 * 1000), p->host, JOB_TICK);
}

static void proc_begin(struct sim *s, void *arg) {
  proc_go(s, arg);
}

void proc_start(struct sim *s, unsigned host, enum job job) {
  if (s->n_running == sizeof s->running / sizeof *s->running)
    return;
  struct proc *p = proc_new(s, host, job);
  p->co = co_new(proc_run, p);
  s->running[s->n_running++] = p;
  s->totals->processes++;
  if (planted(s, PLANT_NO_MARK_WAIT) && one_host(s))
    mark_write(s, "\n");
  sim_note(s, "%s starts job %d", p->writer, job);
  sim_at(s, s->now_ms, proc_begin, p, NULL);
}

struct start {
  unsigned host;
  enum job job;
};

static void start_now(struct sim *s, void *arg) {
  const struct start *a = arg;
  if (s->faults)
    proc_start(s, a->host, a->job);
}

void proc_start_later(struct sim *s, int64_t ms, unsigned host, enum job job) {
  struct start *a = malloc(sizeof *a);
  if (!a)
    abort();
  *a = (struct start){host, job};
  sim_at(s, s->now_ms + ms, start_now, a, free);
}

// Every process ends here and now, as by a power cut.
void procs_kill(struct sim *s) {
  while (s->n_running > 0) {
    struct proc *p = s->running[0];
    if (!p->ghost)
      proc_died(p);
    p->ghost = true;
    sim_forget_proc(s, p);
    proc_go(s, p);
  }
}

// ---- hosts ----

static void host_wakes(struct sim *s, void *arg) {
  unsigned host = (unsigned)(uintptr_t)arg;
  // The hosts' timers agree to a second: rotators meet.
  int64_t next =
      s->now_ms / s->p.timer_ms * s->p.timer_ms + s->p.timer_ms + rng_between(&s->rng, 0, 300);
  sim_at(s, next, host_wakes, arg, NULL);
  bool may_init = s->p.first_key && (!s->has_state || !s->state.slots[SLOT_CURRENT].used);
  if (s->n_running < SIM_HOSTS * 2)
    proc_start(s, host, may_init && rng_chance(&s->rng, 8000) ? JOB_INIT : JOB_TICK);
}

void hosts_begin(struct sim *s) {
  s->one_host = one_host(s);
  mark_write(s, "\n");
  for (unsigned h = 0; h < s->p.hosts; h++) {
    s->host_offset_ms[h] = rng_chance(&s->rng, 3000) ? rng_between(&s->rng, -2 * DAY_MS, 2 * DAY_MS)
                                                     : rng_between(&s->rng, -1000, 1000);
    sim_at(s, rng_between(&s->rng, 0, 300), host_wakes, (void *)(uintptr_t)h, NULL);
  }
}
