// What an answer means. Code and reason decide, never the message; a proxy in front may answer
// without either. A write to which somebody else than the API server answered may still be done.
#include <stdio.h>
#include <string.h>

#include "backends/kubernetes/kube.h"
#include "rotator/base/text.h"

static enum err tell(const char *verb, const struct kube_reply *r, enum err kind, struct error *e) {
  struct error story;
  error_set(&story, kind, "%s: HTTP %d%s%s", verb, r->status, r->reason[0] ? " " : "", r->reason);
  if (e) {
    *e = story;
    e->status = r->status;
    e->retry_after_ms = kind == ERR_THROTTLED ? r->retry_after_ms : -1;
    text_copy(e->code, sizeof e->code, r->reason);
    text_copy(e->trace, sizeof e->trace, r->trace);
  }
  return kind;
}

// What the API server says of a refusal: which fields, and why. Not the messages of its causes,
// which may quote the value.
static void add_causes(const struct kube_reply *r, struct error *e) {
  const cJSON *cause = NULL;
  char field[64], reason[64];
  if (!e)
    return;
  cJSON_ArrayForEach(cause, json_get(json_get(r->json, "details"), "causes")) {
    const char *f = json_text(cause, "field"), *why = json_text(cause, "reason");
    size_t len = strlen(e->text);
    if (!f || !why || len + 140 > sizeof e->text)
      continue;
    text_printable(field, sizeof field, f, strlen(f));
    text_printable(reason, sizeof reason, why, strlen(why));
    snprintf(e->text + len, sizeof e->text - len, "; %s: %s", field, reason);
  }
}

static enum err denied(const struct kube_item *k, const char *verb, const struct kube_reply *r,
                       struct error *e) {
  enum err kind = tell(verb, r, ERR_DENIED, e);
  if (!e)
    return kind;
  if (r->status == 401)
    text_copy(e->text, sizeof e->text, "the API server does not take our token (HTTP 401)");
  else
    snprintf(
        e->text, sizeof e->text,
        "may not %s secrets/%s in namespace %s (HTTP 403%s%s), or an admission policy forbids it",
        verb, k->name, k->namespace, r->reason[0] ? " " : "", r->reason);
  return kind;
}

static bool field_manager_conflict(const struct kube_reply *r) {
  const cJSON *cause = NULL;
  cJSON_ArrayForEach(cause, json_get(json_get(r->json, "details"), "causes")) {
    const char *why = json_text(cause, "reason");
    if (why && strcmp(why, "FieldManagerConflict") == 0)
      return true;
  }
  return false;
}

static enum err refused(const char *verb, bool write, const struct kube_reply *r, struct error *e) {
  enum err kind = ERR_REFUSED;
  if (r->status == 409)
    kind = field_manager_conflict(r) ? ERR_REFUSED : ERR_CONFLICT;
  else if (r->status == 429)
    kind = ERR_THROTTLED;
  else if (r->status == 408 || r->status >= 500 || r->status < 400)
    kind = ERR_UNSURE;
  else if (write && !r->reason[0] && r->status != 400 && r->status != 413)
    kind = ERR_UNSURE; // not the API server's own words
  kind = tell(verb, r, kind, e);
  if (kind == ERR_REFUSED)
    add_causes(r, e);
  return kind;
}

// "Not found" is evidence only when the API server says it of this Secret.
static enum err not_found(const struct kube_item *k, const char *verb, const struct kube_reply *r,
                          bool write, struct error *e) {
  const cJSON *details = json_get(r->json, "details");
  const char *kind = json_text(details, "kind"), *name = json_text(details, "name");
  if (strcmp(r->reason, "NotFound") != 0)
    return tell(verb, r, write ? ERR_UNSURE : ERR_REFUSED, e);
  if (kind && name && strcmp(kind, "secrets") == 0 && strcmp(name, k->name) == 0)
    return tell(verb, r, ERR_MISSING, e);
  enum err err = tell(verb, r, ERR_REFUSED, e);
  if (e)
    snprintf(e->text, sizeof e->text, "there is no namespace %s, or no such API", k->namespace);
  return err;
}

enum err kube_outcome(const struct kube_item *k, const char *verb, bool write,
                      const struct kube_reply *r, struct error *e) {
  if (r->status == 200 || r->status == 201) {
    if (r->json)
      return ERR_OK;
    enum err err = tell(verb, r, ERR_UNSURE, e);
    if (e)
      snprintf(e->text, sizeof e->text, "%s: HTTP %d without the object: not the API server?", verb,
               r->status);
    return err;
  }
  if (r->status == 401 || r->status == 403)
    return denied(k, verb, r, e);
  if (r->status == 404)
    return not_found(k, verb, r, write, e);
  return refused(verb, write, r, e);
}
