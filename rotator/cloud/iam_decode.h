// From JSON to the structs of iam.h. Pure functions, made for tables and fuzzing.
//
// Unknown members are passed over. A member that is used must have its type: a `disabled` that is
// the text "false" makes the whole object ERR_CORRUPT, since a guess could make a live key look
// dead. null counts as absent. Names and descriptions are cut to the room there is (other people's
// keys are listed too); ids that do not fit are ERR_CORRUPT. Times that do not parse count as not
// said. Out-parameters are written on ERR_OK only.
#ifndef ROTATOR_CLOUD_IAM_DECODE_H
#define ROTATOR_CLOUD_IAM_DECODE_H

#include "rotator/base/json.h"
#include "rotator/cloud/iam.h"

// Keys of one identity that are taken at most; its limit is 20, and a few hundred by agreement.
#define IAM_LIST_MAX 10000

// The answer of the token endpoint: bearer, expires_in_s and the claims; expires_at_ms is left 0.
enum err iam_decode_token(const char *body, size_t len, struct iam_token *ret, struct error *e);
// For tests and fuzzing, apart from the answer that a token comes in.
// iam_id, account and name out of a token's middle part. Unverified. *ret_life_s: exp − iat, 0 if
// they do not say.
enum err iam_decode_claims(const char *jwt, size_t len, struct iam_token *ret, int64_t *ret_life_s,
                           struct error *e);

// The claim `sub` of a token, printable. False: it is no JWT, or has none.
bool iam_decode_subject(const char *jwt, size_t len, char *dst, size_t cap);

// now_s: the server's clock, for `expired`. The value (`apikey`) is never taken.
enum err iam_decode_key(const cJSON *o, int64_t now_s, struct iam_key *ret, struct error *e);
// Appends the keys of one page that *list does not hold yet; on an error *list keeps what it had
// and may have more.
enum err iam_decode_key_page(const cJSON *page, int64_t now_s, struct iam_key_list *list,
                             struct error *e);
enum err iam_decode_service_id(const cJSON *o, struct iam_service_id *ret, struct error *e);
// The link to the next page: its page token, "" on the last page. ERR_CORRUPT for a link without
// one.
enum err iam_decode_next(const cJSON *page, char *dst, size_t cap, struct error *e);
enum err iam_decode_limit(const cJSON *o, const char *iam_id, int64_t *ret_limit,
                          int64_t *ret_count, struct error *e);

// What a policy must let do. NULL members match anything.
struct iam_want {
  const char *account, *iam_id, *instance;
};
// Understands v2 policies and those of v1 (which a conflict may show). Conditions that cannot be
// judged here (unknown attributes or operators, time rules) make covers false, never true.
enum err iam_decode_policy(const cJSON *o, const struct iam_want *want, struct iam_policy *ret,
                           struct error *e);

#endif
