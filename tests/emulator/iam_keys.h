// API keys as JSON, and creating them: shared with service IDs, whose create can bring a key.
#ifndef EMU_IAM_KEYS_H
#define EMU_IAM_KEYS_H

#include "http.h"
#include "model.h"

// show_value: the answer to a create. Otherwise only a stored value shows.
cJSON *key_json(const struct req *r, const struct key *k, bool show_value, bool history);
// Adds activity when the request asks for it.
void activity_json(const struct req *r, cJSON *object, int64_t last_authn_ms,
                   unsigned long authn_count);
// Creates from a request body (checked: name, own value, limits, expiry). NULL: answered with the
// error.
struct key *key_create(struct req *r, struct identity *owner, const cJSON *body);
// If-Match or the body's entity_tag against the current one. False: answered with the error.
bool tag_matches(struct req *r, const cJSON *body, const struct tag *tag);
// An update that names a thing must give it a name. False: answered with the error.
bool name_not_empty(struct req *r, const cJSON *body);
// What a key does when it is found in public: what it says, or the default of its kind.
const char *key_leak_action(const struct emu *emu, const struct key *k);
// Sets the state and, where the settings say so, the time of the last change and the entity tag.
void key_disable(struct req *r, struct key *k, bool disabled, long lag_ms);
void key_remove(struct req *r, struct key *k, const long lags[LAG_COUNT]);
void key_lock(struct req *r, struct key *k, bool locked);
void error_locked(struct req *r, const char *type, const char *id);
void answer_already(struct req *r, const char *message);

#endif
