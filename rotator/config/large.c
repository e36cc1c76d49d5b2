// A file that is too large to be a document in memory: libyaml needs some twenty times its size for
// that. It is parsed twice. First everything but the entries of `targets` becomes a document, in
// whose place an empty list stands; it is walked as that of any file. When the walk comes to
// `targets`, the file is parsed anew, and each entry becomes a small document of its own, is read,
// and is forgotten.
//
// An anchor of one target may be used in another, so that this works without anchors only: a file
// with any has to fit into memory as a whole. Fleets of that size are written by programs.
#include <string.h>

#include "rotator/config/internal.h"

#define PIECE_NODES_MAX 100000 // of one target, or of what stands beside the targets
#define NESTED_MAX 64          // before the survey says more exactly what is too deep

struct reader {
  struct config_loader *l;
  yaml_parser_t parser;
  yaml_document_t *into;
  yaml_event_t event; // the present one; of type YAML_NO_EVENT: deleted
};

static bool next(struct reader *r) {
  yaml_event_delete(&r->event);
  if (!yaml_parser_parse(&r->parser, &r->event)) {
    config_yaml_tell(r->l, &r->parser);
    return false;
  }
  return true;
}

static bool wrong(struct reader *r, const char *what) {
  config_wrong(r->l, &r->event.start_mark, NULL, "%s", what);
  return false;
}

static bool has_anchor(const yaml_event_t *e) {
  return e->type == YAML_ALIAS_EVENT || (e->type == YAML_SCALAR_EVENT && e->data.scalar.anchor) ||
         (e->type == YAML_SEQUENCE_START_EVENT && e->data.sequence_start.anchor) ||
         (e->type == YAML_MAPPING_START_EVENT && e->data.mapping_start.anchor);
}

static bool refuse_anchor(struct reader *r) {
  return wrong(r, "an anchor (&NAME, *NAME) in a file of more than 1 MiB, which is read target by "
                  "target: use `defaults`, or several files of targets.d");
}

// "!" is no tag, but the wish to have none looked for.
static const yaml_char_t *tag_of(const yaml_char_t *tag) {
  return tag && strcmp((const char *)tag, "!") != 0 ? tag : NULL;
}

static int add_node(struct reader *r) {
  const yaml_event_t *e = &r->event;
  if (e->type == YAML_SCALAR_EVENT)
    return yaml_document_add_scalar(r->into, tag_of(e->data.scalar.tag), e->data.scalar.value,
                                    (int)e->data.scalar.length, e->data.scalar.style);
  if (e->type == YAML_SEQUENCE_START_EVENT)
    return yaml_document_add_sequence(r->into, tag_of(e->data.sequence_start.tag),
                                      e->data.sequence_start.style);
  return yaml_document_add_mapping(r->into, tag_of(e->data.mapping_start.tag),
                                   e->data.mapping_start.style);
}

// The node that begins with the present event, without what is below it. 0 after a mistake.
static int begin_node(struct reader *r) {
  if (has_anchor(&r->event))
    return refuse_anchor(r);
  if (r->into->nodes.top - r->into->nodes.start >= PIECE_NODES_MAX)
    return wrong(r, "too many values in one target, or beside the targets");
  int id = add_node(r);
  if (id == 0) {
    r->l->out_of_memory = true;
    return 0;
  }
  yaml_document_get_node(r->into, id)->start_mark = r->event.start_mark;
  return id;
}

static int read_node(struct reader *r, int depth);

static bool append_item(struct reader *r, int id, int item) {
  bool good = item && yaml_document_append_sequence_item(r->into, id, item);
  r->l->out_of_memory |= item && !good;
  return good;
}
static bool append_pair(struct reader *r, int id, int key, int value) {
  bool good = key && value && yaml_document_append_mapping_pair(r->into, id, key, value);
  r->l->out_of_memory |= key && value && !good;
  return good;
}

static bool read_items(struct reader *r, int id, int depth) {
  while (next(r)) {
    if (r->event.type == YAML_SEQUENCE_END_EVENT)
      return true;
    if (!append_item(r, id, read_node(r, depth + 1)))
      return false;
  }
  return false;
}

static bool read_pairs(struct reader *r, int id, int depth) {
  while (next(r)) {
    if (r->event.type == YAML_MAPPING_END_EVENT)
      return true;
    int key = read_node(r, depth + 1);
    if (!key || !next(r) || !append_pair(r, id, key, read_node(r, depth + 1)))
      return false;
  }
  return false;
}

// The whole node that begins with the present event. 0 after a mistake.
static int read_node(struct reader *r, int depth) {
  yaml_event_type_t type = r->event.type;
  if (depth > NESTED_MAX)
    return wrong(r, "nested too deeply");
  int id = begin_node(r);
  bool good =
      id &&
      (type == YAML_SCALAR_EVENT ||
       (type == YAML_SEQUENCE_START_EVENT ? read_items(r, id, depth) : read_pairs(r, id, depth)));
  return good ? id : 0;
}

// Passes over the node that begins with the present event.
static bool skip_node(struct reader *r) {
  size_t open = 0;
  for (;;) {
    yaml_event_type_t type = r->event.type;
    if (has_anchor(&r->event))
      return refuse_anchor(r);
    open += type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
    open -= type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
    if (open == 0)
      return true;
    if (open > NESTED_MAX)
      return wrong(r, "nested too deeply");
    if (!next(r))
      return false;
  }
}

static bool is_targets(const yaml_event_t *e) {
  return e->type == YAML_SCALAR_EVENT && strcmp((const char *)e->data.scalar.value, "targets") == 0;
}

// As read_pairs, but that nothing is kept of the entries of the first `targets`.
static bool read_top(struct reader *r, int id) {
  bool passed = false;
  while (next(r)) {
    if (r->event.type == YAML_MAPPING_END_EVENT)
      return true;
    bool targets = is_targets(&r->event) && !passed;
    int key = read_node(r, 1), value = 0;
    if (!key || !next(r))
      return false;
    if (targets && r->event.type == YAML_SEQUENCE_START_EVENT) {
      passed = true;
      value = begin_node(r);
      if (value && !skip_node(r))
        return false;
    } else {
      value = read_node(r, 1);
    }
    if (!append_pair(r, id, key, value))
      return false;
  }
  return false;
}

static bool skip_events(struct reader *r, int n) {
  while (n > 0 && next(r))
    n--;
  return n == 0;
}

static bool read_document(struct reader *r) {
  if (!skip_events(r, 2)) // the stream, the document
    return false;
  if (r->event.type == YAML_STREAM_END_EVENT) {
    config_wrong(r->l, NULL, NULL, "the file holds nothing");
    return false;
  }
  if (!next(r))
    return false;
  bool mapping = r->event.type == YAML_MAPPING_START_EVENT;
  int id = mapping ? begin_node(r) : read_node(r, 0);
  if (!id || (mapping && !read_top(r, id)) || !next(r) || !next(r))
    return false;
  if (r->event.type != YAML_STREAM_END_EVENT)
    return wrong(r, "a second document begins here (---); a file holds one");
  return true;
}

static bool start(struct reader *r, struct config_loader *l, yaml_document_t *into) {
  *r = (struct reader){.l = l, .into = into};
  if (!yaml_parser_initialize(&r->parser)) {
    l->out_of_memory = true;
    return false;
  }
  yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&r->parser, (const unsigned char *)l->large.bytes, l->large.len);
  return true;
}

static void stop(struct reader *r) {
  yaml_event_delete(&r->event);
  yaml_parser_delete(&r->parser);
}

static bool new_document(struct config_loader *l, yaml_document_t *ret) {
  if (yaml_document_initialize(ret, NULL, NULL, NULL, 1, 1))
    return true;
  l->out_of_memory = true;
  return false;
}

bool config_large_load(struct config_loader *l, yaml_document_t *ret) {
  struct reader r;
  yaml_document_t document;
  if (!new_document(l, &document))
    return false;
  bool good = start(&r, l, &document);
  if (good) {
    good = read_document(&r) && config_yaml_survey(l, &document, 0);
    stop(&r);
  }
  if (good)
    *ret = document;
  else
    yaml_document_delete(&document);
  return good && !l->out_of_memory;
}

// One entry of `targets`, which begins with the present event. False: the end, for want of memory.
static bool read_entry(struct reader *r, bool (*read)(struct config_loader *l, yaml_node_t *node)) {
  struct config_loader *l = r->l;
  yaml_document_t piece, *whole = l->document;
  if (!new_document(l, &piece))
    return false;
  // cppcheck-suppress autoVariables ; what is read into it is read before this returns
  r->into = &piece;
  bool good = read_node(r, 2) && config_yaml_survey(l, &piece, 2);
  if (good) {
    l->document = &piece;
    good = read(l, yaml_document_get_root_node(&piece));
    l->document = whole;
  }
  yaml_document_delete(&piece);
  return good;
}

// To the entries of `targets`: everything was read before, and is as it should be.
static bool seek_targets(struct reader *r) {
  if (!skip_events(r, 3)) // stream, document, mapping
    return false;
  while (next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
    bool targets = is_targets(&r->event);
    if (!skip_node(r) || !next(r))
      return false;
    if (targets && r->event.type == YAML_SEQUENCE_START_EVENT)
      return true;
    if (!skip_node(r))
      return false;
  }
  return false;
}

void config_large_targets(struct config_loader *l,
                          bool (*read)(struct config_loader *l, yaml_node_t *node)) {
  struct reader r;
  if (!start(&r, l, NULL))
    return;
  if (seek_targets(&r))
    while (next(&r) && r.event.type != YAML_SEQUENCE_END_EVENT && read_entry(&r, read))
      ;
  stop(&r);
}
