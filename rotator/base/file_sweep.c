// Temporary files of killed writers are found by listing the directory. In a directory of many
// files that would cost each write as much as there are files: ten thousand targets with their
// files in one state directory would pay for it ten thousand times ten thousand. So this process
// keeps, of a directory with many files, which temporary files the last listing showed, and lists
// again after as many writes as there were files. A write then costs the same however many files
// lie beside its own, and the leftovers of earlier processes are still gone with the next write of
// their file: a process begins with a listing. In a small directory each write lists.
//
// What is kept is a hint: a file is removed under its lock only, as ever (file_temp.c).
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "rotator/base/file_dir.h"

enum {
  FEW = 64,           // files that each write lists
  DIRECTORIES = 64,   // whose listings are kept
  FOUND_MAX = 100000, // temporary files of one listing; the others wait for the next one
  OLD_S = 60
};

// One directory, and not one that was made later under the same number.
struct identity {
  uint64_t dev, ino;
  int64_t born_ns; // 0: the filesystem does not say
};

struct listing {
  struct identity of;
  size_t left;     // writes until the next listing
  char **found;    // names of temporary files, of whichever file
  size_t n, files; // of `found`; of all that were seen
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct listing listings[DIRECTORIES];

static void sweep_one(const struct file_place *p, const char *file) {
  struct stat st;
  struct timespec now;
  int fd = openat(p->fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
    bool ours = flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (!ours && errno != EWOULDBLOCK) // no locks on this filesystem: judge by age
      ours = clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec - st.st_mtim.tv_sec > OLD_S;
    if (ours)
      (void)unlinkat(p->fd, file, 0);
  }
  close(fd);
}

static void listing_clear(struct listing *l) {
  for (size_t i = 0; i < l->n; i++)
    free(l->found[i]);
  free(l->found);
  *l = (struct listing){0};
}

// Without memory the file waits for the next listing.
static void note(struct listing *l, const char *file) {
  if ((l->n & (l->n - 1)) == 0) { // 0 or a power of two: full
    char **more =
        l->n < FOUND_MAX ? reallocarray(l->found, l->n ? l->n * 2 : 1, sizeof *l->found) : NULL;
    if (!more)
      return;
    l->found = more;
  }
  l->found[l->n] = strdup(file);
  l->n += l->found[l->n] != NULL;
}

static bool list(const struct file_place *p, struct listing *l) {
  int fd = openat(p->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
  if (!d && fd >= 0)
    close(fd);
  if (!d)
    return false;
  for (struct dirent *f; (f = readdir(d)); l->files++)
    if (file_temp_is(f->d_name))
      note(l, f->d_name);
  closedir(d);
  return true;
}

// Takes what was found of the file out of the listing. Called with the lock, which protects
// `from` where that is a kept one.
static struct listing take(struct listing *from, const char *name) {
  struct listing mine = {0};
  size_t kept = 0;
  for (size_t i = 0; i < from->n; i++) {
    char *file = from->found[i];
    if (!file_temp_is_of(file, name)) {
      from->found[kept++] = file;
      continue;
    }
    note(&mine, file);
    free(file);
  }
  from->n = kept;
  return mine;
}

static bool identify(const struct file_place *p, struct identity *ret) {
  struct statx st;
  if (statx(p->fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st) != 0)
    return false;
  *ret = (struct identity){.dev = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor,
                           .ino = st.stx_ino};
  if (st.stx_mask & STATX_BTIME)
    ret->born_ns = st.stx_btime.tv_sec * 1000000000 + st.stx_btime.tv_nsec;
  return true;
}

static struct listing *place_of(const struct identity *dir) {
  return &listings[(dir->ino ^ dir->dev) % DIRECTORIES];
}

static bool is_same(const struct identity *a, const struct identity *b) {
  return a->dev == b->dev && a->ino == b->ino && a->born_ns == b->born_ns;
}

// What a kept listing says of the file; false: the directory has to be listed.
static bool recall(const struct file_place *p, const struct identity *dir, struct listing *ret) {
  pthread_mutex_lock(&lock);
  struct listing *l = place_of(dir);
  bool known = l->left > 0 && is_same(&l->of, dir);
  if (known) {
    l->left--;
    *ret = take(l, p->name);
  }
  pthread_mutex_unlock(&lock);
  return known;
}

// Keeps the listing for the writes that follow; it is not the caller's any more.
static void keep(const struct identity *dir, struct listing *l) {
  l->of = *dir;
  l->left = l->files;
  pthread_mutex_lock(&lock);
  struct listing old = *place_of(dir);
  *place_of(dir) = *l;
  pthread_mutex_unlock(&lock);
  listing_clear(&old);
}

void file_temp_sweep(const struct file_place *p) {
  struct listing all = {0}, mine = {0};
  struct identity dir;
  bool known = identify(p, &dir), many = false;
  if (!known || !recall(p, &dir, &mine)) {
    if (!list(p, &all))
      return;
    mine = take(&all, p->name);
    many = known && all.files > FEW;
  }
  for (size_t i = 0; i < mine.n; i++)
    sweep_one(p, mine.found[i]);
  listing_clear(&mine);
  if (many)
    keep(&dir, &all);
  else
    listing_clear(&all);
}
