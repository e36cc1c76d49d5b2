// What an answer that is not 2xx says, and what it means.
//
// IAM has three shapes of error (token endpoint: flat; identity API and policy API: a list), and
// the gateways before it answer in HTML. iam_fault_decode reads any of them; the two iam_fault_kind
// functions are the only places where a status becomes a decision. Texts are localised by the
// service, so decisions are made by status and code alone.
//
// The members errorDetails and details are never read into a fault: the token endpoint was seen to
// echo the key there.
#ifndef ROTATOR_CLOUD_IAM_FAULT_H
#define ROTATOR_CLOUD_IAM_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "rotator/base/error.h"

struct iam_fault {
  bool json;             // the body was a JSON object
  bool listed;           // … with a non-empty errors[] (identity and policy API)
  size_t n;              // errors in it; 1 for the flat shape with a code
  char code[64];         // errors[0].code, else code, else errorCode; "" if none
  char message_code[64]; // errors[0].message_code ("BXNIM0102E")
  char message[200];     // printable, cut, no full stop at its end
  char trace[128];       // transaction id in the body
};

void iam_fault_decode(const char *body, size_t len, struct iam_fault *ret);
// The BXNIM code where there is one, else the word.
const char *iam_fault_code(const struct iam_fault *f);
// The identity and policy APIs. versioned: an entity tag was sent, so 409 and 412 are about it.
enum err iam_fault_kind(int status, const struct iam_fault *f, bool versioned);
// The token endpoint: ERR_REFUSED is a verdict on the value offered, and only an answer of IAM's
// own counts as one.
enum err iam_fault_kind_of_exchange(int status, const struct iam_fault *f);
// True for the ways in which the service says that it knows no such value.
bool iam_fault_unknown_value(int status, const struct iam_fault *f);

#endif
