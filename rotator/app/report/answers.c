#include "rotator/app/report/answers.h"

#include <stdio.h>

#include "rotator/app/report/decision_words.h"
#include "rotator/base/json.h"
#include "rotator/base/text_time.h"

void answer_begin(struct app *a) {
  if (!a->cli.json || a->cli.help || a->cli.version || a->cli.generate ||
      a->cli.command == CMD_HELP)
    return;
  a->answer = cJSON_CreateObject();
  cJSON_AddNumberToObject(a->answer, "rotator", 1);
  cJSON_AddStringToObject(a->answer, "command",
                          a->cli.command ? cli_commands[a->cli.command].name : "");
  a->targets = cJSON_AddArrayToObject(a->answer, "targets");
  a->answer_asked = true;
}

static void print_item(const cJSON *item, const char *before) {
  char *text = cJSON_PrintUnformatted(item);
  if (text)
    printf("%s%s%s%s", before, item->string ? item->string : "", item->string ? "\":" : "", text);
  cJSON_free(text);
}

// Members' names are words of ours: nothing in them needs an escape.
static void print_members(const cJSON *first, const cJSON *end) {
  for (const cJSON *item = first; item && item != end; item = item->next)
    print_item(item, item == first ? "\"" : ",\"");
}

// What is ready of "targets"; before the first of them what stands before it.
static void print_targets(struct app *a) {
  if (!a->answer_begun) {
    putchar('{');
    print_members(a->answer->child, a->targets);
    fputs(",\"targets\":[", stdout);
  }
  while (a->targets->child) {
    print_item(a->targets->child, a->answer_begun ? "," : "");
    a->answer_begun = true;
    cJSON_DeleteItemFromArray(a->targets, 0);
  }
}

int answer_end(struct app *a, int status) {
  if (a->targets) {
    cJSON_AddNumberToObject(a->answer, "exit", status);
    print_targets(a);
    fputs("],", stdout);
    print_members(a->targets->next, NULL);
    puts("}");
  }
  // An answer that lacks a member must not look like a whole one either.
  if (a->answer_asked && (!a->targets || json_lost_memory()) && status == EXIT_FINE)
    status = EXIT_BUG;
  // A full disk or a closed pipe must not look like success to a script that reads the answer.
  if ((fflush(stdout) != 0 || ferror(stdout)) && status == EXIT_FINE)
    status = EXIT_BUG;
  return status;
}

cJSON *answer_target(struct app *a, const char *target) {
  if (!a->targets)
    return NULL;
  if (a->targets->child)
    print_targets(a);
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "target", target);
  return json_append(a->targets, o) ? o : NULL;
}

cJSON *answer_last_target(const struct app *a) {
  return a->targets ? cJSON_GetArrayItem(a->targets, cJSON_GetArraySize(a->targets) - 1) : NULL;
}

void answer_add_error(cJSON *o, const struct error *e) {
  if (e->kind == ERR_OK) {
    cJSON_AddNullToObject(o, "error");
    return;
  }
  cJSON *x = cJSON_AddObjectToObject(o, "error");
  cJSON_AddStringToObject(x, "kind", err_name(e->kind));
  cJSON_AddStringToObject(x, "text", e->text);
  cJSON_AddNumberToObject(x, "status", e->status);
  cJSON_AddStringToObject(x, "code", e->code);
  cJSON_AddStringToObject(x, "transaction", e->trace);
}

void answer_add_text(cJSON *o, const char *name, const char *text) {
  if (text[0])
    cJSON_AddStringToObject(o, name, text);
  else
    cJSON_AddNullToObject(o, name);
}

static void add_reason(cJSON *o, const struct verdict *v) {
  answer_add_text(o, "reason", v->cause != CAUSE_none ? cause_name(v->cause) : "");
}

static void add_time(cJSON *o, const char *name, int64_t t_s) {
  char text[32];
  text_format_time(text, sizeof text, t_s);
  answer_add_text(o, name, t_s > 0 ? text : "");
}

static void add_verdict(cJSON *o, const struct verdict *v) {
  cJSON_AddStringToObject(o, "verdict", verdict_name(v->kind));
  add_reason(o, v);
  answer_add_text(o, "text", v->cause != CAUSE_none ? cause_words(v->cause) : "");
  add_time(o, "seen_at", v->seen_s);
  add_time(o, "proven_at", v->proven_s);
  answer_add_text(o, "proven_by", v->proven_by);
}

static void add_sinks(cJSON *o, const struct managed *m) {
  const struct verdict nothing = evidence_verdict(NULL);
  cJSON *list = cJSON_AddArrayToObject(o, "sinks");
  for (size_t i = 0; list && i < m->config->n_sinks; i++) {
    bool open = i < m->target.n_sinks;
    cJSON *x = cJSON_CreateObject();
    cJSON_AddStringToObject(x, "name", m->config->sinks[i].name);
    answer_add_text(x, "place", open ? m->target.sinks[i].item->place : "");
    answer_add_text(x, "holds", m->seen.observed ? sink_words(m->seen.sinks[i].value) : "");
    add_verdict(x, m->seen.observed ? &m->seen.sinks[i].verdict : &nothing);
    json_append(list, x);
  }
}

void answer_add_consumers(cJSON *o, const struct managed *m) {
  static const char *const names[] = {
      [WORKING_YES] = "yes", [WORKING_NO] = "no", [WORKING_UNKNOWN] = "unknown"};
  const struct verdict nothing = evidence_verdict(NULL);
  const struct verdict *v = m->seen.observed ? &m->seen.verdict : &nothing;
  cJSON_AddStringToObject(o, "working", names[verdict_working(v)]);
  add_reason(o, v);
  add_sinks(o, m);
}

void answer_add_identity(cJSON *o, const struct managed *m) {
  const struct config_target *t = m->config;
  cJSON *x = cJSON_AddObjectToObject(o, "identity");
  cJSON_AddStringToObject(x, "kind", t->user ? "user" : "service_id");
  cJSON_AddStringToObject(x, "configured", t->user ? t->user : t->service_id);
  answer_add_text(x, "iam_id", m->iam_id);
}

void answer_add_end(cJSON *o, int exit, const char *next) {
  cJSON_AddNumberToObject(o, "exit", exit);
  cJSON_AddBoolToObject(o, "attention", exit == EXIT_PERSON || exit == EXIT_PAGE);
  answer_add_text(o, "next", exit != EXIT_FINE ? next : "");
}
