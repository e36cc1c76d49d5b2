// A token endpoint that counts, waits and fails as told, and a management key that gets its tokens
// there.
#ifndef TESTS_UNIT_CLOUD_TOKEN_SCENE_H
#define TESTS_UNIT_CLOUD_TOKEN_SCENE_H

#include <pthread.h>

#include "tests/unit/cloud/fixture.h"

// A token endpoint of its own, usable by many threads at once. Each token has another number in its
// claims.
struct token_endpoint {
  struct transport base;
  pthread_mutex_t mutex;
  pthread_cond_t moved;
  int sent;
  bool hold; // answers wait until it is false
  int expires_in;
  enum err result; // not ERR_OK: no answer
  int status;
  int64_t deadline_ms; // of the last request
  struct fake_env *slow;
  int64_t takes_ms; // of its clock
};

struct token_scene {
  struct fake_env env;
  struct token_endpoint endpoint;
  struct iam_auth *auth;
  int keys_read;
  bool no_key;
  const char *value; // what the place holds
};

void token_scene_open(struct token_scene *s);
void token_scene_close(struct token_scene *s);
enum err token_scene_ask(struct token_scene *s, const struct secret *refused, struct iam_token *ret,
                         struct error *e);
// Gets a token, checks whose number it bears and how many exchanges there have been.
void token_scene_expect(struct token_scene *s, const char *whose, int sent);

#endif
