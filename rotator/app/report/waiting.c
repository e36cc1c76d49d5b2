// The thread that prints is started with the first wait, so that a command that does not wait has
// none. What a target waits for stays its wait until something was changed for it: a proof that is
// tried again and again is one wait.
#include "rotator/app/report/waiting.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/app/report/outcome.h"
#include "rotator/app/report/progress.h"
#include "rotator/app/report/report.h"
#include "rotator/app/report/way_out.h"
#include "rotator/base/log.h"
#include "rotator/base/text.h"
#include "rotator/base/text_time.h"

#define EVERY_S 30

static struct {
  pthread_mutex_t lock;
  pthread_cond_t stop;
  pthread_t thread;
  bool by_hand, running, stopping;
  struct env *env;
  char target[64], text[600]; // what is being waited for; text "": nothing
  int64_t since_ms;
} waiting = {.lock = PTHREAD_MUTEX_INITIALIZER};

// --- a line each half minute ---

static void say_waiting(void) {
  char lasted[32];
  int64_t s = (env_mono_ms(waiting.env) - waiting.since_ms) / 1000;
  if (!waiting.text[0])
    return;
  text_format_duration(lasted, sizeof lasted, s);
  log_line(LOG_LEVEL_WARN, waiting.target, "wait", "waiting for %s so far: %s", lasted,
           waiting.text);
}

static void *keep_saying(void *arg) {
  struct timespec until;
  (void)arg;
  pthread_mutex_lock(&waiting.lock);
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += EVERY_S;
  while (!waiting.stopping) {
    if (pthread_cond_timedwait(&waiting.stop, &waiting.lock, &until) == 0)
      continue;
    say_waiting();
    until.tv_sec += EVERY_S;
  }
  pthread_mutex_unlock(&waiting.lock);
  return NULL;
}

// Called with the lock.
static void start_thread(void) {
  pthread_condattr_t attr;
  if (waiting.running || out_is_terminal())
    return;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&waiting.stop, &attr);
  pthread_condattr_destroy(&attr);
  waiting.running = pthread_create(&waiting.thread, NULL, keep_saying, NULL) == 0;
}

void waiting_setup(struct env *env, bool by_hand) {
  waiting.env = env;
  waiting.by_hand = by_hand;
}

void waiting_stop(void) {
  pthread_mutex_lock(&waiting.lock);
  bool running = waiting.running;
  waiting.stopping = true;
  waiting.by_hand = waiting.running = false;
  if (running)
    pthread_cond_signal(&waiting.stop);
  pthread_mutex_unlock(&waiting.lock);
  if (running)
    pthread_join(waiting.thread, NULL);
}

enum log_level waiting_level(void) {
  return waiting.by_hand || out_is_terminal() ? LOG_LEVEL_WARN : LOG_LEVEL_NOTICE;
}

void waiting_for(const char *target, const char *text) {
  if (!waiting.by_hand)
    return;
  pthread_mutex_lock(&waiting.lock);
  bool same = strcmp(waiting.target, target) == 0;
  if (text) {
    if (!same || !waiting.text[0])
      waiting.since_ms = env_mono_ms(waiting.env);
    text_copy(waiting.target, sizeof waiting.target, target);
    text_copy(waiting.text, sizeof waiting.text, text);
    start_thread();
  } else if (same) {
    waiting.text[0] = '\0';
  }
  pthread_mutex_unlock(&waiting.lock);
}

// --- what a person could do about it, once ---

enum hint { HINT_RIGHTS = 1, HINT_HOOK = 2, HINT_STORE = 4 };

// What only a person can change; 0: nothing of that kind. IAM's refusal of a new key is none: it is
// not known everywhere yet.
static enum hint hint_for(const struct step *s, char *dst, size_t cap) {
  const struct managed *m = managed_of(s->target);
  if (!s->error || !outcome_is_definite(s->error->kind))
    return 0;
  if (s->action->kind == ACT_HOOK) {
    snprintf(dst, cap,
             "mend what after_publish runs, or its place in the configuration: it is tried again, "
             "and the old key stays alive until it succeeds");
    return HINT_HOOK;
  }
  if (s->action->why == WHY_sink_refused) {
    snprintf(dst, cap, "the old key stays alive until every sink can be used");
    return HINT_STORE;
  }
  bool of_store = s->action->kind == ACT_WRITE_SINK || way_out_is_of_store(s->action->why);
  return !of_store && way_out_rights(m, s->action->row, s->error, dst, cap) ? HINT_RIGHTS : 0;
}

static void say_hint(const struct step *s) {
  struct managed *m = managed_of(s->target);
  char hint[WAY_OUT_HINT_MAX], said[256];
  enum hint kind = hint_for(s, hint, sizeof hint);
  if (!kind || m->seen.hinted & kind)
    return;
  m->seen.hinted |= kind;
  report_service_said(s->error, said, sizeof said);
  progress_interrupt();
  log_line(LOG_LEVEL_WARN, s->target->name, row_name(s->action->row), "%s: %s%s%s%s",
           row_words(s->action->row)->doing, s->error->text, said[0] ? " (" : "", said,
           said[0] ? ")" : "");
  log_line(LOG_LEVEL_WARN, s->target->name, row_name(s->action->row), "%s", hint);
}

void waiting_step(const struct step *s) {
  char text[sizeof waiting.text];
  if (!waiting.by_hand)
    return;
  // Where nothing more is tried, the end of the command says it.
  bool ends = s->action->kind == ACT_ATTENTION || s->action->kind == ACT_REST;
  if (!ends)
    say_hint(s);
  bool failed = s->error && s->error->kind != ERR_OK;
  snprintf(text, sizeof text, "%s%s%s", why_words(s->action->why)->text, failed ? ": " : "",
           failed ? s->error->text : "");
  if (s->action->kind == ACT_WAIT)
    waiting_for(s->target->name, text);
  else if (ends || (act_is_effect(s->action->kind) && s->result == ERR_OK))
    waiting_for(s->target->name, NULL);
}
