// The part of DataPrime a rotator needs: source logs | filter a && b | limit n, with equality on
// labels, severity names, and `$d ~~ 'word'`.
#ifndef EMU_QUERY_TEXT_H
#define EMU_QUERY_TEXT_H

#include <stdbool.h>

#include "model.h"

struct query;

struct query *query_parse(const char *text); // NULL: not understood
void query_free(struct query *q);
bool query_matches(const struct query *q, const struct log_line *line);
long query_limit(const struct query *q); // -1: none given

#endif
