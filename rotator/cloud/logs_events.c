#include "rotator/cloud/logs_events.h"

#include <string.h>

void logs_events_init(struct logs_events *s, void (*take)(void *ctx, const char *data, size_t len),
                      void *ctx) {
  *s = (struct logs_events){
      .take = take, .ctx = ctx, .line = TEXT_BUF(LOGS_EVENT_MAX), .data = TEXT_BUF(LOGS_EVENT_MAX)};
}

void logs_events_clear(struct logs_events *s) {
  text_buf_free(&s->line);
  text_buf_free(&s->data);
}

// Keeps its memory for the next one.
static void empty(struct text_buf *b) {
  b->len = 0;
  if (b->bytes)
    b->bytes[0] = '\0';
}

static void dispatch(struct logs_events *s) {
  if (s->has_data && s->data.len > 0 && !s->data.failed)
    s->take(s->ctx, text_buf_str(&s->data), s->data.len);
  empty(&s->data);
  s->has_data = false;
}

static void add_data(struct logs_events *s, const char *value, size_t len) {
  if (s->has_data)
    text_buf_add_bytes(&s->data, "\n", 1);
  text_buf_add_bytes(&s->data, value, len);
  s->has_data = true;
}

// One whole line, without its end.
static void end_line(struct logs_events *s) {
  static const char mark[] = "\xef\xbb\xbf", field[] = "data";
  const char *line = text_buf_str(&s->line);
  size_t len = s->line.len, name = sizeof field - 1;
  if (!s->begun && len >= 3 && memcmp(line, mark, 3) == 0) {
    line += 3;
    len -= 3;
  }
  s->begun = true;
  if (len == 0) {
    dispatch(s);
  } else if (len >= name && memcmp(line, field, name) == 0 && (len == name || line[name] == ':')) {
    size_t skip = len == name ? name : name + 1;
    if (skip < len && line[skip] == ' ')
      skip++;
    add_data(s, line + skip, len - skip);
  }
  empty(&s->line);
}

bool logs_events_feed(struct logs_events *s, const char *bytes, size_t len) {
  size_t i = 0;
  if (len > 0 && s->after_cr && bytes[0] == '\n')
    i++;
  if (len > 0)
    s->after_cr = false;
  while (i < len && !s->line.failed && !s->data.failed) {
    size_t n = 0;
    while (i + n < len && bytes[i + n] != '\n' && bytes[i + n] != '\r')
      n++;
    if (n > 0)
      text_buf_add_bytes(&s->line, bytes + i, n);
    i += n;
    if (i == len)
      break;
    end_line(s);
    s->after_cr = bytes[i++] == '\r';
    if (s->after_cr && i < len) {
      i += bytes[i] == '\n';
      s->after_cr = false;
    }
  }
  return !s->line.failed && !s->data.failed;
}

bool logs_events_end(struct logs_events *s) {
  bool whole = s->line.len == 0 && !s->line.failed;
  if (!whole && !s->line.failed)
    end_line(s);
  whole = whole && !s->data.failed;
  dispatch(s);
  return whole;
}
