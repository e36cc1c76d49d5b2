#include "tests/unit/http/curl_fixture.h"

#include <stdio.h>
#include <string.h>

#include "rotator/base/secret.h"

struct curl_fixture fix;

void curl_fixture_global(void) {
  (void)secret_setup();
}

void curl_fixture_transport(const struct curl_options *o) {
  struct curl_options all = o ? *o : (struct curl_options){0};
  all.allow_plain_loopback = true;
  all.timeout_ms = all.timeout_ms ? all.timeout_ms : 20000;
  fake_env_init(&fix.f, 1);
  enum err err = curl_transport_new(&all, &fix.f.env, &fix.t, &fix.e);
  if (err)
    fail_msg("%s", fix.e.text);
}

void curl_fixture_serve(const struct raw_step *steps, size_t n) {
  fix.server = raw_server_new(steps, n);
  curl_fixture_transport(NULL);
}

int curl_fixture_drop(void **state) {
  (void)state;
  http_response_clear(&fix.got);
  transport_free(fix.t);
  if (fix.server)
    raw_server_free(fix.server);
  memset(&fix, 0, sizeof fix);
  return 0;
}

const char *curl_fixture_url(const char *path) {
  snprintf(fix.url, sizeof fix.url, "http://127.0.0.1:%d%s", raw_server_port(fix.server), path);
  return fix.url;
}

enum err curl_fixture_send(const struct http_request *req) {
  http_response_clear(&fix.got);
  return http_exchange(fix.t, req, &fix.got, &fix.e);
}

enum err curl_fixture_get(const char *path) {
  const struct http_request req = {
      .method = "GET", .url = curl_fixture_url(path), .replay = HTTP_REPLAY_SAFE};
  return curl_fixture_send(&req);
}

int curl_fixture_connections(void) {
  uint64_t exchanges, connections;
  curl_transport_counts(fix.t, &exchanges, &connections);
  return (int)connections;
}
