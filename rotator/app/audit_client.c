#include "rotator/app/audit_client.h"

#include <stdlib.h>

struct keeping {
  struct logs base; // first
  struct audit *audit;
  struct logs *inner;
  bool wanted;
};

static void keep(const struct keeping *k, enum logs_verdict v, const struct secret *bearer) {
  if (v != LOGS_ACCEPTED || !k->wanted)
    return;
  secret_free(k->audit->bearer);
  k->audit->bearer = secret_dup(bearer);
}

static enum logs_verdict keeping_send(struct logs *base, const struct secret *bearer,
                                      const struct logs_record *r, bool fresh, struct error *e) {
  struct keeping *k = (struct keeping *)base;
  enum logs_verdict v = k->inner->ops->send(k->inner, bearer, r, fresh, e);
  keep(k, v, bearer);
  return v;
}

static void keeping_send_each(struct logs *base, struct logs_sending *s, size_t n) {
  struct keeping *k = (struct keeping *)base;
  logs_send_each(k->inner, s, n);
  for (size_t i = 0; i < n; i++)
    keep(k, s[i].verdict, s[i].bearer);
}

static void keeping_free(struct logs *base) {
  struct keeping *k = (struct keeping *)base;
  k->audit->inner = NULL;
  logs_free(k->inner);
  free(k);
}

struct logs *audit_client(struct audit *a, bool wanted, struct logs *inner) {
  static const struct logs_ops ops = {
      .send = keeping_send, .send_each = keeping_send_each, .free = keeping_free};
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
