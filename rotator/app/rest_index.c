#include "rotator/app/rest_index.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/engine/decide.h"

static const char magic[8] = {'r', 'o', 't', 'r', 'e', 's', 't', '1'};
#define ORDER 0x01020304u

struct head {
  char magic[sizeof magic];
  uint32_t order, entry_size, file_size, files_max;
  unsigned char about[TEXT_SHA256_BYTES];
};

// What is written as it stands.
_Static_assert(sizeof(struct file_version) == 40, "no gaps");
_Static_assert(sizeof(struct rest_file) == 48, "no gaps");
_Static_assert(sizeof(struct rest_entry) == 24 + 32 + 40 + 40, "no gaps");
_Static_assert(sizeof(struct head) == 24 + TEXT_SHA256_BYTES, "no gaps");

static struct head head_of(const unsigned char about[TEXT_SHA256_BYTES]) {
  struct head h = {.order = ORDER,
                   .entry_size = sizeof(struct rest_entry),
                   .file_size = sizeof(struct rest_file),
                   .files_max = REST_FILES_MAX};
  memcpy(h.magic, magic, sizeof magic);
  memcpy(h.about, about, sizeof h.about);
  return h;
}

// --- reading ---

static const char *look_at_head(const char *bytes, size_t len,
                                const unsigned char about[TEXT_SHA256_BYTES]) {
  struct head want = head_of(about), is;
  unsigned char sum[TEXT_SHA256_BYTES];
  if (len < sizeof is + sizeof sum)
    return "it is cut off";
  memcpy(&is, bytes, sizeof is);
  if (memcmp(&is, &want, offsetof(struct head, about)) != 0)
    return "it is another program's";
  text_sha256(sum, bytes, len - sizeof sum);
  if (memcmp(sum, bytes + len - sizeof sum, sizeof sum) != 0)
    return "it is damaged";
  if (memcmp(is.about, about, sizeof is.about) != 0)
    return "it is of another configuration, program or user";
  return NULL;
}

// Is the binding a text of the length that one has? It becomes part of a path.
static bool is_sound(const struct rest_entry *e, size_t n_targets) {
  return e->target < n_targets && e->n_files >= 2 && e->n_files <= REST_FILES_MAX &&
         e->figures.working >= WORKING_YES && e->figures.working <= WORKING_UNKNOWN &&
         text_is_hex(e->binding, TAG_BINDING_MAX - 1);
}

static bool enter_records(struct rest_index *x, const char *bytes, size_t end) {
  struct rest_entry e;
  for (size_t at = sizeof(struct head); at < end; at += e.n_files * sizeof(struct rest_file)) {
    if (end - at < sizeof e)
      return false;
    memcpy(&e, bytes + at, sizeof e);
    e.binding[sizeof e.binding - 1] = '\0';
    if (!is_sound(&e, x->n_targets) || x->at[e.target] != 0 ||
        (end - at - sizeof e) / sizeof(struct rest_file) < e.n_files)
      return false;
    x->at[e.target] = at;
    x->n++;
    at += sizeof e;
  }
  return true;
}

bool rest_index_decode(struct secret *bytes, const unsigned char about[TEXT_SHA256_BYTES],
                       size_t n_targets, struct rest_index *ret, const char **ret_why) {
  struct rest_index x = {.bytes = bytes, .n_targets = n_targets};
  size_t len = secret_len(bytes);
  const char *why = look_at_head(secret_bytes(bytes), len, about);
  if (!why && !(x.at = calloc(n_targets + 1, sizeof *x.at)))
    why = "out of memory";
  if (!why && !enter_records(&x, secret_bytes(bytes), len - TEXT_SHA256_BYTES))
    why = "it makes no sense";
  if (why)
    rest_index_clear(&x);
  *ret = x;
  *ret_why = why;
  return !why;
}

void rest_index_clear(struct rest_index *x) {
  secret_free(x->bytes);
  free(x->at);
  *x = (struct rest_index){.n = 0};
}

bool rest_index_find(const struct rest_index *x, size_t target, struct rest_entry *ret,
                     struct rest_file ret_files[REST_FILES_MAX]) {
  if (target >= x->n_targets || x->at[target] == 0)
    return false;
  const char *at = secret_bytes(x->bytes) + x->at[target];
  memcpy(ret, at, sizeof *ret);
  memcpy(ret_files, at + sizeof *ret, ret->n_files * sizeof *ret_files);
  return true;
}

// --- writing ---

void rest_index_add(struct text_buf *b, const struct rest_entry *e, const struct rest_file *files) {
  size_t before = b->len;
  text_buf_add_bytes(b, e, sizeof *e);
  text_buf_add_bytes(b, files, e->n_files * sizeof *files);
  if (b->failed)
    b->len = before;
}

static bool carry_over(struct secret *s, const struct rest_index *before, const bool *replaced) {
  for (size_t i = 0; i < before->n_targets; i++) {
    struct rest_entry e;
    struct rest_file files[REST_FILES_MAX];
    if (!replaced[i] && rest_index_find(before, i, &e, files) &&
        (secret_append(s, &e, sizeof e) != ERR_OK ||
         secret_append(s, files, e.n_files * sizeof *files) != ERR_OK))
      return false;
  }
  return true;
}

struct secret *rest_index_encode(const unsigned char about[TEXT_SHA256_BYTES],
                                 const struct text_buf *records, const struct rest_index *before,
                                 const bool *replaced) {
  struct head h = head_of(about);
  unsigned char sum[TEXT_SHA256_BYTES];
  struct secret *s = secret_new(REST_INDEX_MAX);
  bool good = s && secret_append(s, &h, sizeof h) == ERR_OK &&
              secret_append(s, text_buf_str(records), records->len) == ERR_OK &&
              carry_over(s, before, replaced);
  if (good)
    text_sha256(sum, secret_bytes(s), secret_len(s));
  if (good && secret_append(s, sum, sizeof sum) == ERR_OK)
    return s;
  return secret_free(s);
}
