#include "rotator/app/commands/policy_text.h"

#include <stdio.h>
#include <string.h>

#include "rotator/app/report/answers.h"
#include "rotator/app/report/out.h"
#include "rotator/base/text.h"

struct line {
  const char *why;
  char command[600];
};

// The ids, as far as they are known without contacting anything.
static void name_resource(const struct bound *b, char *dst, size_t cap) {
  const char *id = b->config->service_id;
  if (text_starts(id, "ServiceId-"))
    text_copy(dst, cap, id);
  else if (strcmp(b->record.service_id, id) == 0 && text_starts(b->record.iam_id, "iam-"))
    text_copy(dst, cap, b->record.iam_id + strlen("iam-"));
  else
    snprintf(dst, cap, "\"$(ibmcloud iam service-id '%s' --uuid)\"", id);
}

static size_t make_lines(const struct bound *b, struct line lines[4]) {
  char resource[IAM_NAME_MAX + 64];
  const char *guid = b->config->guid;
  name_resource(b, resource, sizeof resource);
  lines[0].why = "to rotate: create, enable, disable and delete keys of this one service ID";
  snprintf(lines[0].command, sizeof lines[0].command,
           "ibmcloud iam service-policy-create \"$MANAGEMENT\" --service-name iam-identity "
           "--roles Operator --resource-type serviceid --resource %s",
           resource);
  lines[1].why = "the sender's own right; rotator init grants it where it may";
  snprintf(lines[1].command, sizeof lines[1].command,
           "ibmcloud iam service-policy-create '%s' --service-name logs --roles Sender "
           "--service-instance %s",
           b->config->service_id, guid);
  lines[2].why = "only for rotator init, to grant that right itself; may be taken away afterwards";
  snprintf(lines[2].command, sizeof lines[2].command,
           "ibmcloud iam service-policy-create \"$MANAGEMENT\" --service-name logs "
           "--roles Administrator,Sender --service-instance %s",
           guid);
  lines[3].why = "only for rotator init, where the account restricts who makes service IDs";
  snprintf(lines[3].command, sizeof lines[3].command,
           "ibmcloud iam service-policy-create \"$MANAGEMENT\" --service-name iam-identity "
           "--roles 'Service ID creator'");
  return 4;
}

int policy_print(struct app *a, struct bound *b) {
  struct line lines[4];
  size_t n = make_lines(b, lines);
  cJSON *o = answer_target(a, b->target.name);
  cJSON *list = o ? cJSON_AddArrayToObject(o, "policies") : NULL;
  out_line("# MANAGEMENT is the service ID whose key is rotator's management credential.");
  for (size_t i = 0; i < n; i++) {
    out_line("\n# %s\n%s", lines[i].why, lines[i].command);
    if (!list)
      continue;
    cJSON *x = cJSON_CreateObject();
    cJSON_AddStringToObject(x, "why", lines[i].why);
    cJSON_AddStringToObject(x, "command", lines[i].command);
    cJSON_AddItemToArray(list, x);
  }
  return EXIT_FINE;
}
