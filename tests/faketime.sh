#!/usr/bin/env bash
# Prints where libfaketime is, for LD_PRELOAD beside FAKETIME; fails with a sentence where it is not installed.
# Not through the command faketime: it makes a semaphore named after its process, and where one of that number was killed before, it
# refuses to start (sem_open: File exists). The library by itself takes the old one over.
for library in /usr/lib/*/faketime/libfaketime.so.1 /usr/lib64/faketime/libfaketime.so.1 /usr/lib/faketime/libfaketime.so.1; do
  [ ! -f "$library" ] || { echo "$library"; exit 0; }
done
echo "libfaketime is not installed (the package faketime)" >&2
exit 1
