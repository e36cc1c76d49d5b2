#include "rotator/app/shard.h"

#include <string.h>

#include "rotator/app/identity.h"
#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"

// Each round says up to which count the target would stay in `share`; the last one before `count`
// is it.
static uint32_t share_of(uint64_t hash, uint32_t count) {
  uint32_t share = 0;
  double next = 0;
  while (next < count) {
    share = (uint32_t)next;
    hash = hash * 2862933555777941757u + 1;
    next = (share + 1.0) * (2147483648.0 / ((double)(hash >> 33) + 1));
  }
  return share;
}

bool shard_has(const struct cli_shard *s, const struct config_target *t) {
  struct text_buf key = TEXT_BUF(1024);
  char identity[IAM_NAME_MAX];
  if (s->count == 0)
    return true;
  if ((!t->service_id && !t->user) || !t->guid[0])
    return s->index == 0;
  identity_configured(t, identity);
  text_buf_add(&key, "%s\n%s\n%s", t->account, identity, t->guid);
  const char *text = text_buf_str(&key);
  uint32_t share = share_of(text_hash64(text, strlen(text)), s->count);
  text_buf_free(&key);
  return share == s->index;
}
