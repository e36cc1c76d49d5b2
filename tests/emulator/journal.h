// What happened: a ring of requests and a ring of audit events, for tests to read. Never a secret:
// of a request only method, path, status and who; a path part that is a key's value is masked.
#ifndef EMU_JOURNAL_H
#define EMU_JOURNAL_H

#include "http.h"

struct journal;

struct journal *journal_new(void);
void journal_free(struct journal *j);
void journal_clear(struct journal *j);
// outcome: "answered", "dropped", "lost", "late", "duplicate", ... (static text). Lock held.
void journal_request(struct req *r, const char *outcome);
// action such as "iam-identity.serviceid-apikey.create". Lock held.
void journal_event(struct req *r, const char *action, const char *target, bool success);
cJSON *journal_requests(const struct journal *j, unsigned long since);
cJSON *journal_events(const struct journal *j, unsigned long since);
unsigned long journal_request_count(const struct journal *j);

#endif
