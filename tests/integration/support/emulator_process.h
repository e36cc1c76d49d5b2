// The IBM Cloud emulator as a child of a test: on free ports, with a folder of its own, gone when
// the test is.
//
//   struct emulator m;
//   assert_true(emulator_start(&m, argv[1]));      // $<TARGET_FILE:ibmcloud-emulator>
//   cJSON *made = emulator_post(&m, "seed", "{…}");  // the control interface
//   … m.https, m.ca …
//   emulator_stop(&m);
//
// It ends with the process that started it, however that ends (a signal too).
#ifndef TESTS_INTEGRATION_SUPPORT_EMULATOR_PROCESS_H
#define TESTS_INTEGRATION_SUPPORT_EMULATOR_PROCESS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <sys/types.h>

#include "rotator/http/transport.h"

struct emulator {
  pid_t pid;
  char dir[64];
  char https[64]; // "https://127.0.0.1:PORT": IAM, and instances under /instances/<guid>
  char http[64];  // the same without TLS, and the control interface
  char ca[128];   // PEM file
  struct transport *control;
};

// Starts it and waits until it is ready. False: it says why on standard error, nothing runs and
// nothing is left.
bool emulator_start(struct emulator *m, const char *program);
// Ends it, waits for its end and removes its folder. True when it ended well by itself.
bool emulator_stop(struct emulator *m);

// POST, GET and DELETE of /_control/<path>. The answer, to be freed with cJSON_Delete; NULL (and a
// line on standard error) unless it was 200 and JSON.
cJSON *emulator_post(struct emulator *m, const char *path, const char *json);
cJSON *emulator_get(struct emulator *m, const char *path);
bool emulator_delete(struct emulator *m, const char *path);

#endif
