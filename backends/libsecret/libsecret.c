// The libsecret store: items in the Secret Service of the user (gnome-keyring and its like). The
// work is done by rotator-libsecret, a program of ours that speaks the helper protocol: GLib, its
// threads, a crash or a hang of the service stay out of the rotator, and end at a time limit.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backends/program.h"
#include "rotator/base/text.h"

// ROTATOR_BINDIR "bin", ROTATOR_LIBEXECDIR "libexec", ROTATOR_FULL_LIBEXECDIR
// "/usr/local/libexec": where CMake installs.
#define PROGRAM "/rotator/rotator-libsecret"

static const struct store_option options[] = {
    {"item", STORE_OPT_TEXT, true, NULL, NULL,
     "Name of the item, its attribute `item`: letters, digits and ._@:+=/-."},
    {"collection", STORE_OPT_TEXT, false, NULL, "default",
     "The keyring: an alias such as default, or the last part of its object path, such as login."},
    {"program", STORE_OPT_PATH, false, NULL, NULL,
     "The program rotator-libsecret, where it is not in its usual place."},
    {"timeout", STORE_OPT_DURATION, false, NULL, PROGRAM_TIMEOUT, PROGRAM_TIMEOUT_HELP},
    {0},
};

// Beside the running program, wherever both were unpacked to; else where the build put it.
static void usual_program(char dst[PROGRAM_PATH_MAX + 1]) {
  char exe[256] = "";
  ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
  char *slash = len > 0 && (size_t)len < sizeof exe - 1 ? strrchr(exe, '/') : NULL;
  snprintf(dst, PROGRAM_PATH_MAX + 1, "%s", ROTATOR_FULL_LIBEXECDIR PROGRAM);
  if (!slash || ROTATOR_LIBEXECDIR[0] == '/')
    return;
  *slash = '\0';
  if (!text_ends(exe, "/" ROTATOR_BINDIR))
    return;
  exe[strlen(exe) - strlen(ROTATOR_BINDIR)] = '\0';
  snprintf(dst, PROGRAM_PATH_MAX + 1, "%s%s", exe, ROTATOR_LIBEXECDIR PROGRAM);
}

struct choice {
  const struct store_setting *item, *collection, *program, *timeout;
  int64_t limit_ms;
};

// The setting that is wrong, or NULL.
static const struct store_setting *wrong_setting(struct choice *c, struct error *e) {
  if (program_check_name("item", c->item->value, e) != ERR_OK)
    return c->item;
  if (c->collection && (program_check_name("collection", c->collection->value, e) != ERR_OK))
    return c->collection;
  if (c->collection &&
      (strchr(c->collection->value, '/') || strcmp(c->collection->value, "session") == 0)) {
    error_set(e, ERR_INVALID,
              "collection must be the name of a keyring that is kept: 'session' "
              "lasts until log-out, and a path is written by its last part");
    return c->collection;
  }
  if (c->program && (c->program->value[0] != '/' || strlen(c->program->value) > PROGRAM_PATH_MAX)) {
    error_set(e, ERR_INVALID, "program must be an absolute path of at most %d bytes",
              PROGRAM_PATH_MAX);
    return c->program;
  }
  if (program_parse_timeout(c->timeout ? c->timeout->value : NULL, &c->limit_ms, e) != ERR_OK)
    return c->timeout;
  return NULL;
}

static enum err libsecret_open(const struct store_context *ctx, enum store_kind kind,
                               const struct store_setting *settings, size_t n,
                               struct store_item **ret, int *ret_line, struct error *e) {
  struct choice c = {.item = store_setting_find(settings, n, "item"),
                     .collection = store_setting_find(settings, n, "collection"),
                     .program = store_setting_find(settings, n, "program"),
                     .timeout = store_setting_find(settings, n, "timeout")};
  char place[sizeof((*ret)->place)], program[PROGRAM_PATH_MAX + 1];
  *ret_line = 0;
  if (!c.item)
    return error_set(e, ERR_INVALID, "libsecret needs an item");
  const struct store_setting *wrong = wrong_setting(&c, e);
  if (wrong) {
    *ret_line = wrong->line;
    return ERR_INVALID;
  }
  struct program_option collection = {"collection", c.collection ? c.collection->value : "default"};
  usual_program(program);
  snprintf(place, sizeof place, "libsecret:%s/%s/%s", collection.value,
           kind == STORE_HOME ? "home" : "sink", c.item->value);
  struct program_spec spec = {.store = "libsecret",
                              .path = c.program ? c.program->value : program,
                              .item = c.item->value,
                              .place = place,
                              .limit_ms = c.limit_ms,
                              .options = &collection,
                              .n_options = 1};
  return program_open(ctx, kind, &spec, ret, e);
}

extern const struct store_backend store_backend_libsecret;
const struct store_backend store_backend_libsecret = {
    .name = "libsecret", .options = options, .open = libsecret_open};
