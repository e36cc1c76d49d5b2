// Groups of service IDs. A service ID lies in one group for good; without one it lies in the
// default group, which has no object of its own here. Lists that name no group show the default
// group alone, by the text of the vendor's SDKs.
#ifndef EMU_IAM_GROUPS_H
#define EMU_IAM_GROUPS_H

#include "http.h"
#include "model.h"

// Whether a list that this request asks for shows the identity (or its keys). Users always show.
bool group_shows(const struct req *r, const struct identity *i);
// Whether the request's group_id names a group of the account. False: answered with the error.
bool group_query_ok(struct req *r, const struct account *a);
// Adds group_id where the request (or a setting) asks for it.
void group_add_id(const struct req *r, cJSON *object, const struct identity *i);
// Puts a new service ID into the group that the body names. False: answered with the error, and
// nothing was changed.
bool group_join(struct req *r, struct identity *i, const cJSON *body);
size_t group_members(const struct model *m, const struct group *g);

#endif
