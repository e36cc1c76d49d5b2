#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "timer.h"
#include "util.h"

#define SLOW_PIECES 10

// A body that is not simply sent: cut short, padded, or slow.
struct stream {
  struct MHD_Connection *connection;
  struct timers *timers;
  char *data;
  size_t len;   // of data; what follows is white space
  size_t cut;   // end with an error here; SIZE_MAX: never
  size_t piece; // bytes per call, with a pause before each
  long pause_ms;
  bool rested;
};

static void stream_suspend(void *arg) {
  MHD_suspend_connection(((struct stream *)arg)->connection);
}

static void stream_resume(void *arg, bool stopping) {
  struct stream *s = arg;
  if (stopping)
    s->pause_ms = 0;
  s->rested = true;
  MHD_resume_connection(s->connection);
}

static ssize_t stream_read(void *cls, uint64_t pos, char *out, size_t max) {
  struct stream *s = cls;
  if (pos >= s->cut)
    return MHD_CONTENT_READER_END_WITH_ERROR;
  if (s->pause_ms > 0 && !s->rested &&
      timers_after(s->timers, s->pause_ms, stream_resume, s, stream_suspend))
    return 0;
  s->rested = false;
  size_t n = max;
  if (s->piece && n > s->piece)
    n = s->piece;
  if (s->cut - pos < n)
    n = (size_t)(s->cut - pos);
  if (pos < s->len) {
    if (n > s->len - pos)
      n = (size_t)(s->len - pos);
    memcpy(out, s->data + pos, n);
  } else {
    memset(out, ' ', n);
  }
  return (ssize_t)n;
}

static void stream_free(void *cls) {
  struct stream *s = cls;
  free(s->data);
  free(s);
}

static struct MHD_Response *make_stream(struct req *r, struct MHD_Connection *connection) {
  struct stream *s = util_alloc(sizeof *s);
  uint64_t size = r->answer.len + (uint64_t)r->fx.oversize_mib * 1024 * 1024;
  s->connection = connection;
  s->timers = r->emu->timers;
  s->data = r->answer.body;
  s->len = r->answer.len;
  s->cut = r->fx.truncate ? r->answer.len / 2 : SIZE_MAX;
  if (r->fx.slow_ms) {
    s->pause_ms = r->fx.slow_ms / SLOW_PIECES > 0 ? r->fx.slow_ms / SLOW_PIECES : 1;
    s->piece = (size_t)(size / SLOW_PIECES + 1);
  }
  r->answer.body = NULL;
  return MHD_create_response_from_callback(size, 65536, stream_read, s, stream_free);
}

static struct MHD_Response *make_response(struct req *r, struct MHD_Connection *connection) {
  const struct effects *fx = &r->fx;
  if (r->answer.body && (fx->truncate || fx->oversize_mib || fx->slow_ms))
    return make_stream(r, connection);
  char *body = r->answer.body;
  r->answer.body = NULL;
  return body ? MHD_create_response_from_buffer(r->answer.len, body, MHD_RESPMEM_MUST_FREE)
              : MHD_create_response_from_buffer(0, (char *)"", MHD_RESPMEM_PERSISTENT);
}

static void add_headers(struct req *r, struct MHD_Response *response) {
  static const char *const fixed[][2] = {
      {"Content-Language", "en-US"},
      {"Cache-Control", "no-cache, no-store, must-revalidate"},
      {"Pragma", "no-cache"},
      {"Expires", "0"},
      {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
      {"X-Content-Type-Options", "nosniff"},
  };
  char date[40], id[37];
  util_http_date(date, emu_now_ms(r->emu));
  util_uuid(id);
  MHD_add_response_header(response, "Date", date);
  MHD_add_response_header(response, "Transaction-Id", r->transaction);
  MHD_add_response_header(response, "X-Correlation-Id", r->transaction);
  MHD_add_response_header(response, "X-Request-Id", id);
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
    MHD_add_response_header(response, fixed[i][0], fixed[i][1]);
  if (r->answer.type)
    MHD_add_response_header(response, "Content-Type", r->answer.type);
  for (size_t i = 0; i < r->answer.headers.count; i++)
    MHD_add_response_header(response, r->answer.headers.items[i].name,
                            r->answer.headers.items[i].value);
  const cJSON *extra;
  cJSON_ArrayForEach(extra, r->fx.headers) {
    if (!cJSON_IsString(extra))
      continue;
    const char *old = MHD_get_response_header(response, extra->string);
    if (old)
      MHD_del_response_header(response, extra->string, old);
    MHD_add_response_header(response, extra->string, extra->valuestring);
  }
}

void answer_fault(struct req *r) {
  int status = r->fx.status;
  const char *type = r->fx.content_type, *body = r->fx.body;
  answer_clear(r);
  if (body) {
    if (!type)
      type = *body == '{' || *body == '[' ? "application/json" : "text/html";
    answer_text(r, status, type, body);
    return;
  }
  struct error e = {.status = status,
                    .code = "request_not_processed",
                    .message_code = "BXNIM9000E",
                    .message = "A fault was asked for."};
  if (status == 429)
    e.code = "too_many_requests";
  pthread_mutex_lock(&r->emu->lock); // error bodies tell the time
  error_reply(r, &e);
  pthread_mutex_unlock(&r->emu->lock);
  r->answer.status = status;
}

enum MHD_Result answer_queue(struct req *r, struct MHD_Connection *connection) {
  int status = r->answer.status;
  struct MHD_Response *response = make_response(r, connection);
  if (!response)
    return MHD_NO;
  pthread_mutex_lock(&r->emu->lock); // the clock may be moved meanwhile
  add_headers(r, response);
  pthread_mutex_unlock(&r->emu->lock);
  enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, response);
  MHD_destroy_response(response);
  return result;
}
