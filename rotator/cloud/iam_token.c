#include "rotator/cloud/iam_token.h"

#include <string.h>

#include "rotator/base/text.h"
#include "rotator/cloud/iam_decode.h"
#include "rotator/cloud/iam_fault.h"
#include "rotator/cloud/iam_http.h"
#include "rotator/cloud/iam_report.h"
#include "rotator/cloud/iam_url.h"

#define WHAT "exchange an API key for a token"
#define EARLY_S 10 // services refuse tokens with only seconds left; the SDKs do the same

void iam_transaction(struct env *env, char dst[IAM_TRANSACTION_MAX]) {
  static const char prefix[] = "rotator-", hex[] = "0123456789abcdef";
  unsigned char dice[16];
  dst[0] = '\0';
  if (env_random(env, dice, sizeof dice))
    return;
  memcpy(dst, prefix, sizeof prefix);
  char *at = dst + sizeof prefix - 1;
  for (size_t i = 0; i < sizeof dice; i++) {
    *at++ = hex[dice[i] >> 4];
    *at++ = hex[dice[i] & 15];
  }
  *at = '\0';
}

static enum err build_form(const struct secret *value, struct secret **ret, struct error *e) {
  SECRET_AUTO form = secret_new(256 + 3 * secret_len(value));
  if (!form || http_form_add(form, "grant_type", "urn:ibm:params:oauth:grant-type:apikey") ||
      http_form_add_secret(form, "apikey", value) ||
      http_form_add(form, "response_type", "cloud_iam"))
    return error_no_memory(e);
  *ret = form;
  form = NULL;
  return ERR_OK;
}

static enum err refusal(const struct http_response *r, const char *what, struct error *e) {
  struct iam_fault f;
  iam_fault_decode(secret_bytes(r->body), secret_len(r->body), &f);
  return iam_report(iam_fault_kind_of_exchange(r->status, &f), &f, r, what, e);
}

static enum err decode(const struct http_response *r, const char *what, struct iam_token *ret,
                       struct error *e) {
  enum err err = iam_decode_token(secret_bytes(r->body), secret_len(r->body), ret, e);
  if (err)
    error_wrap(e, "%s", what);
  return err;
}

static enum err send_form(const struct iam_exchange *x, const char *what, const struct secret *form,
                          struct http_response *ret, struct error *e) {
  char transaction[IAM_TRANSACTION_MAX];
  iam_transaction(x->env, transaction);
  const struct http_header headers[] = {{.name = "Transaction-Id", .value = transaction}};
  struct text_buf url = TEXT_BUF(IAM_URL_MAX);
  text_buf_add(&url, "%s/identity/token", x->base);
  const struct http_request request = {.method = "POST",
                                       .url = text_buf_str(&url),
                                       .headers = headers,
                                       .n_headers = 1,
                                       .body = form,
                                       .content_type = "application/x-www-form-urlencoded",
                                       .replay = HTTP_REPLAY_SAFE,
                                       .fresh_connection = x->fresh,
                                       .deadline_ms = x->deadline_ms};
  enum err err = url.failed ? error_set(e, ERR_INVALID, "the IAM URL is too long")
                            : http_exchange(x->transport, &request, ret, e);
  text_buf_free(&url);
  return iam_report_no_answer(err, what, transaction, e);
}

// What is asked for: the token, and the server's clock (−1: not said).
struct granted {
  struct iam_token token;
  int64_t date_s;
};

static enum err grant(const struct iam_exchange *x, const char *what, const struct secret *form,
                      struct granted *ret, struct error *e) {
  // The token's life is counted from before the request, so that it never seems to last longer than
  // it does.
  int64_t before_ms = env_mono_ms(x->env);
  struct http_response response = {0};
  enum err err = send_form(x, what, form, &response, e);
  if (!err)
    ret->date_s = response.date_s;
  if (!err && (response.status < 200 || response.status > 299))
    err = refusal(&response, what, e);
  else if (!err)
    err = decode(&response, what, &ret->token, e);
  http_response_clear(&response);
  if (err)
    iam_report_hide(e, x->value);
  else
    ret->token.expires_at_ms = before_ms + (ret->token.expires_in_s - EARLY_S) * 1000;
  return err;
}

enum err iam_token_exchange(const struct iam_exchange *x, struct iam_token *ret,
                            int64_t *ret_date_s, struct error *e) {
  SECRET_AUTO form = NULL;
  struct granted granted = {.date_s = -1};
  enum err err = iam_value_check(x->value, e);
  if (!err)
    err = build_form(x->value, &form, e);
  if (!err)
    err = grant(x, WHAT, form, &granted, e);
  if (granted.date_s > 0 && ret_date_s)
    *ret_date_s = granted.date_s;
  if (!err)
    *ret = granted.token;
  return err;
}

enum err iam_token_grant(const struct iam_exchange *x, const char *what, const struct secret *form,
                         struct iam_token *ret, struct error *e) {
  struct granted granted = {.date_s = -1};
  enum err err = grant(x, what, form, &granted, e);
  if (!err)
    *ret = granted.token;
  return err;
}
