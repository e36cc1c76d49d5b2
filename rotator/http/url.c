#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rotator/base/text.h"
#include "rotator/http/transport.h"

static bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// One byte of a percent-encoded text; returns its length.
static size_t encode_byte(char out[4], char c) {
  static const char hex[] = "0123456789ABCDEF";
  bool plain = is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
  if (plain) {
    out[0] = c;
    return 1;
  }
  out[0] = '%';
  out[1] = hex[(unsigned char)c >> 4];
  out[2] = hex[(unsigned char)c & 15];
  return 3;
}

bool http_encode(char *dst, size_t cap, const char *src) {
  size_t n = 0;
  for (; *src; src++) {
    char out[4];
    size_t k = encode_byte(out, *src);
    if (n + k >= cap) {
      if (cap)
        dst[0] = '\0';
      return false;
    }
    memcpy(dst + n, out, k);
    n += k;
  }
  if (!cap)
    return false;
  dst[n] = '\0';
  return true;
}

static enum err add_encoded(struct secret *form, const char *bytes, size_t len) {
  char out[4] = "";
  enum err err = ERR_OK;
  for (size_t i = 0; i < len && !err; i++)
    err = secret_append(form, out, encode_byte(out, bytes[i]));
  secret_wipe(out, sizeof out);
  return err;
}

static enum err form_add(struct secret *form, const char *name, const char *value, size_t len) {
  enum err err = secret_is_empty(form) ? ERR_OK : secret_append_text(form, "&");
  if (!err)
    err = add_encoded(form, name, strlen(name));
  if (!err)
    err = secret_append_text(form, "=");
  return err ? err : add_encoded(form, value, len);
}

enum err http_form_add(struct secret *form, const char *name, const char *value) {
  return form_add(form, name, value, strlen(value));
}

enum err http_form_add_secret(struct secret *form, const char *name, const struct secret *value) {
  return form_add(form, name, secret_bytes(value), secret_len(value));
}

// The host part at *s: a name, an IPv4 address, or an IPv6 address in brackets. Moves *s behind it.
static bool take_host(const char **s, char *host, size_t cap) {
  size_t n = 0;
  bool bracket = **s == '[';
  const char *at = *s + bracket;
  while (is_alnum(at[n]) || strchr(bracket ? ":." : "-._", at[n] ? at[n] : ' '))
    n++;
  if (!n || n >= cap || (bracket && at[n] != ']'))
    return false;
  memcpy(host, at, n);
  host[n] = '\0';
  *s = at + n + bracket;
  return true;
}

static bool take_port(const char **s, int *ret_port) {
  if (**s != ':')
    return true;
  const char *at = *s + 1;
  size_t n = strspn(at, "0123456789");
  long port = n && n <= 5 ? strtol(at, NULL, 10) : 0;
  if (port < 1 || port > 65535)
    return false;
  *ret_port = (int)port;
  *s = at + n;
  return true;
}

bool http_url_host(const char *url, char *host, size_t host_cap, bool *ret_https, int *ret_port) {
  bool https = strncasecmp(url, "https://", 8) == 0;
  char found[256];
  if (!https && strncasecmp(url, "http://", 7) != 0)
    return false;
  const char *at = url + (https ? 8 : 7);
  int port = https ? 443 : 80;
  if (!take_host(&at, found, sizeof found) || !take_port(&at, &port) || (*at && !strchr("/?", *at)))
    return false;
  for (; *at; at++) // the rest is as the caller encoded it: printable, no fragment
    if (*at <= 0x20 || *at >= 0x7f || *at == '#')
      return false;
  if (!text_copy(host, host_cap, found))
    return false;
  *ret_https = https;
  *ret_port = port;
  return true;
}

bool http_host_is_metadata(const char *host) {
  return strcmp(host, "169.254.169.254") == 0 ||
         strcasecmp(host, "api.metadata.cloud.ibm.com") == 0;
}

bool http_host_is_loopback(const char *host) {
  struct in_addr four;
  struct in6_addr six;
  if (inet_pton(AF_INET, host, &four) == 1)
    return ntohl(four.s_addr) >> 24 == 127;
  if (inet_pton(AF_INET6, host, &six) == 1)
    return IN6_IS_ADDR_LOOPBACK(&six);
  size_t n = strlen(host);
  return strcasecmp(host, "localhost") == 0 ||
         (n > 10 && strcasecmp(host + n - 10, ".localhost") == 0);
}
