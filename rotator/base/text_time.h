// Durations and times as people, IAM and HTTP write them.
#ifndef ROTATOR_BASE_TEXT_TIME_H
#define ROTATOR_BASE_TEXT_TIME_H

#include <stddef.h>
#include <stdint.h>

#include "rotator/base/error.h"

// Durations: "0s", "90m", "24h", "30d", "1d12h", units w d h m s, biggest first, each once. A bare
// number other than 0 is refused. Seconds out. ERR_INVALID also above 10 years.
enum err text_parse_duration(const char *s, int64_t *ret_s);
// The shortest exact form ("90m" → "1h30m", 0 → "0s"). dst[32] is enough.
void text_format_duration(char *dst, size_t cap, int64_t s);

// RFC 3339 in UTC, "2026-11-24T05:40:00Z". dst[32] is enough. t_s < 0 gives "unknown".
void text_format_time(char *dst, size_t cap, int64_t t_s);
// RFC 3339 and IAM's own shape "2026-02-19T12:55+0000" (minutes, seconds or fractions; Z, +hhmm,
// +hh:mm). UTC seconds out.
enum err text_parse_time(const char *s, int64_t *ret_s);
// RFC 9110 date ("Tue, 24 Nov 2026 05:40:00 GMT"). UTC seconds out.
enum err text_parse_http_date(const char *s, int64_t *ret_s);

#endif
