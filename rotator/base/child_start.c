// fork and not posix_spawn, for two things that it cannot do: PR_SET_PDEATHSIG, so that a program
// that writes to a store does not outlive a run that was killed (its time limit would die with that
// run), and closing every descriptor. A pipe that exec closes brings its errno back.
#include "rotator/base/child_start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

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

int child_start(const struct child_spec *spec, const int streams[3], pid_t *ret_pid) {
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
