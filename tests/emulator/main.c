// ibmcloud-emulator: options, start, the ready line, the end.
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "ca.h"
#include "emu.h"
#include "fault.h"
#include "journal.h"
#include "jwt.h"
#include "model.h"
#include "seed.h"
#include "server.h"
#include "timer.h"
#include "util.h"

#define VERSION "1.0"

struct options {
  struct server_options server;
  const char *dir, *seed, *demo_key_file, *ready_file;
  bool demo, verbose, die_with_parent;
};

static const char usage[] =
    "Usage: ibmcloud-emulator [OPTION]...\n"
    "Imitates IBM Cloud IAM and Cloud Logs on loopback, for tests.\n"
    "\n"
    "  --https-port N       port for HTTPS (0, the default: any)\n"
    "  --http-port N        port for plain HTTP on loopback (0, the default: any)\n"
    "  --imds-port N        also serve the instance metadata service (0: any)\n"
    "  --imds-tls           by HTTPS instead of HTTP\n"
    "  --dir DIR            where ca.pem is written (default: a temporary directory)\n"
    "  --seed FILE          accounts, instances, identities to begin with (JSON)\n"
    "  --demo               a small ready-made seed\n"
    "  --demo-key-file F    write the demo's management API key here (mode 0600)\n"
    "  --ready-file F       write the ready line to this file too\n"
    "  --threads N          threads per listener (default 4)\n"
    "  --die-with-parent    end when the parent process does\n"
    "  --verbose            one line per request on standard error\n"
    "  --help, --version\n"
    "\n"
    "Prints one line of JSON when ready. README.md describes the control interface.\n";

static int number(const char *text, int max) {
  char *end;
  long n = strtol(text, &end, 10);
  if (*end || end == text || n < 0 || n > max) {
    fprintf(stderr, "ibmcloud-emulator: not a number from 0 to %d: %s\n", max, text);
    exit(2);
  }
  return (int)n;
}

enum option_id {
  OPTION_HTTPS = 1,
  OPTION_HTTP,
  OPTION_IMDS,
  OPTION_IMDS_TLS,
  OPTION_DIR,
  OPTION_SEED,
  OPTION_DEMO,
  OPTION_DEMO_KEY,
  OPTION_READY,
  OPTION_THREADS,
  OPTION_PARENT,
  OPTION_VERBOSE,
  OPTION_HELP,
  OPTION_VERSION,
};

static const struct option option_table[] = {
    {"https-port", required_argument, NULL, OPTION_HTTPS},
    {"http-port", required_argument, NULL, OPTION_HTTP},
    {"imds-port", required_argument, NULL, OPTION_IMDS},
    {"imds-tls", no_argument, NULL, OPTION_IMDS_TLS},
    {"dir", required_argument, NULL, OPTION_DIR},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"demo", no_argument, NULL, OPTION_DEMO},
    {"demo-key-file", required_argument, NULL, OPTION_DEMO_KEY},
    {"ready-file", required_argument, NULL, OPTION_READY},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"die-with-parent", no_argument, NULL, OPTION_PARENT},
    {"verbose", no_argument, NULL, OPTION_VERBOSE},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {0},
};

static void say_and_exit(const char *text) {
  fputs(text, stdout);
  exit(0);
}

static void set_option(struct options *o, int id, const char *value) {
  switch (id) {
  case OPTION_HTTPS:
    o->server.https_port = number(value, 65535);
    break;
  case OPTION_HTTP:
    o->server.http_port = number(value, 65535);
    break;
  case OPTION_IMDS:
    o->server.imds_port = number(value, 65535);
    break;
  case OPTION_IMDS_TLS:
    o->server.imds_tls = true;
    break;
  case OPTION_DIR:
    o->dir = value;
    break;
  case OPTION_SEED:
    o->seed = value;
    break;
  case OPTION_DEMO:
    o->demo = true;
    break;
  case OPTION_DEMO_KEY:
    o->demo_key_file = value;
    break;
  case OPTION_READY:
    o->ready_file = value;
    break;
  case OPTION_THREADS:
    o->server.threads = (unsigned)number(value, 256);
    break;
  case OPTION_PARENT:
    o->die_with_parent = true;
    break;
  case OPTION_VERBOSE:
    o->verbose = true;
    break;
  case OPTION_HELP:
    say_and_exit(usage);
    break;
  case OPTION_VERSION:
    say_and_exit("ibmcloud-emulator " VERSION "\n");
    break;
  default:
    exit(2);
  }
}

static struct options parse_options(int argc, char **argv) {
  struct options o = {.server = {.imds_port = -1, .threads = 4}};
  int id;
  while ((id = getopt_long(argc, argv, "", option_table, NULL)) != -1)
    set_option(&o, id, optarg);
  if (optind < argc) {
    fprintf(stderr, "ibmcloud-emulator: unexpected argument: %s\n", argv[optind]);
    exit(2);
  }
  if (o.server.threads < 1)
    o.server.threads = 1;
  return o;
}

static char *read_file(const char *path) {
  FILE *f = fopen(path, "re");
  struct sbuf b = {0};
  char part[8192];
  size_t n;
  if (!f)
    return NULL;
  sbuf_add(&b, "", 0);
  while ((n = fread(part, 1, sizeof part, f)) > 0)
    sbuf_add(&b, part, n);
  bool ok = !ferror(f);
  fclose(f);
  if (!ok)
    free(b.data);
  return ok ? b.data : NULL;
}

static bool write_file(const char *path, const char *text) {
  // Readers wait for the file to appear: it must be whole when it does.
  char *temp = util_format("%s.%ld", path, (long)getpid());
  FILE *f = fopen(temp, "we");
  bool ok = f && fputs(text, f) >= 0;
  if (f)
    ok = !fclose(f) && ok;
  ok = ok && !rename(temp, path);
  free(temp);
  return ok;
}

static bool load_seed(struct emu *emu, const struct options *o) {
  char *text, *error = NULL;
  if (o->demo && !seed_demo(emu, o->demo_key_file)) {
    fprintf(stderr, "ibmcloud-emulator: %s: %s\n", o->demo_key_file, strerror(errno));
    return false;
  }
  if (!o->seed)
    return true;
  text = read_file(o->seed);
  cJSON *json = text ? cJSON_Parse(text) : NULL, *made = seed_apply(emu, json, &error);
  if (!made)
    fprintf(stderr, "ibmcloud-emulator: %s: %s\n", o->seed, text ? error : strerror(errno));
  bool ok = made != NULL;
  cJSON_Delete(made);
  cJSON_Delete(json);
  free(error);
  free(text);
  return ok;
}

static bool say_ready(const struct emu *emu, const struct options *o, const char *ca_path) {
  cJSON *ready = cJSON_CreateObject();
  char *https = util_format("https://127.0.0.1:%d", emu->https_port);
  char *http = util_format("http://127.0.0.1:%d", emu->http_port);
  cJSON_AddBoolToObject(ready, "ready", true);
  cJSON_AddStringToObject(ready, "https", https);
  cJSON_AddStringToObject(ready, "http", http);
  if (emu->imds_port) {
    char *imds =
        util_format("%s://127.0.0.1:%d", o->server.imds_tls ? "https" : "http", emu->imds_port);
    cJSON_AddStringToObject(ready, "imds", imds);
    free(imds);
  }
  cJSON_AddStringToObject(ready, "ca", ca_path);
  cJSON_AddNumberToObject(ready, "pid", (double)getpid());
  char *text = cJSON_PrintUnformatted(ready), *line = util_format("%s\n", text);
  bool ok = !o->ready_file || write_file(o->ready_file, line);
  if (!ok)
    fprintf(stderr, "ibmcloud-emulator: %s: %s\n", o->ready_file, strerror(errno));
  fputs(line, stdout);
  fflush(stdout);
  cJSON_Delete(ready);
  free(text);
  free(line);
  free(https);
  free(http);
  return ok;
}

// Serves until a signal. Returns the exit status.
static int serve(struct emu *emu, const struct options *o, const char *dir, const sigset_t *wait) {
  struct ca ca;
  int signal_number, status = 1;
  char *full = realpath(dir, NULL), *ca_path = util_format("%s/ca.pem", full ? full : dir);
  ca_make(&ca);
  struct server *server = NULL;
  if (!write_file(ca_path, ca.ca_pem))
    fprintf(stderr, "ibmcloud-emulator: %s: %s\n", ca_path, strerror(errno));
  else if (!load_seed(emu, o))
    status = 2;
  else if (!(server = server_start(emu, &o->server, &ca)))
    fprintf(stderr, "ibmcloud-emulator: cannot listen: %s\n", strerror(errno));
  else if (say_ready(emu, o, ca_path) && !sigwait(wait, &signal_number))
    status = 0;
  if (server)
    server_stop(server);
  else
    timers_stop(emu->timers);
  if (!o->dir) {
    unlink(ca_path);
    rmdir(dir);
  }
  ca_free(&ca);
  free(full);
  free(ca_path);
  return status;
}

static void raise_file_limit(void) {
  struct rlimit limit;
  if (!getrlimit(RLIMIT_NOFILE, &limit)) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

int main(int argc, char **argv) {
  struct options o = parse_options(argc, argv);
  pid_t parent = getppid();
  sigset_t wait;
  sigemptyset(&wait);
  sigaddset(&wait, SIGTERM);
  sigaddset(&wait, SIGINT);
  pthread_sigmask(SIG_BLOCK, &wait, NULL); // inherited by every thread; main waits for them
  sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
  if (o.die_with_parent) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
      return 0;
  }
  raise_file_limit();

  char temp[] = "/tmp/ibmcloud-emulator.XXXXXX";
  const char *dir = o.dir ? o.dir : mkdtemp(temp);
  if (!dir) {
    perror("ibmcloud-emulator: temporary directory");
    return 1;
  }
  struct emu emu = {.verbose = o.verbose};
  util_random(&emu.epoch, sizeof emu.epoch); // a token of another emulator is one of another epoch
  pthread_mutex_init(&emu.lock, NULL);
  emu.model = model_new();
  emu.faults = faults_new();
  emu.journal = journal_new();
  emu.jwt = jwt_new();
  emu.timers = timers_new();
  settings_default(&emu.settings);
  int status = serve(&emu, &o, dir, &wait);
  timers_free(emu.timers);
  jwt_free(emu.jwt);
  journal_free(emu.journal);
  faults_free(emu.faults);
  model_free(emu.model);
  pthread_mutex_destroy(&emu.lock);
  return status;
}
