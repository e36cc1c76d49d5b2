#include "jwt.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "util.h"

#define JWT_KID "20260301-00:00:00"
#define CACHE_SIZE 16384 // a later token simply takes the place of an earlier one

struct cached {
  bool used;
  unsigned char hash[32];
  struct session session;
};

struct jwt {
  EVP_PKEY *key;
  pthread_mutex_t lock;
  struct cached *cache;
};

// The key that signs tokens, as base64url of its DER. It is the same in every emulator: to make one
// took 0.2 s of the processor, nearly all that a start costs, and tests start emulators a thousand
// times. What keeps a token from passing in another emulator is the epoch in its `jti`, which
// begins with a number of chance.
static const char fixed_key[] =
    "MIIEowIBAAKCAQEA396eqrT8VszJ6V_qHdxCRdi79ZwavMqBAsf4iFVNL_ATnUyA_k_kvJFwKHE1Ce46EBn_MWrkoK-X"
    "4hrs-ZxWhX1jOaUyzV33Fl5YzGUoAohkmHFznfBbsMwvQYUuRqJIScuwfxN7ZrmakfykF1C3SbrF4fNqTzUbNxOvzQWO"
    "Z7mN0us8s-gWtTzvo-uIU5fMFVIBeQam0gjWOKBQuFVzej4zKszDbcum34hhWXpTXhKfkRATA58XVlunSqbpaSEmKYxu"
    "V7njXxYeEkCIGarMheqWP-rXe60hvADibgDxj0p-rofeUsL30bW7ZwC84Fd9Rc8_XXUo9Q-Y81yhGyxPZQIDAQABAoIB"
    "AAQhdjGFqeNLH42iEq6O3h0uUNeJFBg4L1W3DV-snUI9bos4OmgW3sxY7aYdYqJmhiU-aY5Gn-XUH5wRLZ60cwc_B0ns"
    "wal26qR7xK0uz6RuUlbavwyivvpd5iBSHga5H1bXPpA1spD0a0T20atJdrxSSSzwYh2IiBJF13hTuisxQTY_6UjiJG5Q"
    "0gz1psX_bwwNLL8Vlx31WEeYs7LXisZmEenDZtCfXQ0XjKJjDgXeuBwl9UhrQUpj8r93U8sG03YEin-6ABxWsJWg6aXW"
    "88L8IDvIHe5RS_qRISoUq5pUheVy9wVaHZat5w5TyuE8drvOYOFHzOWYA8OCMc0Z7dECgYEA8JpteVxSQHPnPLoJ8Ty1"
    "8GO9TYhtZTJOkqvBr3UvpwFGw0PkUiQDBTHoBOk0BiwJwSQLcs3Efj567rp1lvMaqoCHyzd0JNj2Ke87sIB-Og_ETlVi"
    "O0ngCd0DSDZ3a9FxVYeIZpmHB7DN5nEGWyvHWUzOfEEHEQM32mvEqXQR79UCgYEA7jIPq8foi7E3-6361tU2AADsBQUC"
    "bemDfReyX_Fuz5uPRFOn6PKGYpnCFF4iVNUm_NVEQbYwnDztjXJ8UL7TToxHennE9VXzuW2XYw5h8835_TSAhT0hw5b9"
    "PGOAEBahYeTsa7-OaIY05PLVqRh3YLoNDen0OMfkQ8pye8w1OVECgYBNEDlmOLLDoBv9cF0E3nwrzdZxQfRACHfwNIEp"
    "8K_dnuQKYPF9eblZ7Z0yDXuzSmGpciEUmWGJSfvYAPLu8VimKdrUtSNHNhLKZazJoK5NbIVkzaZT9RqELj0B4Sgo6YGS"
    "coG20w_T38ZjO-pcQ05rhNVSKQXZZh16oS_xUpL4LQKBgQCKoph8Yt32cC8lTR2x7GaBmgfE5CWF02O0axZmwR69tsyr"
    "-ATCkGWm_db4A9H3jhgjD_2qQWAJj2yz5u50EJzsGrl_j2ATavNv-VkjTju0qy3VMbmb0vjT3g2GGGNw-br0P0lbbSJ1"
    "s6cVmkDBKnxQz_jJIGIEqlMxIaOAalqQAQKBgD0G4Zf9cUo5xBgr8Dd6sgcLklKqajvLoHLvcehohqnnP_3HHbE8gmS_"
    "rQpXp--UsW3l8x4VaPQ4mOcYbLpf-KhwkrPT-LNa4uU26UJgrFljMHBPB3yEx7tVs44KUBbUKgUVdD9fCjHK3fpCWm0O"
    "C3Nx3pVeHODC4aJyXBpYUbqd";

static EVP_PKEY *load_key(void) {
  size_t len;
  unsigned char *der = util_unb64url(fixed_key, strlen(fixed_key), &len);
  const unsigned char *at = der;
  EVP_PKEY *key = der ? d2i_AutoPrivateKey(NULL, &at, (long)len) : NULL;
  if (!key)
    abort();
  free(der);
  return key;
}

struct jwt *jwt_new(void) {
  struct jwt *jwt = util_alloc(sizeof *jwt);
  jwt->key = load_key();
  jwt->cache = util_alloc(CACHE_SIZE * sizeof *jwt->cache);
  pthread_mutex_init(&jwt->lock, NULL);
  return jwt;
}

void jwt_free(struct jwt *jwt) {
  if (!jwt)
    return;
  EVP_PKEY_free(jwt->key);
  pthread_mutex_destroy(&jwt->lock);
  free(jwt->cache);
  free(jwt);
}

char *jwt_sign(struct jwt *jwt, const cJSON *claims) {
  static const char header[] = "{\"kid\":\"" JWT_KID "\",\"alg\":\"RS256\"}";
  unsigned char signature[512];
  size_t signature_len = sizeof signature;
  char *payload = cJSON_PrintUnformatted(claims);
  char *head = util_b64url(header, strlen(header));
  char *middle = util_b64url(payload, strlen(payload));
  char *input = util_format("%s.%s", head, middle);
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  if (!ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, jwt->key) != 1 ||
      EVP_DigestSign(ctx, signature, &signature_len, (unsigned char *)input, strlen(input)) != 1)
    abort();
  EVP_MD_CTX_free(ctx);
  char *tail = util_b64url(signature, signature_len);
  char *token = util_format("%s.%s", input, tail);
  free(payload);
  free(head);
  free(middle);
  free(input);
  free(tail);
  return token;
}

static bool signature_ok(struct jwt *jwt, const char *token, const char *last_dot) {
  size_t len;
  unsigned char *signature = util_unb64url(last_dot + 1, strlen(last_dot + 1), &len);
  if (!signature)
    return false;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  bool ok = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, jwt->key) == 1 &&
            EVP_DigestVerify(ctx, signature, len, (const unsigned char *)token,
                             (size_t)(last_dot - token)) == 1;
  // The last digit carries padding bits: only the one canonical spelling is ours.
  if (ok) {
    char *again = util_b64url(signature, len);
    ok = !strcmp(again, last_dot + 1);
    free(again);
  }
  EVP_MD_CTX_free(ctx);
  free(signature);
  return ok;
}

static bool read_claims(const char *payload, size_t len, struct session *s) {
  size_t json_len;
  char *json = (char *)util_unb64url(payload, len, &json_len);
  cJSON *claims = json ? cJSON_ParseWithLength(json, json_len) : NULL;
  const char *iam_id = cJSON_GetStringValue(cJSON_GetObjectItem(claims, "iam_id"));
  const char *jti = cJSON_GetStringValue(cJSON_GetObjectItem(claims, "jti"));
  const char *account =
      cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(claims, "account"), "bss"));
  const cJSON *iat = cJSON_GetObjectItem(claims, "iat"), *exp = cJSON_GetObjectItem(claims, "exp");
  bool ok = iam_id && account && jti && cJSON_IsNumber(iat) && cJSON_IsNumber(exp);
  if (ok) {
    memset(s, 0, sizeof *s);
    snprintf(s->iam_id, sizeof s->iam_id, "%s", iam_id);
    snprintf(s->account, sizeof s->account, "%s", account);
    const char *dash = strrchr(jti, '-');
    ok = dash && sscanf(dash + 1, "%x.%lx", &s->epoch, &s->key_serial) == 2;
    s->iat = (int64_t)iat->valuedouble;
    s->exp = (int64_t)exp->valuedouble;
  }
  cJSON_Delete(claims);
  free(json);
  return ok;
}

bool jwt_check(struct jwt *jwt, const char *token, struct session *ret_session) {
  unsigned char hash[32];
  util_sha256(hash, token, strlen(token));
  size_t index = ((size_t)hash[0] << 8 | hash[1]) % CACHE_SIZE;
  struct cached *slot = &jwt->cache[index];
  pthread_mutex_lock(&jwt->lock);
  bool known = slot->used && !memcmp(slot->hash, hash, sizeof hash);
  if (known)
    *ret_session = slot->session;
  pthread_mutex_unlock(&jwt->lock);
  if (known)
    return true;

  const char *first = strchr(token, '.'), *last = strrchr(token, '.');
  struct session session;
  if (!first || first == last || !signature_ok(jwt, token, last) ||
      !read_claims(first + 1, (size_t)(last - first - 1), &session))
    return false;
  pthread_mutex_lock(&jwt->lock);
  slot->used = true;
  memcpy(slot->hash, hash, sizeof hash);
  slot->session = session;
  pthread_mutex_unlock(&jwt->lock);
  *ret_session = session;
  return true;
}

cJSON *jwt_claims(const char *token) {
  const char *first = strchr(token, '.'), *last = strrchr(token, '.');
  size_t len;
  if (!first || first == last)
    return NULL;
  unsigned char *text = util_unb64url(first + 1, (size_t)(last - first - 1), &len);
  cJSON *claims = text ? cJSON_ParseWithLength((const char *)text, len) : NULL;
  free(text);
  return claims;
}

static void add_number(cJSON *object, const char *name, EVP_PKEY *key, const char *param) {
  BIGNUM *n = NULL;
  unsigned char raw[512];
  if (EVP_PKEY_get_bn_param(key, param, &n) != 1 || BN_num_bytes(n) > (int)sizeof raw)
    abort();
  int len = BN_bn2bin(n, raw);
  char *text = util_b64url(raw, (size_t)len);
  cJSON_AddStringToObject(object, name, text);
  free(text);
  BN_free(n);
}

cJSON *jwt_jwks(const struct jwt *jwt) {
  cJSON *out = cJSON_CreateObject();
  cJSON *key = cJSON_CreateObject();
  cJSON_AddItemToArray(cJSON_AddArrayToObject(out, "keys"), key);
  cJSON_AddStringToObject(key, "kty", "RSA");
  add_number(key, "n", jwt->key, OSSL_PKEY_PARAM_RSA_N);
  add_number(key, "e", jwt->key, OSSL_PKEY_PARAM_RSA_E);
  cJSON_AddStringToObject(key, "alg", "RS256");
  cJSON_AddStringToObject(key, "kid", JWT_KID);
  cJSON_AddStringToObject(key, "use", "sig");
  return out;
}
