// From a request to its handler, and the steps every request takes.
#ifndef EMU_ROUTE_H
#define EMU_ROUTE_H

#include "http.h"

// Before anything is done: transaction id, token, identity, faults. Takes the lock.
void route_prepare(struct req *r);
// The same for a request that is carried out late: its faults have had their turn.
void route_prepare_late(struct req *r);
// Finds the handler and runs it. Takes the lock. Afterwards r->answer is set.
void route_run(struct req *r);

// Handlers. Each runs under the lock and answers exactly once.
typedef void handler_fn(struct req *r);

handler_fn token_post, token_keys, token_discovery;
handler_fn keys_list, keys_get, keys_details, keys_create, keys_update, keys_delete;
handler_fn keys_lock, keys_unlock, keys_disable, keys_enable;
handler_fn limits_identity;
handler_fn profiles_list, profiles_get, templates_list;
handler_fn serviceids_list, serviceids_get, serviceids_create, serviceids_update, serviceids_delete,
    serviceids_lock, serviceids_unlock;
handler_fn groups_list, groups_get, groups_create, groups_update, groups_delete;
handler_fn policies_list, policies_get, policies_create, policies_update, policies_patch,
    policies_delete;
handler_fn roles_list, roles_create, roles_get, roles_update, roles_delete;
handler_fn ingress_post, query_post;
handler_fn secrets_list, secrets_create, secrets_get, secrets_get_by_name, secrets_metadata,
    secrets_update, secrets_delete, secrets_versions, secrets_version_create, secrets_version_get,
    secrets_locks_list, secrets_locks_create, secrets_locks_delete;
handler_fn imds_token, imds_iam_token;
handler_fn control_seed, control_keys, control_policies, control_identities, control_logs,
    control_requests, control_events, control_stats, control_check_value, control_clock_get,
    control_clock_post, control_faults_get, control_faults_post, control_faults_delete,
    control_latency, control_settings_get, control_settings_post, control_leak, control_hand,
    control_reset, control_secrets;

#endif
