// A token from the metadata service of a virtual server (VPC), in two steps:
//
//   PUT  …/token     an identity token: "I am a process on this server"
//   POST …/iam_token for that one, a token of IAM: that of a trusted profile which is linked to the
//                    server; without a profile in the body, of the server's default one
//
// The service is asked in one of two versions of its API, which have other paths. Where it is
// switched off, or set to the other protocol, or where the answer's packets may make fewer hops
// than they need (a container has one more than its server), it does not answer at all. That is
// another error than an answer which refuses the profile.
#include <stdlib.h>
#include <string.h>

#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "rotator/cloud/iam_auth.h"
#include "rotator/cloud/iam_decode.h"
#include "rotator/cloud/iam_fault.h"
#include "rotator/cloud/iam_profile.h"
#include "rotator/cloud/iam_report.h"
#include "rotator/cloud/iam_url.h"

#define WHAT "metadata service"
#define EARLY_S 10
#define TRY_MS 10000
#define ALL_MS 20000
#define BODY_MAX 1024
#define TOKEN_MAX (16 * 1024)

struct metadata {
  char *url;
  const char *version;
  struct iam_profile profile;
  struct transport *transport;
  struct env *env;
};

// One request and its answer.
struct step {
  const char *path;
  const struct http_request *request; // all but its URL
  int64_t deadline_ms;                // 0: our own
  struct http_response answer;
};

static bool is_new(const struct metadata *m) {
  return strcmp(m->version, "2025-08-26") >= 0;
}

// --- no answer, and answers that refuse ---

// Words of OpenSSL and libcurl for somebody who took the connection and speaks no TLS: an answer
// that begins with "HTTP/1.1" (then it is certain), or the end of the connection.
static bool speaks_no_tls(const char *why, bool *ret_certain) {
  *ret_certain = strstr(why, "wrong version number") != NULL;
  return *ret_certain || strstr(why, "SSL_ERROR_SYSCALL") || strstr(why, "unexpected eof");
}

// Nobody there, or somebody who speaks the other protocol.
static enum err tell_silence(const struct metadata *m, enum err err, struct error *e) {
  bool https = strncmp(m->url, "https:", 6) == 0, certain;
  char why[sizeof e->text];
  if (err != ERR_UNSENT && err != ERR_UNSURE)
    return err;
  text_copy(why, sizeof why, e ? e->text : "");
  if (https && err == ERR_UNSENT && speaks_no_tls(why, &certain))
    return error_set(e, certain ? ERR_REFUSED : err,
                     WHAT " %s does not speak HTTPS, and nothing was sent: set the server to it "
                          "(ibmcloud is instance-update SERVER --metadata-service-protocol https) "
                          "or configure http (%.160s)",
                     m->url, why);
  return error_set(e, err,
                   WHAT " %s does not answer: it is switched off or set to %s for this server, the "
                        "answer may make too few hops to reach this container, or this is no "
                        "virtual server of a VPC (%.160s)",
                   m->url, https ? "http" : "https", why);
}

static enum err refused(const struct http_response *r, const struct secret *hide, struct error *e) {
  struct iam_fault f;
  iam_fault_decode(secret_bytes(r->body), secret_len(r->body), &f);
  enum err kind = iam_fault_kind(r->status, &f, false);
  if (kind == ERR_MISSING) // of a path or a profile; nothing of what the caller wants is missing
    kind = ERR_REFUSED;
  if (!f.json) // some proxy or other server
    kind = ERR_UNSURE;
  iam_report(kind, &f, r, WHAT, e);
  iam_report_hide(e, hide);
  return kind;
}

// --- the two steps ---

static enum err send_step(const struct metadata *m, struct step *s, const struct secret *hide,
                          struct error *e) {
  struct text_buf url = TEXT_BUF(IAM_URL_MAX);
  text_buf_add(&url, "%s%s?version=%s", m->url, s->path, m->version);
  struct http_request request = *s->request;
  request.url = text_buf_str(&url);
  request.replay = HTTP_REPLAY_SAFE;
  request.timeout_ms = TRY_MS;
  request.deadline_ms = s->deadline_ms > 0 ? s->deadline_ms : ALL_MS;
  enum err err = url.starved  ? error_no_memory(e)
                 : url.failed ? error_set(e, ERR_INVALID, WHAT ": its URL is too long")
                              : http_exchange(m->transport, &request, &s->answer, e);
  text_buf_free(&url);
  if (err)
    return tell_silence(m, err, e);
  bool good = s->answer.status >= 200 && s->answer.status <= 299;
  return good ? ERR_OK : refused(&s->answer, hide, e);
}

// What goes into a header line: printable and not too long; else ERR_CORRUPT.
static enum err take_token(const struct http_response *r, struct secret **ret, struct error *e) {
  JSON_AUTO root = NULL;
  if (json_read(secret_bytes(r->body), secret_len(r->body), &root) == ERR_INTERNAL)
    return error_no_memory(e);
  const char *text = json_text(root, "access_token");
  size_t len = text ? strlen(text) : 0;
  bool usable = len > 0 && len <= TOKEN_MAX;
  for (size_t i = 0; usable && i < len; i++)
    usable = text[i] > ' ' && text[i] <= '~';
  if (!usable)
    return error_set(e, ERR_CORRUPT, WHAT ": an answer without a usable access_token");
  *ret = secret_copy(text, len);
  return *ret ? ERR_OK : error_no_memory(e);
}

static enum err get_identity(const struct metadata *m, int64_t deadline_ms, struct secret **ret,
                             struct error *e) {
  static const struct http_header headers[] = {{.name = "Metadata-Flavor", .value = "ibm"}};
  // It is used at once; 300 s is the service's default.
  SECRET_AUTO body = secret_copy_text("{\"expires_in\":300}");
  const struct http_request request = {.method = "PUT",
                                       .headers = headers,
                                       .n_headers = 1,
                                       .body = body,
                                       .content_type = "application/json"};
  struct step s = {.path = is_new(m) ? "/identity/v1/token" : "/instance_identity/v1/token",
                   .request = &request,
                   .deadline_ms = deadline_ms};
  enum err err = body ? send_step(m, &s, NULL, e) : error_no_memory(e);
  if (!err)
    err = take_token(&s.answer, ret, e);
  http_response_clear(&s.answer);
  return err;
}

// {"trusted_profile": {"id": …}}; nothing for the default one.
static enum err build_body(const struct iam_profile *p, struct secret **ret, struct error *e) {
  *ret = NULL;
  if (!p->id && !p->crn)
    return ERR_OK;
  JSON_AUTO root = cJSON_CreateObject();
  cJSON *profile = cJSON_AddObjectToObject(root, "trusted_profile");
  if (!profile || !cJSON_AddStringToObject(profile, p->id ? "id" : "crn", p->id ? p->id : p->crn) ||
      json_print(root, BODY_MAX, ret) != ERR_OK)
    return error_no_memory(e);
  return ERR_OK;
}

static enum err get_token(const struct metadata *m, int64_t deadline_ms,
                          const struct secret *identity, struct iam_token *ret, struct error *e) {
  const struct http_header headers[] = {
      {.name = "Authorization", .secret = identity, .prefix = "Bearer "}};
  SECRET_AUTO body = NULL;
  enum err err = build_body(&m->profile, &body, e);
  if (err)
    return err;
  const struct http_request request = {.method = "POST",
                                       .headers = headers,
                                       .n_headers = 1,
                                       .body = body,
                                       .content_type = body ? "application/json" : NULL};
  struct step s = {.path =
                       is_new(m) ? "/identity/v1/iam_tokens" : "/instance_identity/v1/iam_token",
                   .request = &request,
                   .deadline_ms = deadline_ms};
  int64_t before_ms = env_mono_ms(m->env);
  err = send_step(m, &s, identity, e);
  if (!err) {
    err = iam_decode_token(secret_bytes(s.answer.body), secret_len(s.answer.body), ret, e);
    if (err)
      error_wrap(e, WHAT);
    else
      ret->expires_at_ms = before_ms + (ret->expires_in_s - EARLY_S) * 1000;
  }
  http_response_clear(&s.answer);
  return err;
}

// The caller's transport is for IAM; the service has one of its own (no proxy, short waits).
static enum err get(void *ctx, struct transport *t, int64_t deadline_ms, struct iam_token *ret,
                    struct iam_credential *ret_by, struct error *e) {
  (void)ret_by;
  const struct metadata *m = ctx;
  SECRET_AUTO identity = NULL;
  (void)t;
  enum err err = get_identity(m, deadline_ms, &identity, e);
  if (!err)
    err = get_token(m, deadline_ms, identity, ret, e);
  if (err)
    error_wrap(e, "trusted profile %s", iam_profile_name(&m->profile));
  return err;
}

static void free_metadata(void *ctx) {
  struct metadata *m = ctx;
  if (!m)
    return;
  transport_free(m->transport);
  free(m->url);
  free(m);
}

struct iam_auth *iam_auth_metadata_new(const char *url, const char *version,
                                       const struct iam_profile *profile, struct transport *t,
                                       struct env *env) {
  static const struct iam_auth_way way = {.get = get, .free = free_metadata};
  struct metadata *m = t ? calloc(1, sizeof *m) : NULL;
  char *base = strdup(url);
  if (!m || !base) {
    free(m);
    free(base);
    transport_free(t);
    return NULL;
  }
  *m = (struct metadata){
      .url = base, .version = version, .profile = *profile, .transport = t, .env = env};
  return iam_auth_new(&way, m, env);
}
