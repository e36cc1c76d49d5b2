// Configurations from text, with stores of the test's own, and what the loader says about them.
#ifndef TESTS_UNIT_CONFIG_TRY_H
#define TESTS_UNIT_CONFIG_TRY_H

#include "rotator/config/config.h"
#include "rotator/config/internal.h"
#include "tests/support/unit.h"

#define NOW_S 1795498800 // 2026-11-24T05:40:00Z, a Tuesday

// Lines 1 to 3 of a main file; a target of four lines, that begins on line 4 when it is the first.
#define HEAD "version: 1\nmanagement: {credential: m}\n"
#define LIST HEAD "targets:\n"
#define ACCOUNT "0123456789abcdef0123456789abcdef"
#define GUID "11111111-2222-3333-4444-555555555555"
#define CRN(guid) "crn:v1:bluemix:public:logs:eu-de:a/" ACCOUNT ":" guid "::"
#define TARGET(name)                                                                               \
  "  - name: " name "\n    instance: \"" CRN(GUID) "\"\n    service_id: id-" name                  \
                                                   "\n    sinks: [{file: {path: /keys/" name       \
                                                   "}}]\n"

// Stores: "file" (path required, format raw|json|env, mode, newline, group; format json with
// newline does not open), "vault" (address, ca_file, path required, mount, fields.value, fields.id,
// timeout, version, auth.…), "helper", "memory".
extern const struct store_backend *const try_backends[];

struct try {
  enum err err;
  struct config *config; // NULL unless ERR_OK
  struct config_report report;
};
struct try try_text(const char *yaml);
struct try try_bytes(const char *bytes, size_t len);
struct try try_path(const char *path);
void try_end(struct try *t);

// One mistake to expect. `flags`: W warning, F fatal, "" breaks a target or a file. NULL nearest:
// none.
struct expected {
  int line;
  const char *flags, *says, *nearest;
};
// The report holds exactly these, in this order; fails with all that it holds if not.
void expect_mistakes(const struct try *t, const struct expected *want, size_t n);
// Loads, compares, ends.
void expect_of_text(const char *yaml, enum err err, const struct expected *want, size_t n);
#define EXPECT(yaml, err, ...)                                                                     \
  expect_of_text(yaml, err, (const struct expected[]){__VA_ARGS__},                                \
                 COUNT_OF(((const struct expected[]){__VA_ARGS__})))
void expect_good(const char *yaml);

#endif
