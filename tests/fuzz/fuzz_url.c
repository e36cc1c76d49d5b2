// URLs, hosts and CRNs of the configuration: what is taken has a host that can be connected to, and
// nothing behind it that would end a request line.
#include <string.h>

#include "rotator/cloud/logs.h"
#include "rotator/config/internal.h"
#include "rotator/http/transport.h"
#include "tests/fuzz/fuzz.h"

static bool decode(char *dst, const char *src) {
  static const char hex[] = "0123456789ABCDEF";
  for (; *src; src++) {
    if (*src != '%') {
      *dst++ = *src;
      continue;
    }
    const char *hi = strchr(hex, src[1]), *lo = src[1] ? strchr(hex, src[2]) : NULL;
    if (!hi || !lo || !*hi || !*lo)
      return false;
    *dst++ = (char)((hi - hex) * 16 + (lo - hex));
    src += 2;
  }
  *dst = '\0';
  return true;
}

static void check_encode(const char *text) {
  char out[4 * 512], back[512];
  FUZZ_CHECK(http_encode(out, sizeof out, text));
  FUZZ_CHECK(decode(back, out) && strcmp(back, text) == 0);
  FUZZ_CHECK(!strpbrk(out, "/?#&=+ \r\n\"'<>"));
  char small[16];
  FUZZ_CHECK(http_encode(small, sizeof small, text) == (strlen(out) < sizeof small));
}

static void check_host(const char *url) {
  char host[256] = "";
  bool https = false;
  int port = 0;
  if (!http_url_host(url, host, sizeof host, &https, &port)) {
    FUZZ_CHECK(host[0] == '\0' && port == 0);
    return;
  }
  FUZZ_CHECK(host[0] && !strpbrk(host, "/?#@[] \r\n%"));
  FUZZ_CHECK(port >= 1 && port <= 65535);
  for (const char *c = url; *c; c++)
    FUZZ_CHECK(*c > 0x20 && *c < 0x7f);
  http_host_is_loopback(host);
  http_host_is_metadata(host);
}

static void check_crn(const char *text) {
  struct config_crn crn = {.account = "untouched"};
  char nearest[NEAREST_MAX] = "", url[512];
  struct error e = {0};
  if (config_crn_read(text, &crn, nearest, &e) != ERR_OK) {
    FUZZ_CHECK(e.text[0] && strcmp(crn.account, "untouched") == 0);
    return;
  }
  FUZZ_CHECK(strlen(crn.account) == 32 && strlen(crn.guid) == 36 && crn.region[0]);
  if (logs_ingress_url(url, sizeof url, crn.guid, crn.region, "public"))
    check_host(url);
}

static void check_api(const char *text) {
  char url[600] = "";
  if (logs_api_url_of(url, sizeof url, text))
    FUZZ_CHECK(strstr(url, ".api.") && strlen(url) + 4 == strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char text[512];
  if (size >= sizeof text)
    return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  check_encode(text);
  check_host(text);
  check_crn(text);
  check_api(text);
  return 0;
}
