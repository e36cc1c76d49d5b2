#include "tests/integration/support/emulator_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rotator/base/json.h"
#include "rotator/http/curl_transport.h"

#define READY_MS 120000 // a loaded machine, a sanitizer, qemu, a key pair to make

static bool complain(const char *what) {
  fprintf(stderr, "emulator: %s: %s\n", what, strerror(errno));
  return false;
}

// One line, without its end. False when the pipe ends or nothing comes for too long.
static bool read_line(int fd, char *line, size_t cap) {
  size_t n = 0;
  while (n + 1 < cap) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, READY_MS) <= 0 || read(fd, line + n, 1) != 1)
      return false;
    if (line[n] == '\n')
      break;
    n++;
  }
  line[n] = '\0';
  return true;
}

static bool take_ready_line(struct emulator *m, int fd) {
  char line[1024];
  if (!read_line(fd, line, sizeof line)) {
    fprintf(stderr, "emulator: it did not become ready\n");
    return false;
  }
  JSON_AUTO ready = json_parse(line, strlen(line));
  bool whole = json_copy_text(ready, "https", m->https, sizeof m->https) &&
               json_copy_text(ready, "http", m->http, sizeof m->http) &&
               json_copy_text(ready, "ca", m->ca, sizeof m->ca);
  if (!whole)
    fprintf(stderr, "emulator: not a ready line: %s\n", line);
  return whole;
}

static pid_t spawn(const struct emulator *m, const char *program, int out) {
  pid_t pid = fork();
  if (pid)
    return pid;
  dup2(out, STDOUT_FILENO);
  execl(program, program, "--die-with-parent", "--dir", m->dir, (char *)NULL);
  complain(program);
  _exit(127);
}

static bool open_control(struct emulator *m) {
  const struct curl_options o = {.allow_plain_loopback = true, .proxy = ""};
  struct error e;
  if (curl_transport_new(&o, env_real(), &m->control, &e) == ERR_OK)
    return true;
  fprintf(stderr, "emulator: %s\n", e.text);
  return false;
}

bool emulator_start(struct emulator *m, const char *program) {
  int out[2];
  *m = (struct emulator){.dir = "/tmp/rotator-emulator.XXXXXX"};
  if (!mkdtemp(m->dir))
    return complain(m->dir);
  if (pipe2(out, O_CLOEXEC)) {
    rmdir(m->dir);
    return complain("pipe");
  }
  m->pid = spawn(m, program, out[1]);
  close(out[1]);
  bool good = m->pid > 0 && take_ready_line(m, out[0]) && open_control(m);
  close(out[0]);
  if (!good)
    emulator_stop(m);
  return good;
}

bool emulator_stop(struct emulator *m) {
  char path[128];
  int status = -1;
  if (m->pid > 0) {
    kill(m->pid, SIGTERM);
    while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR) {
    }
  }
  transport_free(m->control);
  snprintf(path, sizeof path, "%s/ca.pem", m->dir);
  unlink(path);
  rmdir(m->dir);
  *m = (struct emulator){0};
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static cJSON *control(struct emulator *m, const char *method, const char *path, const char *json) {
  char url[256];
  struct error e;
  struct http_response answer = {0};
  SECRET_AUTO body = json ? secret_copy_text(json) : NULL;
  snprintf(url, sizeof url, "%s/_control/%s", m->http, path);
  const struct http_request request = {.method = method,
                                       .url = url,
                                       .body = body,
                                       .content_type = json ? "application/json" : NULL,
                                       .max_body = 16 * 1024 * 1024};
  cJSON *tree = NULL;
  if (http_exchange(m->control, &request, &answer, &e))
    fprintf(stderr, "emulator: %s %s: %s\n", method, path, e.text);
  else if (answer.status != 200)
    fprintf(stderr, "emulator: %s %s: %d %s\n", method, path, answer.status,
            secret_bytes(answer.body));
  else
    tree = json_parse(secret_bytes(answer.body), secret_len(answer.body));
  http_response_clear(&answer);
  return tree;
}

cJSON *emulator_post(struct emulator *m, const char *path, const char *json) {
  return control(m, "POST", path, json);
}

cJSON *emulator_get(struct emulator *m, const char *path) {
  return control(m, "GET", path, NULL);
}

bool emulator_delete(struct emulator *m, const char *path) {
  JSON_AUTO answer = control(m, "DELETE", path, NULL);
  return answer != NULL;
}
