// What is done to a service ID, whoever does it.
#ifndef EMU_IAM_SERVICEIDS_H
#define EMU_IAM_SERVICEIDS_H

#include "http.h"
#include "model.h"

// With its keys and policies; its tokens end at once.
void serviceid_remove(struct req *r, struct identity *i);
void serviceid_lock(struct req *r, struct identity *i, bool locked);

#endif
