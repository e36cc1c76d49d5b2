// From a checked value to its place in struct config or struct config_target.
#include <string.h>

#include "rotator/config/internal.h"
#include "rotator/config/window.h"

void *config_alloc(struct config_loader *l, size_t size) {
  void *p = config_arena_alloc(l->arena, size);
  if (!p)
    l->out_of_memory = true;
  return p;
}

char *config_keep(struct config_loader *l, const char *text) {
  char *p = config_arena_text(l->arena, text);
  if (!p)
    l->out_of_memory = true;
  return p;
}

// Windows are few and targets many: each text is worked out once.
static enum err read_window(struct config_loader *l, const char *text, struct policy_window *ret,
                            char *nearest, struct error *e) {
  for (const struct config_window_cached *c = l->windows; c; c = c->next)
    if (strcmp(c->text, text) == 0) {
      *ret = c->window;
      return ERR_OK;
    }
  enum err err = window_read(text, l->now_s, ret, nearest, e);
  struct config_window_cached *c =
      err == ERR_OK ? config_arena_alloc(&l->scratch, sizeof(*c)) : NULL;
  if (c && (c->text = config_arena_text(&l->scratch, text))) {
    c->window = *ret;
    c->next = l->windows;
    l->windows = c;
  }
  return err;
}

static void put_text(struct config_loader *l, void *at, const char *text) {
  char *kept = config_keep(l, text);
  memcpy(at, &kept, sizeof(kept));
}

// All enums that the table writes are of this size.
_Static_assert(sizeof(enum policy_origin) == sizeof(unsigned) &&
                   sizeof(enum policy_still_used) == sizeof(unsigned),
               "enums are written as unsigned");

static void put_number(const struct config_option *o, int64_t n, void *at) {
  unsigned u = (unsigned)n;
  int i = (int)n;
  bool b = n != 0;
  switch (o->type) {
  case CONFIG_BOOL:
    memcpy(at, &b, sizeof(b));
    break;
  case CONFIG_INT:
  case CONFIG_DURATION:
    memcpy(at, &n, sizeof(n));
    break;
  case CONFIG_COUNT:
  case CONFIG_CHOICE:
    memcpy(at, &u, sizeof(u));
    break;
  case CONFIG_SEVERITY:
    memcpy(at, &i, sizeof(i));
    break;
  default:
    break;
  }
}

// Checks a text and writes it. `nearest` and *e as config_value_check.
static enum err put(struct config_loader *l, const struct config_option *o, const char *text,
                    void *base, char *nearest, struct error *e) {
  unsigned char *at = (unsigned char *)base + o->offset;
  if (o->type == CONFIG_WINDOW) {
    struct policy_window w;
    enum err err = read_window(l, text, &w, nearest, e);
    if (err == ERR_OK)
      memcpy(at, &w, sizeof(w));
    return err;
  }
  const struct config_limits lim = {o->least, o->most, o->choices, l->config->allow_plain_loopback};
  int64_t number = 0;
  enum err err = config_value_check(o->type, &lim, text, &number, nearest, e);
  if (err != ERR_OK || o->type == CONFIG_VERSION)
    return err;
  switch (o->type) {
  case CONFIG_BOOL:
  case CONFIG_INT:
  case CONFIG_DURATION:
  case CONFIG_COUNT:
  case CONFIG_CHOICE:
  case CONFIG_SEVERITY:
    put_number(o, number, at);
    break;
  default:
    put_text(l, at, text);
    break;
  }
  if (o->type == CONFIG_ENDPOINT && config_option_has_members(o)) // one word for both
    put_text(l, (unsigned char *)base + offsetof(struct config_target, ingress_url), text);
  return ERR_OK;
}

void config_value_defaults(struct config_loader *l, unsigned where, void *base) {
  char nearest[WINDOW_NEAREST_MAX];
  for (size_t i = 0; i < config_options_n; i++)
    if ((config_options[i].where & where) && config_options[i].fallback)
      put(l, &config_options[i], config_options[i].fallback, base, nearest, NULL);
}

bool config_value_scalar(struct config_loader *l, const char *name, enum config_type type,
                         yaml_node_t *node) {
  char shown[CONFIG_SHOWN_MAX];
  const char *text = config_scalar(node);
  if (!text || config_is_null(node)) {
    config_wrong(l, &node->start_mark, NULL, "%s: expected a value, found %s", name,
                 config_show(shown, node));
    return false;
  }
  if (type == CONFIG_MODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
    char quoted[WINDOW_NEAREST_MAX] = "\"0600\"";
    if (strspn(text, "01234567") == strlen(text) && strlen(text) <= 4)
      snprintf(quoted, sizeof(quoted), "\"%s%s\"", text[0] == '0' ? "" : "0", text);
    config_wrong(l, &node->start_mark, quoted,
                 "%s: a file mode must be quoted: YAML reads a bare 0600 as the number 384", name);
    return false;
  }
  return true;
}

// A list of texts, NULL-terminated. An empty one gives NULL.
static void put_list(struct config_loader *l, const struct config_option *o, yaml_node_t *node,
                     void *base) {
  char shown[CONFIG_SHOWN_MAX], nearest[WINDOW_NEAREST_MAX];
  if (node->type != YAML_SEQUENCE_NODE) {
    config_wrong(l, &node->start_mark, NULL, "%s: expected a list, found %s", o->name,
                 config_show(shown, node));
    return;
  }
  size_t n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
  if (n < (size_t)o->least || n > (size_t)o->most) {
    config_wrong(l, &node->start_mark, NULL, "%s: expected %lld to %lld entries, found %zu",
                 o->name, (long long)o->least, (long long)o->most, n);
    return;
  }
  char **list = n ? config_alloc(l, (n + 1) * sizeof(*list)) : NULL;
  for (size_t i = 0; list && i < n; i++) {
    yaml_node_t *entry = config_node(l, node->data.sequence.items.start[i]);
    bool program = o->type == CONFIG_COMMAND && i == 0;
    const struct config_limits lim = {.most = 4096};
    struct error e;
    if (!config_value_scalar(l, o->name, CONFIG_TEXT, entry))
      continue;
    if (config_value_check(program ? CONFIG_PATH : CONFIG_TEXT, &lim, config_scalar(entry),
                           &(int64_t){0}, nearest, &e))
      config_wrong(l, &entry->start_mark, nearest, "%s: %s", o->name, e.text);
    list[i] = config_keep(l, config_scalar(entry));
  }
  memcpy((unsigned char *)base + o->offset, &list, sizeof(list));
}

void config_value_apply(struct config_loader *l, const struct config_option *o, yaml_node_t *node,
                        void *base) {
  char nearest[WINDOW_NEAREST_MAX] = "";
  struct error e;
  switch (o->type) {
  case CONFIG_SECTION:
  case CONFIG_HOME:
  case CONFIG_SINKS:
  case CONFIG_TARGETS:
    return; // read by those who know them
  case CONFIG_WORDS:
  case CONFIG_COMMAND:
    put_list(l, o, node, base);
    return;
  default:
    break;
  }
  if (!config_value_scalar(l, o->name, o->type, node))
    return;
  enum err err = put(l, o, config_scalar(node), base, nearest, &e);
  if (err == ERR_INTERNAL)
    l->out_of_memory = true;
  else if (err != ERR_OK)
    config_wrong(l, &node->start_mark, nearest, "%s: %s", o->name, e.text);
}
