#include "fault.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util.h"

struct faults {
  struct fault_rule **rules;
  size_t count;
  unsigned next_id;
};

void effects_init(struct effects *fx) {
  *fx = (struct effects){.late_ms = -1, .duplicate_late_ms = -1, .expires_in = -1};
  for (int i = 0; i < LAG_COUNT; i++)
    fx->lags[i] = -1;
}

void effects_free(struct effects *fx) {
  free(fx->body);
  free(fx->content_type);
  free(fx->wrong_account);
  cJSON_Delete(fx->headers);
  effects_init(fx);
}

static void merge_text(char **to, const char *from) {
  if (from) {
    free(*to);
    *to = util_dup(from);
  }
}

void effects_merge(struct effects *fx, const struct effects *add) {
  fx->delay_ms += add->delay_ms;
  fx->answer_delay_ms += add->answer_delay_ms;
  fx->drop_before |= add->drop_before;
  fx->lose_answer |= add->lose_answer;
  fx->reset |= add->reset;
  fx->late_ms = add->late_ms >= 0 ? add->late_ms : fx->late_ms;
  fx->duplicate_late_ms =
      add->duplicate_late_ms >= 0 ? add->duplicate_late_ms : fx->duplicate_late_ms;
  if (add->status) {
    fx->status = add->status;
    fx->status_done = add->status_done;
  }
  merge_text(&fx->body, add->body);
  merge_text(&fx->content_type, add->content_type);
  merge_text(&fx->wrong_account, add->wrong_account);
  if (add->headers) {
    cJSON_Delete(fx->headers);
    fx->headers = cJSON_Duplicate(add->headers, true);
  }
  fx->truncate |= add->truncate;
  fx->oversize_mib += add->oversize_mib;
  fx->slow_ms += add->slow_ms;
  fx->complaint |= add->complaint;
  fx->complaint_keep |= add->complaint_keep;
  fx->hide_logs |= add->hide_logs;
  fx->ignore_disabled |= add->ignore_disabled;
  fx->expires_in = add->expires_in >= 0 ? add->expires_in : fx->expires_in;
  fx->stale_list_ms += add->stale_list_ms;
  fx->lags_set |= add->lags_set;
  for (int i = 0; i < LAG_COUNT; i++)
    fx->lags[i] = add->lags[i] >= 0 ? add->lags[i] : fx->lags[i];
}

struct faults *faults_new(void) {
  return util_alloc(sizeof(struct faults));
}

void fault_rule_free(struct fault_rule *rule) {
  if (!rule)
    return;
  free(rule->match.method);
  free(rule->match.path);
  free(rule->match.host);
  free(rule->match.identity);
  free(rule->match.key);
  free(rule->name);
  effects_free(&rule->fx);
  free(rule);
}

void faults_clear(struct faults *f) {
  for (size_t i = 0; i < f->count; i++)
    fault_rule_free(f->rules[i]);
  free(f->rules);
  f->rules = NULL;
  f->count = 0;
}

void faults_free(struct faults *f) {
  if (!f)
    return;
  faults_clear(f);
  free(f);
}

bool faults_remove(struct faults *f, unsigned id) {
  for (size_t i = 0; i < f->count; i++) {
    if (f->rules[i]->id != id)
      continue;
    fault_rule_free(f->rules[i]);
    memmove(f->rules + i, f->rules + i + 1, (--f->count - i) * sizeof *f->rules);
    return true;
  }
  return false;
}

unsigned faults_add(struct faults *f, struct fault_rule *rule) {
  f->rules = util_realloc(f->rules, (f->count + 1) * sizeof *f->rules);
  f->rules[f->count++] = rule;
  return rule->id = ++f->next_id;
}

cJSON *faults_json(const struct faults *f) {
  cJSON *out = cJSON_CreateArray();
  for (size_t i = 0; i < f->count; i++) {
    const struct fault_rule *rule = f->rules[i];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "id", rule->id);
    if (rule->name)
      cJSON_AddStringToObject(item, "name", rule->name);
    cJSON_AddNumberToObject(item, "seen", (double)rule->seen);
    cJSON_AddNumberToObject(item, "fired", (double)rule->fired);
    cJSON_AddItemToArray(out, item);
  }
  return out;
}

// A pattern without wildcards is a prefix.
static bool path_matches(const char *pattern, const char *path) {
  if (!strpbrk(pattern, "*?["))
    return !strncmp(pattern, path, strlen(pattern));
  return !fnmatch(pattern, path, 0);
}

static bool text_matches(const char *pattern, const char *text) {
  return !pattern || (text && !fnmatch(pattern, text, FNM_CASEFOLD));
}

// An identity may be named with or without its iam- prefix.
static bool identity_matches(const char *pattern, const char *who) {
  if (!pattern || text_matches(pattern, who))
    return true;
  return who && !strncmp(who, "iam-", 4) && text_matches(pattern, who + 4);
}

static bool matches(const struct fault_match *m, const struct fault_subject *s) {
  return (!m->method || !strcasecmp(m->method, s->method)) &&
         (!m->path || path_matches(m->path, s->path)) && text_matches(m->host, s->host) &&
         identity_matches(m->identity, s->identity) && text_matches(m->key, s->key);
}

static double next_random(struct fault_rule *rule) {
  rule->random ^= rule->random << 13;
  rule->random ^= rule->random >> 7;
  rule->random ^= rule->random << 17;
  return (double)(rule->random >> 11) / 9007199254740992.0;
}

static bool fires(struct fault_rule *rule) {
  if (rule->match.times && rule->fired >= rule->match.times)
    return false;
  if (rule->seen++ < rule->match.after)
    return false;
  if (rule->match.probability < 1 && next_random(rule) >= rule->match.probability)
    return false;
  rule->fired++;
  return true;
}

void faults_apply(struct faults *f, const struct fault_subject *subject, struct effects *fx) {
  for (size_t i = 0; i < f->count; i++) {
    if (matches(&f->rules[i]->match, subject) && fires(f->rules[i]))
      effects_merge(fx, &f->rules[i]->fx);
  }
}
