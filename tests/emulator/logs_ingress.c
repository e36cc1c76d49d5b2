// Cloud Logs ingress: POST /logs/v1/singles.
//
// What the service answers in its bodies is not published; status and body of an accepted batch
// are settings. Statuses follow the contract: every kind of unfit token is one status (403 unless
// set otherwise), as is a fit token without Sender.
#include <stdlib.h>
#include <string.h>

#include "authz.h"
#include "errors.h"
#include "logs.h"
#include "route.h"
#include "util.h"

#define BODY_MAX (10 * 1024 * 1024)
#define LINE_MAX_BYTES (32 * 1024)
#define HOUR_MS (3600 * INT64_C(1000))

static void ingress_error(struct req *r, int status, const char *code, const char *message) {
  struct error e = {.status = status, .code = code, .message = message};
  error_reply(r, &e);
}

struct instance *logs_instance(struct req *r) {
  const char *guid = r->guid;
  if (r->segment_count > 2 && !strcmp(r->segments[0], "instances"))
    guid = r->segments[1];
  struct instance *to = guid ? model_instance(r->emu->model, guid) : NULL;
  if (to && !to->deleted)
    return to;
  ingress_error(r, 404, "not_found", "No such instance.");
  return NULL;
}

static const char *check_line(const cJSON *line) {
  static const char *const texts[] = {"hiResTimestamp", "computerName", "category",
                                      "className",      "methodName",   "threadId"};
  const cJSON *severity = cJSON_GetObjectItemCaseSensitive(line, "severity");
  const cJSON *text = cJSON_GetObjectItemCaseSensitive(line, "text");
  const cJSON *timestamp = cJSON_GetObjectItemCaseSensitive(line, "timestamp");
  if (!cJSON_IsObject(line))
    return "every element must be an object";
  if (!json_text(line, "applicationName") || !json_text(line, "subsystemName"))
    return "applicationName and subsystemName must be strings";
  if (!cJSON_IsString(text) && !cJSON_IsObject(text))
    return "text must be a string or an object";
  if (severity && (!cJSON_IsNumber(severity) || severity->valuedouble < 1 ||
                   severity->valuedouble > 6 || severity->valuedouble != severity->valueint))
    return "severity must be 1 to 6";
  if (timestamp && !cJSON_IsNumber(timestamp))
    return "timestamp must be a number of milliseconds";
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, texts[i]);
    if (item && !cJSON_IsString(item))
      return "an optional member must be a string";
  }
  return NULL;
}

static const char *check_batch(const cJSON *batch) {
  const cJSON *line;
  if (!cJSON_IsArray(batch))
    return "the body must be an array";
  cJSON_ArrayForEach(line, batch) {
    const char *wrong = check_line(line);
    if (wrong)
      return wrong;
  }
  return NULL;
}

// Optional string members come back as lower-case labels.
static cJSON *make_labels(const cJSON *line) {
  static const char *const names[][2] = {{"applicationName", "applicationname"},
                                         {"subsystemName", "subsystemname"},
                                         {"category", "category"},
                                         {"className", "classname"},
                                         {"computerName", "computername"},
                                         {"methodName", "methodname"},
                                         {"threadId", "threadid"}};
  cJSON *labels = cJSON_CreateObject();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = json_text(line, names[i][0]);
    if (value)
      cJSON_AddStringToObject(labels, names[i][1], value);
  }
  return labels;
}

static char *user_data(const cJSON *text) {
  if (cJSON_IsObject(text))
    return cJSON_PrintUnformatted(text);
  cJSON *wrapped = cJSON_CreateObject();
  cJSON_AddStringToObject(wrapped, "text", text->valuestring);
  char *out = cJSON_PrintUnformatted(wrapped);
  cJSON_Delete(wrapped);
  return out;
}

// Returns what became of the line: NULL kept, otherwise why it was dropped.
static const char *keep_line(struct req *r, struct instance *to, const cJSON *line) {
  const cJSON *timestamp = cJSON_GetObjectItemCaseSensitive(line, "timestamp");
  const cJSON *severity = cJSON_GetObjectItemCaseSensitive(line, "severity");
  int64_t now = emu_now_ms(r->emu), at = timestamp ? (int64_t)timestamp->valuedouble : now;
  char *data = user_data(cJSON_GetObjectItemCaseSensitive(line, "text"));
  const char *dropped = strlen(data) > LINE_MAX_BYTES ? "line over 32K"
                        : at < now - 24 * HOUR_MS     ? "timestamp too old"
                        : at > now + 4 * HOUR_MS      ? "timestamp in the future"
                                                      : NULL;
  if (dropped) {
    free(data);
    return dropped;
  }
  struct log_line *kept = util_alloc(sizeof *kept);
  kept->application = util_dup(json_text(line, "applicationName"));
  kept->subsystem = util_dup(json_text(line, "subsystemName"));
  kept->text = data;
  kept->severity = severity ? severity->valueint : 1;
  kept->timestamp_ms = at;
  kept->arrived_ms = now;
  kept->visible_ms = now + r->emu->settings.query_visible_ms;
  kept->hidden = r->fx.hide_logs;
  kept->labels = make_labels(line);
  kept->iam_id = util_dup(r->session.iam_id);
  memcpy(kept->key_id, r->key_id, sizeof kept->key_id - 1);
  util_uuid(kept->id);
  list_add(&to->logs, kept);
  return NULL;
}

static void take_batch(struct req *r, struct instance *to, const cJSON *batch) {
  int dropped = 0;
  const char *why = NULL;
  const cJSON *line;
  if (!r->emu->settings.ingress_drops && (!r->fx.complaint || r->fx.complaint_keep)) {
    cJSON_ArrayForEach(line, batch) {
      const char *reason = keep_line(r, to, line);
      dropped += reason != NULL;
      why = reason ? reason : why;
    }
  }
  if (r->fx.complaint) {
    answer_text(r, r->fx.status ? r->fx.status : 200, "application/json", r->fx.body);
    r->fx.status = 0; // said already
  } else if (dropped) {
    char *message =
        util_format("%d of %d logs were not accepted: %s", dropped, cJSON_GetArraySize(batch), why);
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "message", message);
    answer_json(r, 200, body);
    free(message);
  } else {
    answer_text(r, r->emu->settings.ingress_status, "application/json",
                r->emu->settings.ingress_body);
  }
}

void ingress_post(struct req *r) {
  const struct settings *s = &r->emu->settings;
  struct instance *to = logs_instance(r);
  if (!to)
    return;
  if (r->token_state != TOKEN_GOOD) {
    ingress_error(r, s->ingress_unauthorized_status,
                  s->ingress_unauthorized_status == 401 ? "unauthenticated" : "unauthorized",
                  s->ingress_unauthorized_status == 401 ? "Unauthorized" : "Forbidden");
    return;
  }
  if (!authz_send(r->emu, authz_caller(r), to)) {
    error_forbidden(r, "logs.data-ingress.send");
    return;
  }
  if (r->too_large || r->body_len > BODY_MAX ||
      (s->ingress_soft_limit && r->body_len > (size_t)s->ingress_soft_limit)) {
    ingress_error(r, 413, "request_entity_too_large", "The body is too large.");
    return;
  }
  cJSON *batch = r->body ? cJSON_ParseWithLength(r->body, r->body_len) : NULL;
  const char *wrong = check_batch(batch);
  if (wrong)
    error_bad_request(r, wrong);
  else
    take_batch(r, to, batch);
  cJSON_Delete(batch);
}
