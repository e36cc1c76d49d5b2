// What one transport keeps of libcurl, and when it is made anew.
#include <stdlib.h>

#include "rotator/http/curl_internal.h"

// No exchange is under way.
void curl_handles_drop(struct curl_handles *h) {
  curl_multi_cleanup(h->multi);
  curl_share_cleanup(h->share); // after all that used it
  *h = (struct curl_handles){0};
}

static bool make(struct curl_handles *h) {
  h->multi = curl_multi_init();
  h->share = curl_share_init();
  if (h->multi && h->share &&
      !curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)CURL_CONNECTIONS_KEPT) &&
      !curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION))
    return true;
  curl_handles_drop(h);
  return false;
}

CURL *curl_handles_easy(const struct curl_handles *h) {
  CURL *easy = curl_easy_init();
  if (!easy || curl_easy_setopt(easy, CURLOPT_SHARE, h->share) == CURLE_OK)
    return easy;
  curl_easy_cleanup(easy);
  return NULL;
}

enum err curl_handles_renew(struct curl_transport *t, struct error *e) {
  uint64_t trust = curl_files_trust(&t->o); // before they are read: what comes later is noticed
  char *bundle = NULL;
  struct curl_handles fresh = {0};
  enum err err = t->o.ca_path ? curl_files_bundle(t->o.ca_path, &bundle, e) : ERR_OK;
  if (err)
    return err;
  if (!make(&fresh)) {
    free(bundle);
    return error_no_memory(e);
  }
  curl_handles_drop(&t->handles);
  free(t->bundle);
  t->handles = fresh;
  t->bundle = bundle;
  t->trust = trust;
  return ERR_OK;
}

// Authorities that cannot be read now are an outage of the place where they are, not of the server.
enum err curl_handles_refresh(struct curl_transport *t, struct error *e) {
  if (curl_files_trust(&t->o) == t->trust || curl_handles_renew(t, e) == ERR_OK)
    return ERR_OK;
  if (e->kind == ERR_INVALID)
    e->kind = ERR_UNSENT;
  return e->kind;
}
