// The program is put into a process group of its own, with pipes on its standard streams. One poll
// loop then feeds the input, keeps the answer and the tail of the other output,
// and looks at the clock and at a stop every TICK_MS. The child's end is what counts, not the end
// of its output: a grandchild may keep the pipe open for ever.
#include "rotator/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rotator/base/text.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

#define TAIL_MAX 300
#define TICK_MS 50
#define LAST_TICK_MS 2 // when all output has ended, the program most likely ends too

// --- the start -----------------------------------------------------------------------------------
//
// fork and not posix_spawn, for two things that it cannot do: PR_SET_PDEATHSIG, so that a program
// that writes to a store does not outlive a run that was killed (its time limit would die with that
// run), and closing every descriptor. A pipe that exec closes brings its errno back.

static void default_signals(void) {
  struct sigaction usual = {.sa_handler = SIG_DFL};
  sigset_t none;
  sigemptyset(&none);
  for (int s = 1; s < NSIG; s++)
    sigaction(s, &usual, NULL); // fails for those that cannot be changed
  sigprocmask(SIG_SETMASK, &none, NULL);
}

// The pipes may have got the numbers 0 to 2.
static int take_streams(const int streams[3]) {
  int high[3];
  for (int i = 0; i < 3; i++)
    if ((high[i] = fcntl(streams[i], F_DUPFD_CLOEXEC, 3)) < 0)
      return errno;
  for (int i = 0; i < 3; i++)
    if (dup2(high[i], i) < 0)
      return errno;
  return 0;
}

// In the new process: async-signal-safe calls only. Returns an errno, or not at all.
static int become(const struct child_spec *spec, const int streams[3], pid_t parent) {
  static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  static char *const path_alone[] = {path, NULL};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    return ECANCELED;
  setpgid(0, 0);
  default_signals();
  int error = take_streams(streams);
  if (error)
    return error;
#ifdef SYS_close_range
  syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC); // ours have O_CLOEXEC anyway
#endif
  execve(spec->argv[0], spec->argv, spec->environment ? spec->environment : path_alone);
  return errno;
}

// Starts the program with these three as its standard streams. 0 and its id, or an errno.
static int start_program(const struct child_spec *spec, const int streams[3], pid_t *ret_pid) {
  int news[2], error = 0;
  if (pipe2(news, O_CLOEXEC) != 0)
    return errno;
  pid_t parent = getpid(), pid = fork();
  if (pid == 0) {
    int number = fcntl(news[1], F_DUPFD_CLOEXEC, 3);
    error = become(spec, streams, parent);
    while (write(number, &error, sizeof error) < 0 && errno == EINTR)
      continue;
    _exit(127);
  }
  if (pid < 0)
    error = errno;
  else
    setpgid(pid, pid); // whoever comes first
  close(news[1]);
  while (pid > 0 && read(news[0], &error, sizeof error) < 0 && errno == EINTR)
    continue;
  close(news[0]);
  if (error == 0)
    *ret_pid = pid;
  return error;
}

// --- the run -------------------------------------------------------------------------------------

struct running {
  const struct child_spec *spec;
  pid_t pid;
  int in, out, answer_out; // our ends of the pipes; −1 closed
  size_t sent;             // bytes of the input
  struct secret *answer;   // NULL: standard output is part of the tail
  char tail[2 * TAIL_MAX];
  size_t tail_len;
  int64_t deadline_ms, kill_ms; // kill_ms 0: SIGTERM was not sent yet
  enum err cut;                 // why it was ended by us; ERR_OK: it was not
};

static void close_fd(int *fd) {
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

static int open_pipes(int in[2], int out[2], int answer[2], bool apart) {
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
    return errno;
  return apart && pipe2(answer, O_CLOEXEC) != 0 ? errno : 0;
}

static enum err start(struct running *r, struct error *e) {
  int in[2] = {-1, -1}, out[2] = {-1, -1}, answer[2] = {-1, -1};
  const char *name = r->spec->argv[0];
  int no_pipe = open_pipes(in, out, answer, r->answer != NULL), error = no_pipe;
  if (!no_pipe) {
    const int streams[3] = {in[0], r->answer ? answer[1] : out[1], out[1]};
    error = start_program(r->spec, streams, &r->pid);
  }
  close_fd(&in[0]);
  close_fd(&out[1]);
  close_fd(&answer[1]);
  r->in = in[1];
  r->out = out[0];
  r->answer_out = answer[0];
  if (no_pipe)
    return error_set(e, ERR_INTERNAL, "no pipe for %s: %s", name, strerror(error));
  fcntl(r->in, F_SETFL, O_NONBLOCK);
  fcntl(r->out, F_SETFL, O_NONBLOCK);
  if (r->answer)
    fcntl(r->answer_out, F_SETFL, O_NONBLOCK);
  if (error == 0)
    return ERR_OK;
  bool ours = error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
  return error_set(e, ours ? ERR_INTERNAL : ERR_REFUSED, "%s cannot be started: %s", name,
                   strerror(error));
}

static void feed(struct running *r) {
  const char *rest = r->spec->input ? r->spec->input + r->sent : "";
  ssize_t n = write(r->in, rest, r->spec->input_len - r->sent);
  if (n > 0)
    r->sent += (size_t)n;
  if (r->sent == r->spec->input_len || (n < 0 && errno != EAGAIN && errno != EINTR))
    close_fd(&r->in); // EPIPE: it does not want to know
}

// True while there was something to read.
static bool keep_tail(struct running *r) {
  char buf[sizeof r->tail / 2];
  ssize_t n = read(r->out, buf, sizeof buf);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
    close_fd(&r->out);
  if (n <= 0)
    return false;
  if (r->tail_len + (size_t)n > sizeof r->tail) {
    size_t drop = r->tail_len + (size_t)n - sizeof r->tail;
    memmove(r->tail, r->tail + drop, r->tail_len - drop);
    r->tail_len -= drop;
  }
  memcpy(r->tail + r->tail_len, buf, (size_t)n);
  r->tail_len += (size_t)n;
  return true;
}

static void cut(struct running *r, enum err why) {
  r->cut = why;
  r->kill_ms = env_mono_ms(r->spec->env) + CHILD_MERCY_MS;
  kill(-r->pid, SIGTERM);
}

// True while there was something to read. Too much ends the program.
static bool keep_answer(struct running *r) {
  char buf[4096];
  ssize_t n = read(r->answer_out, buf, sizeof buf);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
    close_fd(&r->answer_out);
  if (n > 0 && r->cut == ERR_OK && secret_append(r->answer, buf, (size_t)n) != ERR_OK)
    cut(r, ERR_REFUSED);
  secret_wipe(buf, sizeof buf);
  return n > 0;
}

static void watch_time(struct running *r) {
  int64_t now = env_mono_ms(r->spec->env);
  bool stop = env_stopping(r->spec->env) && !r->spec->to_the_end;
  if (r->kill_ms == 0 && (now >= r->deadline_ms || stop)) {
    cut(r, stop ? ERR_CANCELLED : ERR_UNSURE);
  } else if (r->kill_ms > 0 && now >= r->kill_ms) {
    kill(-r->pid, SIGKILL);
  }
}

static int wait_for_end(struct running *r) {
  int status = 0;
  while (waitpid(r->pid, &status, WNOHANG) == 0) {
    struct pollfd p[3] = {{.fd = r->out, .events = POLLIN},
                          {.fd = r->in, .events = POLLOUT},
                          {.fd = r->answer_out, .events = POLLIN}};
    bool silent = r->out < 0 && r->answer_out < 0;
    if (poll(p, 3, silent ? LAST_TICK_MS : TICK_MS) > 0) {
      if (p[1].revents)
        feed(r);
      if (p[0].revents)
        keep_tail(r);
      if (p[2].revents)
        keep_answer(r);
    }
    watch_time(r);
  }
  // What is left in the pipe, without waiting: 64 KiB at most, unless a grandchild goes on writing.
  for (int i = 0; i < 256 && r->out >= 0 && keep_tail(r); i++)
    continue;
  for (int i = 0; i < 32 && r->answer_out >= 0 && keep_answer(r); i++)
    continue;
  if (r->cut != ERR_OK)
    kill(-r->pid, SIGKILL); // what it left behind of its group
  return status;
}

// The last line of output that says anything, as part of an error.
static void tail_text(const struct running *r, char *dst, size_t cap) {
  size_t end = r->tail_len, from;
  while (end > 0 && (r->tail[end - 1] == '\n' || r->tail[end - 1] == ' '))
    end--;
  from = end > TAIL_MAX ? end - TAIL_MAX : 0;
  text_printable(dst, cap, r->tail + from, end - from);
}

static enum err judge(const struct running *r, int status, struct error *e) {
  char said[TAIL_MAX + 1];
  const char *name = r->spec->argv[0];
  tail_text(r, said, sizeof said);
  const char *colon = said[0] ? ": " : "";
  if (r->cut == ERR_CANCELLED)
    return error_set(e, ERR_CANCELLED, "%s was ended because a stop was asked for", name);
  if (r->cut == ERR_REFUSED)
    return error_set(e, ERR_REFUSED, "%s wrote more than %zu bytes", name, r->spec->answer_max);
  if (r->cut != ERR_OK)
    return error_set(e, ERR_UNSURE, "%s did not end within %lld s and was killed%s%s", name,
                     (long long)(r->spec->limit_ms / 1000), colon, said);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return ERR_OK;
  if (WIFSIGNALED(status))
    return error_set(e, ERR_REFUSED, "%s was killed by signal %d%s%s", name, WTERMSIG(status),
                     colon, said);
  return error_set(e, ERR_REFUSED, "%s exited with %d%s%s", name, WEXITSTATUS(status), colon, said);
}

static int exit_of(const struct running *r, int status) {
  return r->cut == ERR_OK && WIFEXITED(status) ? WEXITSTATUS(status) : CHILD_CUT;
}

enum err child_run(const struct child_spec *spec, struct error *e) {
  struct running r = {.spec = spec, .in = -1, .out = -1, .answer_out = -1};
  int how = CHILD_NOT_STARTED;
  if (spec->ret_answer && !(r.answer = secret_new(spec->answer_max)))
    return error_no_memory(e);
  r.deadline_ms = env_mono_ms(spec->env) + spec->limit_ms;
  enum err err = start(&r, e);
  if (err == ERR_OK) {
    int status = wait_for_end(&r);
    err = judge(&r, status, e);
    how = exit_of(&r, status);
  }
  close_fd(&r.in);
  close_fd(&r.out);
  close_fd(&r.answer_out);
  if (spec->ret_exit)
    *spec->ret_exit = how;
  if (spec->ret_answer && how != CHILD_NOT_STARTED)
    *spec->ret_answer = r.answer;
  else
    secret_free(r.answer);
  return err;
}
