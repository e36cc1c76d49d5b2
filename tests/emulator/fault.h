// Faults on demand: rules that match requests and say what goes wrong. Rules are tried in the
// order they were added; every rule that fires adds its effects to the request, later ones win.
#ifndef EMU_FAULT_H
#define EMU_FAULT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "settings.h"

struct effects {
  long delay_ms;          // before anything is done
  long answer_delay_ms;   // after it was done, before the answer
  bool drop_before;       // close the connection, nothing done
  bool lose_answer;       // do it, then close the connection
  bool reset;             // close by RST instead of FIN, with either of the two above
  long late_ms;           // -1 off: the answer is lost now, the effect comes that much later
  long duplicate_late_ms; // -1 off: done now, and once more that much later
  int status;             // 0 off: this answer instead
  bool status_done;       // ... though it was done
  char *body;             // for status and complaint
  char *content_type;
  cJSON *headers;       // {"Retry-After":"5"}: added to the answer
  bool truncate;        // full Content-Length, half the body, then the connection closes
  long oversize_mib;    // this much white space after the body
  long slow_ms;         // the body in ten pieces, spread over this time
  bool complaint;       // ingress: 2xx with `body`, and the lines are not kept
  bool complaint_keep;  // ... but kept after all
  bool hide_logs;       // ingress: kept, yet never found by a query
  bool ignore_disabled; // create ignores Entity-Disable
  char *wrong_account;  // the token names this account
  long expires_in;      // -1 off: life of the token
  long stale_list_ms;   // lists show the state of that long ago
  bool lags_set;
  long lags[LAG_COUNT]; // -1: as in the settings
};

void effects_init(struct effects *fx);
void effects_free(struct effects *fx);
void effects_merge(struct effects *fx, const struct effects *add);

struct fault_match {
  char *method, *path, *host, *identity, *key; // NULL: any
  long after;                                  // let that many matches pass first
  long times;                                  // 0: no end
  double probability;                          // 1: always
};

struct fault_rule {
  unsigned id;
  struct fault_match match;
  struct effects fx;
  unsigned long long random; // state of this rule's own generator
  long seen, fired;
  char *name;
};

// What a rule looks at.
struct fault_subject {
  const char *method, *path, *host, *identity, *key;
};

struct faults;

struct faults *faults_new(void);
void faults_free(struct faults *f);
void faults_clear(struct faults *f);
bool faults_remove(struct faults *f, unsigned id);
// One rule from JSON; NULL and ret_error (to be freed) when it is not understood.
struct fault_rule *fault_parse(const cJSON *json, char **ret_error);
void fault_rule_free(struct fault_rule *rule);
unsigned faults_add(struct faults *f, struct fault_rule *rule); // takes the rule, returns its id
cJSON *faults_json(const struct faults *f);
void faults_apply(struct faults *f, const struct fault_subject *subject, struct effects *fx);

#endif
