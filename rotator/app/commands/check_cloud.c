// What check asks IBM Cloud about a target: who the management identity is and what it may do, the
// sender's policy, places for keys, clocks, and whether the ingestion endpoint answers at all.
#include <stdlib.h>
#include <string.h>

#include "rotator/app/commands/common.h"
#include "rotator/app/commands/findings.h"
#include "rotator/app/identity.h"
#include "rotator/app/report/report.h"
#include "rotator/app/report/way_out.h"
#include "rotator/base/text_time.h"

#define CLOCK_WARN_S 60
#define CLOCK_FAIL_S 3600

// Returns how many keys were listed, −1 if none could be.
static int64_t check_rights(struct managed *m, struct iam *iam, struct findings *f) {
  int64_t listed = -1;
  struct iam_key_list list = {0};
  struct error e = {0};
  char hint[WAY_OUT_HINT_MAX], who[IDENTITY_WORDS_MAX];
  identity_words(m, who);
  if (iam->ops->list(iam, m->target.account, m->iam_id, &list, &e) == ERR_OK) {
    listed = (int64_t)list.n;
    find(f, FINDING_OK, "rights", "the management identity can list the keys of %s", who);
  } else if (way_out_rights(m, ROW_COUNT, &e, hint, sizeof hint)) {
    find(f, FINDING_FAIL, "rights", "%s (%s)", hint, e.text);
  } else {
    find_error(f, "rights", &e);
  }
  iam_key_list_clear(&list);
  return listed;
}

static void check_sender(struct managed *m, struct iam *iam, struct findings *f) {
  struct iam_policy p = {0};
  struct error e = {0};
  enum err err =
      iam->ops->find_sender(iam, m->target.account, m->iam_id, m->target.instance, &p, &e);
  if (err == ERR_OK)
    find(f, FINDING_OK, "sender", "policy %s lets the identity send to the instance", p.id);
  else if (err == ERR_MISSING)
    find(f, FINDING_UNKNOWN, "sender",
         "no Sender policy of the identity is seen: it may come from an access group, or the "
         "management identity may not read policies");
  else if (err == ERR_DENIED)
    find(f, FINDING_UNKNOWN, "sender", "the management identity may not read policies");
  else
    find_error(f, "sender", &e);
}

static void check_quota(struct managed *m, struct iam *iam, int64_t listed, struct findings *f) {
  int64_t limit = 0, count = 0;
  struct error e = {0};
  if (iam->ops->key_limit(iam, m->target.account, m->iam_id, &limit, &count, &e) != ERR_OK) {
    find(f, FINDING_UNKNOWN, "quota", "how many keys the identity may have cannot be read");
    return;
  }
  if (limit - count < 2)
    find(f, FINDING_FAIL, "quota",
         "%lld of %lld keys are in use and a rotation needs two places%s: rotator keys %s",
         (long long)count, (long long)limit,
         m->config->user ? " (all keys of the user count, and only the user knows which of them "
                           "may go)"
                         : "",
         m->target.name);
  else
    find(f, FINDING_OK, "quota", "%lld of %lld keys", (long long)count, (long long)limit);
  if (listed >= 0 && count > listed)
    find(f, FINDING_FAIL, "keys",
         "IAM lists %lld keys and counts %lld: nothing is begun while it hides some",
         (long long)listed, (long long)count);
}

static void check_clock(struct managed *m, struct iam *iam, struct findings *f) {
  int64_t server_s = iam->ops->server_time_s(iam);
  int64_t off_s = env_wall_ms(compose_env(m->compose)) / 1000 - server_s;
  char by[32];
  if (server_s < 0) {
    find(f, FINDING_UNKNOWN, "clock", "no answer to compare the clock with");
    return;
  }
  text_format_duration(by, sizeof by, llabs(off_s));
  const char *where = off_s > 0 ? "ahead of" : "behind";
  if (llabs(off_s) > CLOCK_FAIL_S)
    find(f, FINDING_FAIL, "clock",
         "this machine's clock is %s %s IAM's: certificates may look expired, windows open at the "
         "wrong time, and IAM is asked too often or too seldom",
         by, where);
  else if (llabs(off_s) > CLOCK_WARN_S)
    find(f, FINDING_WARN, "clock", "this machine's clock is %s %s IAM's", by, where);
  else
    find(f, FINDING_OK, "clock", "agrees with IAM's");
}

// Any answer will do: it came over TLS from the host that the certificate names.
static void check_ingress(struct managed *m, struct findings *f) {
  if (m->config->own_key) // which has none
    return;
  struct error e = {0};
  struct http_response answer = {0};
  struct transport *t = compose_transport(m->compose);
  struct http_request req = {.method = "GET",
                             .url = m->config->ingress_url,
                             .replay = HTTP_REPLAY_SAFE,
                             .fresh_connection = true};
  enum err err = http_exchange(t, &req, &answer, &e);
  if (err == ERR_OK)
    find(f, FINDING_OK, "TLS", "%s answers", m->config->ingress_url);
  else
    find_error(f, "TLS", &e);
  http_response_clear(&answer);
}

// Where a trusted profile was refused: the link that is missing.
static void say_profile(const struct managed *m, const struct error *e, struct findings *f) {
  char hint[1000];
  if (way_out_profile(m, e, hint, sizeof hint))
    find(f, FINDING_FAIL, "profile", "%s", hint);
}

// A query that can find nothing shows whether the reader may ask. It is one of the instance's ten a
// minute.
static void check_reader(struct managed *m, struct iam *iam, struct findings *f) {
  struct error e = {0};
  struct engine_io io;
  int64_t now_s = iam->ops->server_time_s(iam);
  if (m->config->policy.arrival_within_s == 0)
    return;
  if (!compose_io(NULL, 0, &m->target, &io, &e) || !io.reader) {
    find_error(f, "reader", &e);
    return;
  }
  const struct logs_search s = {.application = m->target.application,
                                .subsystem = m->target.subsystem,
                                .nonce = "of no log",
                                .from_s = now_s - 60,
                                .to_s = now_s,
                                .archive = m->config->policy.arrival_tier == POLICY_TIER_ARCHIVE,
                                .sender = m->iam_id};
  switch (io.reader->ops->find(io.reader, &s, &e)) {
  case LOGS_SEEN:
  case LOGS_UNSEEN:
    find(f, e.text[0] ? FINDING_WARN : FINDING_OK, "reader", "%s",
         e.text[0] ? e.text : "the reader may look for test logs");
    break;
  case LOGS_ASK_LATER:
    find(f, FINDING_UNKNOWN, "reader", "%s", e.text);
    break;
  default:
    find_error(f, "reader", &e);
    say_profile(m, &e, f);
  }
}

static bool check_account(struct managed *m, const struct iam_token *me, struct error *e) {
  if (!me->account[0] || strcmp(me->account, m->config->account) == 0)
    return true;
  error_set(e, ERR_INVALID, "the management identity is of account %s, the instance of account %s",
            me->account, m->config->account);
  return false;
}

// The rotator's own key: is it one of that identity?
static void check_own(const struct managed *m, const struct iam_token *me, struct findings *f) {
  if (strcmp(me->iam_id, m->iam_id) == 0)
    find(f, FINDING_OK, "own key", "the management key is one of %s", m->iam_id);
  else
    find(f, FINDING_FAIL, "own key",
         "the management key is one of %s, not of %s: name the identity whose key management reads",
         me->iam_id, m->iam_id);
}

static void say_identity(const struct managed *m, struct findings *f) {
  if (!m->config->user)
    find(f, FINDING_OK, "identity", "%s is %s", m->config->service_id, m->iam_id);
  else
    find(f, FINDING_OK, "identity",
         "the management credential is the user's, %s, whose own keys it can make", m->iam_id);
}

bool check_cloud(struct managed *m, struct findings *f, struct error *e) {
  struct iam_token me = {0};
  struct iam *iam = compose_iam(m, 0, e);
  if (!iam || iam->ops->whoami(iam, &me, e) != ERR_OK) {
    find_error(f, "exchange", e);
    say_profile(m, e, f);
    check_ingress(m, f);
    return compose_bind(m, 0, IDENTITY_OFFLINE, NULL) == ERR_OK;
  }
  find(f, FINDING_OK, "exchange", "the management credential is %s", me.iam_id);
  bool bound = check_account(m, &me, e) && compose_bind(m, 0, IDENTITY_ASKED, e) == ERR_OK;
  if (bound) {
    say_identity(m, f);
    if (check_twin(m, e) != ERR_OK)
      find_error(f, "identity", e);
    int64_t listed = check_rights(m, iam, f);
    if (m->config->own_key)
      check_own(m, &me, f);
    else
      check_sender(m, iam, f);
    check_quota(m, iam, listed, f);
    check_reader(m, iam, f);
  } else if (e->kind != ERR_OK) {
    find_error(f, "identity", e);
  }
  check_clock(m, iam, f);
  check_ingress(m, f);
  iam_token_clear(&me);
  return bound || compose_bind(m, 0, IDENTITY_OFFLINE, NULL) == ERR_OK;
}
