#include <stdio.h>
#include <string.h>

#include "rotator/cloud/logs.h"

#define SMALL "abcdefghijklmnopqrstuvwxyz0123456789-"
#define CAPITAL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LABEL_MAX 63 // of a host name

bool logs_region_is_known(const char *region) {
  static const char *const known[] = {"jp-osa",   "au-syd",  "jp-tok", "in-che", "in-mum",
                                      "eu-de",    "eu-gb",   "eu-es",  "ca-tor", "ca-mon",
                                      "us-south", "us-east", "br-sao"};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(region, known[i]) == 0)
      return true;
  return false;
}

static bool is_label(const char *s, const char *alphabet) {
  size_t n = strlen(s);
  return n > 0 && n <= LABEL_MAX && strspn(s, alphabet) == n && s[0] != '-' && s[n - 1] != '-';
}

static bool make_url(char *dst, size_t cap, const char *label, const char *const where[3]) {
  const char *guid = where[0], *region = where[1], *kind = where[2];
  bool classic = strcmp(kind, "classic") == 0, hidden = classic || strcmp(kind, "private") == 0;
  if (!hidden && strcmp(kind, "public"))
    return false;
  if (!is_label(guid, CAPITAL SMALL) || !is_label(region, SMALL))
    return false;
  int n = snprintf(dst, cap, "https://%s.%s.%s%s.logs.cloud.ibm.com%s", guid, label,
                   hidden ? "private." : "", region, classic ? ":3443" : "");
  return n > 0 && (size_t)n < cap;
}

bool logs_ingress_url(char *dst, size_t cap, const char *guid, const char *region,
                      const char *kind) {
  return make_url(dst, cap, "ingress", (const char *const[]){guid, region, kind});
}

bool logs_api_url(char *dst, size_t cap, const char *guid, const char *region, const char *kind) {
  return make_url(dst, cap, "api", (const char *const[]){guid, region, kind});
}

bool logs_api_url_of(char *dst, size_t cap, const char *ingress_url) {
  static const char from[] = ".ingress.", to[] = ".api.";
  const char *host = strstr(ingress_url, "://");
  const char *label = host ? strstr(host, from) : NULL;
  if (!label || label > host + 3 + strcspn(host + 3, "/:"))
    return false;
  int n = snprintf(dst, cap, "%.*s%s%s", (int)(label - ingress_url), ingress_url, to,
                   label + sizeof from - 1);
  return n > 0 && (size_t)n < cap;
}
