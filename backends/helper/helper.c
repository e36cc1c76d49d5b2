// The helper store: a program of somebody else keeps the item (backends/program.h).
#include <stdio.h>
#include <string.h>

#include "backends/program.h"

static const struct store_option options[] = {
    {"program", STORE_OPT_PATH, true, NULL, NULL,
     "The helper, an absolute path; run without a shell, and refused when others can change it."},
    {"item", STORE_OPT_TEXT, true, NULL, NULL,
     "Name of the item, which the helper is told: letters, digits and ._@:+=/-."},
    {"timeout", STORE_OPT_DURATION, false, NULL, PROGRAM_TIMEOUT, PROGRAM_TIMEOUT_HELP},
    {0},
};

static enum err helper_wrong(const struct store_setting *s, int *ret_line) {
  *ret_line = s ? s->line : 0;
  return ERR_INVALID;
}

static enum err helper_open(const struct store_context *ctx, enum store_kind kind,
                            const struct store_setting *settings, size_t n, struct store_item **ret,
                            int *ret_line, struct error *e) {
  const struct store_setting *path = store_setting_find(settings, n, "program"),
                             *item = store_setting_find(settings, n, "item"),
                             *timeout = store_setting_find(settings, n, "timeout");
  char place[sizeof((*ret)->place)];
  int64_t limit_ms = 0;
  *ret_line = 0;
  if (!path || !item)
    return error_set(e, ERR_INVALID, "a helper needs program and item");
  if (path->value[0] != '/' || strlen(path->value) > PROGRAM_PATH_MAX) {
    error_set(e, ERR_INVALID, "program must be an absolute path of at most %d bytes",
              PROGRAM_PATH_MAX);
    return helper_wrong(path, ret_line);
  }
  if (program_check_name("item", item->value, e) != ERR_OK)
    return helper_wrong(item, ret_line);
  if (program_parse_timeout(timeout ? timeout->value : NULL, &limit_ms, e) != ERR_OK)
    return helper_wrong(timeout, ret_line);
  snprintf(place, sizeof place, "helper:%s:%s", path->value, item->value);
  struct program_spec spec = {.store = "helper",
                              .path = path->value,
                              .item = item->value,
                              .place = place,
                              .limit_ms = limit_ms};
  return program_open(ctx, kind, &spec, ret, e);
}

extern const struct store_backend store_backend_helper;
const struct store_backend store_backend_helper = {
    .name = "helper", .options = options, .open = helper_open};
