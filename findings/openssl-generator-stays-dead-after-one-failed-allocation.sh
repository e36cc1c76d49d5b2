#!/usr/bin/env bash
# OpenSSL 3.0 (Debian 12): where one allocation fails while a process makes its first random number, the generator
# may be dead for the life of that process, however much memory there is later. RAND_poll() answers that all is well.
#
# Why it matters: a long-lived sender that meets a short lack of memory at its first TLS connection never connects again, while its
# library says "Insufficient randomness" or nothing. Nothing but a new process helps, and a health check by RAND_poll() stays green.
#
# In a root of Debian 12 made by debootstrap (as root; some two minutes): a program lets each allocation of the first RAND_bytes() fail
# once, in a process of its own, and asks three times for numbers afterwards, when there is memory again. Prints how many processes had
# none even then. Exit status 1 when this changes.
set -u
[ "$(id -u)" -eq 0 ] || exit 2
command -v debootstrap >/dev/null || apt-get install -y --no-install-recommends debootstrap >/dev/null 2>&1
dir=$(mktemp -d)
trap 'rm -rf --one-file-system "$dir"' EXIT
cat >"$dir/probe.c" <<'C'
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static long left = -1;
static void *get(size_t n, const char *f, int l) { return left >= 0 && left-- == 0 ? NULL : malloc(n); }
static void *more(void *p, size_t n, const char *f, int l) { return left >= 0 && left-- == 0 ? NULL : realloc(p, n); }
static void give(void *p, const char *f, int l) { free(p); }

/* 0: numbers again; 1: none for ever, and RAND_poll content; 2: none, and RAND_poll says so; 3: the allocation was never asked for. */
static int one(long number) {
  unsigned char bytes[16];
  CRYPTO_set_mem_functions(get, more, give);
  left = number;
  RAND_bytes(bytes, sizeof bytes);
  if (left >= 0)
    return 3;
  int polled = RAND_poll();
  for (int i = 0; i < 3; i++)
    if (RAND_bytes(bytes, sizeof bytes) == 1)
      return 0;
  return polled == 1 ? 1 : 2;
}

int main(void) {
  long dead[5] = {0}, n = 0;
  for (;; n++) {
    int status;
    fflush(stdout);
    if (fork() == 0)
      _exit(one(n));
    wait(&status);
    int end = WIFEXITED(status) ? WEXITSTATUS(status) : 4;
    if (end == 3)
      break;
    dead[end]++;
  }
  printf("%ld %ld %ld\n", n, dead[1], dead[2]);
}
C
root=$dir/root
{ debootstrap --variant=minbase bookworm "$root" && cp -L /etc/resolv.conf "$root/etc/" &&
  chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gcc libc6-dev libssl-dev &&
  cp "$dir/probe.c" "$root/" && chroot "$root" gcc -O1 -o /probe /probe.c -lcrypto; } >"$dir/log" 2>&1 </dev/null ||
  { tail -n 5 "$dir/log"; exit 2; }
read -r all silent told < <(chroot "$root" /probe)
echo "libssl3 $(chroot "$root" dpkg-query -W -f '${Version}' libssl-dev): of $all allocations $((silent + told)) leave a process without random numbers;" \
  "after $silent of them RAND_poll() answers 1"
[ "$silent" -gt 0 ]
