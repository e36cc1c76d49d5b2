#include "rotator/app/host_id.h"

#include <stdio.h>
#include <string.h>

#include "rotator/base/text.h"

void host_id_find(const struct config *c, char dst[STATE_WHO_MAX]) {
  char id[64] = "";
  dst[0] = '\0';
  if (c->host_id) {
    text_copy(dst, STATE_WHO_MAX, c->host_id);
    return;
  }
  FILE *f = fopen("/etc/machine-id", "re");
  if (!f)
    return;
  if (fgets(id, sizeof id, f))
    id[strcspn(id, "\n")] = '\0';
  fclose(f);
  if (text_is_hex(id, 32))
    text_copy(dst, STATE_WHO_MAX, id);
}
