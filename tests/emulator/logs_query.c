// Cloud Logs query: POST /v1/query, answered as server-sent events in the strict subset that the
// vendor's own parser accepts: a comment line, one data line, a blank line; LF only.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authz.h"
#include "errors.h"
#include "logs.h"
#include "query_text.h"
#include "route.h"
#include "util.h"

#define QUERY_MAX 4096
#define ROWS_DEFAULT 2000
#define ROWS_MAX 12000
#define MINUTE_MS 60000

struct window {
  int64_t start_ms, end_ms;
  long rows;
  bool archive;
};

static void add_pair(cJSON *list, const char *key, const char *value) {
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "key", key);
  cJSON_AddStringToObject(item, "value", value);
  cJSON_AddItemToArray(list, item);
}

static cJSON *row_json(const struct log_line *line) {
  char when[32], severity[4];
  util_milli_time(when, line->timestamp_ms);
  when[strlen(when) - 1] = '\0'; // UTC, and says so by saying nothing
  snprintf(severity, sizeof severity, "%d", line->severity);
  cJSON *row = cJSON_CreateObject(), *metadata = cJSON_AddArrayToObject(row, "metadata");
  add_pair(metadata, "timestamp", when);
  add_pair(metadata, "severity", severity);
  add_pair(metadata, "priorityclass", "high");
  add_pair(metadata, "logid", line->id);
  cJSON *labels = cJSON_AddArrayToObject(row, "labels");
  const cJSON *label;
  cJSON_ArrayForEach(label, line->labels) {
    add_pair(labels, label->string, label->valuestring);
  }
  cJSON_AddStringToObject(row, "user_data", line->text);
  return row;
}

static void add_event(struct sbuf *out, cJSON *event) {
  char *text = cJSON_PrintUnformatted(event);
  sbuf_addf(out, ": success\ndata: %s\n\n", text);
  free(text);
  cJSON_Delete(event);
}

static bool read_time(const cJSON *metadata, const char *name, int64_t *ms) {
  const char *text = json_text(metadata, name);
  return !text || util_parse_time(text, ms);
}

static bool read_tier(const cJSON *metadata, bool *archive) {
  const char *tier = json_text(metadata, "tier");
  *archive = tier && !strcmp(tier, "archive");
  return !tier || *archive || !strcmp(tier, "frequent_search") || !strcmp(tier, "unspecified");
}

static bool read_window(struct req *r, const cJSON *metadata, struct window *w) {
  const cJSON *limit = cJSON_GetObjectItem(metadata, "limit");
  int64_t now = emu_now_ms(r->emu);
  if (!read_tier(metadata, &w->archive))
    return false;
  w->start_ms = INT64_MIN;
  w->end_ms = now;
  if (!read_time(metadata, "end_date", &w->end_ms) ||
      !read_time(metadata, "start_date", &w->start_ms))
    return false;
  if (w->start_ms == INT64_MIN)
    w->start_ms = w->end_ms - 15 * MINUTE_MS;
  if (limit && (!cJSON_IsNumber(limit) || limit->valueint < 0 || limit->valueint > 50000))
    return false;
  w->rows = limit ? limit->valueint : ROWS_DEFAULT;
  if (w->rows > ROWS_MAX)
    w->rows = ROWS_MAX;
  return true;
}

// A window that ends before it begins holds nothing, and the service says so in the stream.
static void add_window_warning(struct sbuf *out, const struct window *w) {
  char start[32], end[32];
  cJSON *event = cJSON_CreateObject();
  cJSON *warning =
      cJSON_AddObjectToObject(cJSON_AddObjectToObject(event, "warning"), "time_range_warning");
  util_milli_time(start, w->start_ms);
  util_milli_time(end, w->end_ms);
  cJSON_AddStringToObject(warning, "warning_message", "Start date must be before end date.");
  cJSON_AddStringToObject(warning, "start_date", start);
  cJSON_AddStringToObject(warning, "end_date", end);
  add_event(out, event);
}

// An instance without a bucket for it has no archive to search.
static void add_archive_warning(struct sbuf *out) {
  cJSON *event = cJSON_CreateObject();
  cJSON *warning =
      cJSON_AddObjectToObject(cJSON_AddObjectToObject(event, "warning"), "archive_warning");
  cJSON_AddObjectToObject(warning, "no_metastore_data");
  add_event(out, event);
}

static bool is_visible(const struct settings *s, const struct window *w,
                       const struct log_line *line, int64_t now) {
  if (w->archive)
    return s->query_archive && line->arrived_ms + s->query_archive_ms <= now;
  return s->query_frequent && line->visible_ms <= now;
}

static void answer_rows(struct req *r, const struct instance *in, const struct query *q,
                        const struct window *w) {
  struct sbuf out = {0};
  char id[37];
  int64_t now = emu_now_ms(r->emu);
  long rows = query_limit(q) >= 0 && query_limit(q) < w->rows ? query_limit(q) : w->rows;
  util_uuid(id);
  cJSON *first = cJSON_CreateObject();
  cJSON_AddStringToObject(cJSON_AddObjectToObject(first, "query_id"), "query_id", id);
  add_event(&out, first);
  if (w->start_ms > w->end_ms)
    add_window_warning(&out, w);
  if (w->archive && !r->emu->settings.query_archive)
    add_archive_warning(&out);
  cJSON *second = cJSON_CreateObject();
  cJSON *results = cJSON_AddArrayToObject(cJSON_AddObjectToObject(second, "result"), "results");
  for (size_t i = in->logs.count; i-- > 0 && rows > 0;) {
    const struct log_line *line = in->logs.items[i];
    if (line->hidden || !is_visible(&r->emu->settings, w, line, now) ||
        line->timestamp_ms < w->start_ms || line->timestamp_ms > w->end_ms ||
        !query_matches(q, line))
      continue;
    cJSON_AddItemToArray(results, row_json(line));
    rows--;
  }
  add_event(&out, second);
  answer_text(r, 200, "text/event-stream", out.data);
  free(out.data);
}

// At most so many a minute and instance.
static bool rate_limited(struct req *r, struct instance *in) {
  size_t slots = sizeof in->query_times / sizeof *in->query_times, recent = 0;
  int64_t now = emu_now_ms(r->emu);
  for (size_t i = 0; i < slots; i++)
    recent += in->query_times[i] && in->query_times[i] > now - MINUTE_MS;
  if (r->emu->settings.query_per_minute && recent >= (size_t)r->emu->settings.query_per_minute)
    return true;
  in->query_times[in->query_next++ % slots] = now;
  return false;
}

static void run(struct req *r, struct instance *in, const cJSON *body) {
  const char *text = json_text(body, "query");
  const cJSON *metadata = cJSON_GetObjectItem(body, "metadata");
  struct window w;
  bool clean = text && *text && strlen(text) <= QUERY_MAX;
  for (const char *c = text; clean && *c; c++)
    clean = !iscntrl((unsigned char)*c);
  struct query *q = clean ? query_parse(text) : NULL;
  if (!q || !read_window(r, metadata, &w))
    error_bad_request(r, "The query or its metadata cannot be understood.");
  else
    answer_rows(r, in, q, &w);
  query_free(q);
}

void query_post(struct req *r) {
  struct instance *in = logs_instance(r);
  if (!in)
    return;
  if (r->token_state != TOKEN_GOOD) {
    error_unauthorized(r);
    return;
  }
  if (!authz_query(r->emu, authz_caller(r), in)) {
    error_forbidden(r, "logs.logs-data-api-high.read");
    return;
  }
  bool limited = rate_limited(r, in);
  if (limited && r->emu->settings.query_limit_in_stream) {
    answer_text(r, 200, "text/event-stream",
                "data: {\"error\":{\"message\":\"Too many queries in a minute.\","
                "\"code\":{\"rate_limit_reached\":{}}}}\n\n");
    return;
  }
  if (limited) {
    struct error e = {
        .status = 429, .code = "resource_exhausted", .message = "Too many queries in a minute."};
    error_reply(r, &e);
    return;
  }
  cJSON *body = req_json(r);
  run(r, in, body);
  cJSON_Delete(body);
}
