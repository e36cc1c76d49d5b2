#include "rotator/base/choices.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "rotator/base/text.h"

bool choices_next(const char **list, char word[CHOICE_MAX]) {
  size_t len = strcspn(*list, "|");
  if (len == 0)
    return false;
  snprintf(word, CHOICE_MAX, "%.*s", (int)len, *list);
  *list += len + ((*list)[len] != '\0');
  return true;
}

int choices_find(const char *list, const char *text) {
  char word[CHOICE_MAX];
  int i = 0;
  for (const char *at = list; choices_next(&at, word); i++)
    if (strcmp(word, text) == 0)
      return i;
  return -1;
}

struct nearest nearest_start(const char *written) {
  // Two letters that changed places count as two. Beyond three wrong letters a guess is no help.
  size_t len = strlen(written);
  return (struct nearest){.written = written, .limit = len < 4 ? 2 : len < 9 ? 3 : 4};
}

void nearest_try_as(struct nearest *n, const char *spelt, const char *word) {
  size_t len = strlen(n->written);
  unsigned distance = text_distance(n->written, spelt);
  if (len >= 3 && strncmp(spelt, n->written, len) == 0 && spelt[len] == '_')
    distance = 1; // "token" for "token_file"
  if (distance > 1 && strcasecmp(spelt, n->written) == 0)
    distance = 1;
  if (distance < n->limit) {
    n->limit = distance;
    text_copy(n->best, sizeof n->best, word);
  }
}

void nearest_try(struct nearest *n, const char *word) {
  nearest_try_as(n, word, word);
}

struct nearest nearest_choice(const char *list, const char *written) {
  struct nearest n = nearest_start(written);
  char word[CHOICE_MAX];
  for (const char *at = list; choices_next(&at, word);)
    nearest_try(&n, word);
  return n;
}
