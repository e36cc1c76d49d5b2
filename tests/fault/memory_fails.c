// Preloaded: from the moment that the program sets itself up (its first unsetenv), the allocation
// of number FAIL_AT gets no memory, and with FAIL_FROM all after it: whose it is, the program's,
// libcurl's, cJSON's, libyaml's, OpenSSL's or libc's own. What happens before is the dynamic
// linker's and the libraries' constructors'. FAIL_COUNT: a file for how many there were.
//
// It stands before the allocator of AddressSanitizer too, where the program was built with one;
// else it says in whose function the program crashed, if it did.
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
// libasan's own; NULL without it.
void *__interceptor_malloc(size_t size) __attribute__((weak));
void *__interceptor_calloc(size_t n, size_t size) __attribute__((weak));
void *__interceptor_realloc(void *p, size_t size) __attribute__((weak));
void *__interceptor_memalign(size_t alignment, size_t size) __attribute__((weak));

static bool counting, all_after;
static long asked = -1, at = -1;

static void *place_of(const ucontext_t *c) {
#if defined __x86_64__
  return (void *)c->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
  return (void *)c->uc_mcontext.pc;
#else
  (void)c;
  return NULL;
#endif
}

// It returns to the instruction that crashed, which does so again, without us.
static void on_crash(int number, siginfo_t *info, void *context) {
  Dl_info at_;
  char line[512];
  (void)number, (void)info;
  void *place = place_of(context);
  if (!place || !dladdr(place, &at_) || !at_.dli_fname)
    return;
  int n = snprintf(line, sizeof line, "memory_fails: crashed in %s of %s\n",
                   at_.dli_sname ? at_.dli_sname : "?", at_.dli_fname);
  if (write(STDERR_FILENO, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1) < 0)
    return;
}

int unsetenv(const char *name) {
  int (*real)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "unsetenv");
  const char *number = getenv("FAIL_AT");
  at = number ? atol(number) : -1;
  all_after = getenv("FAIL_FROM") != NULL;
  counting = true;
  struct sigaction crash = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | (int)SA_RESETHAND};
  if (!__interceptor_malloc)
    sigaction(SIGSEGV, &crash, NULL);
  return real(name);
}

static bool fails(void) {
  if (!counting)
    return false;
  long n = __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
  bool now = at >= 0 && (all_after ? n >= at : n == at);
  if (now)
    errno = ENOMEM; // as malloc does
  return now;
}

void *malloc(size_t size) {
  if (fails())
    return NULL;
  return __interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
  if (fails())
    return NULL;
  return __interceptor_calloc ? __interceptor_calloc(n, size) : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size) {
  if (fails())
    return NULL;
  return __interceptor_realloc ? __interceptor_realloc(p, size) : __libc_realloc(p, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  if (fails())
    return NULL;
  return __interceptor_memalign ? __interceptor_memalign(alignment, size)
                                : __libc_memalign(alignment, size);
}

__attribute__((destructor)) static void tell(void) {
  const char *path = getenv("FAIL_COUNT");
  counting = false;
  FILE *f = path ? fopen(path, "we") : NULL;
  if (!f)
    return;
  fprintf(f, "%ld\n", asked + 1);
  fclose(f);
}
