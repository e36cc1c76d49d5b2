// The mark of a write under way, for stores that have nothing but the lock (class C): set before
// each write, cleared when the store has answered. Whoever finds it waits as long as such a write
// may take before anything is read (PROTOCOL.md section 6).
#include "rotator/engine/turn.h"

static const struct file_rules mark_rules = {
    .mode = 0600, .owner = (uid_t)-1, .group = (gid_t)-1, .max_bytes = 4096};

static enum err mark_set(struct target *t, struct error *e) {
  struct file_version version;
  SECRET_AUTO text = secret_copy_text("A write to a store without compare-and-set is under way.\n");
  return text ? file_replace(t->mark_path, &mark_rules, text, NULL, &version, e)
              : error_no_memory(e);
}

static void mark_clear(struct target *t) {
  SECRET_AUTO nothing = secret_copy_text("\n");
  struct file_version version;
  struct error e;
  if (nothing)
    file_replace(t->mark_path, &mark_rules, nothing, NULL, &version, &e);
}

static int64_t longest_ms(const struct target *t) {
  int64_t most = t->home->class == STORE_CLASS_C ? t->home->longest_ms : 0;
  for (size_t i = 0; i < t->n_sinks; i++)
    if (t->sinks[i].item->class == STORE_CLASS_C && t->sinks[i].item->longest_ms > most)
      most = t->sinks[i].item->longest_ms;
  return most;
}

// After an unclean end, or a write of ours without an answer, a write may still be under way:
// nobody reads before it has had its time. True: wait.
bool mark_blocks(struct target *t, const struct engine_io *io) {
  struct memory *m = t->memory;
  struct file_version version;
  struct error e;
  struct secret *text = NULL;
  if (!t->mark_path || longest_ms(t) == 0)
    return false;
  bool marked =
      file_read(t->mark_path, &mark_rules, &text, &version, &e) == ERR_OK && secret_len(text) > 1;
  secret_free(text);
  if (!marked)
    return false;
  int64_t now = env_mono_ms(io->env);
  if (m->mark_until_ms == 0 || !file_version_equal(&m->mark, &version)) {
    m->mark = version;
    m->mark_until_ms = now + longest_ms(t);
  }
  if (now < m->mark_until_ms)
    return true;
  m->mark_until_ms = 0;
  mark_clear(t);
  return false;
}

enum err mark_error(struct target *t, const struct engine_io *io, struct error *e) {
  int64_t left_ms = t->memory->mark_until_ms - env_mono_ms(io->env);
  return error_set(e, ERR_LOCKED, "an earlier write may still be under way: try again in %d s",
                   (int)(left_ms / 1000) + 1);
}

static bool needs_mark(const struct target *t, const struct store_item *item) {
  return t->mark_path && item->class == STORE_CLASS_C && item->longest_ms > 0;
}

// Writes under the mark where the store needs one. Without an answer the mark stays: the write may
// still land.
enum err mark_write_item(struct target *t, struct store_item *item, const struct store_record *r,
                         const struct store_version *expect, struct error *e) {
  struct store_version version;
  bool mark = needs_mark(t, item);
  enum err err = mark ? mark_set(t, e) : ERR_OK;
  if (err == ERR_OK)
    err = store_write(item, r, expect, &version, e);
  if (mark && err != ERR_UNSURE)
    mark_clear(t);
  if (err != ERR_OK && e) // that of a store stands in the text; here it would be taken for IAM's
    e->status = 0;
  return err;
}
