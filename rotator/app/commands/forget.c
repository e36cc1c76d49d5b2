#include <stdio.h>
#include <unistd.h>

#include "rotator/app/commands/common.h"

static enum err forget(struct app *a, struct bound *b, const struct engine_io *io, char *ret_text,
                       size_t cap, struct error *e) {
  (void)a;
  struct look l;
  char key[IAM_ID_MAX] = "";
  if (look_at(b, LOOK_OFFLINE, &l, NULL) == ERR_OK) {
    if (l.view.state)
      snprintf(key, sizeof key, "%s", l.state.slots[SLOT_CURRENT].key_id);
    look_clear(&l);
  }
  enum err err = target_forget(&b->target, io, e);
  snprintf(ret_text, cap,
           "forgotten. %s stays active in IAM and stays in the sinks; nobody will rotate it. Take "
           "the target out of the configuration",
           key[0] ? key : "its key");
  if (err == ERR_OK)
    unlink(b->record_path);
  return err;
}

int command_forget(struct app *a) {
  if (!confirm(a, "End the management of this target? Its key stays as it is."))
    return EXIT_USAGE;
  return change_each(a, "forget", forget);
}
