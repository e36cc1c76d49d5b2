#include "rotator/app/report/history.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/report/answers.h"
#include "rotator/app/report/out.h"

// The last `keep` entries, oldest first. keep 0: all.
struct entries {
  cJSON **list;
  size_t n, keep;
};

static bool add(void *ctx, const cJSON *entry) {
  struct entries *es = ctx;
  if (es->keep > 0 && es->n == es->keep) {
    cJSON_Delete(es->list[0]);
    memmove(es->list, es->list + 1, (es->n - 1) * sizeof *es->list);
    es->n--;
  }
  cJSON **more = reallocarray(es->list, es->n + 1, sizeof *more);
  if (!more)
    return false;
  es->list = more;
  es->list[es->n++] = cJSON_Duplicate(entry, true);
  return true;
}

static void show(const struct entries *es) {
  struct table t;
  table_init(&t, 5);
  table_row(&t, (const char *const[]){"TIME", "WHAT", "PHASE", "KEY", "TEXT"});
  for (size_t i = 0; i < es->n; i++) {
    const cJSON *o = es->list[i];
    const char *text = json_text(o, "error") ? json_text(o, "error") : json_text(o, "text");
    table_row(&t, (const char *const[]){json_text(o, "time"), json_text(o, "what"),
                                        json_text(o, "phase"), json_text(o, "key_id"), text});
  }
  table_print(&t);
  table_clear(&t);
}

int command_history(struct app *a) {
  struct entries es = {.keep = (size_t)a->cli.lines};
  struct error e;
  if (a->n_selected == 0)
    return EXIT_FINE;
  struct managed *m = a->selected[0];
  enum err err = history_read(m, add, &es, &e);
  cJSON *answer = answer_target(a, m->target.name);
  cJSON *list = answer ? cJSON_AddArrayToObject(answer, "entries") : NULL;
  if (err == ERR_OK)
    show(&es);
  else
    out_line("%s: %s", m->target.name, e.text);
  for (size_t i = 0; i < es.n; i++)
    json_append(list, es.list[i]);
  free(es.list);
  return EXIT_FINE;
}
