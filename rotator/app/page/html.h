// Text into a page. Whatever comes from a configuration, a state, a service or a person goes
// through these functions, which escape it; nothing else writes it.
#ifndef ROTATOR_APP_PAGE_HTML_H
#define ROTATOR_APP_PAGE_HTML_H

#include <stdint.h>
#include <stdio.h>

// Markup with values in it. Each %s is escaped, for content and for quoted attributes alike: it is
// read as it was written. What is no UTF-8, and what a page must not hold or what turns the
// direction of writing, becomes U+FFFD. NULL: nothing. Besides there are %d, %zu and %%.
void html(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// <time> with an RFC 3339 time in UTC, as a browser without the page's script shows it; "–" for 0
// and less.
void html_time(FILE *f, int64_t t_s);
// A text, escaped likewise, and what is an RFC 3339 time in it becomes a <time>.
void html_words(FILE *f, const char *text);
// A duration that people read, "3d"; "–" when negative.
void html_age(FILE *f, int64_t s);

#endif
