// Going through the pages of a list. The link to the next page gives its page token only: the host
// in it is never followed. A list that leads back to where it was, or has no end, is ERR_CORRUPT.
#ifndef ROTATOR_CLOUD_IAM_PAGES_H
#define ROTATOR_CLOUD_IAM_PAGES_H

#include "rotator/cloud/iam_decode.h"
#include "rotator/cloud/iam_url.h"

#define IAM_PAGES_MAX 1000

struct iam_pages {
  char token[IAM_PAGE_TOKEN_MAX]; // of the page to fetch; "" for the first, and after the last
  // An earlier token. It moves on at powers of two, so any circle meets it.
  char anchor[IAM_PAGE_TOKEN_MAX];
  unsigned n, anchor_at;
};

// After a page was read: moves on to the next.
enum err iam_pages_next(struct iam_pages *p, const cJSON *page, struct error *e);

#endif
