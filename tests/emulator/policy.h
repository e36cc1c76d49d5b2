// Policies between their two spellings on the wire and the one in the model, and when two of them
// collide.
#ifndef EMU_POLICY_H
#define EMU_POLICY_H

#include "http.h"
#include "model.h"

// What a create or a replace asks for, before it becomes part of a policy.
struct policy_draft {
  char *subject_key, *subject, *description;
  struct list roles;
  cJSON *attributes, *tags, *extra; // tags: of the resource, NULL when there are none
};

bool policy_is_v2(const struct req *r);
// NULL: fine. Otherwise what is wrong (static text); the draft is empty then.
const char *policy_parse(const cJSON *body, bool v2, struct policy_draft *ret_draft);
void policy_draft_free(struct policy_draft *d);
void policy_adopt(struct policy *p, struct policy_draft *d); // moves the draft's parts over
cJSON *policy_json(const struct req *r, const struct policy *p, bool v2);
const char *policy_draft_attribute(const struct policy_draft *d, const char *key);
// Whether an existing policy already grants all the draft asks for.
bool policy_covers(const struct policy *p, const struct policy_draft *d);
bool policy_role_known(const struct model *m, const char *role_crn);

#endif
