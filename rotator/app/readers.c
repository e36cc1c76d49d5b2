#include "rotator/app/readers.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/app/credential.h"
#include "rotator/app/query_budget.h"

struct reading {
  const char *iam_url;
  const struct config_target *own; // that names it itself; NULL: named in `defaults`
  struct iam_auth *auth;
};

struct readers {
  const struct config *config;
  struct env *env;
  struct reading *list;
  size_t n, cap;
};

static bool is_wanted(const struct config_target *t) {
  return t->policy.arrival_within_s > 0 && t->reader.kind != CONFIG_CREDENTIAL_NONE && t->iam_url &&
         t->api_url;
}

static const struct config_target *owner(const struct config_target *t) {
  return t->reader_own ? t : NULL;
}

static const struct reading *find(const struct readers *r, const struct config_target *t) {
  for (size_t i = 0; i < r->n; i++)
    if (r->list[i].own == owner(t) && strcmp(r->list[i].iam_url, t->iam_url) == 0)
      return &r->list[i];
  return NULL;
}

static bool add(struct readers *r, const struct config_target *t) {
  if (r->n == r->cap) {
    size_t cap = r->cap ? r->cap * 2 : 4;
    struct reading *grown = realloc(r->list, cap * sizeof *grown);
    if (!grown)
      return false;
    r->list = grown;
    r->cap = cap;
  }
  struct iam_auth *auth = credential_auth_new(r->config, &t->reader, t->iam_url, r->env);
  if (auth)
    r->list[r->n++] = (struct reading){.iam_url = t->iam_url, .own = owner(t), .auth = auth};
  return auth != NULL;
}

struct readers *readers_new(const struct config *config, struct env *env) {
  struct readers *r = calloc(1, sizeof *r);
  if (!r)
    return NULL;
  *r = (struct readers){.config = config, .env = env};
  for (size_t i = 0; i < config->n_targets; i++) {
    const struct config_target *t = &config->targets[i];
    if (is_wanted(t) && (t->reader_own || !find(r, t)) && !add(r, t)) {
      readers_free(r);
      return NULL;
    }
  }
  return r;
}

void readers_free(struct readers *r) {
  if (!r)
    return;
  for (size_t i = 0; i < r->n; i++)
    iam_auth_free(r->list[i].auth);
  free(r->list);
  free(r);
}

struct logs_reader *readers_open(const struct readers *r, const struct config_target *t,
                                 struct transport *transport) {
  const struct reading *reading = is_wanted(t) ? find(r, t) : NULL;
  struct logs_reader *client =
      reading ? logs_reader_new(t->api_url, t->guid, transport, reading->auth) : NULL;
  return client ? query_budget_new(client, r->config->state_dir, t->guid, r->env) : NULL;
}
