#include "tests/fuzz/script.h"

#include <string.h>

#include "rotator/base/child.h"
#include "rotator/base/json.h"
#include "rotator/base/text.h"

static const char *left;
static size_t left_len;
static int64_t clock_ms;
static uint64_t chance;
char script_sent[65536];
static bool sent_token; // with the last request
static char got[65536];
const char *script_reads;
void (*script_sending)(const struct http_request *req, const char *read_before);

// --- surroundings --------------------------------------------------------------------------------

static int64_t wall_ms(struct env *env) {
  (void)env;
  return 1795498800000 + clock_ms;
}
static int64_t mono_ms(struct env *env) {
  (void)env;
  return 1000 + clock_ms;
}
static enum err sleep_ms(struct env *env, int64_t ms) {
  (void)env;
  FUZZ_CHECK(ms >= 0 && ms <= 86400 * 1000);
  clock_ms += ms;
  return ERR_OK;
}
static enum err random_bytes(struct env *env, void *buf, size_t len) {
  (void)env;
  for (size_t i = 0; i < len; i++)
    ((unsigned char *)buf)[i] = (unsigned char)(chance = chance * 6364136223846793005u + 1) >> 3;
  return ERR_OK;
}
static bool stopping(struct env *env) {
  (void)env;
  return false;
}
struct env script_env = {
    .ops = &(const struct env_ops){wall_ms, mono_ms, sleep_ms, random_bytes, stopping}};

// --- answers -------------------------------------------------------------------------------------

void script_begin(const uint8_t *data, size_t size) {
  left = (const char *)data;
  left_len = size;
  clock_ms = 0;
  chance = 1;
  script_sent[0] = got[0] = '\0';
  sent_token = false;
}

static bool begins(const char *text, size_t len, const char *word) {
  return len >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

static int64_t number(const char **at, const char *end) {
  int64_t n = -1;
  for (; *at < end && **at >= '0' && **at <= '9' && n < 100000; ++*at)
    n = (n < 0 ? 0 : n) * 10 + (**at - '0');
  return n;
}

static enum err error_named(const char *word, size_t len) {
  static const enum err kinds[] = {ERR_UNSURE, ERR_REFUSED, ERR_CANCELLED, ERR_INVALID};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (begins(word, len, err_name(kinds[i])))
      return kinds[i];
  return ERR_UNSENT;
}

struct script_part script_next(void) {
  const char *cut = left_len ? memmem(left, left_len, "\n%%\n", 4) : NULL;
  const char *at = left, *end = cut ? cut : left + left_len;
  size_t len = (size_t)(end - at);
  struct script_part p = {.err = error_named(at, len), .retry_after_ms = -1, .body = ""};
  left_len -= len + (cut ? 4 : 0);
  left = end + (cut ? 4 : 0);
  int64_t status = number(&at, end);
  if (status < 0)
    return p;
  p.err = ERR_OK;
  p.status = (int)(status % 600);
  if (at < end && *at == ' ') {
    at++;
    int64_t seconds = number(&at, end);
    p.retry_after_ms = seconds < 0 ? -1 : seconds * 1000;
  }
  const char *line = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
  p.body = line ? line + 1 : end;
  p.len = (size_t)(end - p.body);
  return p;
}

static void keep(char dst[65536], const char *bytes, size_t len) {
  size_t n = len < 65535 ? len : 65535;
  memcpy(dst, bytes, n);
  dst[n] = '\0';
}

enum err __wrap_http_exchange(struct transport *t, const struct http_request *req,
                              struct http_response *ret, struct error *e);
enum err __wrap_http_exchange(struct transport *t, const struct http_request *req,
                              struct http_response *ret, struct error *e) {
  struct script_part p = script_next();
  char host[256];
  bool https;
  int port;
  (void)t;
  FUZZ_CHECK(http_url_host(req->url, host, sizeof host, &https, &port));
  FUZZ_CHECK(https || http_host_is_metadata(host));
  keep(script_sent, secret_bytes(req->body), secret_len(req->body));
  sent_token = strstr(script_sent, SCRIPT_TOKEN) != NULL;
  for (size_t i = 0; i < req->n_headers; i++)
    sent_token = sent_token || strcmp(secret_bytes(req->headers[i].secret), SCRIPT_TOKEN) == 0;
  if (script_sending)
    script_sending(req, got);
  clock_ms += 5;
  if (p.err == ERR_OK && p.status < 100)
    p.status = 200;
  if (strcmp(req->method, "GET") == 0 && script_reads && strstr(req->url, script_reads))
    keep(got, p.body, p.status == 200 ? p.len : 0);
  if (p.err != ERR_OK)
    return error_set(e, p.err, "no answer");
  *ret = (struct http_response){.status = p.status,
                                .retry_after_ms = p.retry_after_ms,
                                .date_s = -1,
                                .tries = 1,
                                .body = secret_copy(p.body, p.len)};
  text_printable(ret->transaction, sizeof ret->transaction, p.body, p.len < 20 ? p.len : 0);
  FUZZ_CHECK(ret->body);
  return ERR_OK;
}

enum err __wrap_child_run(const struct child_spec *spec, struct error *e);
enum err __wrap_child_run(const struct child_spec *spec, struct error *e) {
  struct script_part p = script_next();
  keep(script_sent, spec->input, spec->input_len);
  if (p.err == ERR_OK)
    *spec->ret_answer = secret_copy(p.body, p.len);
  if (spec->ret_exit)
    *spec->ret_exit = p.err == ERR_OK ? p.status : CHILD_CUT;
  if (p.err == ERR_OK && p.status == 0)
    return ERR_OK;
  char said[300];
  text_printable(said, sizeof said, p.body, p.len);
  return error_set(e, p.err == ERR_OK ? ERR_REFUSED : ERR_UNSURE, "status %d: %s", p.status, said);
}

enum err __wrap_credential_read_file(const struct credential_file *c, struct secret **ret,
                                     struct error *e);
enum err __wrap_credential_read_file(const struct credential_file *c, struct secret **ret,
                                     struct error *e) {
  (void)c, (void)e;
  *ret = secret_copy_text(SCRIPT_TOKEN);
  return *ret ? ERR_OK : ERR_INTERNAL;
}
enum err __wrap_credential_read_word(const struct credential_file *c, struct secret **ret,
                                     struct error *e);
enum err __wrap_credential_read_word(const struct credential_file *c, struct secret **ret,
                                     struct error *e) {
  return __wrap_credential_read_file(c, ret, e);
}

// --- use -----------------------------------------------------------------------------------------

void script_printable(const char *text, size_t cap) {
  FUZZ_CHECK(memchr(text, '\0', cap));
  for (; *text; text++)
    FUZZ_CHECK(*text >= 0x20 && *text < 0x7f);
}

// An error is told, for people, and repeats no secret of what was sent. Nothing that a server says
// makes a store break its contract.
static void check_error(enum err err, const struct error *e) {
  const char *const texts[] = {e->text, e->code, e->trace};
  FUZZ_CHECK(err != ERR_INTERNAL && (err == ERR_OK || e->text[0]));
  script_printable(e->text, sizeof e->text);
  script_printable(e->code, sizeof e->code);
  script_printable(e->trace, sizeof e->trace);
  bool wrote = strstr(script_sent, SCRIPT_VALUE) || strstr(script_sent, SCRIPT_VALUE64);
  for (size_t i = 0; i < 3; i++) {
    FUZZ_CHECK(!sent_token || !strstr(texts[i], SCRIPT_TOKEN));
    FUZZ_CHECK(!wrote || (!strstr(texts[i], SCRIPT_VALUE) && !strstr(texts[i], SCRIPT_VALUE64)));
  }
}

static void use_reading(struct store_item *it, struct store_version *ret_version) {
  struct store_record r = {0};
  struct error e = {0};
  enum err err = store_read(it, &r, ret_version, &e);
  check_error(err, &e);
  FUZZ_CHECK((err == ERR_OK) == (r.value != NULL));
  FUZZ_CHECK(err != ERR_OK || ret_version->text[0]);
  FUZZ_CHECK(err != ERR_OK || it->kind == STORE_HOME ||
             store_value_check(r.value, ERR_CORRUPT, NULL) == ERR_OK);
  store_record_clear(&r);
}

static void use_served(struct store_item *it) {
  struct secret *value = NULL;
  struct error e = {0};
  enum err err = store_read_served(it, &value, &e);
  check_error(err, &e);
  FUZZ_CHECK((err == ERR_OK) == (value != NULL));
  secret_free(value);
}

static void use_writing(struct store_item *it, struct store_version *version) {
  struct store_record r = {
      .value =
          secret_copy_text(it->kind == STORE_HOME ? "{\"a\":\"" SCRIPT_VALUE "\"}" : SCRIPT_VALUE),
      .stamp = 7,
      .created_s = 1795498800};
  struct error e = {0};
  text_copy(r.key_id, sizeof r.key_id, "ApiKey-aaaaaaaa-0000-4000-8000-000000000001");
  text_copy(r.key_name, sizeof r.key_name, "a name");
  enum err err = store_write(it, &r, version, version, &e);
  check_error(err, &e);
  FUZZ_CHECK(err != ERR_OK || version->text[0]);
  FUZZ_CHECK(err != ERR_MISSING);
  store_record_clear(&r);
}

static void use_item(struct store_item *it, unsigned flags) {
  struct store_version version = {""};
  struct error e = {0};
  if (!(flags & 2))
    use_reading(it, &version);
  if (it->kind == STORE_SINK)
    use_served(it);
  use_writing(it, &version);
  use_reading(it, &version);
  check_error(store_destroy_old(it, &e), &e);
  e = (struct error){0};
  check_error(store_check(it, &e), &e);
}

static enum err token_get(const struct store_tokens *t, const struct credential_file *key,
                          const struct secret *refused, struct secret **ret, struct error *e) {
  (void)t, (void)key, (void)refused, (void)e;
  *ret = secret_copy_text(SCRIPT_TOKEN);
  return *ret ? ERR_OK : ERR_INTERNAL;
}
static const struct store_tokens tokens = {token_get};

void script_use(const struct store_backend *b, const struct store_setting *settings, size_t n,
                unsigned flags) {
  const struct store_context ctx = {.env = &script_env, .tokens = &tokens};
  struct store_item *it = NULL;
  struct error e = {0};
  int line = 0;
  enum err err = b->open(&ctx, flags & 1 ? STORE_HOME : STORE_SINK, settings, n, &it, &line, &e);
  FUZZ_CHECK(err == ERR_OK);
  use_item(it, flags);
  store_item_free(it);
  if (b->finish)
    b->finish();
}
