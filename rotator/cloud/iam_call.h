// One call of the IAM client, from its parts to a judged answer. Internal to rotator/cloud.
//
//   IAM_CALL(c) = iam_call_begin(h, "list API keys", "GET", "/v1/apikeys");
//   iam_url_query(&c.url, "iam_id", id);
//   err = iam_call_send(h, &c, e);   // ERR_OK: 2xx, the answer is in c.response
//
// iam_call_send fetches the bearer token, sends, renews the token once when the answer is 401 (a
// 401 was not applied, so even a create may be sent again), notes the server's clock, and turns
// every answer but 2xx into an error. A failure to get a token is reported as what it means for the
// call: it was not sent (ERR_UNSENT), or not allowed (ERR_DENIED).
#ifndef ROTATOR_CLOUD_IAM_CALL_H
#define ROTATOR_CLOUD_IAM_CALL_H

#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "rotator/cloud/iam_fault.h"
#include "rotator/cloud/iam_http.h"
#include "rotator/cloud/iam_token.h"

#define IAM_GROUPED_MAX 64

// An identity whose keys are listed with the group that it is in.
struct iam_grouped {
  char iam_id[IAM_ID_MAX], group[IAM_ID_MAX];
};

struct iam_http {
  struct iam base; // first: iam_ops take a struct iam *
  char *url;
  struct transport *transport;
  struct iam_auth *auth;
  struct env *env;
  int64_t date_s;                              // the last Date header; −1 before the first answer
  int64_t date_at_ms;                          // env_mono_ms when it came
  struct iam_grouped grouped[IAM_GROUPED_MAX]; // the last ones that were found out, in a ring
  size_t n_grouped;                            // ever
};

#define IAM_CALL_HEADERS 4

struct iam_call {
  const char *what; // what is being done, for the error: "create an API key"
  const char *method;
  struct text_buf url;
  struct http_header headers[IAM_CALL_HEADERS]; // [0] and [1] are the token and the transaction id
  size_t n_headers;
  char transaction[IAM_TRANSACTION_MAX];
  struct secret *body;
  const struct secret *hide; // a secret of the request that the answer might repeat
  enum http_replay replay;   // HTTP_REPLAY_SAFE unless changed
  bool prompt;               // as in http_request
  bool versioned;            // an If-Match is sent
  struct http_response response;
  struct iam_fault fault; // of an answer other than 2xx
};

struct iam_call iam_call_begin(struct iam_http *h, const char *what, const char *method,
                               const char *path);
void iam_call_header(struct iam_call *c, struct http_header header);
// Makes the tree the body and frees it. NULL tree: ERR_INTERNAL.
enum err iam_call_body(struct iam_call *c, cJSON *tree, struct error *e);
enum err iam_call_send(struct iam_http *h, struct iam_call *c, struct error *e);
// The 2xx answer as an object; ERR_CORRUPT if it is none.
enum err iam_call_json(const struct iam_call *c, cJSON **ret, struct error *e);
// For answers without content: nothing, or an object. A page of HTML is ERR_CORRUPT: that was not
// IAM.
enum err iam_call_nothing(const struct iam_call *c, struct error *e);
void iam_call_end(struct iam_call *c);

#define IAM_CALL(name) __attribute__((cleanup(iam_call_end))) struct iam_call name

static inline struct iam_http *iam_http_of(struct iam *c) {
  return (struct iam_http *)c;
}
// The server's clock where known, else ours.
int64_t iam_http_now_s(struct iam_http *h);
int64_t iam_http_server_time_s(struct iam *c);

// The operations, by file.
// iam_bearing.c
struct iam *iam_http_bearing(struct iam *c, const struct secret *bearer);
// iam_keys.c
enum err iam_http_list(struct iam *c, const char *account, const char *iam_id,
                       struct iam_key_list *ret, struct error *e);
enum err iam_http_get(struct iam *c, const char *id, bool activity, struct iam_key *ret,
                      struct error *e);
enum err iam_http_find_by_value(struct iam *c, const struct secret *value, struct iam_key *ret,
                                struct error *e);
enum err iam_http_key_limit(struct iam *c, const char *account, const char *iam_id,
                            int64_t *ret_limit, int64_t *ret_count, struct error *e);
// iam_key_change.c
enum err iam_http_create(struct iam *c, const struct iam_create *spec, struct iam_key *ret,
                         struct error *e);
enum err iam_http_describe(struct iam *c, const char *id, const char *entity_tag, const char *name,
                           const char *description, struct error *e);
enum err iam_http_lock(struct iam *c, const char *id, struct error *e);
enum err iam_http_unlock(struct iam *c, const char *id, struct error *e);
enum err iam_http_enable(struct iam *c, const char *id, struct error *e);
enum err iam_http_disable(struct iam *c, const char *id, struct error *e);
enum err iam_http_remove(struct iam *c, const char *id, struct error *e);
// iam_service_ids.c
enum err iam_http_find_service_id(struct iam *c, const char *account, const char *name_or_id,
                                  struct iam_service_id *ret, size_t *ret_n, struct error *e);
enum err iam_http_create_service_id(struct iam *c, const char *account, const char *name,
                                    const char *description, struct iam_service_id *ret,
                                    struct error *e);
// The service ID of that id ("ServiceId-…"), its group with it.
enum err iam_http_get_service_id(struct iam_http *h, const char *id, struct iam_service_id *ret,
                                 struct error *e);
// iam_policies.c
enum err iam_http_find_sender(struct iam *c, const char *account, const char *iam_id,
                              const char *instance_guid, struct iam_policy *ret, struct error *e);
enum err iam_http_grant_sender(struct iam *c, const char *account, const char *iam_id,
                               const char *instance_guid, struct iam_policy *ret, struct error *e);
enum err iam_http_get_policy(struct iam *c, const char *id, struct iam_policy *ret,
                             struct error *e);

#endif
