#include "backends/vault/vault.h"

#define TEXT(name, fallback, help) {name, STORE_OPT_TEXT, false, NULL, fallback, help}
#define PATH(name, help) {name, STORE_OPT_PATH, false, NULL, NULL, help}
#define BOOL(name, fallback, help) {name, STORE_OPT_BOOL, false, NULL, fallback, help}

// In the order of the manual page. What is not given is taken from the environment where `vault`,
// the command, would take it from there.
static const struct store_option vault_options[] = {
    TEXT("address", "https://127.0.0.1:8200",
         "Address of the server, https://HOST:PORT, or unix:///PATH of a socket."),
    TEXT("namespace", NULL, "Namespace of Vault Enterprise or OpenBao."),
    PATH("ca_file", "PEM file of certificate authorities to trust instead of the system's."),
    PATH("client_cert", "PEM file of the client's certificate."),
    PATH("client_key", "PEM file of the client's private key, without a passphrase."),
    TEXT("tls_server_name", NULL, "Name in the server's certificate, where it is not the host's."),
    {"timeout", STORE_OPT_DURATION, false, NULL, "60s", "Time of one request."},
    {"mount", STORE_OPT_TEXT, true, NULL, NULL, "Path of the KV secrets engine."},
    {"path", STORE_OPT_TEXT, true, NULL, NULL, "Path of the secret below the mount."},
    {"kv_version", STORE_OPT_CHOICE, false, "1|2|auto", "2",
     "Version of the engine; auto means 2, made sure of before the first use."},
    {"reads", STORE_OPT_CHOICE, false, "consistent|stale", "stale",
     "Whether a reading may be older than the last write: stale is right for every server, "
     "consistent saves a request with one whose standbys forward."},
    TEXT("fields.value", "api_key", "Field of the secret that holds the key."),
    TEXT("fields.id", "api_key_id", "Field that holds the key's id."),
    TEXT("fields.name", NULL, "Field that holds the key's name."),
    TEXT("fields.created", NULL, "Field that holds when the key was made."),
    TEXT("fields.stamp", "rotator_stamp", "Field of the rotator's own that orders its writes."),
    BOOL("destroy_old", "true",
         "Destroy versions with retired keys at the end of a rotation (KV version 2)."),
    {"auth", STORE_OPT_CHOICE, false, "listener", NULL,
     "listener: the address is that of an agent or proxy which has a token of its own."},
    PATH("auth.token.file", "File that holds a token, such as the sink of an agent."),
    TEXT("auth.token.credential", NULL, "Name of a systemd credential that holds a token."),
    TEXT("auth.approle.mount", "approle", "Path of the AppRole method."),
    TEXT("auth.approle.role_id", NULL, "Role id of the AppRole."),
    PATH("auth.approle.role_id_file", "File that holds the role id."),
    PATH("auth.approle.secret_id.file", "File that holds the secret id."),
    TEXT("auth.approle.secret_id.credential", NULL,
         "Name of a systemd credential that holds the secret id."),
    BOOL("auth.approle.secret_id.wrapped", "false",
         "The secret id is a wrapping token, good for one unwrapping."),
    TEXT("auth.approle.role", NULL,
         "Name of the AppRole; needed with wrapped, to know where the token has to come from."),
    TEXT("auth.kubernetes.mount", "kubernetes", "Path of the Kubernetes method."),
    TEXT("auth.kubernetes.role", NULL, "Role to log in as."),
    PATH("auth.kubernetes.token_file", "File that holds the service account's token."),
    {NULL, STORE_OPT_TEXT, false, NULL, NULL, NULL},
};

const struct store_backend store_backend_vault = {
    .name = "vault",
    .options = vault_options,
    .open = vault_open,
    .finish = vault_sessions_finish,
};
