// The table of options as the option lists of rotator.yaml(5), in mdoc. Lines are broken at
// sentences and at 78 columns, as mandoc's lint wants them.
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/config/internal.h"

#define COLUMNS 78

// One word at the end of a line, or at the beginning of the next.
static void add_word(struct text_buf *out, const char *word, size_t len, size_t *column) {
  if (*column > 0 && *column + 1 + len > COLUMNS) {
    text_buf_add(out, "\n");
    *column = 0;
  }
  if (*column > 0)
    text_buf_add(out, " ");
  else if (word[0] == '.' || word[0] == '\'') // not a request of roff
    text_buf_add(out, "\\&");
  *column += len + (*column > 0);
  for (size_t i = 0; i < len; i++)
    text_buf_add(out, word[i] == '\\' ? "\\e" : "%c", word[i]);
}

static void add_text(struct text_buf *out, const char *text) {
  size_t column = 0;
  while (*text) {
    size_t len = strcspn(text, " ");
    bool sentence = len > 1 && text[len - 1] == '.' && text[len] == ' ' &&
                    isupper((unsigned char)text[len + 1]);
    add_word(out, text, len, &column);
    text += len + (text[len] != '\0');
    if (sentence) {
      text_buf_add(out, "\n");
      column = 0;
    }
  }
  text_buf_add(out, "\n");
}

static void add_head(struct text_buf *out, const char *name, enum config_type type,
                     const char *choices) {
  const char *manual = config_types[type].manual;
  char word[CHOICE_MAX];
  if (type == CONFIG_WORDS && choices) { // a list of them
    text_buf_add(out, ".It Ic %s : Ar list No of Cm ", name);
    manual = NULL;
  } else {
    text_buf_add(out, ".It Ic %s : %s", name, choices ? "Cm " : "");
  }
  for (const char *at = choices ? choices : ""; choices_next(&at, word);)
    text_buf_add(out, "%s%s", word, *at ? " | " : "");
  text_buf_add(out, "%s%s\n", choices && manual ? " | " : "", manual ? manual : "");
}

static void add_end(struct text_buf *out, bool required, const char *fallback) {
  char text[256];
  if (required)
    add_text(out, "Required.");
  if (!fallback)
    return;
  snprintf(text, sizeof text, "Default: %s.", fallback);
  add_text(out, text);
}

static void add_place(struct text_buf *out, const char *title, unsigned where) {
  text_buf_add(out, ".Ss %s\n.Bl -tag -width Ds\n", title);
  for (size_t i = 0; i < config_options_n; i++) {
    const struct config_option *o = &config_options[i];
    if (o->where != where && o->where != (where | CONFIG_EXTRA))
      continue;
    add_head(out, o->name, o->type, o->choices);
    add_text(out, o->help);
    add_end(out, o->required, o->shown ? o->shown : o->fallback);
  }
  text_buf_add(out, ".El\n");
}

static void add_store(struct text_buf *out, const struct store_backend *b) {
  text_buf_add(out, ".Ss Store %s\n.Bl -tag -width Ds\n", b->name);
  for (const struct store_option *o = b->options; o->name; o++) {
    add_head(out, o->name, config_store_type(o->type),
             o->type == STORE_OPT_CHOICE ? o->choices : NULL);
    add_text(out, o->help);
    add_end(out, o->required, o->fallback);
  }
  text_buf_add(out, ".El\n");
}

enum err config_schema_manual(struct text_buf *out) {
  add_place(out, "Top of the main file", CONFIG_MAIN);
  add_place(out, "Targets", CONFIG_TARGET);
  add_place(out, "Targets and defaults", CONFIG_DEFAULTS | CONFIG_TARGET);
  for (size_t i = 0; store_backends[i]; i++)
    if (config_store_is_offered(store_backends[i]))
      add_store(out, store_backends[i]);
  return out->failed ? ERR_INTERNAL : ERR_OK;
}
