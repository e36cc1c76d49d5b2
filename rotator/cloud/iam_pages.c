#include "rotator/cloud/iam_pages.h"

#include <string.h>

enum err iam_pages_next(struct iam_pages *p, const cJSON *page, struct error *e) {
  enum err err = iam_decode_next(page, p->token, sizeof p->token, e);
  if (err || !p->token[0])
    return err;
  p->n++;
  if (p->n >= IAM_PAGES_MAX)
    return error_set(e, ERR_CORRUPT, "a list of more than %d pages", IAM_PAGES_MAX);
  if (strcmp(p->token, p->anchor) == 0)
    return error_set(e, ERR_CORRUPT, "a list whose pages lead in a circle");
  if (p->n >= 2 * p->anchor_at) {
    memcpy(p->anchor, p->token, sizeof p->anchor);
    p->anchor_at = p->n;
  }
  return ERR_OK;
}
