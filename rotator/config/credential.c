// A section that tells how a token is got ("management"), of which options.c has the rows.
//
//   {file: …} {credential: …} {vault: …}   an API key
//   … with assume: {…}                     the key's identity becomes a trusted profile
//   {profile: {id: …}}                     a compute resource's token (Kubernetes, Code Engine)
//   {profile: {id: …, metadata: https}}    the metadata service of a virtual server
//
// Each member has been read by its row; here is what they say together.
#include <stdio.h>
#include <string.h>

#include "rotator/base/text.h"
#include "rotator/config/internal.h"
#include "rotator/http/transport.h"

#define METADATA_HTTP "http://169.254.169.254"
#define METADATA_HTTPS "https://api.metadata.cloud.ibm.com"
#define METADATA_VERSION "2022-03-01" // what the vendor's SDKs ask for

// One section that is being read.
struct reading {
  struct config_loader *loader;
  const struct config_slots *slots;
  const char *section;
  const yaml_mark_t *at; // of the section
};

// The texts of a struct config_credential, by the members of its section.
static const struct {
  const char *member;
  size_t offset;
} texts[] = {
    {"file", offsetof(struct config_credential, file)},
    {"credential", offsetof(struct config_credential, credential)},
    {"vault.mount", offsetof(struct config_credential, vault.mount)},
    {"vault.path", offsetof(struct config_credential, vault.path)},
    {"profile.id", offsetof(struct config_credential, profile.id)},
    {"profile.name", offsetof(struct config_credential, profile.name)},
    {"profile.crn", offsetof(struct config_credential, profile.crn)},
    {"profile.token_file", offsetof(struct config_credential, token_file)},
    {"profile.metadata", offsetof(struct config_credential, metadata)},
    {"profile.metadata_version", offsetof(struct config_credential, metadata_version)},
    {"assume.id", offsetof(struct config_credential, assume.id)},
    {"assume.name", offsetof(struct config_credential, assume.name)},
    {"assume.crn", offsetof(struct config_credential, assume.crn)},
    {"assume.account", offsetof(struct config_credential, assume.account)},
};

static const char *full_name(char dst[CONFIG_NAME_MAX], const struct reading *r,
                             const char *member) {
  int n = snprintf(dst, CONFIG_NAME_MAX, "%s.%s", r->section, member);
  if (n < 0 || n >= CONFIG_NAME_MAX) // then no option has that name
    dst[0] = '\0';
  return dst;
}

static const yaml_mark_t *mark_of(const struct reading *r, const char *member) {
  char name[CONFIG_NAME_MAX];
  return config_slot_mark(r->slots, full_name(name, r, member));
}

static yaml_node_t *node_of(const struct reading *r, const char *member) {
  char name[CONFIG_NAME_MAX];
  return config_slot(r->slots, full_name(name, r, member));
}

static bool is_section(const struct reading *r, const char *member) { // or nothing at all
  const yaml_node_t *node = node_of(r, member);
  return node && (config_is_null(node) || node->type == YAML_MAPPING_NODE);
}

// What does not stand here comes from `defaults`, and belongs to the section that this one
// replaces.
static void drop_inherited(const struct reading *r, struct config_credential *c) {
  char *none = NULL, field[CONFIG_NAME_MAX];
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (!mark_of(r, texts[i].member))
      memcpy((unsigned char *)c + texts[i].offset, &none, sizeof none);
  const struct config_option *o = config_option_find(full_name(field, r, "vault.field"), ~0U);
  if (o && !mark_of(r, "vault.field"))
    c->vault.field = config_keep(r->loader, o->fallback);
  c->store = NULL;
}

// --- trusted profiles ---

// Which of id, name and crn is given; the first of several, after a mistake.
static const char *which(const struct reading *r, const char *group, bool needed) {
  static const char *const ways[] = {"id", "name", "crn"};
  const char *first = NULL;
  char member[CONFIG_NAME_MAX];
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    snprintf(member, sizeof member, "%s.%s", group, ways[i]);
    const yaml_mark_t *at = mark_of(r, member);
    if (at && first)
      config_wrong(r->loader, at, NULL, "%s.%s: expected one of id, name and crn, found %s and %s",
                   r->section, group, first, ways[i]);
    first = at && !first ? ways[i] : first;
  }
  if (!first && needed)
    config_wrong(r->loader, mark_of(r, group), NULL,
                 "%s.%s: which trusted profile? Expected one of id, name and crn", r->section,
                 group);
  return first;
}

static bool is_plain_loopback(const char *url) {
  char host[256];
  bool https = false;
  int port = 0;
  return http_url_host(url, host, sizeof host, &https, &port) && !https &&
         http_host_is_loopback(host);
}

static void read_metadata(const struct reading *r, struct config_credential *c) {
  const char *way = which(r, "profile", false);
  if (way && strcmp(way, "name") == 0)
    config_wrong(r->loader, mark_of(r, "profile.name"), NULL,
                 "%s.profile: the metadata service knows a profile by id and crn alone",
                 r->section);
  if (!c->metadata)
    return;
  if (strcmp(c->metadata, "http") == 0)
    c->metadata = config_keep(r->loader, METADATA_HTTP);
  else if (strcmp(c->metadata, "https") == 0)
    c->metadata = config_keep(r->loader, METADATA_HTTPS);
  else if (is_plain_loopback(c->metadata) && !r->loader->config->allow_plain_loopback)
    config_wrong(r->loader, mark_of(r, "profile.metadata"), NULL,
                 "%s.profile.metadata: http:// to a loopback address needs "
                 "`allow_plain_loopback: true` at the top of the main file",
                 r->section);
  for (size_t n = c->metadata ? strlen(c->metadata) : 0; n > 0 && c->metadata[n - 1] == '/'; n--)
    c->metadata[n - 1] = '\0';
  if (!c->metadata_version)
    c->metadata_version = config_keep(r->loader, METADATA_VERSION);
}

static void read_profile(const struct reading *r, struct config_credential *c) {
  struct config_loader *l = r->loader;
  const yaml_mark_t *metadata = mark_of(r, "profile.metadata"),
                    *token = mark_of(r, "profile.token_file"),
                    *version = mark_of(r, "profile.metadata_version");
  if (metadata && token)
    config_wrong(l, metadata, NULL,
                 "%s.profile: expected one of token_file (a pod or job) and metadata (a virtual "
                 "server), found both",
                 r->section);
  if (version && !metadata)
    config_wrong(l, version, NULL, "%s.profile: metadata_version goes with metadata", r->section);
  if (metadata)
    read_metadata(r, c);
  else
    which(r, "profile", true);
}

static void read_assume(const struct reading *r) {
  const char *way = which(r, "assume", true);
  const yaml_mark_t *account = mark_of(r, "assume.account");
  bool by_name = way && strcmp(way, "name") == 0;
  if (by_name && !account)
    config_wrong(r->loader, mark_of(r, "assume.name"), NULL,
                 "%s.assume: a name is looked up in an account: expected account, too", r->section);
  else if (way && !by_name && account)
    config_wrong(r->loader, account, NULL, "%s.assume: account goes with name, and not with %s",
                 r->section, way);
}

// --- the section ---

// The one way that is given; NULL after a mistake.
static const char *find_way(const struct reading *r) {
  static const char *const ways[] = {"file", "credential", "vault", "profile"};
  const char *first = NULL;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    if (!mark_of(r, ways[i]))
      continue;
    if (first) {
      config_wrong(r->loader, r->at, NULL,
                   "%s: expected one of file, credential, vault and profile, found two: %s and %s",
                   r->section, first, ways[i]);
      return NULL;
    }
    first = ways[i];
  }
  return first;
}

static void tell_nothing(const struct reading *r) {
  const yaml_node_t *node = config_slot(r->slots, r->section);
  bool empty =
      config_is_null(node) || (node->type == YAML_MAPPING_NODE &&
                               node->data.mapping.pairs.top == node->data.mapping.pairs.start);
  if (empty) // whatever else is wrong with it has been told
    config_wrong(r->loader, r->at, NULL,
                 "%s: expected {file: /PATH} or {credential: NAME}, {vault: {…}} or {profile: {…}}",
                 r->section);
  else if (mark_of(r, "assume"))
    config_wrong(r->loader, r->at, NULL,
                 "%s.assume: a profile is assumed by the identity of a key: expected file, "
                 "credential or vault, too",
                 r->section);
}

void config_credential_read(struct config_loader *l, const struct config_slots *s,
                            const char *section, struct config_credential *c) {
  struct reading r = {l, s, section, config_slot_mark(s, section)};
  if (!r.at)
    return;
  size_t wrong = l->n_wrong;
  drop_inherited(&r, c);
  c->section = section;
  c->line = (int)r.at->line + 1;
  const char *way = find_way(&r);
  bool profile = way && strcmp(way, "profile") == 0;
  if (!way && l->n_wrong == wrong)
    tell_nothing(&r);
  if (way && strcmp(way, "vault") == 0 && is_section(&r, "vault"))
    config_vault_key_read(l, c, mark_of(&r, "vault"));
  if (profile && mark_of(&r, "assume"))
    config_wrong(l, mark_of(&r, "assume"), NULL,
                 "%s: expected one of profile and assume, found both: a profile is assumed by the "
                 "identity of a key",
                 section);
  else if (way && is_section(&r, "assume"))
    read_assume(&r);
  if (profile && is_section(&r, "profile"))
    read_profile(&r, c);
  c->kind = !way          ? CONFIG_CREDENTIAL_NONE
            : !profile    ? CONFIG_CREDENTIAL_KEY
            : c->metadata ? CONFIG_CREDENTIAL_METADATA
                          : CONFIG_CREDENTIAL_COMPUTE;
}
