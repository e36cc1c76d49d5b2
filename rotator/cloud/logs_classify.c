#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "rotator/cloud/logs.h"

#define LOOKED_AT 4096 // bytes of a 2xx body that are searched for complaints

static const char *const names[] = {
    [LOGS_ACCEPTED] = "accepted", [LOGS_COMPLAINED] = "complained",
    [LOGS_REFUSED] = "refused",   [LOGS_NO_INSTANCE] = "no instance",
    [LOGS_REJECTED] = "rejected", [LOGS_THROTTLED] = "throttled",
    [LOGS_OUTAGE] = "outage",     [LOGS_STOPPED] = "stopped",
};
_Static_assert(sizeof names / sizeof names[0] == LOGS_STOPPED + 1, "a name for each verdict");

const char *logs_verdict_name(enum logs_verdict v) {
  return v >= 0 && v <= LOGS_STOPPED ? names[v] : "unknown";
}

void logs_free(struct logs *l) {
  if (l)
    l->ops->free(l);
}

static bool contains(const char *body, size_t len, const char *word) {
  size_t n = strlen(word);
  for (size_t i = 0; n > 0 && i + n <= len; i++)
    if (tolower((unsigned char)body[i]) == tolower((unsigned char)word[0]) &&
        strncasecmp(body + i, word, n) == 0)
      return true;
  return false;
}

static bool complains(const char *body, size_t len, const char *const *complaints) {
  static const char *const usual[] = {"drop", "reject", "too old", "invalid", "not accepted", NULL};
  for (const char *const *word = complaints ? complaints : usual; *word; word++)
    if (contains(body, len, *word))
      return true;
  return false;
}

// A page in HTML with a 200 comes from a proxy or a portal: no log was taken.
static bool is_page(const char *body, size_t len) {
  size_t i = 0;
  while (i < len && isspace((unsigned char)body[i]))
    i++;
  return contains(body + i, len - i < 9 ? len - i : 9, "<!doctype") ||
         contains(body + i, len - i < 5 ? len - i : 5, "<html");
}

enum logs_verdict logs_classify(int status, const char *body, size_t len,
                                const char *const *complaints) {
  switch (status) {
  case 200:
  case 201:
  case 202:
  case 204:
    if (len > LOOKED_AT)
      len = LOOKED_AT;
    if (is_page(body, len))
      return LOGS_OUTAGE;
    return complains(body, len, complaints) ? LOGS_COMPLAINED : LOGS_ACCEPTED;
  case 401:
  case 403:
    return LOGS_REFUSED;
  case 404:
  case 410:
    return LOGS_NO_INSTANCE;
  case 407:
  case 408:
  case 425:
    return LOGS_OUTAGE;
  case 429:
    return LOGS_THROTTLED;
  default:
    return status >= 400 && status < 500 ? LOGS_REJECTED : LOGS_OUTAGE;
  }
}
