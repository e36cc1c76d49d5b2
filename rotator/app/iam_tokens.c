#include "rotator/app/iam_tokens.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// An API key of a store's own.
struct own_key {
  struct own_key *next;
  char *file, *credential;
  struct credential_file key; // of these texts
  struct iam_auth *auth;
};

struct iam_tokens {
  struct store_tokens base; // first
  const char *iam_url;
  struct transport *transport;
  struct iam_auth *own;
  struct env *env;
  pthread_mutex_t lock; // of the list; what is in it stays
  struct own_key *keys;
};

static struct secret *read_key(void *ctx, struct error *e) {
  const struct credential_file *file = ctx;
  struct secret *key = NULL;
  if (credential_read_word(file, &key, e) != ERR_OK)
    return NULL;
  if (iam_value_check(key, e) == ERR_OK)
    return key;
  error_wrap(e, "%s", file->what);
  return secret_free(key);
}

static bool same(const char *a, const char *b) {
  return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct own_key *key_free(struct own_key *k) {
  if (k)
    iam_auth_free(k->auth);
  if (k)
    free(k->file);
  if (k)
    free(k->credential);
  free(k);
  return NULL;
}

// NULL without memory.
static struct own_key *key_new(const struct iam_tokens *t, const struct credential_file *key) {
  struct own_key *k = calloc(1, sizeof *k);
  if (!k)
    return NULL;
  k->file = key->file ? strdup(key->file) : NULL;
  k->credential = key->credential ? strdup(key->credential) : NULL;
  k->key = (struct credential_file){key->kind, key->what, k->file, k->credential};
  if (!key->file == !k->file && !key->credential == !k->credential)
    k->auth = iam_auth_apikey_new(t->iam_url, t->env, read_key, &k->key);
  return k->auth ? k : key_free(k);
}

// NULL without memory.
static struct iam_auth *auth_of(struct iam_tokens *t, const struct credential_file *key) {
  if (!key)
    return t->own;
  pthread_mutex_lock(&t->lock);
  struct own_key *k = t->keys;
  while (k && !(same(k->file, key->file) && same(k->credential, key->credential)))
    k = k->next;
  if (!k && (k = key_new(t, key))) {
    k->next = t->keys;
    t->keys = k;
  }
  pthread_mutex_unlock(&t->lock);
  return k ? k->auth : NULL;
}

static enum err get(const struct store_tokens *base, const struct credential_file *key,
                    const struct secret *refused, struct secret **ret, struct error *e) {
  struct iam_tokens *t = (struct iam_tokens *)(uintptr_t)base;
  struct iam_auth *auth = auth_of(t, key);
  struct iam_token token = {0};
  if (!auth)
    return error_no_memory(e);
  enum err err = auth->ops->token(auth, t->transport, refused, &token, e);
  if (err == ERR_OK)
    *ret = token.bearer;
  return err;
}

struct store_tokens *iam_tokens_new(const char *iam_url, struct transport *t, struct iam_auth *own,
                                    struct env *env) {
  struct iam_tokens *made = calloc(1, sizeof *made);
  if (!made)
    return NULL;
  *made = (struct iam_tokens){
      .base = {get}, .iam_url = iam_url, .transport = t, .own = own, .env = env};
  pthread_mutex_init(&made->lock, NULL);
  return &made->base;
}

void iam_tokens_free(struct store_tokens *base) {
  struct iam_tokens *t = (struct iam_tokens *)base;
  if (!t)
    return;
  for (struct own_key *k = t->keys, *next; k; k = next) {
    next = k->next;
    key_free(k);
  }
  pthread_mutex_destroy(&t->lock);
  free(t);
}
