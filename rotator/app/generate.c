#include "rotator/app/generate.h"

#include <string.h>

#include "rotator/app/cli.h"
#include "rotator/base/text.h"
#include "rotator/config/config.h"

#define GENERATED_MAX (1024 * 1024)

static bool from_config(FILE *out, enum err (*make)(struct text_buf *out)) {
  struct text_buf b = TEXT_BUF(GENERATED_MAX);
  bool ok = make(&b) == ERR_OK && !b.failed;
  if (ok)
    fputs(text_buf_str(&b), out);
  text_buf_free(&b);
  return ok;
}

bool generate(FILE *out, const char *what) {
  if (strcmp(what, "schema") == 0)
    return from_config(out, config_schema_json);
  if (strcmp(what, "config-manual") == 0)
    return from_config(out, config_schema_manual);
  if (cli_generate(out, what))
    return true;
  fprintf(stderr, "rotator: --generate takes manual, completion, completion-zsh, schema, "
                  "config-manual or targets\n");
  return false;
}
