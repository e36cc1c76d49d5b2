#include "rotator/app/report/report_rights.h"

#include <stdio.h>

// Actions and roles: IBM Cloud's own tables of IAM Identity and Cloud Logs.
static const char *action_of(enum row row) {
  switch (row) {
  case ROW_create:
    return "iam-identity.apikey.create";
  case ROW_enable:
  case ROW_disable:
  case ROW_held:
    return "iam-identity.apikey.update";
  case ROW_delete:
  case ROW_stray:
    return "iam-identity.apikey.delete";
  default:
    return "iam-identity.apikey.list, .get";
  }
}

static bool is_about_proof(enum row row) {
  return row == ROW_promote || row == ROW_refute || row == ROW_await || row == ROW_settle ||
         row == ROW_stuck || row == ROW_swap || row == ROW_retire || row == ROW_unsure;
}

bool report_rights(const struct bound *b, enum row row, const struct error *e, char *dst,
                   size_t cap) {
  // A management key that is not accepted answers 400: that is no matter of rights.
  bool proof = is_about_proof(row) || b->told.dropped == ROW_refute;
  if (e->status != 403 && !(proof && e->status == 401))
    return false;
  if (proof) {
    snprintf(dst, cap,
             "%s may lack role Sender (logs.data-ingress.send) on instance %s; if it was granted, "
             "whoever granted it may lack Sender too: such a grant looks right and confers nothing",
             b->config->service_id, b->config->guid);
    return true;
  }
  snprintf(dst, cap,
           "the management identity lacks %s on %s: role Operator on IAM Identity has it "
           "(rotator init --print-policy %s prints the command)",
           action_of(row), b->config->service_id, b->target.name);
  return true;
}
