#include "rotator/app/commands/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rotator/app/report/out.h"
#include "rotator/app/report/outcome.h"
#include "rotator/app/report/report.h"
#include "rotator/base/text.h"

static const char *const words[] = {[FINDING_OK] = "ok",
                                    [FINDING_WARN] = "warn",
                                    [FINDING_FAIL] = "FAIL",
                                    [FINDING_UNKNOWN] = "unknown"};

static void add_finding(struct findings *f, enum finding what, const char *name, const char *text) {
  char clean[1000];
  text_printable(clean, sizeof clean, text, strlen(text));
  text_buf_add(&f->lines, "%-7s  %s%s%-10s  %s\n", words[what], f->target ? f->target : "",
               f->target ? "  " : "", name, clean);
  if (!f->list)
    return;
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "finding", words[what]);
  cJSON_AddStringToObject(o, "name", name);
  cJSON_AddStringToObject(o, "text", clean);
  json_append(f->list, o);
}

void find(struct findings *f, enum finding what, const char *name, const char *fmt, ...) {
  char text[1000];
  va_list ap;
  va_start(ap, fmt);
  if (vsnprintf(text, sizeof text, fmt, ap) < 0)
    text[0] = '\0';
  va_end(ap);
  add_finding(f, what, name, text);
  if (what == FINDING_FAIL)
    f->exit = exit_worse(f->exit, EXIT_PERSON);
}

void find_error(struct findings *f, const char *name, const struct error *e) {
  char said[256], text[1000];
  report_service_said(e, said, sizeof said);
  snprintf(text, sizeof text, "%s%s%s%s", e->text, said[0] ? " (" : "", said, said[0] ? ")" : "");
  add_finding(f, FINDING_FAIL, name, text);
  f->exit = exit_worse(f->exit, err_is_passing(e->kind) ? EXIT_AGAIN : EXIT_PERSON);
}

void findings_print(struct findings *f) {
  if (f->lines.len > 0)
    out_text("%s", text_buf_str(&f->lines));
  text_buf_free(&f->lines);
}
