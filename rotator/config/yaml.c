// One file as a YAML document that is safe to walk, and what is asked of its nodes.
//
// libyaml takes whatever YAML is: anchors that hold themselves, a thousand levels, aliases that
// unfold to millions of nodes, texts with zero bytes. It also grows slow by the square of open
// brackets and of anchors. So the bytes are looked at before it sees them (guard), and the document
// once before anybody walks it (survey); after that a walk ends, takes a limited time, and every
// text is a C string.
#include <stdlib.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/config/internal.h"

#define DEPTH_MAX 16     // the deepest option lies at 10
#define BRACKETS_MAX 100 // open at once, before YAML is understood
#define ANCHORS_MAX 2000
#define NODES_MAX                                                                                  \
  2000000 // all aliases unfolded; a document without any cannot have more than half of it

static yaml_mark_t mark_of(const char *bytes, size_t offset) {
  yaml_mark_t m = {.index = offset};
  for (size_t i = 0; i < offset; i++)
    if (bytes[i] == '\n') {
      m.line++;
      m.column = 0;
    } else {
      m.column++;
    }
  return m;
}

static bool begins_anchor(const char *bytes, size_t i) {
  return bytes[i] == '&' && (i == 0 || strchr(" \n\r[{,:-", bytes[i - 1]));
}

static bool guard(struct config_loader *l, const char *bytes, size_t len) {
  size_t open = 0, anchors = 0;
  for (size_t i = 0; i < len; i++) {
    const char *what = NULL;
    char c = bytes[i];
    if (c == '\0')
      what = "a zero byte: this is not a text file";
    else if ((c == '[' || c == '{') && ++open > BRACKETS_MAX)
      what = "too many brackets are open here";
    else if (begins_anchor(bytes, i) && ++anchors > ANCHORS_MAX)
      what = "too many anchors (&NAME)";
    else if ((c == ']' || c == '}') && open > 0)
      open--;
    if (what) {
      yaml_mark_t at = mark_of(bytes, i);
      config_wrong(l, &at, NULL, "%s", what);
      return false;
    }
  }
  return true;
}

struct survey {
  struct config_loader *l;
  yaml_document_t *document;
  uint32_t *nodes; // by node: 0 not seen, OPEN being looked at, else how many nodes it unfolds to
};
#define OPEN UINT32_MAX

static uint32_t survey_node(struct survey *v, int id, int depth);

// Adds up the nodes below one; 0 after a mistake.
static uint32_t survey_children(struct survey *v, const yaml_node_t *node, int depth) {
  uint64_t sum = 1;
  const yaml_node_item_t *item = NULL, *items_end = NULL;
  if (node->type == YAML_SEQUENCE_NODE) {
    item = node->data.sequence.items.start;
    items_end = node->data.sequence.items.top;
  }
  for (; item < items_end; item++) {
    uint32_t below = survey_node(v, *item, depth + 1);
    if (below == 0)
      return 0;
    sum += below;
  }
  const yaml_node_pair_t *pair = NULL, *pairs_end = NULL;
  if (node->type == YAML_MAPPING_NODE) {
    pair = node->data.mapping.pairs.start;
    pairs_end = node->data.mapping.pairs.top;
  }
  for (; pair < pairs_end; pair++) {
    uint32_t key = survey_node(v, pair->key, depth + 1),
             value = key ? survey_node(v, pair->value, depth + 1) : 0;
    if (value == 0)
      return 0;
    sum += (uint64_t)key + value;
  }
  return sum > NODES_MAX ? NODES_MAX + 1 : (uint32_t)sum;
}

static const char *node_fault(const yaml_node_t *node) {
  const char *tag = (const char *)node->tag;
  if (tag && strcmp(tag, YAML_STR_TAG) != 0 && strcmp(tag, YAML_SEQ_TAG) != 0 &&
      strcmp(tag, YAML_MAP_TAG) != 0)
    return "a tag (!NAME): there are none in a configuration";
  if (node->type == YAML_SCALAR_NODE &&
      memchr(node->data.scalar.value, '\0', node->data.scalar.length))
    return "a zero byte in a text";
  return NULL;
}

static uint32_t survey_node(struct survey *v, int id, int depth) {
  uint32_t *seen = &v->nodes[id];
  if (*seen != 0 && *seen != OPEN)
    return *seen;
  const yaml_node_t *node = yaml_document_get_node(v->document, id);
  const char *what = node_fault(node);
  if (*seen == OPEN)
    what = "an anchor that holds itself (&NAME … *NAME)";
  else if (depth > DEPTH_MAX)
    what = "nested too deeply";
  if (what) {
    config_wrong(v->l, &node->start_mark, NULL, "%s", what);
    return 0;
  }
  *seen = OPEN;
  uint32_t sum = survey_children(v, node, depth);
  if (sum > NODES_MAX) {
    config_wrong(v->l, &node->start_mark, NULL, "its aliases (*NAME) unfold to too much");
    sum = 0;
  }
  *seen = sum;
  return sum;
}

bool config_yaml_survey(struct config_loader *l, yaml_document_t *document, int depth) {
  size_t n = (size_t)(document->nodes.top - document->nodes.start);
  struct survey v = {.l = l, .document = document, .nodes = calloc(n + 1, sizeof *v.nodes)};
  if (!v.nodes) {
    l->out_of_memory = true;
    return false;
  }
  bool good = survey_node(&v, 1, depth) != 0;
  free(v.nodes);
  return good;
}

// The parser's own words, and what they mean where that is not plain.
void config_yaml_tell(struct config_loader *l, const yaml_parser_t *p) {
  const char *bytes = (const char *)p->input.string.start;
  size_t len = (size_t)(p->input.string.end - p->input.string.start);
  yaml_mark_t at = p->problem_mark;
  if (p->error == YAML_MEMORY_ERROR || !p->problem) { // it names every other problem
    l->out_of_memory = true;
    return;
  }
  if (p->error == YAML_READER_ERROR) {
    at = mark_of(bytes, p->problem_offset < len ? p->problem_offset : len);
    config_wrong(l, &at, NULL, "not UTF-8 text: %s", p->problem);
    return;
  }
  bool tab = at.index < len && bytes[at.index] == '\t';
  const char *problem = p->problem;
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
static void check_end(struct config_loader *l, yaml_parser_t *p) {
  yaml_document_t more;
  if (!yaml_parser_load(p, &more)) {
    config_yaml_tell(l, p);
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
    config_yaml_tell(l, p);
    return false;
  }
  bool good = yaml_document_get_root_node(&document) != NULL;
  if (!good)
    config_wrong(l, NULL, NULL, "the file holds nothing");
  good = good && config_yaml_survey(l, &document, 0);
  if (good)
    check_end(l, p);
  if (good)
    *ret = document;
  else
    yaml_document_delete(&document);
  return good;
}

bool config_yaml_begin(struct config_loader *l, const char **bytes, size_t *len) {
  const char *at = *bytes;
  if (*len >= 2 && (memcmp(at, "\xff\xfe", 2) == 0 || memcmp(at, "\xfe\xff", 2) == 0)) {
    config_wrong(l, NULL, NULL, "UTF-16 text; write the file as UTF-8");
    return false;
  }
  if (*len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) { // some editors begin UTF-8 with it
    *bytes += 3;
    *len -= 3;
  }
  return guard(l, *bytes, *len);
}

bool config_yaml_load(struct config_loader *l, const char *bytes, size_t len,
                      yaml_document_t *ret) {
  yaml_parser_t p;
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
