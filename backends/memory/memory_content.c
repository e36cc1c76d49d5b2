// Contents of the memory store: the present, the past that stale readings are served from, and the
// writes under way. Versions come from a counter of the space, so none ever repeats, not even over
// a removal; 0 stands for "absent".
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/memory/memory_space.h"

static void version_format(struct store_version *ret, const struct memory_content *c) {
  memset(ret, 0, sizeof *ret);
  if (c->version > 0 && c->touched > 0)
    snprintf(ret->text, sizeof ret->text, "m%" PRIu64 "+%u", c->version, c->touched);
  else if (c->version > 0)
    snprintf(ret->text, sizeof ret->text, "m%" PRIu64, c->version);
}

enum err memory_space_read(struct memory_space *s, struct memory_cell *c, unsigned age,
                           struct store_record *ret, struct store_version *ret_version,
                           struct error *e) {
  pthread_mutex_lock(&s->lock);
  if (age > c->n_past)
    age = (unsigned)c->n_past;
  const struct memory_content *seen = age == 0 ? &c->now : &c->past[age - 1];
  version_format(ret_version, seen);
  enum err err = seen->version == 0 ? ERR_MISSING : store_record_copy(ret, &seen->record);
  pthread_mutex_unlock(&s->lock);
  if (err == ERR_MISSING)
    return error_set(e, err, "there is nothing");
  return err == ERR_OK ? ERR_OK : error_no_memory(e);
}

// Puts `record` (owned from here on) in the cell; what was there goes to the past while there are
// faults, else it is wiped.
static void cell_put(struct memory_space *s, struct memory_cell *c,
                     const struct store_record *record) {
  if (s->fault) {
    if (c->n_past == MEMORY_HISTORY)
      store_record_clear(&c->past[--c->n_past].record);
    memmove(&c->past[1], &c->past[0], c->n_past * sizeof c->past[0]);
    c->past[0] = c->now;
    c->n_past++;
  } else {
    store_record_clear(&c->now.record);
  }
  s->counter++;
  c->now = (struct memory_content){.record = *record, .version = record->value ? s->counter : 0};
}

static enum err write_locked(struct memory_space *s, const struct memory_write *w,
                             struct store_version *ret_version, struct error *e) {
  struct store_version present;
  version_format(&present, &w->cell->now);
  if (w->class != STORE_CLASS_C && strcmp(present.text, w->expect.text) != 0)
    return error_set(e, ERR_CONFLICT, "version '%s' was expected, '%s' is there", w->expect.text,
                     present.text);
  struct store_record copy;
  if (store_record_copy(&copy, &w->record) != ERR_OK)
    return error_no_memory(e);
  if (w->class != STORE_CLASS_A)
    copy.stamp = 0;
  cell_put(s, w->cell, &copy);
  version_format(ret_version, &w->cell->now);
  return ERR_OK;
}

enum err memory_space_write(struct memory_space *s, const struct memory_write *w,
                            struct store_version *ret_version, struct error *e) {
  pthread_mutex_lock(&s->lock);
  enum err err = write_locked(s, w, ret_version, e);
  pthread_mutex_unlock(&s->lock);
  return err;
}

enum err memory_space_delay(struct memory_space *s, const struct memory_write *w, struct error *e) {
  struct memory_delayed *d = calloc(1, sizeof *d);
  if (!d || store_record_copy(&d->write.record, &w->record) != ERR_OK) {
    free(d);
    return error_no_memory(e);
  }
  d->write.cell = w->cell;
  d->write.class = w->class;
  d->write.expect = w->expect;
  pthread_mutex_lock(&s->lock);
  struct memory_delayed **end = &s->delayed;
  while (*end)
    end = &(*end)->next;
  *end = d;
  pthread_mutex_unlock(&s->lock);
  return ERR_OK;
}

size_t memory_delayed(struct memory_space *s) {
  size_t n = 0;
  pthread_mutex_lock(&s->lock);
  for (struct memory_delayed *d = s->delayed; d; d = d->next)
    n++;
  pthread_mutex_unlock(&s->lock);
  return n;
}

static struct memory_delayed *delayed_take(struct memory_space *s, size_t index) {
  pthread_mutex_lock(&s->lock);
  struct memory_delayed **at = &s->delayed;
  for (; *at && index > 0; index--)
    at = &(*at)->next;
  struct memory_delayed *d = *at;
  if (d)
    *at = d->next;
  pthread_mutex_unlock(&s->lock);
  return d;
}

bool memory_land(struct memory_space *s, size_t index) {
  struct memory_delayed *d = delayed_take(s, index);
  if (!d)
    return false;
  struct store_version v;
  enum err err = memory_space_write(s, &d->write, &v, NULL);
  memory_delayed_free(d);
  return err == ERR_OK;
}

void memory_drop(struct memory_space *s, size_t index) {
  struct memory_delayed *d = delayed_take(s, index);
  if (d)
    memory_delayed_free(d);
}

bool memory_peek(struct memory_space *s, const char *name, struct store_record *ret,
                 struct store_version *ret_version) {
  pthread_mutex_lock(&s->lock);
  const struct memory_cell *c = memory_space_cell_locked(s, name);
  bool there = c && c->now.version != 0 && store_record_copy(ret, &c->now.record) == ERR_OK;
  if (there && ret_version)
    version_format(ret_version, &c->now);
  pthread_mutex_unlock(&s->lock);
  return there;
}

enum err memory_poke(struct memory_space *s, const char *name, const struct store_record *r) {
  struct store_record copy;
  if (store_record_copy(&copy, r) != ERR_OK)
    return ERR_INTERNAL;
  pthread_mutex_lock(&s->lock);
  struct memory_cell *c = memory_space_cell_locked(s, name);
  if (c)
    cell_put(s, c, &copy);
  pthread_mutex_unlock(&s->lock);
  if (!c)
    store_record_clear(&copy);
  return c ? ERR_OK : ERR_INTERNAL;
}

void memory_touch(struct memory_space *s, const char *name) {
  pthread_mutex_lock(&s->lock);
  struct memory_cell *c = memory_space_cell_locked(s, name);
  if (c)
    c->now.touched++;
  pthread_mutex_unlock(&s->lock);
}

void memory_space_forget_past(struct memory_space *s, struct memory_cell *c) {
  pthread_mutex_lock(&s->lock);
  memory_cell_forget_past(c);
  pthread_mutex_unlock(&s->lock);
}
