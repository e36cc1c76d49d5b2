// Words that somebody may choose from: lists written "a|b|c", and "did you mean".
#ifndef ROTATOR_BASE_CHOICES_H
#define ROTATOR_BASE_CHOICES_H

#include <stdbool.h>

#define CHOICE_MAX 64 // of one word of a list, with its NUL; longer ones are cut

// The next word of "a|b|c": copies it and moves *list behind it. False at the end of the list.
//   for (const char *at = list; choices_next(&at, word);)
bool choices_next(const char **list, char word[CHOICE_MAX]);
// The place of a text in the list, from 0; −1 if it is none of the words.
int choices_find(const char *list, const char *text);

#define NEAREST_MAX 65 // the longest name of a target has 64 characters

// The nearest of several right words to a wrong one. Begin with nearest_start, offer every right
// word to nearest_try; `best` is "" while none is near enough to be meant.
struct nearest {
  const char *written;
  unsigned limit; // edits that would be too many
  char best[NEAREST_MAX];
};
struct nearest nearest_start(const char *written);
void nearest_try(struct nearest *n, const char *word);
// Compares with `spelt`, and means `word` by it: "Berlin" for "Europe/Berlin".
void nearest_try_as(struct nearest *n, const char *spelt, const char *word);
struct nearest nearest_choice(const char *list, const char *written); // of "a|b|c"

#endif
