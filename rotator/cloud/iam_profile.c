#include "rotator/cloud/iam_profile.h"

#include <string.h>

#include "rotator/http/transport.h"

bool iam_profile_is_given(const struct iam_profile *p) {
  return p->id || p->name || p->crn;
}

const char *iam_profile_name(const struct iam_profile *p) {
  const char *last = p->crn ? strrchr(p->crn, ':') : NULL;
  if (p->id)
    return p->id;
  if (p->name)
    return p->name;
  return last ? last + 1 : p->crn ? p->crn : "(the default one)";
}

enum err iam_profile_add(struct secret *form, const struct iam_profile *p) {
  const char *const members[][2] = {{"profile_id", p->id},
                                    {"profile_name", p->name},
                                    {"profile_crn", p->crn},
                                    {"account", p->account}};
  enum err err = ERR_OK;
  for (size_t i = 0; i < sizeof members / sizeof *members && !err; i++)
    if (members[i][1])
      err = http_form_add(form, members[i][0], members[i][1]);
  return err;
}

enum iam_profile_fault iam_profile_fault(const struct error *e) {
  static const struct {
    const char *code;
    enum iam_profile_fault fault;
  } codes[] = {
      {"BXNIM0398E", IAM_PROFILE_NOT_LINKED},         // the profile is not eligible
      {"profile_not_linked", IAM_PROFILE_NOT_LINKED}, // the metadata service's word for it
      {"BXNIM0113E", IAM_PROFILE_UNKNOWN},            // the CRN is invalid
      {"BXNIM0401E", IAM_PROFILE_TOKEN},              // malformed
      {"BXNIM0405E", IAM_PROFILE_TOKEN},              // of a kind that is not supported
  };
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (strcmp(e->code, codes[i].code) == 0)
      return codes[i].fault;
  return IAM_PROFILE_FINE;
}
