// What the two halves of the fake IAM share: fake_iam.c makes changes, fake_iam_read.c answers
// questions.
#ifndef TESTS_PROTOCOL_FAKE_IAM_H
#define TESTS_PROTOCOL_FAKE_IAM_H

#include "tests/protocol/sim.h"

static inline struct proc *fake_iam_proc(struct iam *c) {
  return ((struct fake_iam *)c)->p;
}

// Fills in an error as IAM words it; returns `kind`.
enum err fake_iam_say(struct error *e, enum err kind, int status, const char *code,
                      const char *text);
enum err fake_iam_cancelled(struct error *e);
// Key i as a replica that knows it in the state `seen` describes it.
void fake_iam_describe(const struct sim *s, int i, const struct key_past *seen,
                       struct iam_key *ret);

enum err fake_iam_exchange(struct iam *c, const struct secret *value, bool fresh,
                           struct iam_token *ret, struct error *e);
void fake_iam_exchange_each(struct iam *c, const struct secret *value, struct iam_exchanged *ret,
                            size_t n);
enum err fake_iam_whoami(struct iam *c, struct iam_token *ret, struct error *e);
enum err fake_iam_list(struct iam *c, const char *account, const char *iam_id,
                       struct iam_key_list *ret, struct error *e);
enum err fake_iam_get(struct iam *c, const char *id, bool activity, struct iam_key *ret,
                      struct error *e);
enum err fake_iam_find_by_value(struct iam *c, const struct secret *value, struct iam_key *ret,
                                struct error *e);
enum err fake_iam_key_limit(struct iam *c, const char *account, const char *iam_id,
                            int64_t *ret_limit, int64_t *ret_count, struct error *e);
int64_t fake_iam_server_time_s(struct iam *c);

#endif
