// Cloud Logs ingestion as the engine sees it: one test log, and what the answer means. logs_http.h
// talks to the service.
#ifndef ROTATOR_CLOUD_LOGS_H
#define ROTATOR_CLOUD_LOGS_H

#include <stdbool.h>

#include "rotator/base/env.h"
#include "rotator/base/error.h"
#include "rotator/base/secret.h"
#include "rotator/http/transport.h"

// The test log. All text is ASCII without quotes or backslashes (anything else is replaced before
// sending); no timestamp is sent (the gateway stamps it). Never holds a secret.
struct logs_record {
  const char *application, *subsystem; // by configuration
  int severity;                        // 1 … 6
  const char *computer;
  const char *rotation; // "<lineage>-<generation>"
  const char *key_id, *step, *nonce;
};

enum logs_verdict {
  LOGS_ACCEPTED,
  LOGS_COMPLAINED,  // 2xx, but the body says that something was not taken
  LOGS_REFUSED,     // 401, 403: the token, or the identity's rights, or the wrong instance
  LOGS_NO_INSTANCE, // 404. (A host that does not resolve is LOGS_OUTAGE: DNS may be down.)
  LOGS_REJECTED,    // 400, 413, 422: our request; never a matter of the key
  LOGS_THROTTLED,   // 429
  LOGS_OUTAGE,      // 5xx, 408, no answer, or a web page with a 2xx
  LOGS_STOPPED
};
const char *logs_verdict_name(enum logs_verdict v);

// One of several test logs that are sent side by side.
#define LOGS_TOGETHER_MAX 8
struct logs_sending {
  const struct secret *bearer;
  const struct logs_record *record;
  enum logs_verdict verdict; // as send says it
  struct error error;        // likewise
};

struct logs;
struct logs_ops {
  // Sends one record with this bearer token to this instance, on a new connection when fresh. e
  // tells the story of anything but LOGS_ACCEPTED (status, code, first printable bytes of the
  // complaint).
  enum logs_verdict (*send)(struct logs *l, const struct secret *bearer,
                            const struct logs_record *r, bool fresh, struct error *e);
  void (*free)(struct logs *l);
  // Sends n (1 … LOGS_TOGETHER_MAX) side by side, on whatever connections. NULL: it cannot.
  void (*send_each)(struct logs *l, struct logs_sending *s, size_t n);
};
struct logs {
  const struct logs_ops *ops;
};
void logs_free(struct logs *l);
// send_each, or where it cannot, one after the other.
void logs_send_each(struct logs *l, struct logs_sending *s, size_t n);

// base_url: "https://<guid>.ingress.<region>.logs.cloud.ibm.com" or an override with a path;
// "/logs/v1/singles" is appended. complaints: NULL-terminated words (case-insensitive) that make a
// 2xx body a complaint, see logs_classify; NULL: drop, reject, too old, invalid, not accepted. t
// stays the caller's.
struct logs *logs_http_new(const char *base_url, const char *const *complaints,
                           struct transport *t);

// What made an answer a complaint; "" where it is none.
struct logs_match {
  char word[40];
  char quote[80]; // the place of the body, printable: "rejected":3
};
// Pure, for tables and fuzzing: what a status and body mean. In a body that is JSON, a word counts
// in a text, and in the name of a member that is not empty (0, "0", false, null, "", [], {}, or a
// tree of these); in any other body where it stands in the first 4 KiB.
enum logs_verdict logs_classify(int status, const char *body, size_t len,
                                const char *const *complaints, struct logs_match *ret);

// Hosts by region: writes "https://<guid>.ingress[.private].<region>.logs.cloud.ibm.com[:3443]".
// kind: "public", "private" (VPE, 443) or "classic" (CSE, 3443). False if it does not fit.
bool logs_ingress_url(char *dst, size_t cap, const char *guid, const char *region,
                      const char *kind);
// The same for "https://<guid>.api…", where queries go.
bool logs_api_url(char *dst, size_t cap, const char *guid, const char *region, const char *kind);
// The other host of the instance whose ingestion is reached by that URL: the label "ingress" of the
// host becomes "api". False: it has none, or does not fit.
bool logs_api_url_of(char *dst, size_t cap, const char *ingress_url);
bool logs_region_is_known(const char *region); // unknown ones are only worth a warning

#endif
