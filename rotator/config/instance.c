// The instance: its CRN, and by which URLs it and IAM are reached.
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/cloud/logs.h"
#include "rotator/config/internal.h"
#include "rotator/http/transport.h"

#define CRN_MAX 512
#define CRN_PARTS 10
#define URL_MAX 1024
#define IAM_PUBLIC "https://iam.cloud.ibm.com"
#define IAM_PRIVATE "https://private.iam.cloud.ibm.com"
#define IAM_CLASSIC "https://private.{region}.iam.cloud.ibm.com"
#define CRN_FORM "crn:v1:bluemix:public:logs:REGION:a/ACCOUNT:GUID::"

static bool is_region(const char *s) {
  size_t len = strlen(s);
  return len > 0 && len < 40 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

// Splits at ":" in place. False unless there are exactly CRN_PARTS parts.
static bool split(char *crn, char *parts[CRN_PARTS]) {
  size_t n = 0;
  for (char *s = crn;; s++) {
    if (n == CRN_PARTS)
      return false;
    parts[n++] = s;
    s += strcspn(s, ":");
    if (*s == '\0')
      return n == CRN_PARTS;
    *s = '\0';
  }
}

static enum err check_parts(char *parts[CRN_PARTS], char *nearest, struct error *e) {
  char shown[CONFIG_SHOWN_MAX];
  if (strcmp(parts[0], "crn") != 0 || strcmp(parts[1], "v1") != 0)
    return error_set(e, ERR_INVALID, "expected %s", CRN_FORM);
  if (strcmp(parts[4], "logs") != 0) {
    text_copy(nearest, NEAREST_MAX, "logs");
    return error_set(e, ERR_INVALID, "a CRN of the service %s, not of Cloud Logs",
                     config_show_text(shown, parts[4]));
  }
  if (!is_region(parts[5]))
    return error_set(e, ERR_INVALID, "expected a region such as eu-de in the CRN, not %s",
                     config_show_text(shown, parts[5]));
  if (!text_starts(parts[6], "a/") || !text_is_hex(parts[6] + 2, 32))
    return error_set(e, ERR_INVALID,
                     "expected a/ and the account's 32 hexadecimal digits in the CRN");
  if (!text_is_uuid(parts[7]))
    return error_set(
        e, ERR_INVALID,
        "expected the instance's GUID (8-4-4-4-12 hexadecimal digits) in the CRN, not %s",
        parts[7][0] ? config_show_text(shown, parts[7]) : "nothing");
  if (parts[8][0] || parts[9][0])
    return error_set(
        e, ERR_INVALID,
        "the CRN of something in an instance; expected the instance's own, which ends with ::");
  return ERR_OK;
}

enum err config_crn_read(const char *crn, struct config_crn *ret, char nearest[NEAREST_MAX],
                         struct error *e) {
  char copy[CRN_MAX], *parts[CRN_PARTS];
  if (text_is_uuid(crn))
    return error_set(
        e, ERR_INVALID,
        "a GUID alone; expected the CRN, which `ibmcloud resource service-instance` shows");
  if (!text_copy(copy, sizeof copy, crn) || !split(copy, parts))
    return error_set(e, ERR_INVALID, "expected a CRN of ten parts, %s", CRN_FORM);
  enum err err = check_parts(parts, nearest, e);
  if (err != ERR_OK)
    return err;
  text_copy(ret->account, sizeof ret->account, parts[6] + 2);
  text_copy(ret->region, sizeof ret->region, parts[5]);
  text_copy(ret->guid, sizeof ret->guid, parts[7]);
  return ERR_OK;
}

// Replaces {guid} and {region}; false if it does not fit, or for other braces.
static bool expand(char *dst, size_t cap, const char *pattern, const char *guid,
                   const char *region) {
  size_t n = 0;
  while (*pattern) {
    const char *put = NULL;
    if (text_starts(pattern, "{guid}")) {
      put = guid;
      pattern += strlen("{guid}");
    } else if (text_starts(pattern, "{region}")) {
      put = region;
      pattern += strlen("{region}");
    } else if (*pattern == '{' || *pattern == '}') {
      return false;
    }
    size_t len = put ? strlen(put) : 1;
    if (n + len >= cap)
      return false;
    memcpy(dst + n, put ? put : pattern++, len);
    n += len;
  }
  while (n > 0 && dst[n - 1] == '/')
    n--;
  dst[n] = '\0';
  return true;
}

enum err config_endpoint_check(struct config_value *v) {
  char url[URL_MAX], host[256], shown[CONFIG_SHOWN_MAX];
  struct error *e = &v->e;
  int port = 0;
  bool https = false;
  if (choices_find(v->choices, v->text) >= 0)
    return ERR_OK;
  if (!strstr(v->text, "://")) {
    text_copy(v->nearest, sizeof v->nearest, nearest_choice(v->choices, v->text).best);
    return error_set(e, ERR_INVALID, "expected public, private, classic or a URL, not %s",
                     strchr(v->text, '@') ? "a text with user and password"
                                          : config_show_text(shown, v->text));
  }
  if (!expand(url, sizeof url, v->text, "00000000-0000-0000-0000-000000000000", "eu-de"))
    return error_set(
        e, ERR_INVALID,
        "expected a URL of at most %d characters, with no braces but {guid} and {region}",
        URL_MAX - 64);
  if (strpbrk(url, "?#@") || !http_url_host(url, host, sizeof host, &https, &port))
    return error_set(e, ERR_INVALID,
                     "expected https://HOST[:PORT][/PATH], without user, query and fragment");
  if (!https && !http_host_is_loopback(host))
    return error_set(e, ERR_INVALID, "expected https://; http:// is for loopback addresses alone");
  if (!https && !v->loader->config->allow_plain_loopback)
    return error_set(e, ERR_INVALID,
                     "http:// needs `allow_plain_loopback: true` at the top of the main file");
  return ERR_OK;
}

static const char *iam_pattern(const char *word) {
  if (strcmp(word, "public") == 0)
    return IAM_PUBLIC;
  if (strcmp(word, "private") == 0)
    return IAM_PRIVATE;
  return strcmp(word, "classic") == 0 ? IAM_CLASSIC : word;
}

// One letter changed, added, dropped, or two changed places: is that a region that is known? Names
// of regions are short and alike: what else counts as near would be advised for any new one.
static bool try_edits(const char *region, char *dst) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
  size_t len = strlen(region);
  for (size_t i = 0; i <= len; i++) {
    for (const char *c = letters; *c; c++) {
      snprintf(dst, NEAREST_MAX, "%.*s%c%s", (int)i, region, *c, region + i);
      if (logs_region_is_known(dst))
        return true;
      snprintf(dst, NEAREST_MAX, "%.*s%c%s", (int)i, region, *c, i < len ? region + i + 1 : "");
      if (logs_region_is_known(dst))
        return true;
    }
    snprintf(dst, NEAREST_MAX, "%.*s%s", (int)i, region, i < len ? region + i + 1 : "");
    if (logs_region_is_known(dst))
      return true;
    snprintf(dst, NEAREST_MAX, "%s", region);
    if (i + 1 < len) {
      dst[i] = region[i + 1];
      dst[i + 1] = region[i];
      if (logs_region_is_known(dst))
        return true;
    }
  }
  return false;
}

static void warn_region(struct config_loader *l, const char *region, const yaml_mark_t *at) {
  char nearest[NEAREST_MAX];
  if (logs_region_is_known(region))
    return;
  if (!try_edits(region, nearest))
    nearest[0] = '\0';
  config_warn(l, at, nearest,
              "instance: the region \"%s\" is not known to this version; it may be a new one",
              region);
}

// NULL: it was not said, and does not follow from that of ingestion.
static bool resolve_api(struct config_loader *l, struct config_target *t) {
  char url[URL_MAX];
  const char *said = t->api_url ? t->api_url : t->ingress_url;
  bool is_url = strstr(said, "://") != NULL, good;
  if (!is_url)
    good = logs_api_url(url, sizeof url, t->guid, t->region, said);
  else
    good = expand(url, sizeof url, said, t->guid, t->region);
  if (good && is_url && !t->api_url) {
    char ingress[URL_MAX];
    text_copy(ingress, sizeof ingress, url);
    if (!logs_api_url_of(url, sizeof url, ingress))
      return true;
  }
  t->api_url = good ? config_keep(l, url) : NULL;
  return good;
}

static void resolve_ingress(struct config_loader *l, struct config_target *t,
                            const yaml_mark_t *at) {
  char url[URL_MAX];
  bool is_url = strstr(t->ingress_url, "://") != NULL, api = resolve_api(l, t);
  warn_region(l, t->region, at);
  bool good = is_url ? expand(url, sizeof url, t->ingress_url, t->guid, t->region)
                     : logs_ingress_url(url, sizeof url, t->guid, t->region, t->ingress_url);
  if (!good || !api) {
    config_wrong(l, at, NULL, "endpoints: the URL of this instance is too long");
    return;
  }
  t->ingress_url = config_keep(l, url);
}

void config_endpoints_resolve(struct config_loader *l, struct config_target *t,
                              const yaml_mark_t *at) {
  char url[URL_MAX];
  if (t->own_key) {
    t->ingress_url = t->api_url = NULL;
    if (strchr(iam_pattern(t->iam_url), '{')) {
      config_wrong(l, at, NULL,
                   "endpoints: the URL of IAM needs a region or an instance, and own_key has none: "
                   "write it out, {iam: https://private.REGION.iam.cloud.ibm.com}");
      return;
    }
  } else {
    size_t wrong = l->n_wrong;
    resolve_ingress(l, t, at);
    if (l->n_wrong > wrong)
      return;
  }
  if (!expand(url, sizeof url, iam_pattern(t->iam_url), t->guid, t->region)) {
    config_wrong(l, at, NULL, "endpoints: the URL of IAM is too long");
    return;
  }
  // Most targets have the same one.
  if (l->last_iam_url && strcmp(l->last_iam_url, url) == 0)
    t->iam_url = l->last_iam_url;
  else
    t->iam_url = l->last_iam_url = config_keep(l, url);
}
