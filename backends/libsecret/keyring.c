// Of items with the attributes asked for, a lookup gives any, and gnome-keyring replaces the first
// that has *at least* them. So every access starts with a search. An item in our keyring with our
// three attributes is ours, whatever else it has: services add attributes of their own
// (xdg:content-type by oo7, Title, Uuid … by KeePassXC). Several are told, not touched.
//
// An item that is there gets another secret, and is not made anew: that is one step instead of two,
// leaves its attributes alone, and asks nobody where a new item does.
#define SECRET_API_SUBJECT_TO_CHANGE // a new item by the path of its collection
#include <stdio.h>
#include <string.h>

#include "backends/libsecret/keyring_private.h"

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

// With the schema's name, which libsecret puts to a search, and not to a path's new item.
static GVariant *variant_of(GHashTable *attributes) {
  GVariantBuilder all;
  GHashTableIter iter;
  gpointer name, value;
  g_variant_builder_init(&all, G_VARIANT_TYPE("a{ss}"));
  g_variant_builder_add(&all, "{ss}", "xdg:schema", KEYRING_SCHEMA);
  g_hash_table_iter_init(&iter, attributes);
  while (g_hash_table_iter_next(&iter, &name, &value))
    g_variant_builder_add(&all, "{ss}", name, value);
  return g_variant_builder_end(&all);
}

static void label_of(char *dst, size_t cap, const struct keyring_item *i) {
  const char *what = strcmp(i->kind, "home") == 0   ? "state"
                     : strcmp(i->kind, "sink") == 0 ? "ingestion key"
                                                    : "trial";
  snprintf(dst, cap, "rotator: %s of %s", what, i->name);
}

static bool is_here(const struct keyring *k, SecretItem *item) {
  const char *path = g_dbus_proxy_get_object_path(G_DBUS_PROXY(item));
  size_t len = strlen(k->path);
  return strncmp(path, k->path, len) == 0 && path[len] == '/';
}

enum err keyring_find(struct keyring *k, const struct keyring_item *i, SecretItem **ret,
                      struct error *e) {
  g_autoptr(GError) g = NULL;
  g_autoptr(GHashTable) attributes = attributes_of(i);
  char label[192];
  ITEMS_AUTO found =
      secret_service_search_sync(k->service, &schema, attributes, SECRET_SEARCH_ALL, NULL, &g);
  if (g || !attributes)
    return keyring_fail(k->service, g, false, e);
  if (!found)
    return ERR_OK;
  label_of(label, sizeof label, i);
  if (found->next)
    return error_set(e, ERR_REFUSED,
                     "%u items have these attributes, and a lookup would give any of them: the one "
                     "made by rotator has the label '%s'; give the others another attribute `item` "
                     "(secret-tool search --all kind %s item %s shows them)",
                     g_list_length(found), label, i->kind, i->name);
  if (!is_here(k, found->data))
    return error_set(e, ERR_REFUSED,
                     "an item in another keyring (%s) has these attributes, and a lookup would "
                     "give it: name that keyring by `collection`, or take another `item`",
                     g_dbus_proxy_get_object_path(G_DBUS_PROXY(found->data)));
  *ret = g_object_ref(found->data);
  return ERR_OK;
}

enum err keyring_read(struct keyring *k, const struct keyring_item *i, struct secret **ret,
                      struct error *e) {
  g_autoptr(GError) g = NULL;
  g_autoptr(SecretItem) item = NULL;
  gsize len = 0;
  enum err err = keyring_find(k, i, &item, e);
  if (err != ERR_OK)
    return err;
  if (!item)
    return error_set(e, ERR_MISSING, "there is no such item");
  if (secret_item_get_locked(item))
    return keyring_barred(k, "reads an item", e);
  if (!secret_item_load_secret_sync(item, NULL, &g))
    return g_error_matches(g, SECRET_ERROR, SECRET_ERROR_PROTOCOL)
               ? error_set(e, ERR_CORRUPT, "the service sent a secret that cannot be decrypted")
               : keyring_fail_item(k, g, "reads an item", false, e);
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

// (secret_service_store_sync would ask for the keyring to be unlocked where it was locked by now.)
static bool make_item(struct keyring *k, const struct keyring_item *i, SecretValue *value,
                      GError **g) {
  g_autoptr(GHashTable) attributes = attributes_of(i);
  g_autoptr(GHashTable) properties =
      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref);
  char label[192];
  if (!attributes)
    return false;
  label_of(label, sizeof label, i);
  g_hash_table_insert(properties, g_strdup(ITEM_INTERFACE ".Label"),
                      g_variant_ref_sink(g_variant_new_string(label)));
  g_hash_table_insert(properties, g_strdup(ITEM_INTERFACE ".Attributes"),
                      g_variant_ref_sink(variant_of(attributes)));
  g_autofree char *path = secret_service_create_item_dbus_path_sync(
      k->service, k->path, properties, value, SECRET_ITEM_CREATE_NONE, NULL, g);
  return path != NULL;
}

enum err keyring_write(struct keyring *k, const struct keyring_item *i, const struct secret *value,
                       struct error *e) {
  g_autoptr(GError) g = NULL;
  g_autoptr(SecretItem) item = NULL;
  enum err err = keyring_find(k, i, &item, e);
  if (err != ERR_OK)
    return err;
  if (item && secret_item_get_locked(item))
    return keyring_barred(k, "writes an item", e);
  g_autoptr(SecretValue) copy =
      secret_value_new(secret_bytes(value), (gssize)secret_len(value), "text/plain");
  bool done = item ? secret_item_set_secret_sync(item, copy, NULL, &g) : make_item(k, i, copy, &g);
  return done ? ERR_OK
              : keyring_fail_item(k, g, item ? "writes an item" : "makes an item", true, e);
}
