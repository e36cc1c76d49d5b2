// One file as a YAML document, and what is asked of its nodes.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/config/internal.h"

// The parser's own words, and what they mean where that is not plain.
static void tell_parse(struct config_loader *l, const yaml_parser_t *p, const char *bytes,
                       size_t len) {
  yaml_mark_t at = p->problem_mark;
  if (p->error == YAML_MEMORY_ERROR) {
    l->out_of_memory = true;
    return;
  }
  if (p->error == YAML_READER_ERROR) {
    at = config_mark_of(bytes, p->problem_offset < len ? p->problem_offset : len);
    config_wrong(l, &at, NULL, "not UTF-8 text: %s", p->problem ? p->problem : "unknown");
    return;
  }
  bool tab = at.index < len && bytes[at.index] == '\t';
  const char *problem = p->problem ? p->problem : "unknown problem";
  if (tab || strstr(problem, "tab character"))
    config_wrong(l, &at, NULL, "a tab character: YAML is indented by spaces");
  else if (strstr(problem, "mapping values are not allowed"))
    config_wrong(
        l, &at, NULL,
        "not YAML: an unexpected \":\"; check the indentation, and quote a text that holds \": \"");
  else
    config_wrong(l, &at, NULL, "not YAML: %s%s%s", problem, p->context ? " " : "",
                 p->context ? p->context : "");
}

// Is there anything behind the first document? Told, but the first one is read all the same.
static void check_end(struct config_loader *l, yaml_parser_t *p, const char *bytes, size_t len) {
  yaml_document_t more;
  if (!yaml_parser_load(p, &more)) {
    tell_parse(l, p, bytes, len);
    return;
  }
  yaml_node_t *root = yaml_document_get_root_node(&more);
  if (root)
    config_wrong(l, &more.start_mark, NULL,
                 "a second document begins here (---); a file holds one");
  yaml_document_delete(&more);
}

static bool load(struct config_loader *l, yaml_parser_t *p, const char *bytes, size_t len,
                 yaml_document_t *ret) {
  yaml_document_t document;
  yaml_parser_set_encoding(p, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(p, (const unsigned char *)bytes, len);
  if (!yaml_parser_load(p, &document)) {
    tell_parse(l, p, bytes, len);
    return false;
  }
  bool good = yaml_document_get_root_node(&document) != NULL;
  if (!good)
    config_wrong(l, NULL, NULL, "the file holds nothing");
  good = good && config_survey(l, &document);
  if (good)
    check_end(l, p, bytes, len);
  if (good)
    *ret = document;
  else
    yaml_document_delete(&document);
  return good;
}

bool config_yaml_load(struct config_loader *l, const char *bytes, size_t len,
                      yaml_document_t *ret) {
  if (len >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) {
    config_wrong(l, NULL, NULL, "UTF-16 text; write the file as UTF-8");
    return false;
  }
  if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) { // some editors begin UTF-8 with it
    bytes += 3;
    len -= 3;
  }
  yaml_parser_t p;
  if (!config_guard(l, bytes, len))
    return false;
  if (!yaml_parser_initialize(&p)) {
    l->out_of_memory = true;
    return false;
  }
  bool good = load(l, &p, bytes, len, ret);
  yaml_parser_delete(&p);
  return good;
}

yaml_node_t *config_node(struct config_loader *l, int id) {
  return yaml_document_get_node(l->document, id);
}

const char *config_scalar(const yaml_node_t *node) {
  return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

bool config_is_null(const yaml_node_t *node) {
  const char *s = config_scalar(node);
  return s && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
         (s[0] == '\0' || strcmp(s, "~") == 0 || strcmp(s, "null") == 0);
}

const char *config_show_text(char dst[CONFIG_SHOWN_MAX], const char *text) {
  // Keys have 44 characters, tokens more: none of them is ever repeated.
  char printable[33];
  size_t len = strlen(text);
  text_printable(printable, sizeof printable, text, len);
  if (len < sizeof printable)
    snprintf(dst, CONFIG_SHOWN_MAX, "\"%s\"", printable);
  else
    snprintf(dst, CONFIG_SHOWN_MAX, "a text of %zu characters", len);
  return dst;
}

const char *config_show(char dst[CONFIG_SHOWN_MAX], const yaml_node_t *node) {
  const char *s = config_scalar(node);
  if (s && !config_is_null(node))
    return config_show_text(dst, s);
  snprintf(dst, CONFIG_SHOWN_MAX, "%s",
           s                                  ? "nothing"
           : node->type == YAML_SEQUENCE_NODE ? "a list"
                                              : "a mapping");
  return dst;
}

const char *config_show_name(char dst[CONFIG_SHOWN_MAX], const yaml_node_t *key) {
  const char *s = config_scalar(key);
  if (!s || strlen(s) > 32)
    return config_show(dst, key);
  text_printable(dst, CONFIG_SHOWN_MAX, s, strlen(s));
  return dst;
}
