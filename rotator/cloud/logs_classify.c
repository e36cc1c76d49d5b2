// What an answer of ingestion means. That a 2xx may have dropped logs is documented, what its body
// says then is not: words are looked for, as what they are in the body. A counter {"rejected":0} is
// no complaint; a text that says "rejected" is.
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "rotator/base/json.h"
#include "rotator/base/text.h"
#include "rotator/cloud/logs.h"

#define SEARCHED 4096 // bytes of a 2xx body that are searched when it is no JSON

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

void logs_send_each(struct logs *l, struct logs_sending *s, size_t n) {
  if (l->ops->send_each) {
    l->ops->send_each(l, s, n);
    return;
  }
  for (size_t i = 0; i < n; i++)
    s[i].verdict = l->ops->send(l, s[i].bearer, s[i].record, false, &s[i].error);
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

static const char *word_in(const char *text, size_t len, const char *const *words) {
  for (; *words; words++)
    if (contains(text, len, *words))
      return *words;
  return NULL;
}

// --- a body that is JSON -------------------------------------------------------------------------

// A counter of nothing, or a tree of them.
static bool is_empty(const cJSON *m) {
  if (cJSON_IsNumber(m))
    return m->valuedouble == 0;
  if (cJSON_IsString(m))
    return strspn(m->valuestring, "0") == strlen(m->valuestring);
  for (const cJSON *child = m->child; child; child = child->next)
    if (!is_empty(child))
      return false;
  return !cJSON_IsTrue(m);
}

static const char *word_of(const cJSON *m, const char *const *words) {
  const char *word =
      cJSON_IsString(m) ? word_in(m->valuestring, strlen(m->valuestring), words) : NULL;
  if (!word && m->string && !is_empty(m))
    word = word_in(m->string, strlen(m->string), words);
  return word;
}

// The first member, or element, that complains. Recursion is as deep as json_parse allows.
static const cJSON *find(const cJSON *m, const char *const *words, const char **ret_word) {
  for (; m; m = m->next) {
    *ret_word = word_of(m, words);
    const cJSON *found = *ret_word ? m : find(m->child, words, ret_word);
    if (found)
      return found;
  }
  return NULL;
}

static void quote(const cJSON *m, struct logs_match *ret) {
  struct text_buf b = TEXT_BUF(64 * 1024);
  char *value = cJSON_PrintUnformatted(m);
  if (m->string)
    text_buf_add(&b, "\"%s\":", m->string);
  text_buf_add(&b, "%s", value ? value : "");
  text_printable(ret->quote, sizeof ret->quote, text_buf_str(&b), strlen(text_buf_str(&b)));
  cJSON_free(value);
  text_buf_free(&b);
}

// --- the body ------------------------------------------------------------------------------------

static bool complains(const char *body, size_t len, const char *const *words,
                      struct logs_match *ret) {
  JSON_AUTO tree = json_parse(body, len);
  const char *word = NULL;
  if (tree) {
    const cJSON *m = find(tree, words, &word);
    if (m)
      quote(m, ret);
  } else {
    if (len > SEARCHED)
      len = SEARCHED;
    word = word_in(body, len, words);
    if (word)
      text_printable(ret->quote, sizeof ret->quote, body, len);
  }
  if (word)
    text_printable(ret->word, sizeof ret->word, word, strlen(word));
  return word != NULL;
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
                                const char *const *complaints, struct logs_match *ret) {
  static const char *const usual[] = {"drop", "reject", "too old", "invalid", "not accepted", NULL};
  *ret = (struct logs_match){.word = ""};
  switch (status) {
  case 200:
  case 201:
  case 202:
  case 204:
    if (is_page(body, len))
      return LOGS_OUTAGE;
    return complains(body, len, complaints ? complaints : usual, ret) ? LOGS_COMPLAINED
                                                                      : LOGS_ACCEPTED;
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
