// Trusted profiles: what somebody may become without having a key of it. How requests and errors
// name one, and what a refusal to become one means.
#ifndef ROTATOR_CLOUD_IAM_PROFILE_H
#define ROTATOR_CLOUD_IAM_PROFILE_H

#include <stdbool.h>

#include "rotator/base/error.h"
#include "rotator/base/secret.h"

// By one of id, name and crn; by none, where the other side knows a default.
struct iam_profile {
  const char *id, *name, *crn;
  const char *account; // in which the name is looked up; NULL: the other side knows
};

bool iam_profile_is_given(const struct iam_profile *p);
// Its id (also out of the CRN) or name; "(the default one)" when nothing is given. Never NULL.
const char *iam_profile_name(const struct iam_profile *p);
// Its members of the token endpoint's form.
enum err iam_profile_add(struct secret *form, const struct iam_profile *p);

// What the code of a refusal says: of the token endpoint, or of the metadata service.
enum iam_profile_fault {
  IAM_PROFILE_FINE,       // it is about something else
  IAM_PROFILE_NOT_LINKED, // no link, rule or identity of the profile names who asks; or there is no
                          // such profile: the service does not tell these apart
  IAM_PROFILE_UNKNOWN,    // its CRN is wrong
  IAM_PROFILE_TOKEN,      // the token of the pod or job is none that IAM takes
};
enum iam_profile_fault iam_profile_fault(const struct error *e);

// Where platforms put the token of a pod or job, in the order of the SDKs; NULL at the end.
extern const char *const iam_compute_files[];
// That token, from the first of the files that is there. ERR_DENIED: none is. Else as
// credential_read_word.
enum err iam_compute_read(const char *const *files, struct secret **ret, const char **ret_file,
                          struct error *e);
// Who it is for: "system:serviceaccount:NAMESPACE:NAME" of a pod. False: it does not say.
#define IAM_SUBJECT_MAX 160
bool iam_compute_subject(const struct secret *token, char dst[IAM_SUBJECT_MAX]);

#endif
