// Values that concern trusted profiles: how one is named, and where a virtual server's metadata
// service is.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/config/internal.h"
#include "rotator/http/transport.h"

enum err config_profile_id_check(struct config_value *v) {
  const char *s = v->text;
  if (text_starts(s, "iam-Profile-"))
    text_copy(v->nearest, sizeof v->nearest, s + strlen("iam-"));
  if (text_starts(s, "Profile-") && text_is_uuid(s + strlen("Profile-")))
    return ERR_OK;
  return error_set(&v->e, ERR_INVALID,
                   "expected the id of a trusted profile, Profile- and a UUID (8-4-4-4-12 "
                   "hexadecimal digits)");
}

// Of "crn:v1:bluemix:public:iam-identity::a/ACCOUNT::profile:Profile-UUID" the last two parts.
enum err config_profile_crn_check(struct config_value *v) {
  static const char kind[] = ":profile:Profile-";
  const char *last = strstr(v->text, kind);
  if (text_starts(v->text, "crn:v1:") && strstr(v->text, ":iam-identity::a/") && last &&
      text_is_uuid(last + sizeof kind - 1))
    return ERR_OK;
  return error_set(&v->e, ERR_INVALID,
                   "expected the CRN of a trusted profile "
                   "(crn:v1:bluemix:public:iam-identity::a/ACCOUNT::profile:Profile-UUID)");
}

enum err config_account_check(struct config_value *v) {
  char shown[CONFIG_SHOWN_MAX];
  if (text_is_hex(v->text, 32))
    return ERR_OK;
  return error_set(&v->e, ERR_INVALID,
                   "expected the id of an account, 32 hexadecimal digits, not %s",
                   config_show_text(shown, v->text));
}

enum err config_metadata_check(struct config_value *v) {
  char host[256], shown[CONFIG_SHOWN_MAX];
  bool https = false;
  int port = 0;
  if (choices_find(v->choices, v->text) >= 0)
    return ERR_OK;
  if (!strstr(v->text, "://")) {
    text_copy(v->nearest, sizeof v->nearest, nearest_choice(v->choices, v->text).best);
    return error_set(&v->e, ERR_INVALID, "expected http, https or a URL, not %s",
                     config_show_text(shown, v->text));
  }
  if (strpbrk(v->text, "?#@") || !http_url_host(v->text, host, sizeof host, &https, &port))
    return error_set(&v->e, ERR_INVALID,
                     "expected https://HOST[:PORT][/PATH], without user, query and fragment");
  if (https || (http_host_is_metadata(host) && port == 80) || http_host_is_loopback(host))
    return ERR_OK;
  return error_set(&v->e, ERR_INVALID,
                   "expected https://; http:// is for the metadata service's own address alone");
}
