// posix_spawn puts the program into a process group of its own with pipes on its standard streams.
// One poll loop then feeds the input, keeps the tail of the output, and looks at the clock and at a
// stop every TICK_MS. The child's end is what counts, not the end of its output: a grandchild may
// keep the pipe open for ever.
#include "rotator/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rotator/base/text.h"

#define TAIL_MAX 300
#define TICK_MS 50

struct running {
  const struct child_spec *spec;
  pid_t pid;
  int in, out; // our ends of the pipes; −1 closed
  size_t sent; // bytes of the input
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

static void set_signals(posix_spawnattr_t *attr) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setpgroup(attr, 0);
  posix_spawnattr_setsigdefault(attr, &all);
  posix_spawnattr_setsigmask(attr, &none);
  posix_spawnattr_setflags(attr,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

// Returns an errno.
static int spawn(struct running *r, const int in[2], const int out[2]) {
  static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char *const environment[] = {path, NULL};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attr;
  if (posix_spawn_file_actions_init(&files) != 0)
    return ENOMEM;
  if (posix_spawnattr_init(&attr) != 0) {
    posix_spawn_file_actions_destroy(&files);
    return ENOMEM;
  }
  set_signals(&attr);
  posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, out[1], STDERR_FILENO);
  int error = posix_spawn(&r->pid, r->spec->argv[0], &files, &attr, r->spec->argv, environment);
  posix_spawnattr_destroy(&attr);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

static enum err start(struct running *r, struct error *e) {
  int in[2] = {-1, -1}, out[2] = {-1, -1};
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
    close_fd(&in[0]);
    close_fd(&in[1]);
    return error_set(e, ERR_INTERNAL, "no pipe for %s: %s", r->spec->argv[0], strerror(errno));
  }
  int error = spawn(r, in, out);
  close_fd(&in[0]);
  close_fd(&out[1]);
  r->in = in[1];
  r->out = out[0];
  fcntl(r->in, F_SETFL, O_NONBLOCK);
  fcntl(r->out, F_SETFL, O_NONBLOCK);
  if (error == 0)
    return ERR_OK;
  enum err kind = error == EAGAIN || error == ENOMEM ? ERR_INTERNAL : ERR_REFUSED;
  return error_set(e, kind, "%s cannot be started: %s", r->spec->argv[0], strerror(error));
}

static void feed(struct running *r) {
  ssize_t n = write(r->in, r->spec->input + r->sent, r->spec->input_len - r->sent);
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

static void watch_time(struct running *r) {
  int64_t now = env_mono_ms(r->spec->env);
  if (r->kill_ms == 0 && (now >= r->deadline_ms || env_stopping(r->spec->env))) {
    r->cut = env_stopping(r->spec->env) ? ERR_CANCELLED : ERR_UNSURE;
    r->kill_ms = now + CHILD_MERCY_MS;
    kill(-r->pid, SIGTERM);
  } else if (r->kill_ms > 0 && now >= r->kill_ms) {
    kill(-r->pid, SIGKILL);
  }
}

static int wait_for_end(struct running *r) {
  int status = 0;
  while (waitpid(r->pid, &status, WNOHANG) == 0) {
    struct pollfd p[2] = {{.fd = r->out, .events = POLLIN}, {.fd = r->in, .events = POLLOUT}};
    if (poll(p, 2, TICK_MS) > 0) {
      if (p[1].revents)
        feed(r);
      if (p[0].revents)
        keep_tail(r);
    }
    watch_time(r);
  }
  // What is left in the pipe (64 KiB at most, unless a grandchild goes on writing), without waiting.
  for (int i = 0; i < 256 && r->out >= 0 && keep_tail(r); i++)
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

enum err child_run(const struct child_spec *spec, struct error *e) {
  struct running r = {.spec = spec, .in = -1, .out = -1};
  r.deadline_ms = env_mono_ms(spec->env) + spec->limit_ms;
  enum err result = start(&r, e);
  if (result == ERR_OK)
    result = judge(&r, wait_for_end(&r), e);
  close_fd(&r.in);
  close_fd(&r.out);
  return result;
}
