// What may belong to one target only: its name, its identity on its instance, and the places of its
// stores. Each is noted while the targets are read, and compared by sorting at the end. Of two that
// claim the same, the one read later is broken: nothing in targets.d can stop what the main file
// says, and the same files always give the same answer.
#include <stdlib.h>
#include <string.h>

#include "rotator/config/internal.h"

// A name, identity or place that belongs to one target only.
struct config_claim {
  const char *key;  // begins with its kind: "name ", "identity ", "place "
  const char *what; // for people
  const char *file;
  yaml_mark_t mark;
  size_t target; // by its place in the list of targets
  size_t no;     // the first claim is 0
};

void config_claim(struct config_loader *l, const yaml_mark_t *at, const char *kind, const char *key,
                  const char *what) {
  if (l->n_claims == l->claims_cap) {
    size_t cap = l->claims_cap ? l->claims_cap * 2 : 64;
    struct config_claim *grown = realloc(l->claims, cap * sizeof *grown);
    if (!grown) {
      l->out_of_memory = true;
      return;
    }
    l->claims = grown;
    l->claims_cap = cap;
  }
  size_t size = strlen(kind) + strlen(key) + 2;
  char *whole = config_scratch(l, size);
  char *kept_what = config_scratch_text(l, what);
  if (!whole || !kept_what)
    return;
  snprintf(whole, size, "%s %s", kind, key);
  l->claims[l->n_claims] = (struct config_claim){.key = whole,
                                                 .what = kept_what,
                                                 .file = l->file,
                                                 .mark = *at,
                                                 .target = l->config->n_targets - 1,
                                                 .no = l->n_claims};
  l->n_claims++;
}

// In the order in which people read: by file as they were read, then by line.
static int by_key(const void *a, const void *b) {
  const struct config_claim *x = a, *y = b;
  int key = strcmp(x->key, y->key);
  if (key != 0)
    return key;
  if (x->file == y->file && x->mark.line != y->mark.line)
    return x->mark.line < y->mark.line ? -1 : 1;
  return x->no < y->no ? -1 : x->no > y->no;
}

static void tell(struct config_loader *l, const struct config_claim *first,
                 const struct config_claim *later) {
  const char *name = l->config->targets[first->target].name;
  l->file = later->file;
  l->target = &l->config->targets[later->target];
  l->scope = CONFIG_SCOPE_TARGET;
  if (first->target == later->target)
    config_wrong(l, &later->mark, NULL, "%s is used twice in this target, first on line %zu",
                 later->what, first->mark.line + 1);
  else
    config_wrong(l, &later->mark, NULL, "%s is taken by target %s (%s:%zu)", later->what, name,
                 first->file, first->mark.line + 1);
}

void config_claims_check(struct config_loader *l) {
  if (l->n_claims > 1)
    qsort(l->claims, l->n_claims, sizeof l->claims[0], by_key);
  size_t first = 0;
  for (size_t i = 1; i < l->n_claims; i++) {
    if (strcmp(l->claims[i].key, l->claims[first].key) == 0)
      tell(l, &l->claims[first], &l->claims[i]);
    else
      first = i;
  }
}
