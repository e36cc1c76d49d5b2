// One request and its answer, free of any connection: a request can be kept, copied and carried
// out later, which is how late and doubled effects are made.
//
// Life: server.c fills method, path, headers, query and body; route_dispatch() finds the handler,
// which calls one of the answer_*() or error_*() functions exactly once.
#ifndef EMU_HTTP_H
#define EMU_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "emu.h"
#include "fault.h"
#include "jwt.h"

enum family {
  FAMILY_GATEWAY,
  FAMILY_TOKEN,
  FAMILY_IDENTITY,
  FAMILY_POLICY,
  FAMILY_LOGS,
  FAMILY_SECRETS,
  FAMILY_IMDS,
  FAMILY_CONTROL
};

struct pair {
  char *name, *value;
};
struct pairs {
  struct pair *items;
  size_t count;
};

void pairs_add(struct pairs *list, const char *name, const char *value);
const char *pairs_get(const struct pairs *list, const char *name); // names: case-insensitive
void pairs_free(struct pairs *list);
void pairs_parse_form(struct pairs *list, const char *form);

struct answer {
  int status; // 0: none yet
  char *body; // owned, may be NULL
  size_t len;
  const char *type;
  struct pairs headers;
};

#define REQ_SEGMENTS 12

struct req {
  struct emu *emu;
  char *method, *path, *host;
  struct pairs headers, query;
  char *body;
  size_t body_len;
  bool too_large;    // more body than anything accepts; what came after was thrown away
  int coding_status; // not 0: the body is coded in a way that is not understood; see unpack.h
  bool tls, imds;
  unsigned long connection;
  char transaction[200];
  char *segments[REQ_SEGMENTS]; // of the path, for route patterns
  size_t segment_count;
  char *segment_store;
  char *guid;   // the instance of Cloud Logs or Secrets Manager meant, by host name or by path
  bool secrets; // of Secrets Manager: what stood before /api/v2 is taken off the segments
  enum family family;
  enum token_state token_state;
  struct session session; // set when token_state is TOKEN_GOOD, after authentication
  char who[128];          // the identity, once known, for faults and the journal
  char key_id[64];        // the key that was presented or stands behind the token
  int64_t started_ms;
  struct effects fx;
  struct answer answer;
};

struct req *req_new(struct emu *emu, const char *method, const char *path);
struct req *req_copy(const struct req *r); // the request only; no answer, no effects
void req_free(struct req *r);
const char *req_header(const struct req *r, const char *name);
const char *req_query(const struct req *r, const char *name);
bool req_flag(const struct req *r, const char *query_name); // ?name=true
void req_lags(const struct req *r, long lags[LAG_COUNT]);   // of the settings and the faults
cJSON *req_json(struct req *r); // the body as an object; NULL when it is not one

void answer_json(struct req *r, int status, cJSON *body); // takes body
void answer_text(struct req *r, int status, const char *type, const char *body);
void answer_empty(struct req *r, int status);
void answer_header(struct req *r, const char *name, const char *value);
void answer_clear(struct req *r);

const char *json_text(const cJSON *object, const char *name); // NULL unless a string member
bool json_true(const cJSON *object, const char *name);

#endif
