// Requests to IAM at the pace of the configuration (limits.iam_requests_per_minute): what gate.h
// asks before each of them.
//
// All that send for us on this host share it (pace.h), by a file of the state directory,
// <host>.requests. Of N requests a minute a quarter may be sent at once, and what is left of the
// minute is spread over the others; so in no minute there are more than N. Those that change
// something, and rest on what was just seen, go ahead of the others.
#ifndef ROTATOR_APP_REQUEST_BUDGET_H
#define ROTATOR_APP_REQUEST_BUDGET_H

#include "rotator/http/gate.h"

// How many workers so many requests a minute are enough for: 1 … jobs.
unsigned request_budget_jobs(int64_t per_minute, unsigned jobs);

// A wait that is worth a line for a person: the first of its kind, or one more. By any thread.
typedef void request_wait_notice(bool first, const char *text);

// For `jobs` workers on the IAM of that URL. state_dir must outlive it. NULL without memory, or for
// a path that is too long.
struct request_budget;
struct request_budget *request_budget_new(const char *state_dir, const char *iam_url,
                                          int64_t per_minute, unsigned jobs, struct env *env);
void request_budget_tell(struct request_budget *b, request_wait_notice *notice);
struct http_pace *request_budget_pace(struct request_budget *b);
void request_budget_free(struct request_budget *b); // NULL allowed

#endif
