// Runs a fuzz target over files, and over all files of folders: the tests without libFuzzer. Each
// input is given in memory of its exact size, so that a sanitizer sees a read behind its end; then
// cut in half, and empty.
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static size_t runs;

static void run(const uint8_t *bytes, size_t len) {
  uint8_t *exact = malloc(len ? len : 1);
  FUZZ_CHECK(exact);
  memcpy(exact, bytes, len);
  LLVMFuzzerTestOneInput(exact, len);
  free(exact);
  runs++;
}

static void run_file(const char *path) {
  static uint8_t bytes[1024 * 1024];
  FILE *f = fopen(path, "rb");
  if (!f) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    exit(1);
  }
  size_t len = fread(bytes, 1, sizeof bytes, f);
  fclose(f);
  run(bytes, len);
  run(bytes, len / 2);
}

static void run_folder(const char *path) {
  DIR *folder = opendir(path);
  if (!folder) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    exit(1);
  }
  for (struct dirent *d; (d = readdir(folder));) {
    char file[4096];
    if (d->d_name[0] == '.')
      continue;
    snprintf(file, sizeof file, "%s/%s", path, d->d_name);
    run_file(file);
  }
  closedir(folder);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    struct stat st;
    if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
      run_folder(argv[i]);
    else
      run_file(argv[i]);
  }
  if (runs == 0) {
    fprintf(stderr, "no inputs\n");
    return 1;
  }
  run((const uint8_t *)"", 0);
  return 0;
}
