#include "rotator/app/report/progress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rotator/app/report/decision_words.h"
#include "rotator/app/report/out.h"
#include "rotator/base/service_notice.h"
#include "rotator/base/text_time.h"

#define FLEET_EVERY_MS 200

// --- systemd ---

static void notify(const char *text) {
  service_notice(getenv("NOTIFY_SOCKET"), text);
}

void progress_ready(void) {
  notify("READY=1");
}

void progress_stopping(void) {
  notify("STOPPING=1");
}

static void notify_step(const struct step *s) {
  char text[256];
  snprintf(text, sizeof text, "STATUS=%s: %s", s->target->name, row_words(s->action->row)->doing);
  notify(text);
}

// --- a terminal ---
//
// Everything printed goes through one mutex: the steps come from the fleet's workers, the countdown
// from a thread of its own, which is started only for a terminal.

static struct {
  pthread_mutex_t lock;
  pthread_cond_t stop;
  pthread_t thread;
  bool on, counting, single, line_open;
  struct env *env;
  size_t n, counts[PROGRESS_COUNTS]; // of a fleet
  int64_t began_ms, shown_ms;
  char waiting[256]; // what is being waited for; "" nothing
  int64_t until_ms;  // env_mono_ms; 0: not known
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER, .stop = PTHREAD_COND_INITIALIZER};

static void clear_line(void) {
  if (progress.line_open)
    out_text("\r\033[K");
  progress.line_open = false;
}

static void show_waiting(void) {
  char left[32] = "";
  if (!progress.waiting[0])
    return;
  if (progress.until_ms > 0) {
    int64_t s = (progress.until_ms - env_mono_ms(progress.env) + 999) / 1000;
    text_format_duration(left, sizeof left, s > 0 ? s : 0);
  }
  clear_line();
  out_text("%s %s%s%s", out_mark(MARK_DOING), progress.waiting, left[0] ? ", " : "", left);
  progress.line_open = true;
}

static void *count_down(void *arg) {
  (void)arg;
  pthread_mutex_lock(&progress.lock);
  while (progress.on) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    pthread_cond_timedwait(&progress.stop, &progress.lock, &until);
    if (progress.on)
      show_waiting();
  }
  pthread_mutex_unlock(&progress.lock);
  return NULL;
}

// --- a fleet ---

static bool is_fleet(void) {
  return progress.n > PROGRESS_EACH;
}

// By how long the ones before took. Nothing is said of the first moments, nor when all have
// been begun: what is left then are waits.
static void estimate(char *dst, size_t cap, int64_t now_ms) {
  char text[32];
  size_t begun = progress.counts[PROGRESS_BEGUN];
  int64_t took_ms = now_ms - progress.began_ms;
  dst[0] = '\0';
  if (begun < PROGRESS_EACH || begun >= progress.n || took_ms < 2000)
    return;
  int64_t left_s = took_ms * (int64_t)(progress.n - begun) / (int64_t)begun / 1000 + 1;
  text_format_duration(text, sizeof text, left_s > 120 ? (left_s + 59) / 60 * 60 : left_s);
  snprintf(dst, cap, ", about %s left", text);
}

static void show_fleet(int64_t now_ms) {
  char left[64], unwell[64] = "";
  estimate(left, sizeof left, now_ms);
  if (progress.counts[PROGRESS_UNWELL] > 0)
    snprintf(unwell, sizeof unwell, ", %zu want a person", progress.counts[PROGRESS_UNWELL]);
  clear_line();
  out_text("%s %zu of %zu targets, %zu rotated%s%s", out_mark(MARK_DOING),
           progress.counts[PROGRESS_BEGUN], progress.n, progress.counts[PROGRESS_ROTATED], unwell,
           left);
  progress.line_open = true;
  progress.shown_ms = now_ms;
}

void progress_count(enum progress_what what) {
  if (!progress.on || !is_fleet())
    return;
  pthread_mutex_lock(&progress.lock);
  progress.counts[what]++;
  int64_t now_ms = env_mono_ms(progress.env);
  if (now_ms - progress.shown_ms >= FLEET_EVERY_MS)
    show_fleet(now_ms);
  pthread_mutex_unlock(&progress.lock);
}

// ---

void progress_start(struct env *env, size_t n) {
  bool single = n == 1;
  if (!out_is_terminal())
    return;
  progress.env = env;
  progress.single = single;
  progress.n = n;
  memset(progress.counts, 0, sizeof progress.counts);
  progress.began_ms = env_mono_ms(env);
  progress.shown_ms = progress.began_ms;
  progress.on = true;
  progress.waiting[0] = '\0';
  progress.counting = single && pthread_create(&progress.thread, NULL, count_down, NULL) == 0;
}

void progress_stop(void) {
  if (!progress.on)
    return;
  pthread_mutex_lock(&progress.lock);
  progress.on = false;
  clear_line();
  pthread_cond_signal(&progress.stop);
  pthread_mutex_unlock(&progress.lock);
  if (progress.counting)
    pthread_join(progress.thread, NULL);
  progress.counting = false;
}

void progress_interrupt(void) {
  if (!progress.on)
    return;
  pthread_mutex_lock(&progress.lock);
  clear_line();
  pthread_mutex_unlock(&progress.lock);
}

static const char *sink_name(const struct step *s) {
  bool meant = s->action->kind == ACT_WRITE_SINK && s->action->sink < s->target->n_sinks;
  return meant ? s->target->sinks[s->action->sink].name : "";
}

static void set_waiting(const struct step *s, const char *text, int64_t seconds) {
  const char *sink = sink_name(s);
  snprintf(progress.waiting, sizeof progress.waiting, "%s: %s%s%s", s->target->name, text,
           sink[0] ? " " : "", sink);
  progress.until_ms = seconds > 0 ? env_mono_ms(progress.env) + seconds * 1000 : 0;
}

void progress_begin(const struct step *s) {
  notify_step(s);
  if (!progress.on || !progress.single)
    return;
  pthread_mutex_lock(&progress.lock);
  set_waiting(s, row_words(s->action->row)->doing, 0);
  show_waiting();
  pthread_mutex_unlock(&progress.lock);
}

static void print_step(const struct step *s) {
  const struct row_words *words = row_words(s->action->row);
  const char *sink = sink_name(s);
  bool failed = s->result != ERR_OK && s->result != ERR_CONFLICT;
  // A proof is many steps of one row; its success shows in the write that follows.
  if (s->action->kind == ACT_PROVE && !failed)
    return;
  clear_line();
  out_line("%s %s: %s%s%s%s%s", out_mark(failed ? MARK_FAILED : MARK_DONE), s->target->name,
           failed ? words->doing : words->done, sink[0] ? " " : "", sink, failed ? ": " : "",
           failed && s->error ? s->error->text : "");
}

static bool is_waiting(const struct step *s) {
  return s->action->kind == ACT_WAIT || s->action->kind == ACT_REST ||
         s->action->kind == ACT_ATTENTION;
}

void progress_end(const struct step *s) {
  if (!progress.on || is_fleet())
    return;
  pthread_mutex_lock(&progress.lock);
  progress.waiting[0] = '\0';
  if (!is_waiting(s)) {
    print_step(s);
  } else if (progress.single && s->action->kind == ACT_WAIT) {
    int64_t left = s->action->wait_s > 0 ? s->action->wait_s - s->view->now_s : 0;
    set_waiting(s, why_words(s->action->why)->text, left);
    show_waiting();
  }
  pthread_mutex_unlock(&progress.lock);
}
