// From an answer to the story told in struct error.
#ifndef ROTATOR_CLOUD_IAM_REPORT_H
#define ROTATOR_CLOUD_IAM_REPORT_H

#include "rotator/base/secret.h"
#include "rotator/cloud/iam_fault.h"
#include "rotator/http/transport.h"

// An answer was judged `kind`: status, code, transaction id and one sentence. `what` says what was
// being done. Returns kind.
enum err iam_report(enum err kind, const struct iam_fault *f, const struct http_response *r,
                    const char *what, struct error *e);
// No answer: adds `what`, and our own transaction id where the transport knew none, to what the
// transport said. Its ERR_REFUSED (an answer beyond its limits) becomes ERR_UNSURE, since a refusal
// from here on means one of IAM's. ERR_OK passes.
enum err iam_report_no_answer(enum err err, const char *what, const char *transaction,
                              struct error *e);
// Judges anew what *e says already; ERR_OK takes it back. Returns kind.
enum err iam_report_as(enum err kind, struct error *e);
// Takes out of *e whatever repeats the secret (secret_is_repeated). NULL allowed for both.
void iam_report_hide(struct error *e, const struct secret *value);

#endif
