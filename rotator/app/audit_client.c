#include "rotator/app/audit_client.h"

#include <stdlib.h>

struct keeping {
  struct logs base; // first
  struct audit *audit;
  struct logs *inner;
  bool wanted;
};

static enum logs_verdict keeping_send(struct logs *base, const struct secret *bearer,
                                      const struct logs_record *r, bool fresh, struct error *e) {
  struct keeping *k = (struct keeping *)base;
  enum logs_verdict v = k->inner->ops->send(k->inner, bearer, r, fresh, e);
  if (v == LOGS_ACCEPTED && k->wanted) {
    secret_free(k->audit->bearer);
    k->audit->bearer = secret_dup(bearer);
  }
  return v;
}

static void keeping_free(struct logs *base) {
  struct keeping *k = (struct keeping *)base;
  k->audit->inner = NULL;
  logs_free(k->inner);
  free(k);
}

struct logs *audit_client(struct audit *a, bool wanted, struct logs *inner) {
  static const struct logs_ops ops = {keeping_send, keeping_free};
  struct keeping *k = inner ? calloc(1, sizeof *k) : NULL;
  if (!k) {
    logs_free(inner);
    return NULL;
  }
  *k = (struct keeping){.base = {&ops}, .audit = a, .inner = inner, .wanted = wanted};
  a->inner = inner;
  return &k->base;
}

void audit_clear(struct audit *a) {
  free(a->effects);
  a->bearer = secret_free(a->bearer);
  a->effects = NULL;
}
