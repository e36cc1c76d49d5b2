#include "errors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util.h"

static void context_time(char out[48], int64_t ms) {
  time_t seconds = (time_t)(ms / 1000);
  struct tm tm;
  gmtime_r(&seconds, &tm);
  size_t n = strftime(out, 48, "%d.%m.%Y %H:%M:%S", &tm);
  snprintf(out + n, 48 - n, ":%03d UTC", (int)(ms % 1000));
}

// The two context objects say the same; the token endpoint spells it in camel case.
static cJSON *context(const struct req *r, bool camel) {
  char start[48], end[48], elapsed[24];
  int64_t now = emu_now_ms(r->emu);
  const char *agent = req_header(r, "User-Agent");
  context_time(start, r->started_ms ? r->started_ms : now);
  context_time(end, now);
  snprintf(elapsed, sizeof elapsed, "%lld", (long long)(r->started_ms ? now - r->started_ms : 0));
  cJSON *c = cJSON_CreateObject();
  cJSON_AddStringToObject(c, camel ? "requestId" : "transaction_id", r->transaction);
  cJSON_AddStringToObject(c, camel ? "requestType" : "operation",
                          camel ? "incoming.Identity_Token" : r->method);
  cJSON_AddStringToObject(c, camel ? "userAgent" : "user_agent", agent ? agent : "");
  cJSON_AddStringToObject(c, "url", "https://iam.cloud.ibm.com");
  cJSON_AddStringToObject(c, camel ? "instanceId" : "instance_id", "iamid-1-emulator");
  cJSON_AddStringToObject(c, camel ? "threadId" : "thread_id", "1a");
  cJSON_AddStringToObject(c, "host", "iamid-emulator");
  cJSON_AddStringToObject(c, camel ? "startTime" : "start_time", start);
  cJSON_AddStringToObject(c, camel ? "endTime" : "end_time", end);
  cJSON_AddStringToObject(c, camel ? "elapsedTime" : "elapsed_time", elapsed);
  if (camel)
    cJSON_AddStringToObject(c, "locale", "en_US");
  cJSON_AddStringToObject(c, camel ? "clusterName" : "cluster_name", "iam-id-emulator-1");
  return c;
}

cJSON *error_identity_context(const struct req *r) {
  return context(r, false);
}

static cJSON *token_body(struct req *r, const struct error *e) {
  cJSON *body = cJSON_CreateObject();
  cJSON_AddStringToObject(body, "errorCode", e->message_code ? e->message_code : e->code);
  cJSON_AddStringToObject(body, "errorMessage", e->message);
  if (e->details)
    cJSON_AddStringToObject(body, "errorDetails", e->details);
  cJSON_AddItemToObject(body, "context", context(r, true));
  return body;
}

static cJSON *list_body(struct req *r, const struct error *e) {
  bool identity = r->family == FAMILY_IDENTITY;
  cJSON *body = cJSON_CreateObject();
  if (r->emu->settings.string_status_code && identity) {
    char text[16];
    snprintf(text, sizeof text, "%d", e->status);
    cJSON_AddStringToObject(body, "status_code", text);
  } else {
    cJSON_AddNumberToObject(body, "status_code", e->status);
  }
  cJSON_AddStringToObject(body, "trace", r->transaction);
  cJSON *item = cJSON_CreateObject();
  cJSON_AddItemToArray(cJSON_AddArrayToObject(body, "errors"), item);
  cJSON_AddStringToObject(item, "code", e->code);
  if (e->message_code && identity)
    cJSON_AddStringToObject(item, "message_code", e->message_code);
  cJSON_AddStringToObject(item, "message", e->message);
  if (e->details && identity)
    cJSON_AddStringToObject(item, "details", e->details);
  if (identity)
    cJSON_AddItemToObject(body, "context", context(r, false));
  return body;
}

void error_reply(struct req *r, const struct error *e) {
  switch (r->family) {
  case FAMILY_TOKEN:
    answer_json(r, e->status, token_body(r, e));
    break;
  case FAMILY_GATEWAY:
    error_gateway_not_found(r);
    break;
  default:
    answer_json(r, e->status, list_body(r, e));
    break;
  }
}

void error_unauthorized(struct req *r) {
  bool missing = r->token_state == TOKEN_NONE;
  struct error e = {.status = 401,
                    .code = "invalid_access_token",
                    .message_code = "BXNIM0401E",
                    .message = "The access token is not valid."};
  if (r->token_state == TOKEN_EXPIRED) {
    e.message_code = "BXNIM0407E";
    e.message = "The access token has expired.";
  }
  if (missing) {
    e.message_code = "BXNIM0308E";
    e.message = "The request carries no authorization header.";
  }
  if (r->family == FAMILY_POLICY)
    e.code = "invalid_token";
  if (r->family == FAMILY_LOGS)
    e.code = "unauthenticated";
  error_reply(r, &e);
}

void error_forbidden(struct req *r, const char *action) {
  char *message = util_format("The identity '%s' is not authorized to perform the action '%s'.",
                              r->session.iam_id, action);
  struct error e = {
      .status = 403, .code = "not_authorized", .message_code = "BXNIM0513E", .message = message};
  if (r->family == FAMILY_SECRETS)
    e.code = "forbidden";
  if (r->family == FAMILY_POLICY)
    e.code = "insufficent_permissions"; // the service's own spelling
  if (r->family == FAMILY_LOGS) {
    e.code = "unauthorized";
    e.message = "Forbidden";
  }
  error_reply(r, &e);
  free(message);
}

void error_bad_request(struct req *r, const char *message) {
  struct error e = {
      .status = 400, .code = "invalid_input", .message_code = "BXNIM0106E", .message = message};
  if (r->family == FAMILY_POLICY)
    e.code = "invalid_body";
  if (r->family == FAMILY_LOGS)
    e.code = "bad_request_or_unspecified";
  error_reply(r, &e);
}

void error_coding(struct req *r, int status) {
  struct error e = {.status = status,
                    .code = "unsupported_content_type",
                    .message_code = "BXNIM9007E",
                    .message = "The content encoding of the body is not supported."};
  if (status == 400)
    error_bad_request(r, "The body cannot be unpacked.");
  else
    error_reply(r, &e);
}

void error_not_found(struct req *r, const char *type, const char *id) {
  char *text = r->family == FAMILY_POLICY
                   ? util_format("%s with Id %s not found.", type, id)
                   : util_format("Object type '%s' with ID '%s' not found.", type, id);
  struct error e = {.status = 404,
                    .code = "not_found",
                    .message_code = "BXNIM0102E",
                    .message = "Unable to find object",
                    .details = text};
  if (r->family == FAMILY_POLICY) {
    e.code = "policy_not_found";
    e.message = text;
  }
  error_reply(r, &e);
  free(text);
}

void error_gateway_not_found(struct req *r) {
  answer_text(r, 404, "text/html",
              "<html>\n<head><title>404 Not Found</title></head>\n<body>\n"
              "<center><h1>404 Not Found</h1></center>\n<hr><center>iam-gateway</center>\n"
              "</body>\n</html>\n");
}
