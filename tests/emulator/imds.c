// The metadata service of a virtual server, on a port of its own: an identity token, and an IAM
// token of a trusted profile for it. The first token is just a text that names its end; any such
// text is good until then.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "authz.h"
#include "errors.h"
#include "iam_token.h"
#include "route.h"
#include "util.h"

#define TOKEN_PREFIX "vpc-identity-"

static void imds_error(struct req *r, int status, const char *code, const char *message) {
  struct error e = {.status = status, .code = code, .message = message};
  error_reply(r, &e);
}

static bool version_fits(struct req *r) {
  const char *version = req_query(r, "version");
  bool new_path = !strcmp(r->segments[0], "identity");
  if (!version) {
    imds_error(r, 400, "missing_field", "version is required.");
    return false;
  }
  // With a new version date the old paths no longer answer, and the other way round.
  if ((strcmp(version, "2025-08-26") >= 0) != new_path) {
    imds_error(r, 404, "not_found", "No such path in this version.");
    return false;
  }
  return true;
}

static void add_life(cJSON *body, int64_t from_ms, int64_t to_ms) {
  char created[32], expires[32];
  util_milli_time(created, from_ms);
  util_milli_time(expires, to_ms);
  cJSON_AddStringToObject(body, "created_at", created);
  cJSON_AddStringToObject(body, "expires_at", expires);
  int64_t seconds = (to_ms - from_ms) / 1000;
  cJSON_AddNumberToObject(body, "expires_in", (double)seconds);
}

// The token carries its own end; no more is needed, nobody attacks a test.
static char *identity_token(int64_t expires_ms) {
  char hex[33];
  util_random_hex(hex, 32);
  return util_format(TOKEN_PREFIX "%lld-%s", (long long)expires_ms, hex);
}

void imds_token(struct req *r) {
  const char *flavor = req_header(r, "Metadata-Flavor");
  if (!version_fits(r))
    return;
  if (!flavor || strcmp(flavor, "ibm")) {
    imds_error(r, 400, "missing_value", "The header Metadata-Flavor: ibm is required.");
    return;
  }
  cJSON *given = req_json(r);
  const cJSON *life = cJSON_GetObjectItem(given, "expires_in");
  long seconds = cJSON_IsNumber(life) ? life->valueint : 300;
  cJSON_Delete(given);
  if (seconds < 5 || seconds > 3600) {
    imds_error(r, 400, "invalid_value", "expires_in: 5 to 3600.");
    return;
  }
  int64_t now = emu_now_ms(r->emu);
  char *token = identity_token(now + seconds * 1000);
  cJSON *body = cJSON_CreateObject();
  cJSON_AddStringToObject(body, "access_token", token);
  add_life(body, now, now + seconds * 1000);
  answer_json(r, 200, body);
  free(token);
}

static bool identity_token_good(const struct req *r) {
  const char *value = req_header(r, "Authorization");
  long long expires;
  return value && !strncasecmp(value, "Bearer ", 7) &&
         sscanf(value + 7, TOKEN_PREFIX "%lld", &expires) == 1 && expires > emu_now_ms(r->emu);
}

// The named profile, or the first that is linked.
static const struct identity *pick_profile(struct req *r, const cJSON *body) {
  const cJSON *wanted = cJSON_GetObjectItem(body, "trusted_profile");
  const char *id = json_text(wanted, "id"), *crn = json_text(wanted, "crn");
  if (id || crn) {
    const struct identity *named = token_find_profile(r, id, NULL, crn);
    return named && !named->unlinked ? named : NULL;
  }
  const struct list *all = &r->emu->model->identity_list;
  for (size_t i = 0; i < all->count; i++) {
    const struct identity *one = all->items[i];
    if (one->kind == IDENTITY_PROFILE && !one->deleted && !one->unlinked)
      return one;
  }
  return NULL;
}

void imds_iam_token(struct req *r) {
  if (!version_fits(r))
    return;
  if (!identity_token_good(r)) {
    imds_error(r, 401, "unauthenticated", "The identity token is not valid.");
    return;
  }
  cJSON *given = req_json(r);
  const struct identity *profile = pick_profile(r, given);
  cJSON_Delete(given);
  if (!profile) {
    imds_error(r, 400, "profile_not_linked", "No such trusted profile is linked.");
    return;
  }
  struct grant g = {.type = "urn:ibm:params:oauth:grant-type:cr-token", .who = profile};
  int64_t iat, exp;
  snprintf(r->who, sizeof r->who, "%s", profile->iam_id);
  char *token = token_issue(r, &g, &iat, &exp);
  cJSON *body = cJSON_CreateObject();
  cJSON_AddStringToObject(body, "access_token", token);
  add_life(body, iat * 1000, exp * 1000);
  answer_json(r, 200, body);
  free(token);
}
