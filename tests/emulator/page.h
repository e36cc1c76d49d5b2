// Lists of the identity API: filter, sort, page. Paging goes by offset, as the service's own
// tokens do, so that entries created or deleted in between can be skipped or repeated.
#ifndef EMU_PAGE_H
#define EMU_PAGE_H

#include "filter.h"
#include "http.h"
#include "model.h"

struct page_kind {
  const char *name; // "apikeys"
  filter_field_fn *field;
  int64_t (*created)(const void *item);
  // Sorted by modified_at when this is there, else by created_by: the SDKs name one or the other.
  int64_t (*modified)(const void *item);
  cJSON *(*render)(struct req *r, const void *item);
};

// Answers with one page of `list`, or with 400. The list's order is changed.
void page_answer(struct req *r, const struct page_kind *kind, struct list *list);

#endif
