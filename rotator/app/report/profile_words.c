#include "rotator/app/report/profile_words.h"

#include <stdio.h>
#include <string.h>

#include "rotator/app/credential.h"
#include "rotator/base/text.h"

// "system:serviceaccount:NAMESPACE:NAME", where the token says so. False: it is a job's, or cannot
// be read.
struct pod {
  char namespace[80], name[80];
};

static bool find_pod(const struct config_credential *c, struct pod *ret) {
  const char *const one[] = {c->token_file, NULL};
  char subject[IAM_SUBJECT_MAX];
  SECRET_AUTO token = NULL;
  const char *file = NULL;
  return iam_compute_read(c->token_file ? one : iam_compute_files, &token, &file, NULL) == ERR_OK &&
         iam_compute_subject(token, subject) &&
         sscanf(subject, "system:serviceaccount:%79[a-z0-9.-]:%79[a-z0-9.-]", ret->namespace,
                ret->name) == 2;
}

void profile_link_command(const struct config_credential *c, const char *profile,
                          const char *service_id, char *dst, size_t cap) {
  static const char link[] = "ibmcloud iam trusted-profile-link-create";
  struct pod pod;
  if (c->kind == CONFIG_CREDENTIAL_KEY)
    snprintf(dst, cap,
             "ibmcloud iam trusted-profile-identity-create %s --id %s --id-type SERVICEID", profile,
             service_id);
  else if (c->kind == CONFIG_CREDENTIAL_METADATA)
    snprintf(dst, cap, "%s %s --name rotator --cr-type VSI --link-crn CRN-OF-THE-SERVER", link,
             profile);
  else if (find_pod(c, &pod))
    snprintf(dst, cap,
             "%s %s --name rotator --cr-type IKS_SA --link-crn CRN-OF-THE-CLUSTER "
             "--link-namespace %s --link-name %s",
             link, profile, pod.namespace, pod.name);
  else
    snprintf(dst, cap,
             "%s %s --name rotator --cr-type CE --link-crn CRN-OF-THE-PROJECT "
             "--link-component-type job --link-component-name NAME-OF-THE-JOB",
             link, profile);
}

// The service ID that was refused, as the error names it: "iam-ServiceId-UUID".
static void find_service_id(const struct error *e, char *dst, size_t cap) {
  static const char prefix[] = "iam-ServiceId-";
  const char *at = strstr(e->text, prefix);
  char uuid[37] = "";
  if (at)
    snprintf(uuid, sizeof uuid, "%.36s", at + strlen(prefix));
  if (text_is_uuid(uuid))
    snprintf(dst, cap, "ServiceId-%s", uuid);
  else
    text_copy(dst, cap, "SERVICE-ID-OF-THE-KEY");
}

static void words_for_link(const struct config_credential *c, const struct error *e, char *dst,
                           size_t cap) {
  static const char *const missing[] = {
      [CONFIG_CREDENTIAL_KEY] = "does not name the key's identity as one that may assume it",
      [CONFIG_CREDENTIAL_COMPUTE] = "has no link and no rule that fits the token",
      [CONFIG_CREDENTIAL_METADATA] = "has no link to this virtual server",
  };
  const struct iam_profile p = credential_profile(c);
  char quoted[300], id[64], command[700];
  find_service_id(e, id, sizeof id);
  snprintf(quoted, sizeof quoted, "'%s'",
           iam_profile_is_given(&p) ? iam_profile_name(&p) : "PROFILE");
  profile_link_command(c, quoted, id, command, sizeof command);
  if (iam_profile_is_given(&p))
    snprintf(dst, cap,
             "trusted profile %s %s, or there is no such profile (IAM does not say which): %s%s",
             quoted, missing[c->kind], command,
             strstr(command, "IKS_SA") ? " (ROKS_SA for OpenShift)" : "");
  else
    snprintf(dst, cap,
             "this virtual server has no default trusted profile: name one of those that are "
             "linked to it, or link one: %s",
             command);
}

bool profile_is_named(const struct config_credential *c, const struct error *e) {
  const struct iam_profile p = credential_profile(c);
  char text[320];
  bool has = c->kind == CONFIG_CREDENTIAL_METADATA || iam_profile_is_given(&p);
  snprintf(text, sizeof text, "trusted profile %s", iam_profile_name(&p));
  return has && strstr(e->text, text) != NULL;
}

bool profile_words(const struct config_credential *c, const struct error *e, char *dst,
                   size_t cap) {
  switch (iam_profile_fault(e)) {
  case IAM_PROFILE_NOT_LINKED:
    words_for_link(c, e, dst, cap);
    return true;
  case IAM_PROFILE_UNKNOWN:
    snprintf(dst, cap,
             "the CRN of the trusted profile is wrong: `ibmcloud iam trusted-profiles --output "
             "json` shows the right one");
    return true;
  case IAM_PROFILE_TOKEN:
    snprintf(dst, cap,
             "the token is none that IAM takes: it has to be a projected service account token "
             "with audience iam, of a cluster of IBM Cloud, or what Code Engine gives a job whose "
             "trusted profiles are switched on");
    return true;
  default:
    return false;
  }
}
