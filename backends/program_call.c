// One run of a helper program. What it answers is believed only as far as the protocol goes: an
// answer that is no JSON object, or an exit status without one, says nothing about the item.
#include "backends/program_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rotator/base/child.h"
#include "rotator/base/text.h"
#include "rotator/base/trust.h"

#define EXIT_TEMPFAIL 75                                 // of sysexits.h: not now, nothing was done
#define MESSAGE_MAX ((size_t)6 * STORE_HOME_MAX + 16384) // each byte may be written as \u00xx
#define KEY_LIKE 40                                      // characters; IAM's keys have 44

// What a helper may need to find its own store. Nothing of a desktop: a prompt has nobody to answer
// it.
static const char *const passed_on[] = {
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_DATA_HOME",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "GNUPGHOME",
    "SECRET_BACKEND",
    "PASSWORD_STORE_DIR",
};
#define PASSED_ON_COUNT (sizeof passed_on / sizeof passed_on[0])

static void environment_free(char **list) {
  for (size_t i = 0; list && list[i]; i++)
    free(list[i]);
  free(list);
}

static char **environment_new(void) {
  char **list = calloc(PASSED_ON_COUNT + 2, sizeof(*list));
  size_t n = 0;
  if (!list)
    return NULL;
  list[n++] = strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  for (size_t i = 0; list[n - 1] && i < PASSED_ON_COUNT; i++) {
    const char *value = getenv(passed_on[i]);
    if (value && asprintf(&list[n], "%s=%s", passed_on[i], value) < 0)
      list[n] = NULL;
    n += value != NULL;
  }
  if (list[n - 1])
    return list;
  environment_free(list);
  return NULL;
}

// Anything as long as a key, in words of a program that was given one, is left out.
static void hide_keys(char *text) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  char *to = text;
  for (const char *from = text; *from;) {
    size_t run = strspn(from, alphabet);
    if (run >= KEY_LIKE) {
      memcpy(to, "[...]", 5);
      to += 5;
    } else {
      memmove(to, from, run);
      to += run;
    }
    from += run;
    if (*from)
      *to++ = *from++;
  }
  *to = '\0';
}

// The word of the protocol for each kind of error that a helper may answer with.
static enum err kind_of(const char *word) {
  static const enum err kinds[] = {ERR_REFUSED, ERR_DENIED, ERR_LOCKED,    ERR_LIMIT,
                                   ERR_CORRUPT, ERR_UNSENT, ERR_THROTTLED, ERR_UNSURE};
  for (size_t i = 0; word && i < sizeof kinds / sizeof kinds[0]; i++)
    if (strcmp(word, err_name(kinds[i])) == 0)
      return kinds[i];
  return ERR_OK;
}

static enum err answered_error(const cJSON *error, bool writes, struct error *e) {
  char text[400] = "";
  const char *word = json_text(error, "kind"), *said = json_text(error, "text");
  enum err kind = kind_of(word);
  if (said)
    text_printable(text, sizeof text, said, strlen(said));
  hide_keys(text);
  if (kind == ERR_OK) {
    char shown[32] = "";
    kind = writes ? ERR_UNSURE : ERR_REFUSED;
    if (word)
      text_printable(shown, sizeof shown, word, strlen(word));
    return error_set(e, kind, "an error of the unknown kind '%s': %s", shown, text);
  }
  return error_set(e, kind, "%s", text[0] ? text : err_name(kind));
}

// The program ended without status 0.
static enum err failed(enum err err, int how, bool writes, struct error *e) {
  hide_keys(e->text);
  if (how == CHILD_NOT_STARTED)
    return err;
  if (how == EXIT_TEMPFAIL)
    err = ERR_UNSENT;
  else if (writes)
    err = ERR_UNSURE;
  e->kind = err;
  return err;
}

static enum err judge(const struct secret *answer, bool writes, cJSON **ret, struct error *e) {
  JSON_AUTO tree = NULL;
  if (json_read(secret_bytes(answer), secret_len(answer), &tree) == ERR_INTERNAL)
    return writes ? error_set(e, ERR_UNSURE, "out of memory: the program's answer is not known")
                  : error_no_memory(e);
  const cJSON *error = json_get(tree, "error");
  if (!cJSON_IsObject(tree))
    return error_set(e, writes ? ERR_UNSURE : ERR_REFUSED,
                     "the program broke the protocol: exit status 0 and no JSON object (%zu bytes)",
                     secret_len(answer));
  if (error)
    return answered_error(error, writes, e);
  *ret = tree;
  tree = NULL;
  return ERR_OK;
}

static enum err run(const struct program_item *p, const char *verb, const struct secret *request,
                    cJSON **ret, struct error *e) {
  bool writes = strcmp(verb, "write") == 0;
  char **environment = environment_new();
  SECRET_AUTO answer = NULL;
  char *argv[] = {(char *)p->path, (char *)verb, NULL};
  int how = CHILD_NOT_STARTED;
  struct child_spec spec = {.argv = argv,
                            .input = secret_bytes(request),
                            .input_len = secret_len(request),
                            .limit_ms = p->limit_ms,
                            .env = p->env,
                            .environment = environment,
                            .ret_answer = &answer,
                            .answer_max = MESSAGE_MAX,
                            .ret_exit = &how,
                            .to_the_end = writes};
  enum err err = environment ? child_run(&spec, e) : error_no_memory(e);
  environment_free(environment);
  return err == ERR_OK ? judge(answer, writes, ret, e) : failed(err, how, writes, e);
}

enum err program_call(const struct program_item *p, const char *verb, cJSON *request, cJSON **ret,
                      struct error *e) {
  JSON_AUTO o = request;
  SECRET_AUTO text = NULL;
  enum err err = trust_program(p->path, e);
  if (err != ERR_OK)
    return err;
  bool made = cJSON_AddNumberToObject(o, "version", 1) &&
              cJSON_AddStringToObject(o, "item", p->name) &&
              cJSON_AddStringToObject(o, "kind", p->item.kind == STORE_HOME ? "home" : "sink");
  for (size_t i = 0; made && i < p->n_options; i++)
    made = cJSON_AddStringToObject(o, p->options[i].name, p->options[i].value);
  if (!made || json_print(o, MESSAGE_MAX, &text) != ERR_OK)
    return error_no_memory(e);
  return run(p, verb, text, ret, e);
}
