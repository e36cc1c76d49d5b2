// rotator-libsecret read|write|check: a helper program of rotator (rotator-store-helper(5)) that
// keeps items in the Secret Service. rotator-libsecret unlock [COLLECTION]: for a person.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/libsecret/keyring.h"
#include "rotator/base/json.h"

#define SESSION_TRIES 4 // see ERR_CORRUPT in keyring.h
#define MESSAGE_MAX ((size_t)2 * 1024 * 1024)

static struct secret *read_all(int fd) {
  struct secret *s = secret_new(MESSAGE_MAX);
  char buf[4096];
  for (ssize_t n; s && (n = read(fd, buf, sizeof buf)) != 0;) {
    if (n > 0 && secret_append(s, buf, (size_t)n) == ERR_OK)
      continue;
    if (n < 0 && errno == EINTR)
      continue;
    s = secret_free(s);
  }
  secret_wipe(buf, sizeof buf);
  return s;
}

static bool write_all(int fd, const struct secret *s) {
  size_t done = 0;
  while (done < secret_len(s)) {
    ssize_t n = write(fd, secret_bytes(s) + done, secret_len(s) - done);
    if (n < 0 && errno != EINTR)
      return false;
    done += n > 0 ? (size_t)n : 0;
  }
  return true;
}

static enum err take_request(const char *verb, cJSON **ret, struct error *e) {
  SECRET_AUTO text = read_all(STDIN_FILENO);
  JSON_AUTO o = text ? json_parse(secret_bytes(text), secret_len(text)) : NULL;
  int64_t version = 0;
  const char *kind = json_text(o, "kind"), *item = json_text(o, "item");
  if (!kind || !item || !json_int(o, "version", &version) || version != 1 ||
      (strcmp(kind, "home") != 0 && strcmp(kind, "sink") != 0))
    return error_set(e, ERR_REFUSED, "the request is not one of version 1");
  if (strcmp(verb, "write") == 0 && !json_text(o, "value"))
    return error_set(e, ERR_REFUSED, "there is no value to write");
  *ret = o;
  o = NULL;
  return ERR_OK;
}

static enum err do_read(struct keyring *k, const struct keyring_item *i, cJSON *answer,
                        struct error *e) {
  SECRET_AUTO value = NULL;
  enum err err = keyring_read(k, i, &value, e);
  if (err == ERR_MISSING)
    return cJSON_AddTrueToObject(answer, "absent") ? ERR_OK : ERR_INTERNAL;
  if (err == ERR_OK && memchr(secret_bytes(value), '\0', secret_len(value)))
    return error_set(e, ERR_CORRUPT, "the item holds a NUL, and so is none of ours");
  if (err == ERR_OK && !cJSON_AddStringToObject(answer, "value", secret_bytes(value)))
    return error_no_memory(e);
  return err;
}

// A write that began is ended: SIGTERM (a unit that is stopped) comes to this program too.
static enum err do_write(struct keyring *k, const struct keyring_item *i, const cJSON *request,
                         struct error *e) {
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  SECRET_AUTO value = json_secret(request, "value");
  if (!value)
    return error_set(e, ERR_REFUSED, "an empty value is never written");
  sigaction(SIGTERM, &ignore, NULL);
  return keyring_write(k, i, value, e);
}

// By a session of its own.
static enum err try_verb(const char *verb, const cJSON *request, cJSON *answer, struct error *e) {
  struct keyring *k = NULL;
  const char *collection = json_text(request, "collection");
  struct keyring_item item = {json_text(request, "kind"), json_text(request, "item")};
  enum err err = keyring_open(collection ? collection : "default", &k, e);
  if (err == ERR_OK && strcmp(verb, "read") == 0)
    err = do_read(k, &item, answer, e);
  else if (err == ERR_OK && strcmp(verb, "write") == 0)
    err = do_write(k, &item, request, e);
  else if (err == ERR_OK)
    err = keyring_check(k, &item, e);
  keyring_close(k);
  return err;
}

static enum err work(const char *verb, cJSON *answer, struct error *e) {
  JSON_AUTO request = NULL;
  enum err err = take_request(verb, &request, e);
  if (err != ERR_OK)
    return err;
  for (int i = 0; i < SESSION_TRIES && (i == 0 || err == ERR_CORRUPT); i++)
    err = try_verb(verb, request, answer, e);
  if (err == ERR_OK && strcmp(verb, "read") != 0 && !cJSON_AddTrueToObject(answer, "ok"))
    err = error_no_memory(e); // an answer without a word breaks the protocol
  return err;
}

static int serve(const char *verb) {
  struct error e = {0};
  JSON_AUTO answer = cJSON_CreateObject();
  SECRET_AUTO text = NULL;
  enum err err = work(verb, answer, &e);
  cJSON *error = err != ERR_OK ? cJSON_AddObjectToObject(answer, "error") : NULL;
  bool made = answer && (err == ERR_OK || (json_add_text(error, "kind", err_name(err)) &&
                                           json_add_text(error, "text", e.text)));
  return made && json_print(answer, MESSAGE_MAX, &text) == ERR_OK && write_all(STDOUT_FILENO, text)
             ? 0
             : 1;
}

static int unlock(const char *collection) {
  struct error e = {0};
  if (keyring_unlock(collection, &e) == ERR_OK)
    return 0;
  fprintf(stderr, "rotator-libsecret: %s\n", e.text);
  return 1;
}

int main(int argc, char **argv) {
  const char *verb = argc > 1 ? argv[1] : "";
  secret_setup();
  if (argc <= 3 && strcmp(verb, "unlock") == 0)
    return unlock(argc == 3 ? argv[2] : "default");
  if (argc == 2 && (!strcmp(verb, "read") || !strcmp(verb, "write") || !strcmp(verb, "check")))
    return serve(verb);
  fputs("usage: rotator-libsecret read|write|check <REQUEST\n"
        "       rotator-libsecret unlock [COLLECTION]\n"
        "The first form is for rotator; see rotator-store-helper(5) and rotator-store-libsecret(5)."
        "\n",
        stderr);
  return 2;
}
