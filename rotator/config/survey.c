// What is done so that a YAML document is safe to walk.
//
// libyaml takes whatever YAML is: anchors that hold themselves, a thousand levels, aliases that
// unfold to millions of nodes, texts with zero bytes. It also grows slow by the square of open
// brackets and of anchors. So the bytes are looked at before it sees them (guard), and the document
// once before anybody walks it (survey); after that a walk ends, takes a bounded time, and every
// text is a C string.
#include <stdlib.h>
#include <string.h>

#include "rotator/config/internal.h"

#define DEPTH_MAX 16     // the deepest option lies at 10
#define BRACKETS_MAX 100 // open at once, before YAML is understood
#define ANCHORS_MAX 2000
#define NODES_MAX                                                                                  \
  2000000 // all aliases unfolded; a file without any cannot have more than half of it

yaml_mark_t config_mark_of(const char *bytes, size_t offset) {
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

bool config_guard(struct config_loader *l, const char *bytes, size_t len) {
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
      yaml_mark_t at = config_mark_of(bytes, i);
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

bool config_survey(struct config_loader *l, yaml_document_t *document) {
  size_t n = (size_t)(document->nodes.top - document->nodes.start);
  struct survey v = {.l = l, .document = document, .nodes = calloc(n + 1, sizeof(*v.nodes))};
  if (!v.nodes) {
    l->out_of_memory = true;
    return false;
  }
  bool good = survey_node(&v, 1, 0) != 0;
  free(v.nodes);
  return good;
}
