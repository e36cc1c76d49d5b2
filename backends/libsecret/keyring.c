// gnome-keyring replaces, on a write, the first item that has *at least* the attributes given, and
// a lookup with several hits gives any of them. So every access starts with a search: one item with
// exactly our attributes is ours; anything more is somebody else's, and is told, not touched.
#include <stdio.h>
#include <string.h>

#include "backends/libsecret/keyring_private.h"

#define ATTRIBUTES 3 // with xdg:schema

static const SecretSchema schema = {
    KEYRING_SCHEMA,
    SECRET_SCHEMA_NONE,
    {{"kind", SECRET_SCHEMA_ATTRIBUTE_STRING}, {"item", SECRET_SCHEMA_ATTRIBUTE_STRING}, {NULL, 0}},
    0,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL};

static void items_cleanup(GList **items) {
  g_list_free_full(*items, g_object_unref);
}
#define ITEMS_AUTO __attribute__((cleanup(items_cleanup))) GList *

static GHashTable *attributes_of(const struct keyring_item *i) {
  return secret_attributes_build(&schema, "kind", i->kind, "item", i->name, NULL);
}

static bool is_ours(const struct keyring *k, SecretItem *item) {
  g_autoptr(GHashTable) attributes = secret_item_get_attributes(item);
  const char *path = g_dbus_proxy_get_object_path(G_DBUS_PROXY(item));
  size_t len = strlen(k->path);
  return attributes && g_hash_table_size(attributes) == ATTRIBUTES &&
         strncmp(path, k->path, len) == 0 && path[len] == '/';
}

// The item, or NULL in *ret when there is none.
static enum err find(struct keyring *k, const struct keyring_item *i, SecretItem **ret,
                     struct error *e) {
  g_autoptr(GError) g = NULL;
  g_autoptr(GHashTable) attributes = attributes_of(i);
  ITEMS_AUTO found =
      secret_service_search_sync(k->service, &schema, attributes, SECRET_SEARCH_ALL, NULL, &g);
  if (g || !attributes)
    return keyring_fail(g, false, e);
  if (!found)
    return ERR_OK;
  if (found->next)
    return error_set(
        e, ERR_REFUSED,
        "%u items have these attributes, and a lookup would give any of them: keep one "
        "(secret-tool search --all kind %s item %s)",
        g_list_length(found), i->kind, i->name);
  if (!is_ours(k, found->data))
    return error_set(e, ERR_REFUSED,
                     "an item of somebody else has these attributes too (with more of them, or in "
                     "another keyring): take another name, or remove it with secret-tool clear");
  *ret = g_object_ref(found->data);
  return ERR_OK;
}

enum err keyring_check(struct keyring *k, const struct keyring_item *i, struct error *e) {
  g_autoptr(SecretItem) item = NULL;
  return find(k, i, &item, e);
}

enum err keyring_read(struct keyring *k, const struct keyring_item *i, struct secret **ret,
                      struct error *e) {
  g_autoptr(GError) g = NULL;
  g_autoptr(SecretItem) item = NULL;
  gsize len = 0;
  enum err err = find(k, i, &item, e);
  if (err != ERR_OK)
    return err;
  if (!item)
    return error_set(e, ERR_MISSING, "there is no such item");
  if (secret_item_get_locked(item))
    return error_set(e, ERR_LOCKED, "the item is locked");
  if (!secret_item_load_secret_sync(item, NULL, &g))
    return keyring_fail(g, false, e);
  g_autoptr(SecretValue) value = secret_item_get_secret(item);
  const char *bytes = value ? secret_value_get(value, &len) : NULL;
  if (!bytes || len == 0)
    return error_set(e, ERR_MISSING, "the item is empty");
  struct secret *copy = secret_copy(bytes, len);
  if (!copy)
    return error_no_memory(e);
  *ret = copy;
  return ERR_OK;
}

enum err keyring_write(struct keyring *k, const struct keyring_item *i, const struct secret *value,
                       struct error *e) {
  g_autoptr(GError) g = NULL;
  g_autoptr(GHashTable) attributes = attributes_of(i);
  char label[192];
  enum err err = keyring_check(k, i, e);
  if (err != ERR_OK)
    return err;
  g_autoptr(SecretValue) copy =
      secret_value_new(secret_bytes(value), (gssize)secret_len(value), "text/plain");
  snprintf(label, sizeof label, "rotator: %s of %s",
           strcmp(i->kind, "home") == 0 ? "state" : "ingestion key", i->name);
  return secret_service_store_sync(k->service, &schema, attributes, k->path, label, copy, NULL, &g)
             ? ERR_OK
             : keyring_fail(g, true, e);
}
