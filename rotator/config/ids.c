// Ids of IAM as people write them: which kind one is, and which was meant.
#include <string.h>
#include <strings.h>

#include "rotator/base/text.h"
#include "rotator/config/internal.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// "did you mean BEFORE ID?"
static void suggest(struct config_value *v, const char *before, const char *id) {
  char text[NEAREST_MAX];
  int n = snprintf(text, sizeof text, "%s%s", before, id);
  if (n > 0 && (size_t)n < sizeof text)
    text_copy(v->nearest, sizeof v->nearest, text);
}

static bool starts_ibmid(const char *s) { // however it is written
  return strncasecmp(s, "IBMid-", strlen("IBMid-")) == 0;
}

enum err config_service_id_check(struct config_value *v) {
  static const char want[] = "expected the name of a service ID, or ServiceId-UUID";
  const char *s = v->text;
  if (text_starts(s, "iam-ServiceId-")) {
    suggest(v, "", s + strlen("iam-"));
    return error_set(&v->e, ERR_INVALID, "an IAM id; %s", want);
  }
  if (text_starts(s, "ServiceId-") && !text_is_uuid(s + strlen("ServiceId-")))
    return error_set(&v->e, ERR_INVALID,
                     "expected ServiceId- and a UUID (8-4-4-4-12 hexadecimal digits)");
  if (text_starts(s, "crn:"))
    return error_set(&v->e, ERR_INVALID, "a CRN; %s", want);
  if (starts_ibmid(s)) {
    suggest(v, "user: IBMid-", s + strlen("IBMid-"));
    return error_set(&v->e, ERR_INVALID, "a user; %s", want);
  }
  return ERR_OK;
}

// What else somebody may have written; NULL: nothing that is known.
static const char *what_it_is(const char *s) {
  const char *id = text_starts(s, "iam-") ? s + strlen("iam-") : s;
  return text_starts(id, "ServiceId-") ? "a service ID"
         : text_starts(id, "Profile-") ? "a trusted profile, which has no API keys"
         : text_starts(s, "crn:")      ? "a CRN"
         : strchr(s, '@') ? "a mail address (ibmcloud account users --output json shows the IAM id "
                            "as ibmUniqueId)"
                          : NULL;
}

// IBMid-…, or the id that another identity provider's users have: its realm, and something with
// digits in it. A name without digits is that of a service ID, most likely.
static bool is_user_id(const char *s) {
  const char *dash = strchr(s, '-');
  size_t len = strlen(s);
  return dash && dash != s && strpbrk(dash, DIGITS) && strspn(s, LETTERS DIGITS "._-") == len &&
         !text_starts(s, "iam-") && (!starts_ibmid(s) || text_starts(s, "IBMid-"));
}

static void suggest_user(struct config_value *v) {
  const char *s = v->text, *service = strstr(s, "ServiceId-");
  if (service && (service == s || text_starts(s, "iam-ServiceId-")))
    suggest(v, "service_id: ", service);
  else if (strcasecmp(s, "me") == 0)
    suggest(v, "", "me");
  else if (text_starts(s, "iam-IBMid-"))
    suggest(v, "", s + strlen("iam-"));
  else if (starts_ibmid(s) && !text_starts(s, "IBMid-"))
    suggest(v, "IBMid-", s + strlen("IBMid-"));
}

enum err config_user_check(struct config_value *v) {
  static const char want[] = "expected me, or the IAM id of a user (IBMid-…)";
  char shown[CONFIG_SHOWN_MAX];
  const char *what = what_it_is(v->text);
  if (strcmp(v->text, "me") == 0)
    return ERR_OK;
  if (!what && is_user_id(v->text) && strlen(v->text) <= (size_t)v->most)
    return ERR_OK;
  suggest_user(v);
  if (what)
    return error_set(&v->e, ERR_INVALID, "%s; %s", what, want);
  return error_set(&v->e, ERR_INVALID, "%s, not %s; a service ID by its name stands in service_id",
                   want, config_show_text(shown, v->text));
}
