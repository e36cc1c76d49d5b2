// Answers of a query: the stream of events in pieces of every size, and what it means.
#include <string.h>

#include "rotator/cloud/logs_events.h"
#include "rotator/cloud/logs_reader.h"
#include "tests/fuzz/fuzz.h"

#define NONCE "0123456789abcdef0123456789abcdef"

struct seen {
  size_t n;
  uint64_t sum; // of all events, in order
};

static void take(void *ctx, const char *data, size_t len) {
  struct seen *s = ctx;
  FUZZ_CHECK(len > 0 && data[len] == '\0');
  s->n++;
  for (size_t i = 0; i <= len; i++)
    s->sum = (s->sum ^ (unsigned char)data[i]) * 1099511628211u;
}

static struct seen feed(const char *bytes, size_t len, size_t step, bool *ret_whole) {
  struct seen seen = {0};
  struct logs_events s;
  logs_events_init(&s, take, &seen);
  for (size_t at = 0; at < len; at += step)
    FUZZ_CHECK(logs_events_feed(&s, bytes + at, len - at < step ? len - at : step));
  *ret_whole = logs_events_end(&s);
  logs_events_clear(&s);
  return seen;
}

static void check_pieces(const char *bytes, size_t len) {
  bool whole, again;
  struct seen all = feed(bytes, len, len ? len : 1, &whole);
  for (size_t step = 1; step < 5; step++) {
    struct seen s = feed(bytes, len, step, &again);
    FUZZ_CHECK(s.n == all.n && s.sum == all.sum && whole == again);
  }
}

static void check_printable(const char *text) {
  for (; *text; text++)
    FUZZ_CHECK(*text >= 0x20 && *text < 0x7f);
}

static void check_meaning(const char *bytes, size_t len) {
  static const int statuses[] = {200, 204, 301, 400, 401, 403, 404, 429, 500, 503};
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    struct logs_answer a;
    enum logs_sighting s = logs_answer_judge(statuses[i], bytes, len, NONCE, &a);
    check_printable(a.error);
    check_printable(a.warning);
    check_printable(a.code);
    check_printable(a.trace);
    FUZZ_CHECK((s != LOGS_SEEN && s != LOGS_UNSEEN) || statuses[i] == 200);
    FUZZ_CHECK(s != LOGS_SEEN || memmem(bytes, len, "user_data", 9));
    FUZZ_CHECK(statuses[i] != 429 || s == LOGS_ASK_LATER);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  check_pieces((const char *)data, size);
  check_meaning((const char *)data, size);
  return 0;
}
