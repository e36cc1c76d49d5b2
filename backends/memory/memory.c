// The memory store as the engine sees it. Each operation first asks the space what shall happen to
// it (memory.h); without a fault callback that is always "as the contract says".
#include "backends/memory/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/memory/memory_space.h"

struct memory_item {
  struct store_item item; // first: the engine's pointer is ours
  struct memory_space *space;
  struct memory_cell *cell;
};

static struct memory_item *mine(struct store_item *it) {
  return (struct memory_item *)it;
}

static enum memory_fault ask(const struct memory_item *m, enum memory_op_kind kind,
                             const struct store_record *r, const struct store_version *expect) {
  struct memory_op op = {
      .kind = kind, .item = &m->item, .name = m->cell->name, .record = r, .expect = expect};
  return memory_space_ask(m->space, &op);
}

// What a fault answers instead of doing the operation; ERR_OK: do it. `unanswered` is what that
// fault means here.
static enum err instead(enum memory_fault f, enum err err, struct error *e) {
  if (f >= MEMORY_ANSWER && f < MEMORY_STALE)
    return error_set(e, (enum err)(f - MEMORY_ANSWER), "the answer is a fault that was asked for");
  if (f == MEMORY_UNSENT)
    return error_set(e, ERR_UNSENT, "not sent");
  if (f == MEMORY_LOSE || (f == MEMORY_UNANSWERED && err != ERR_OK))
    return error_set(e, ERR_UNSURE, "no answer");
  return ERR_OK;
}

static enum err memory_read(struct store_item *it, struct store_record *ret,
                            struct store_version *ret_version, struct error *e) {
  struct memory_item *m = mine(it);
  enum memory_fault f = ask(m, MEMORY_READ, NULL, NULL);
  enum err err = instead(f, ERR_UNSURE, e);
  if (err != ERR_OK)
    return err;
  unsigned age = f >= MEMORY_STALE ? (unsigned)(f - MEMORY_STALE) : 0;
  return memory_space_read(m->space, m->cell, age, ret, ret_version, e);
}

static enum err memory_write(struct store_item *it, const struct store_record *r,
                             const struct store_version *expect, struct store_version *ret_version,
                             struct error *e) {
  struct memory_item *m = mine(it);
  struct memory_write w = {.cell = m->cell, .class = it->class, .record = *r, .expect = *expect};
  enum memory_fault f = ask(m, MEMORY_WRITE, r, expect);
  enum err err = instead(f, ERR_OK, e);
  if (err == ERR_OK && (f == MEMORY_DELAY || f == MEMORY_DOUBLE))
    err = memory_space_delay(m->space, &w, e);
  if (err != ERR_OK)
    return err;
  if (f != MEMORY_DELAY)
    err = memory_space_write(m->space, &w, ret_version, e);
  if (f == MEMORY_DELAY || f == MEMORY_UNANSWERED)
    return error_set(e, ERR_UNSURE, "no answer");
  return err;
}

static enum err memory_destroy_old(struct store_item *it, struct error *e) {
  struct memory_item *m = mine(it);
  enum err err = instead(ask(m, MEMORY_DESTROY_OLD, NULL, NULL), ERR_UNSURE, e);
  if (err == ERR_OK)
    memory_space_forget_past(m->space, m->cell);
  return err;
}

static enum err memory_check(struct store_item *it, struct error *e) {
  return instead(ask(mine(it), MEMORY_CHECK, NULL, NULL), ERR_UNSURE, e);
}

static void memory_free(struct store_item *it) {
  memory_space_unref(mine(it)->space);
  free(it);
}

static const struct store_ops memory_ops = {
    .read = memory_read,
    .write = memory_write,
    .destroy_old = memory_destroy_old,
    .check = memory_check,
    .free = memory_free,
};

struct store_item *memory_open(struct memory_space *s, enum store_kind kind, const char *name,
                               enum store_class class) {
  struct memory_item *m = calloc(1, sizeof *m);
  struct memory_cell *cell = memory_space_cell(s, name);
  if (!m || !cell) {
    free(m);
    return NULL;
  }
  memory_space_ref(s);
  m->item = (struct store_item){.ops = &memory_ops, .kind = kind, .class = class};
  m->space = s;
  m->cell = cell;
  snprintf(m->item.what, sizeof m->item.what, "memory %s", name);
  snprintf(m->item.place, sizeof m->item.place, "memory:%p/%s", (void *)s, name);
  return &m->item;
}

static enum store_class parse_class(const char *text) {
  return !text || text[0] == 'A' ? STORE_CLASS_A : text[0] == 'B' ? STORE_CLASS_B : STORE_CLASS_C;
}

static enum err memory_open_settings(const struct store_context *ctx, enum store_kind kind,
                                     const struct store_setting *settings, size_t n,
                                     struct store_item **ret, int *ret_line, struct error *e) {
  (void)ctx;
  const struct store_setting *name = store_setting_find(settings, n, "name");
  const char *space = store_setting_get(settings, n, "space");
  if (!space)
    space = "default";
  if (!name || strlen(space) + strlen(name->value) > 200) {
    *ret_line = name ? name->line : 0;
    return error_set(e, ERR_INVALID,
                     "a memory item needs a name, and space and name at most 200 characters");
  }
  struct memory_space *s = memory_space_named(space);
  struct store_item *it =
      s ? memory_open(s, kind, name->value, parse_class(store_setting_get(settings, n, "class")))
        : NULL;
  memory_space_unref(s);
  if (!it)
    return error_no_memory(e);
  snprintf(it->what, sizeof it->what, "memory %s/%s", space, name->value);
  snprintf(it->place, sizeof it->place, "memory:%s/%s", space, name->value);
  *ret = it;
  return ERR_OK;
}

static const struct store_option memory_options[] = {
    {"name", STORE_OPT_TEXT, true, NULL, NULL, "Name of the item in its space."},
    {"space", STORE_OPT_TEXT, false, NULL, "default",
     "Name of the space; items of one space and name are one item."},
    {"class", STORE_OPT_CHOICE, false, "A|B|C", "A",
     "What the item pretends to be: compare-and-set (A), a local file (B), or neither (C)."},
    {NULL, STORE_OPT_TEXT, false, NULL, NULL, NULL},
};

const struct store_backend store_backend_memory = {
    .name = "memory",
    .options = memory_options,
    .open = memory_open_settings,
};
