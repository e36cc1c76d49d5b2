#include "tests/unit/cloud/token_scene.h"

#include <stdio.h>
#include <string.h>

#include "rotator/base/text_digest.h"

static enum err endpoint_exchange(struct transport *t, const struct http_request *req,
                                  struct http_response *ret, struct error *e) {
  struct token_endpoint *s = (struct token_endpoint *)t;
  char claims[256], middle[512], body[1024];
  pthread_mutex_lock(&s->mutex);
  int n = ++s->sent;
  s->deadline_ms = req->deadline_ms;
  pthread_cond_broadcast(&s->moved);
  while (s->hold)
    pthread_cond_wait(&s->moved, &s->mutex);
  if (s->slow)
    fake_env_advance(s->slow, s->takes_ms);
  enum err err = s->result;
  int status = s->status, expires_in = s->expires_in;
  pthread_mutex_unlock(&s->mutex);
  if (err)
    return error_set(e, err, "scripted");
  snprintf(claims, sizeof claims, "{\"iam_id\":\"me-%d\",\"account\":{\"bss\":\"a\"}}", n);
  text_base64url(middle, sizeof middle, claims, strlen(claims));
  if (status == 200)
    snprintf(body, sizeof body, "{\"access_token\":\"e30.%s.c2ln\",\"expires_in\":%d}", middle,
             expires_in);
  else
    snprintf(body, sizeof body, "%s", FLAT("BXNIM0415E", "m"));
  *ret = (struct http_response){
      .status = status, .body = secret_copy_text(body), .retry_after_ms = -1, .date_s = -1};
  return ERR_OK;
}

static struct secret *read_key(void *ctx, struct error *e) {
  struct token_scene *s = ctx;
  s->keys_read++;
  if (!s->no_key)
    return secret_copy_text(s->value);
  error_set(e, ERR_MISSING, "the file is not there");
  return NULL;
}

void token_scene_open(struct token_scene *s) {
  static const struct transport_ops ops = {.exchange = endpoint_exchange};
  memset(s, 0, sizeof *s);
  fake_env_init(&s->env, 1);
  s->value = VALUE;
  s->endpoint = (struct token_endpoint){.base = {&ops}, .expires_in = 1000, .status = 200};
  pthread_mutex_init(&s->endpoint.mutex, NULL);
  pthread_cond_init(&s->endpoint.moved, NULL);
  s->auth = iam_auth_apikey_new(BASE "/identity/token", &s->env.env, read_key, s);
}

void token_scene_close(struct token_scene *s) {
  iam_auth_free(s->auth);
  pthread_mutex_destroy(&s->endpoint.mutex);
  pthread_cond_destroy(&s->endpoint.moved);
}

enum err token_scene_ask(struct token_scene *s, const struct secret *refused, struct iam_token *ret,
                         struct error *e) {
  return s->auth->ops->token(s->auth, &s->endpoint.base, refused, ret, e);
}

void token_scene_expect(struct token_scene *s, const char *whose, int sent) {
  struct iam_token t = {0};
  assert_int_equal(token_scene_ask(s, NULL, &t, NULL), ERR_OK);
  assert_string_equal(t.iam_id, whose);
  assert_int_equal(s->endpoint.sent, sent);
  iam_token_clear(&t);
}
