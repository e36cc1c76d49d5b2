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

// One request while it is under way.
struct asking {
  char transaction[IAM_TRANSACTION_MAX];
  struct http_header header;
  struct http_request request;
  struct http_response response;
};

static struct http_call ask(const struct iam_exchange *x, const char *url,
                            const struct secret *form, struct asking *a, struct error *e) {
  iam_transaction(x->env, a->transaction);
  a->header = (struct http_header){.name = "Transaction-Id", .value = a->transaction};
  a->request = (struct http_request){.method = "POST",
                                     .url = url,
                                     .headers = &a->header,
                                     .n_headers = 1,
                                     .body = form,
                                     .content_type = "application/x-www-form-urlencoded",
                                     .replay = HTTP_REPLAY_SAFE,
                                     .fresh_connection = x->fresh,
                                     .deadline_ms = x->deadline_ms};
  a->response = (struct http_response){.date_s = -1};
  return (struct http_call){.req = &a->request, .ret = &a->response, .e = e};
}

static void judge(const struct iam_exchange *x, const char *what, const struct asking *a,
                  struct iam_exchanged *ret) {
  const struct http_response *r = &a->response;
  struct error *e = &ret->error;
  ret->err = iam_report_no_answer(ret->err, what, a->transaction, e);
  if (!ret->err && (r->status < 200 || r->status > 299))
    ret->err = refusal(r, what, e);
  else if (!ret->err)
    ret->err = decode(r, what, &ret->token, e);
  if (ret->err)
    iam_report_hide(e, x->value);
}

// The tokens' lives are counted from before the requests, so that they never seem to last longer
// than they do.
static void grant_each(const struct iam_exchange *x, const char *what, const struct secret *form,
                       struct iam_exchanged *ret, size_t n, int64_t *ret_date_s) {
  struct asking all[IAM_TOGETHER_MAX];
  struct http_call calls[IAM_TOGETHER_MAX];
  struct text_buf url = TEXT_BUF(IAM_URL_MAX);
  int64_t before_ms = env_mono_ms(x->env);
  text_buf_add(&url, "%s/identity/token", x->base);
  for (size_t i = 0; i < n; i++)
    calls[i] = ask(x, text_buf_str(&url), form, &all[i], &ret[i].error);
  if (!url.failed)
    http_together(x->transport, calls, n);
  for (size_t i = 0; i < n; i++) {
    ret[i].err = url.starved  ? error_no_memory(&ret[i].error)
                 : url.failed ? error_set(&ret[i].error, ERR_INVALID, "the IAM URL is too long")
                              : calls[i].err;
    if (!ret[i].err && all[i].response.date_s > 0 && ret_date_s)
      *ret_date_s = all[i].response.date_s;
    judge(x, what, &all[i], &ret[i]);
    if (!ret[i].err)
      ret[i].token.expires_at_ms = before_ms + (ret[i].token.expires_in_s - EARLY_S) * 1000;
    http_response_clear(&all[i].response);
  }
  text_buf_free(&url);
}

void iam_token_exchange_each(const struct iam_exchange *x, struct iam_exchanged *ret, size_t n,
                             int64_t *ret_date_s) {
  SECRET_AUTO form = NULL;
  struct error e;
  enum err err = iam_value_check(x->value, &e);
  if (!err)
    err = build_form(x->value, &form, &e);
  if (!err)
    grant_each(x, WHAT, form, ret, n, ret_date_s);
  for (size_t i = 0; i < n && err; i++)
    ret[i] = (struct iam_exchanged){.err = err, .error = e};
}

static enum err hand_over(const struct iam_exchanged *one, struct iam_token *ret, struct error *e) {
  if (!one->err)
    *ret = one->token;
  else if (e)
    *e = one->error;
  return one->err;
}

enum err iam_token_exchange(const struct iam_exchange *x, struct iam_token *ret,
                            int64_t *ret_date_s, struct error *e) {
  struct iam_exchanged one = {0};
  iam_token_exchange_each(x, &one, 1, ret_date_s);
  return hand_over(&one, ret, e);
}

enum err iam_token_grant(const struct iam_exchange *x, const char *what, const struct secret *form,
                         struct iam_token *ret, struct error *e) {
  struct iam_exchanged one = {0};
  grant_each(x, what, form, &one, 1, NULL);
  return hand_over(&one, ret, e);
}
