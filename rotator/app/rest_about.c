#include "rotator/app/rest_about.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rotator/app/host_id.h"
#include "rotator/base/atomic_file.h"

#define NAMES_MAX 64 // of users and groups, in one configuration
#define ABOUT_MAX (256 * 1024)

// --- which program: two builds of one version may decide otherwise ---

static void add_program(struct text_buf *b) {
  struct stat st;
  if (stat("/proc/self/exe", &st) != 0) {
    b->failed = true;
    return;
  }
  struct file_version v = file_version_of(&st);
  text_buf_add_bytes(b, &v, sizeof v);
}

// --- who we are: what may be read depends on it ---

static void add_groups(struct text_buf *b) {
  int n = getgroups(0, NULL);
  gid_t *groups = n > 0 ? calloc((size_t)n, sizeof *groups) : NULL;
  if (n < 0 || (n > 0 && (!groups || getgroups(n, groups) != n)))
    b->failed = true;
  else if (n > 0)
    text_buf_add_bytes(b, groups, (size_t)n * sizeof *groups);
  free(groups);
}

static void add_capabilities(struct text_buf *b) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
  if (syscall(SYS_capget, &header, data) != 0)
    b->failed = true;
  for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
    text_buf_add(b, " %x", data[i].effective);
}

// --- the users and groups that sinks are given to: a name may come to mean another one ---

struct names {
  const char *of[NAMES_MAX];
  size_t n;
};

static bool is_new(const struct names *names, const char *name) {
  for (size_t i = 0; i < names->n; i++)
    if (strcmp(names->of[i], name) == 0)
      return false;
  return true;
}

static void add_name(struct text_buf *b, struct names *names, const char *name, bool group) {
  if (!name || name[strspn(name, "0123456789")] == '\0' || !is_new(names, name))
    return;
  if (names->n == NAMES_MAX) {
    b->failed = true;
    return;
  }
  names->of[names->n++] = name;
  const struct passwd *user = group ? NULL : getpwnam(name);
  const struct group *members = group ? getgrnam(name) : NULL;
  long id = user ? (long)user->pw_uid : members ? (long)members->gr_gid : -1;
  text_buf_add(b, "\n%s %s %ld", group ? "group" : "user", name, id);
}

static void add_names(struct text_buf *b, const struct config *c) {
  struct names users = {.n = 0}, groups = {.n = 0};
  for (size_t i = 0; i < c->n_targets; i++)
    for (size_t k = 0; k < c->targets[i].n_sinks; k++) {
      const struct config_store *s = &c->targets[i].sinks[k];
      add_name(b, &users, store_setting_get(s->settings, s->n_settings, "owner"), false);
      add_name(b, &groups, store_setting_get(s->settings, s->n_settings, "group"), true);
    }
}

// ---

bool rest_about(const struct config *c, unsigned char ret[TEXT_SHA256_BYTES]) {
  struct text_buf b = TEXT_BUF(ABOUT_MAX);
  char host[STATE_WHO_MAX];
  host_id_find(c, host);
  text_buf_add(&b, "%s\n%s\n%s\n%zu %u %u", ROTATOR_VERSION, c->state_dir, host, c->n_targets,
               (unsigned)geteuid(), (unsigned)getegid());
  text_buf_add_bytes(&b, c->digest, sizeof c->digest);
  add_program(&b);
  add_groups(&b);
  add_capabilities(&b);
  add_names(&b, c);
  bool whole = !b.failed;
  text_sha256(ret, text_buf_str(&b), b.len);
  text_buf_free(&b);
  return whole;
}
