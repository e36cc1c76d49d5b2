// The layouts of the file store: what is written, byte for byte, and what is read of files that
// other hands or programs made.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/contract/stores/file_bench.h"

#define KEY "kQ5vRr0s-XtdmbF2hIhq5PqDd4rXxSduvO2Yh2Gx_9c1"

// A file that is already there, and how it is read.
struct found {
  const char *format;
  const char *bytes;
  enum err want;
  const char *value; // with ERR_OK
  const char *says;  // part of the error's text otherwise
};

static void assert_found(const struct file_bench *b, const struct found *f) {
  struct store_item *it = file_bench_open(STORE_SINK, b->path, "format", f->format, (char *)NULL);
  struct store_record r = {0};
  struct store_version v = {""};
  struct error e = {0};
  file_bench_put_text(b->path, f->bytes);
  enum err err = store_read(it, &r, &v, &e);
  if (err != f->want || (f->says && !strstr(e.text, f->says)))
    fail_msg("%s \"%s\": %s (%s)", f->format, f->bytes, err_name(err), e.text);
  if (f->value)
    assert_string_equal(f->value, secret_bytes(r.value));
  assert_int_equal(err == ERR_MISSING ? ERR_OK : err, store_check(it, NULL));
  assert_int_equal(err != ERR_REFUSED, v.text[0] != '\0');
  store_record_clear(&r);
  store_item_free(it);
}

static void assert_all_found(void **state, const struct found *f, size_t n) {
  for (size_t i = 0; i < n; i++)
    assert_found(*state, &f[i]);
}
#define ASSERT_ALL_FOUND(state, table)                                                             \
  assert_all_found(state, table, sizeof table / sizeof table[0])

static void reads_raw(void **state) {
  static const struct found table[] = {
      {"raw", KEY, ERR_OK, KEY, NULL},
      {"raw", KEY "\n", ERR_OK, KEY, NULL},
      {"raw", "", ERR_MISSING, NULL, "empty"},
      {"raw", "\n", ERR_MISSING, NULL, "empty"},
      {"raw", " \t\r\n\n", ERR_MISSING, NULL, "empty"},
      {"raw", KEY "\n\n", ERR_CORRUPT, NULL, "a line break at byte 45"},
      {"raw", KEY "\r\n", ERR_CORRUPT, NULL, "a carriage return at byte 45"},
      {"raw", " " KEY, ERR_CORRUPT, NULL, "a space at byte 1"},
      {"raw", "\"" KEY "\"", ERR_CORRUPT, NULL, "a quote at byte 1"},
      {"raw", "{'apikey':1}", ERR_CORRUPT, NULL, "a quote at byte 2"},
      {"raw", "a\\b", ERR_CORRUPT, NULL, "a backslash at byte 2"},
      {"raw", "a\x01", ERR_CORRUPT, NULL, "a control character at byte 2"},
      {"raw", "\xef\xbb\xbf" KEY, ERR_CORRUPT, NULL, "not ASCII at byte 1"},
  };
  ASSERT_ALL_FOUND(state, table);
}

static void reads_raw_of_any_bytes(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_SINK, b->path, (char *)NULL);
  struct store_record r = {0};
  struct store_version v = {""};
  struct error e = {0};
  char bytes[70000];
  file_bench_put(b->path, "key\0tail", 8, 0600);
  assert_int_equal(ERR_CORRUPT, store_read(it, &r, &v, &e));
  assert_non_null(strstr(e.text, "a NUL at byte 4"));
  memset(bytes, 'k', sizeof bytes);
  file_bench_put(b->path, bytes, STORE_SINK_MAX, 0600);
  assert_int_equal(ERR_OK, store_read(it, &r, &v, &e));
  store_record_clear(&r);
  file_bench_put(b->path, bytes, STORE_SINK_MAX + 1, 0600);
  assert_int_equal(ERR_CORRUPT, store_read(it, &r, &v, &e));
  assert_non_null(strstr(e.text, "8193 bytes are too long"));
  file_bench_put(b->path, bytes, sizeof bytes, 0600);
  assert_int_equal(ERR_REFUSED, store_read(it, &r, &v, &e));
  store_item_free(it);
}

static void reads_env(void **state) {
  static const struct found table[] = {
      {"env", "IAM_API_KEY=" KEY "\n", ERR_OK, KEY, NULL},
      {"env", "IAM_API_KEY=" KEY, ERR_OK, KEY, NULL},
      {"env", "# a\n\n  \nIAM_API_KEY='" KEY "'\n\n# b", ERR_OK, KEY, NULL},
      {"env", "IAM_API_KEY=\"" KEY "\"\n", ERR_OK, KEY, NULL},
      {"env", "IAM_API_KEY='a$b;c'\n", ERR_OK, "a$b;c", NULL},
      {"env", "", ERR_MISSING, NULL, "empty"},
      {"env", "IAM_API_KEY=\n", ERR_MISSING, NULL, "the variable is empty"},
      {"env", "IAM_API_KEY=''\n", ERR_MISSING, NULL, "the variable is empty"},
      {"env", "IAM_API_KEY=" KEY "\nOTHER=1\n", ERR_REFUSED, NULL, "line 2 is not ours"},
      {"env", "# c\nexport IAM_API_KEY=" KEY "\n", ERR_REFUSED, NULL, "line 2 is not ours"},
      {"env", "; c\nIAM_API_KEY=" KEY "\n", ERR_REFUSED, NULL, "line 1 is not ours"},
      {"env", " IAM_API_KEY=" KEY "\n", ERR_REFUSED, NULL, "line 1 is not ours"},
      {"env", "IAM_API_KEY_2=" KEY "\n", ERR_REFUSED, NULL, "EnvironmentFile="},
      {"env", "IAM_API_KEY\n", ERR_REFUSED, NULL, "line 1 is not ours"},
      {"env", KEY "\n", ERR_REFUSED, NULL, "line 1 is not ours"},
      {"env", "IAM_API_KEY=a\nIAM_API_KEY=b\n", ERR_CORRUPT, NULL, "line 2 sets the variable"},
      {"env", "IAM_API_KEY=a\nIAM_API_KEY=b\nOTHER=1\n", ERR_REFUSED, NULL, "line 3 is not ours"},
      {"env", "IAM_API_KEY=\nIAM_API_KEY=b\n", ERR_CORRUPT, NULL, "line 2 sets the variable"},
      {"env", "\n#IAM_API_KEY=a\n# b\n", ERR_REFUSED, NULL, "line 2 is a comment of a file"},
      {"env", "IAM_API_KEY=a$b\n", ERR_CORRUPT, NULL, "line 1: the value needs quotes"},
      {"env", "IAM_API_KEY=a \n", ERR_CORRUPT, NULL, "line 1: the value needs quotes"},
      {"env", "IAM_API_KEY=a\r\n", ERR_CORRUPT, NULL, "line 1: the value needs quotes"},
      {"env", "\nIAM_API_KEY='a\n", ERR_CORRUPT, NULL, "line 2: the quote is not closed"},
      {"env", "IAM_API_KEY='\n", ERR_CORRUPT, NULL, "line 1: the quote is not closed"},
      {"env", "IAM_API_KEY='a' # c\n", ERR_CORRUPT, NULL, "line 1: the quote is not closed"},
      {"env", "IAM_API_KEY=a\r\n", ERR_CORRUPT, NULL, "byte 14 of the line, a carriage return"},
      {"env", "IAM_API_KEY=a \n", ERR_CORRUPT, NULL, "byte 14 of the line, a blank"},
      {"env", "IAM_API_KEY='a'\r\n", ERR_CORRUPT, NULL, "of the line, a carriage return"},
      {"env", "\xef\xbb\xbfIAM_API_KEY=a\n", ERR_REFUSED, NULL, "a byte order mark"},
      {"env", "\xef\xbb\xbf# c\nIAM_API_KEY=a\n", ERR_REFUSED, NULL, "a byte order mark"},
      {"env", "export IAM_API_KEY=a\n", ERR_REFUSED, NULL, "begins with 'export '"},
      {"env", "\tIAM_API_KEY=a\n", ERR_REFUSED, NULL, "begins with a tab"},
      {"env", "IAM_API_KEY = a\n", ERR_REFUSED, NULL, "a blank before the '='"},
      {"env", "export OTHER=a\n", ERR_REFUSED, NULL, "of its own"},
      {"env", "IAM_API_KEY='a'b'\n", ERR_CORRUPT, NULL, "a quote at byte 2"},
      {"env", "IAM_API_KEY=\"a$b\"\n", ERR_CORRUPT, NULL, "line 1: a shell and systemd read '$'"},
      {"env", "IAM_API_KEY='a\\b'\n", ERR_CORRUPT, NULL, "a backslash"},
  };
  ASSERT_ALL_FOUND(state, table);
}

static void reads_env_with_a_nul(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_SINK, b->path, "format", "env", (char *)NULL);
  struct store_record r = {0};
  struct store_version v;
  file_bench_put(b->path, "IAM_API_KEY=a\0b\n", 16, 0600);
  assert_int_equal(ERR_CORRUPT, store_read(it, &r, &v, NULL));
  // what a power loss leaves is nobody's, and may be written over: unless it stands beside what is
  file_bench_put(b->path, "\0\nIAM_API_KEY=a\n", 16, 0600);
  assert_int_equal(ERR_CORRUPT, store_read(it, &r, &v, NULL));
  file_bench_put(b->path, "\0\0\0\0\0\0\0\0", 8, 0600);
  assert_int_equal(ERR_CORRUPT, store_read(it, &r, &v, NULL));
  assert_string_not_equal(v.text, "");
  file_bench_put(b->path, "\0\nOTHER=1\n\0\0\0\0\0\0", 16, 0600);
  assert_int_equal(ERR_REFUSED, store_read(it, &r, &v, NULL));
  file_bench_put(b->path, "\0OTHER=1\n", 9, 0600);
  assert_int_equal(ERR_REFUSED, store_read(it, &r, &v, NULL));
  store_item_free(it);
}

static void reads_json(void **state) {
  static const struct found table[] = {
      {"json", "{\"apikey\":\"" KEY "\"}", ERR_OK, KEY, NULL},
      {"json",
       "{\n\t\"name\": \"k\",\n\t\"description\": \"\",\n\t\"createdAt\": "
       "\"2026-11-24T05:40+0000\","
       "\n\t\"apikey\": \"" KEY "\"\n}",
       ERR_OK, KEY, NULL},
      {"json",
       "{\"id\":\"ApiKey-1\",\"uuid\":\"u\",\"crn\":\"c\",\"iam_id\":\"i\",\"account_id\":\"a\","
       "\"entity_tag\":\"1-x\",\"locked\":false,\"disabled\":false,\"created_at\":\"x\","
       "\"created_by\":\"y\",\"modified_at\":\"z\",\"apikey\":\"" KEY "\"}\n",
       ERR_OK, KEY, NULL},
      {"json", "", ERR_MISSING, NULL, "empty"},
      {"json", "{}", ERR_MISSING, NULL, "'apikey' is absent or empty"},
      {"json", "{\"name\":\"k\",\"apikey\":\"\"}", ERR_MISSING, NULL, "absent or empty"},
      {"json", "{\"apikey\":\"" KEY "\",\"team\":\"x\"}", ERR_REFUSED, NULL, "'team' is not ours"},
      {"json", "{\"apiKey\":\"" KEY "\"}", ERR_REFUSED, NULL, "'apiKey' is not ours"},
      {"json", "{\"a\xc3\xbc\":1}", ERR_REFUSED, NULL, "'a?\?' is not ours"},
      {"json", "{\"apikey\":1}", ERR_CORRUPT, NULL, "'apikey' is not one text"},
      {"json", "{\"apikey\":null}", ERR_CORRUPT, NULL, "'apikey' is not one text"},
      {"json", "{\"apikey\":\"a\",\"apikey\":\"b\"}", ERR_CORRUPT, NULL, "not one text"},
      {"json", "{\"apikey\":\"a\\u0000b\"}", ERR_CORRUPT, NULL, NULL},
      {"json", "{\"apikey\":\"a\\nb\"}", ERR_CORRUPT, NULL, "a line break"},
      {"json", "[\"" KEY "\"]", ERR_CORRUPT, NULL, "not a JSON object"},
      {"json", KEY, ERR_CORRUPT, NULL, "not a JSON object"},
      {"json", "{\"apikey\":\"" KEY "\"", ERR_CORRUPT, NULL, "not a JSON object"},
      {"json", "{\"apikey\":\"" KEY "\"} x", ERR_CORRUPT, NULL, "not a JSON object"},
  };
  ASSERT_ALL_FOUND(state, table);
}

static void reads_details_of_json(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_SINK, b->path, "format", "json", (char *)NULL);
  struct store_record r = {0};
  struct store_version v;
  char text[700], name[400];
  file_bench_put_text(b->path, "{\"name\":\"my key\",\"id\":\"ApiKey-1\",\"apikey\":\"k\","
                               "\"createdAt\":\"2026-11-24T05:40+0000\"}");
  assert_int_equal(ERR_OK, store_read(it, &r, &v, NULL));
  assert_string_equal("my key", r.key_name);
  assert_string_equal("ApiKey-1", r.key_id);
  assert_int_equal(1795498800, r.created_s);
  store_record_clear(&r);

  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  snprintf(text, sizeof text, "{\"name\":\"%s\",\"id\":7,\"apikey\":\"k\",\"createdAt\":\"soon\"}",
           name);
  file_bench_put_text(b->path, text);
  assert_int_equal(ERR_OK, store_read(it, &r, &v, NULL));
  assert_string_equal("", r.key_name);
  assert_string_equal("", r.key_id);
  assert_int_equal(0, r.created_s);
  store_record_clear(&r);
  store_item_free(it);
}

static void writes_raw(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_SINK, b->path, (char *)NULL);
  file_bench_writes(it, KEY);
  assert_string_equal(KEY "\n", file_bench_get(b->path));
  store_item_free(it);
  it = file_bench_open(STORE_SINK, b->path, "newline", "false", (char *)NULL);
  file_bench_writes(it, KEY);
  assert_string_equal(KEY, file_bench_get(b->path));
  store_item_free(it);
}

static void writes_env(void **state) {
  struct file_bench *b = *state;
  struct store_item *it =
      file_bench_open(STORE_SINK, b->path, "format", "env", "variable", "LOGS_KEY", (char *)NULL);
  file_bench_writes(it, KEY);
  const char *text = file_bench_get(b->path), *line = strchr(text, '\n');
  assert_int_equal('#', text[0]);
  assert_non_null(strstr(text, "it must hold nothing else"));
  assert_string_equal("\nLOGS_KEY=" KEY "\n", line);
  file_bench_writes(it, "a$b");
  assert_non_null(strstr(file_bench_get(b->path), "\nLOGS_KEY='a$b'\n"));
  file_bench_reads(it, "a$b");
  store_item_free(it);
}

static void writes_json(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_SINK, b->path, "format", "json", (char *)NULL);
  struct store_record r = {.value = secret_copy_text(KEY), .created_s = 1795498859};
  struct store_version v = {""};
  snprintf(r.key_id, sizeof r.key_id, "ApiKey-1");
  snprintf(r.key_name, sizeof r.key_name, "a \"b\"");
  assert_int_equal(ERR_OK, store_write(it, &r, &v, &v, NULL));
  assert_string_equal("{\n\t\"name\": \"a \\\"b\\\"\",\n"
                      "\t\"description\": \"Written whole by rotator at each rotation\",\n"
                      "\t\"createdAt\": \"2026-11-24T05:40+0000\",\n"
                      "\t\"apikey\": \"" KEY "\",\n\t\"id\": \"ApiKey-1\"\n}\n",
                      file_bench_get(b->path));
  r.created_s = 0;
  r.key_id[0] = r.key_name[0] = '\0';
  assert_int_equal(ERR_OK, store_write(it, &r, &v, &v, NULL));
  assert_string_equal("{\n\t\"name\": \"\",\n"
                      "\t\"description\": \"Written whole by rotator at each rotation\",\n"
                      "\t\"apikey\": \"" KEY "\"\n}\n",
                      file_bench_get(b->path));
  store_record_clear(&r);
  store_item_free(it);
}

static void writes_documents_as_they_are(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_HOME, b->path, (char *)NULL);
  file_bench_writes(it, "{\"a\": 1}");
  assert_string_equal("{\"a\": 1}", file_bench_get(b->path));
  file_bench_reads(it, "{\"a\": 1}");
  store_item_free(it);
}

// Every byte that a key may have, as a shell reads it from our file.
static void a_shell_reads_what_was_written(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_SINK, b->path, "format", "env", (char *)NULL);
  char value[128] = "", command[700], got[128] = "";
  for (char c = '!'; c <= '~'; c++)
    if (!strchr("\"'`\\", c))
      value[strlen(value)] = c;
  file_bench_writes(it, value);
  snprintf(command, sizeof command, "set -eu; . '%s'; printf %%s \"$IAM_API_KEY\" >'%s/out'",
           b->path, b->dir);
  pid_t pid = fork();
  if (pid == 0) {
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
  }
  int status = -1;
  assert_int_equal(pid, waitpid(pid, &status, 0));
  assert_int_equal(0, status);
  snprintf(command, sizeof command, "%s/out", b->dir);
  snprintf(got, sizeof got, "%s", file_bench_get(command));
  assert_string_equal(value, got);
  store_item_free(it);
}

// What is refused or does not decode is never overwritten by a writer who saw nothing.
static void keeps_what_it_cannot_read(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_SINK, b->path, "format", "env", (char *)NULL);
  struct store_record r = {.value = secret_copy_text(KEY)};
  struct store_version none = {""}, v;
  file_bench_put_text(b->path, "OTHER=1\n");
  assert_int_equal(ERR_CONFLICT, store_write(it, &r, &none, &v, NULL));
  assert_string_equal("OTHER=1\n", file_bench_get(b->path));
  store_record_clear(&r);
  store_item_free(it);
}

// The version of a file that does not decode lets a repair overwrite it.
static void a_repair_overwrites_what_does_not_decode(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_SINK, b->path, (char *)NULL);
  struct store_record r = {0};
  struct store_version v = {""};
  file_bench_put_text(b->path, "two words");
  assert_int_equal(ERR_CORRUPT, store_read(it, &r, &v, NULL));
  r.value = secret_copy_text(KEY);
  assert_int_equal(ERR_OK, store_write(it, &r, &v, &v, NULL));
  file_bench_reads(it, KEY);
  store_record_clear(&r);
  store_item_free(it);
}

// An empty file has a version, and the write that fills it must name it.
static void fills_an_empty_file(void **state) {
  struct file_bench *b = *state;
  struct store_item *it = file_bench_open(STORE_SINK, b->path, (char *)NULL);
  struct store_record r = {.value = secret_copy_text(KEY)};
  struct store_version none = {""}, v;
  file_bench_put_text(b->path, "\n");
  v = file_bench_reads(it, NULL);
  assert_string_not_equal("", v.text);
  assert_int_equal(ERR_CONFLICT, store_write(it, &r, &none, &none, NULL));
  assert_int_equal(ERR_OK, store_write(it, &r, &v, &v, NULL));
  file_bench_reads(it, KEY);
  store_record_clear(&r);
  store_item_free(it);
}

int main(void) {
#define T(test) cmocka_unit_test_setup_teardown(test, file_bench_setup, file_bench_teardown)
  const struct CMUnitTest tests[] = {
      T(reads_raw),
      T(reads_raw_of_any_bytes),
      T(reads_env),
      T(reads_env_with_a_nul),
      T(reads_json),
      T(reads_details_of_json),
      T(writes_raw),
      T(writes_env),
      T(writes_json),
      T(writes_documents_as_they_are),
      T(a_shell_reads_what_was_written),
      T(keeps_what_it_cannot_read),
      T(a_repair_overwrites_what_does_not_decode),
      T(fills_an_empty_file),
  };
  int failed = cmocka_run_group_tests_name("file formats", tests, NULL, NULL);
  return failed != 0;
}
