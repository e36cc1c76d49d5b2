#include "rotator/engine/evidence.h"

#include <string.h>

#include "rotator/base/text.h"
#include "rotator/base/text_digest.h"

#define X(name) [CAUSE_##name] = #name,
static const char *const causes[] = {CAUSE_LIST(X)};
#undef X

const char *cause_name(enum cause c) {
  return (unsigned)c < CAUSE_COUNT ? causes[c] : "none";
}

enum cause cause_of_name(const char *name) {
  int c = 0;
  while (c < CAUSE_COUNT && strcmp(causes[c], name) != 0)
    c++;
  return (enum cause)c;
}

const char *verdict_name(enum verdict_kind k) {
  return k == VERDICT_WORKING ? "working" : k == VERDICT_NOT_WORKING ? "not working" : "not known";
}

void evidence_print(const char *salt, const struct secret *value, char ret[EVIDENCE_PRINT_MAX]) {
  char sum[TEXT_SHA256_HEX], salted[TEXT_SHA256_HEX * 2];
  text_sha256_hex(sum, secret_bytes(value), secret_len(value));
  text_copy(salted, sizeof salted, sum);
  text_copy(salted + strlen(sum), sizeof salted - strlen(sum), salt);
  text_sha256_hex(sum, salted, strlen(salted));
  text_copy(ret, EVIDENCE_PRINT_MAX, sum);
  secret_wipe(salted, sizeof salted);
}

const struct evidence *evidence_find(const struct evidence_book *b, const char *print) {
  for (int i = 0; print[0] && i < EVIDENCE_MAX; i++)
    if (strcmp(b->of[i].print, print) == 0)
      return &b->of[i];
  return NULL;
}

// The entry that makes room: the one entered longest ago, but for a refusal that waits for the
// second one.
static int given_up(const struct evidence_book *b) {
  int at = EVIDENCE_MAX - 1;
  while (at > 0 && b->of[at].refusals > 0)
    at--;
  return b->of[at].refusals > 0 ? EVIDENCE_MAX - 1 : at;
}

struct evidence *evidence_enter(struct evidence_book *b, const char *print, const char *key_id) {
  int at = 0;
  while (at < EVIDENCE_MAX && strcmp(b->of[at].print, print) != 0)
    at++;
  at = at < EVIDENCE_MAX ? at : given_up(b);
  struct evidence e = b->of[at];
  if (strcmp(e.print, print) != 0) {
    e = (struct evidence){.iam = CAUSE_none};
    text_copy(e.print, sizeof e.print, print);
  }
  if (key_id[0])
    text_copy(e.key_id, sizeof e.key_id, key_id);
  memmove(&b->of[1], &b->of[0], (size_t)at * sizeof e);
  b->of[0] = e;
  return &b->of[0];
}

struct evidence *evidence_of_key(struct evidence_book *b, const char *key_id) {
  for (int i = 0; key_id[0] && i < EVIDENCE_MAX; i++)
    if (strcmp(b->of[i].key_id, key_id) == 0)
      return &b->of[i];
  return NULL;
}

void evidence_proven(struct evidence *e, const char *by, int64_t now_s) {
  e->proven_s = now_s;
  text_copy(e->proven_by, sizeof e->proven_by, by);
  e->iam = e->refusal = CAUSE_none;
  e->refusal_s = e->unanswered_s = 0;
  e->refusals = 0;
}

void evidence_iam(struct evidence *e, enum cause seen, int64_t now_s) {
  // A key that was refused because it was disabled, and is enabled again: the refusal is the older
  // news. A key that IAM shows alive all along and refuses all the same is not mended by that.
  bool again = seen == CAUSE_none && e->iam != CAUSE_none;
  bool by_iam = e->refusal == CAUSE_refused || e->refusal == CAUSE_disabled;
  if (again && by_iam) {
    e->refusal = CAUSE_none;
    e->refusal_s = 0;
    e->refusals = 0;
  }
  if (seen != e->iam) {
    e->iam = seen;
    e->iam_s = now_s;
  }
}

bool evidence_refused(struct evidence *e, enum cause seen, int64_t now_s, int64_t now_ms,
                      int64_t apart_ms) {
  if (e->refusals++ == 0)
    e->refused_ms = now_ms;
  if (e->refusal == CAUSE_none && (e->refusals < 2 || now_ms - e->refused_ms < apart_ms))
    return false;
  e->refusal = seen;
  e->refusal_s = now_s;
  e->unanswered_s = 0;
  return true;
}

void evidence_unanswered(struct evidence *e, int64_t now_s) {
  e->unanswered_s = now_s;
  e->refusals = 0;
}

void evidence_sent(struct evidence *e, const char *nonce, int64_t now_s) {
  text_copy(e->nonce, sizeof e->nonce, nonce);
  e->sent_s = now_s;
}

void evidence_arrived(struct evidence *e, int64_t now_s) {
  e->arrived_s = now_s;
}

// --- two processes that saw something ------------------------------------------------------------

// What is older than the proof was ended by it, and what IAM refused, by a key that lives again.
static void settle(struct evidence *e) {
  bool by_iam = e->refusal == CAUSE_refused || e->refusal == CAUSE_disabled;
  bool again = e->iam == CAUSE_none && by_iam && e->iam_s >= e->refusal_s;
  if (e->iam_s < e->proven_s)
    e->iam = CAUSE_none;
  if (e->refusal_s < e->proven_s || again) {
    e->refusal = CAUSE_none;
    e->refusal_s = 0;
  }
  if (e->unanswered_s <= e->proven_s || e->unanswered_s <= e->refusal_s)
    e->unanswered_s = 0;
}

static void merge(struct evidence *e, const struct evidence *other) {
  if (!e->key_id[0])
    text_copy(e->key_id, sizeof e->key_id, other->key_id);
  if (other->proven_s > e->proven_s) {
    e->proven_s = other->proven_s;
    text_copy(e->proven_by, sizeof e->proven_by, other->proven_by);
    e->refusals = 0;
  }
  if (other->iam_s > e->iam_s) {
    e->iam = other->iam;
    e->iam_s = other->iam_s;
  }
  if (other->refusal_s > e->refusal_s) {
    e->refusal = other->refusal;
    e->refusal_s = other->refusal_s;
  }
  if (other->unanswered_s > e->unanswered_s)
    e->unanswered_s = other->unanswered_s;
  if (other->sent_s > e->sent_s) {
    e->sent_s = other->sent_s;
    text_copy(e->nonce, sizeof e->nonce, other->nonce);
  }
  if (other->arrived_s > e->arrived_s)
    e->arrived_s = other->arrived_s;
  settle(e);
}

static struct evidence *find_or_free(struct evidence_book *b, const char *print) {
  for (int i = 0; i < EVIDENCE_MAX; i++)
    if (!b->of[i].print[0] || strcmp(b->of[i].print, print) == 0)
      return &b->of[i];
  return NULL;
}

void evidence_merge(struct evidence_book *b, const struct evidence_book *other) {
  for (int i = 0; i < EVIDENCE_MAX && other->of[i].print[0]; i++) {
    struct evidence *mine = find_or_free(b, other->of[i].print);
    if (mine && mine->print[0])
      merge(mine, &other->of[i]);
    else if (mine)
      *mine = other->of[i];
  }
}

struct verdict evidence_verdict(const struct evidence *e) {
  struct verdict v = {.kind = VERDICT_NOT_KNOWN, .cause = CAUSE_unproven};
  if (!e)
    return v;
  v.proven_s = e->proven_s;
  text_copy(v.proven_by, sizeof v.proven_by, e->proven_by);
  text_copy(v.key_id, sizeof v.key_id, e->key_id);
  if (e->iam != CAUSE_none) {
    v.kind = VERDICT_NOT_WORKING;
    v.cause = e->iam;
    v.seen_s = e->iam_s;
  } else if (e->refusal != CAUSE_none) {
    v.kind = VERDICT_NOT_WORKING;
    v.cause = e->refusal;
    v.seen_s = e->refusal_s;
  } else if (e->unanswered_s > 0) {
    v.cause = CAUSE_unanswered;
    v.seen_s = e->unanswered_s;
  } else if (e->proven_s > 0) {
    v.kind = VERDICT_WORKING;
    v.cause = CAUSE_none;
    v.seen_s = e->proven_s;
  }
  return v;
}
