// Strict access to cJSON trees. Trees that may hold a secret are freed with json_free, which (with
// the allocators that secret_setup gives to cJSON) wipes every string. A getter that finds the
// wrong type answers as for "absent", and says so by its return.
#ifndef ROTATOR_BASE_JSON_H
#define ROTATOR_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rotator/base/error.h"
#include "rotator/base/secret.h"

// Parses exactly len bytes, nothing but white space after the value, depth limited. ERR_INVALID: it
// is not JSON. ERR_INTERNAL: there was no memory for it, which passes (known where cJSON allocates
// with json_malloc, as secret_setup has it do).
enum err json_read(const char *bytes, size_t len, cJSON **ret);
// The same where nothing hangs on why there is none: NULL for both.
cJSON *json_parse(const char *bytes, size_t len);
cJSON *json_free(cJSON *tree); // always NULL
static inline void json_cleanup(cJSON **t) {
  *t = json_free(*t);
}
#define JSON_AUTO __attribute__((cleanup(json_cleanup))) cJSON *

// The tree as text in a secret (no white space), at most `limit` bytes. ERR_INVALID beyond it.
enum err json_print(const cJSON *tree, size_t limit, struct secret **ret);

// Member of an object by its exact name; NULL if absent, if `o` is no object, or if the name stands
// there twice.
const cJSON *json_get(const cJSON *o, const char *name);
// The member's text, or NULL when absent or not a string.
const char *json_text(const cJSON *o, const char *name);
// Copies the member's text; false when absent, not a string, or longer than cap - 1 (dst is ""
// then).
bool json_copy_text(const cJSON *o, const char *name, char *dst, size_t cap);
bool json_bool(const cJSON *o, const char *name, bool fallback);
// Whole numbers up to 2^53; false when absent or not one.
bool json_int(const cJSON *o, const char *name, int64_t *ret);
// u64 kept as a decimal string (JSON numbers lose bits beyond 2^53).
bool json_u64_text(const cJSON *o, const char *name, uint64_t *ret);
// Adding: false without memory, or when `o` could not be made. A tree that lost a member must
// neither be sent nor kept.
bool json_add_text(cJSON *o, const char *name, const char *text); // NULL text: left out, true
// The member becomes the text, or goes where that is ""; no name (""): nothing is to be done.
bool json_put_text(cJSON *o, const char *name, const char *text);
bool json_add_int(cJSON *o, const char *name, int64_t v); // |v| < 2^53
bool json_add_u64_text(cJSON *o, const char *name, uint64_t v);
// Give the item to the list or object, or free it where there is none or no memory; false then.
bool json_append(cJSON *list, cJSON *item);
bool json_put(cJSON *o, const char *name, cJSON *item);
// What cJSON allocates with. Whether that ever failed in this process: then some tree may lack a
// member, and some text may be cut.
void *json_malloc(size_t size);
bool json_lost_memory(void);
// The first number of a tree that may be changed by printing it again (cJSON writes fifteen digits,
// and has lost some of a number with more than 53 bits when it read it); NULL: none.
const cJSON *json_inexact(const cJSON *tree);
// A secret copy of a string member; NULL when absent, not a string, or empty.
struct secret *json_secret(const cJSON *o, const char *name);

#endif
