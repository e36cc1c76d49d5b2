"""The vendor's own Python SDK of Secrets Manager, unmodified, against the emulator: every answer must fit the models that
the SDK has of them, required members included. Arguments: the service URL, the control URL. Prints TAP."""
import json
import sys

from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_secrets_manager_sdk import secrets_manager_v2 as v2

import judge
from judge import check, control, refused

URL = sys.argv[1]
ACCOUNT = "c" * 32
GUID = "9c0f5b52-1111-4222-8333-9a9b9c9d9e9f"
GROUP = "5a3c0b7e-1111-4222-8333-9a9b9c9d9e9f"
NAMES = ["manager", "writer", "of-group", "reader", "secrets-reader", "nobody"]
IDS = {name: f"ServiceId-5555555{i}-2222-4111-8111-111111111111" for i, name in enumerate(NAMES)}
VALUE = "kQ5vRr0s-XtdmbF2hIhq5PqDd4rXxSduvO2Yh2Gx_9c1"
judge.named("secrets")

control("reset", {})
on = {"service": "secrets-manager", "instance": GUID}
seeded = control("seed", {
    "accounts": [{"id": ACCOUNT}],
    "secrets_managers": [{"guid": GUID, "account": ACCOUNT, "groups": [{"id": GROUP, "name": "logs"}]}],
    "service_ids": [{"id": IDS[n], "name": n, "apikeys": [{"name": n}]} for n in NAMES],
    "roles": [{"identity": IDS["manager"], "role": "Manager", **on},
              {"identity": IDS["writer"], "role": "Writer", **on},
              {"identity": IDS["of-group"], "role": "Writer", "secret_group": GROUP, **on},
              {"identity": IDS["reader"], "role": "Reader", **on},
              {"identity": IDS["secrets-reader"], "role": "SecretsReader", **on}]})


def client(name):
    key = seeded["service_ids"][NAMES.index(name)]["apikeys"][0]["apikey"]
    service = v2.SecretsManagerV2(authenticator=IAMAuthenticator(key, url=URL))
    service.set_service_url(f"{URL}/instances/{GUID}")
    return service


manager, writer, of_group = client("manager"), client("writer"), client("of-group")


def make(service=writer, name="edge", group="default", **more):
    prototype = v2.ArbitrarySecretPrototype(name=name, secret_type="arbitrary", payload=VALUE + "-1",
                                            secret_group_id=group, **more)
    return service.create_secret(secret_prototype=prototype).get_result()


def rotate(secret, payload, service=writer, **more):
    prototype = v2.ArbitrarySecretVersionPrototype(payload=payload, **more)
    return service.create_secret_version(secret_id=secret["id"], secret_version_prototype=prototype).get_result()


def value_of(secret, version="current", service=writer):
    return service.get_secret_version(secret_id=secret["id"], id=version).get_result()


@check("an arbitrary secret: made, read by id and by name, listed, deleted")
def _():
    made = make(description="of a test", labels=["a", "bb"], version_custom_metadata={"k": "v"})
    assert v2.ArbitrarySecret.from_dict(made).versions_total == 1
    got = writer.get_secret(id=made["id"]).get_result()
    assert v2.ArbitrarySecret.from_dict(got).payload == VALUE + "-1" and got["state"] == 1
    named = writer.get_secret_by_name_type(secret_type="arbitrary", name="edge", secret_group_name="default")
    assert named.get_result()["id"] == made["id"]
    metadata = writer.get_secret_metadata(id=made["id"]).get_result()
    assert v2.ArbitrarySecretMetadata.from_dict(metadata).downloaded and "payload" not in metadata
    refused(409, make)
    page = v2.SecretMetadataPaginatedCollection.from_dict(writer.list_secrets(search="edg").get_result())
    assert page.total_count == 1 and page.secrets[0].name == "edge"
    assert writer.list_secrets(secret_types=["kv"]).get_result()["secrets"] == []
    assert writer.list_secrets(search="other").get_result()["secrets"] == []
    refused(403, writer.delete_secret, id=made["id"])
    assert manager.delete_secret(id=made["id"]).get_status_code() == 204
    refused(404, writer.get_secret, id=made["id"])


@check("versions: the former newest becomes the previous, older values are gone")
def _():
    made = make()
    first = value_of(made)
    second = rotate(made, VALUE + "-2", version_custom_metadata={"run": "2"})
    assert v2.ArbitrarySecretVersion.from_dict(second).alias == "current"
    third = rotate(made, VALUE + "-3")
    assert len({first["id"], second["id"], third["id"]}) == 3
    assert value_of(made)["payload"] == VALUE + "-3" and value_of(made, "previous")["id"] == second["id"]
    gone = value_of(made, first["id"])
    assert gone["payload_available"] is False and "payload" not in gone and "alias" not in gone
    listed = writer.list_secret_versions(secret_id=made["id"]).get_result()
    versions = v2.SecretVersionMetadataCollection.from_dict(listed).versions
    assert [v.id for v in versions] == [third["id"], second["id"], first["id"]]
    assert versions[1].version_custom_metadata == {"run": "2"}
    refused(400, rotate, made, "")
    manager.delete_secret(id=made["id"])


@check("a kv secret")
def _():
    prototype = v2.KVSecretPrototype(name="edge", secret_type="kv", data={"api_key": VALUE, "team": {"n": 7}})
    made = writer.create_secret(secret_prototype=prototype).get_result()
    assert v2.KVSecret.from_dict(writer.get_secret(id=made["id"]).get_result()).data["team"] == {"n": 7}
    answer = writer.create_secret_version(secret_id=made["id"],
                                          secret_version_prototype=v2.KVSecretVersionPrototype(data={"api_key": "x"}))
    assert v2.KVSecretVersion.from_dict(answer.get_result()).data == {"api_key": "x"}
    make()  # a name is unique for its type
    for secret in writer.list_secrets().get_result()["secrets"]:
        manager.delete_secret(id=secret["id"])


@check("locks: a locked previous version refuses the next one, a locked current one does not")
def _():
    made = make()
    lock = v2.SecretLockPrototype(name="agent-a", description="in use")
    locks = writer.create_secret_locks_bulk(id=made["id"], locks=[lock]).get_result()
    assert v2.SecretLocks.from_dict(locks).versions[0].locks == ["agent-a"]
    rotate(made, VALUE + "-2")  # the lock moves with its version
    assert "locked" in refused(412, rotate, made, VALUE + "-3").message
    listed = writer.list_secret_version_locks(secret_id=made["id"], id="previous").get_result()
    assert v2.SecretVersionLocksPaginatedCollection.from_dict(listed).locks[0].name == "agent-a"
    assert writer.get_secret_metadata(id=made["id"]).get_result()["locks_total"] == 1
    assert writer.list_secret_locks(id=made["id"]).get_result()["total_count"] == 1
    refused(412, manager.delete_secret, id=made["id"])
    writer.create_secret_locks_bulk(id=made["id"], locks=[lock], mode="remove_previous")
    rotate(made, VALUE + "-3")
    refused(403, writer.delete_secret_version_locks_bulk, secret_id=made["id"], id="previous", name=["agent-a"])
    manager.delete_secret_version_locks_bulk(secret_id=made["id"], id="previous", name=["agent-a"])
    rotate(made, VALUE + "-4")
    assert writer.get_secret_metadata(id=made["id"]).get_result()["locks_total"] == 0
    manager.delete_secret(id=made["id"])


@check("roles: who may list, read, write, and within a group")
def _():
    made, inside = make(), make(name="inside", group=GROUP)
    reader, secrets_reader, nobody = client("reader"), client("secrets-reader"), client("nobody")
    assert reader.list_secrets().get_result()["total_count"] == 2
    refused(403, reader.get_secret, id=made["id"])
    assert value_of(made, service=secrets_reader)["payload"] == VALUE + "-1"
    refused(403, secrets_reader.list_secrets)
    refused(403, rotate, made, "x", service=secrets_reader)
    refused(403, rotate, made, "x", service=of_group)
    rotate(inside, VALUE + "-2", service=of_group)
    assert [s["name"] for s in of_group.list_secrets().get_result()["secrets"]] == ["inside"]
    refused(403, make, service=of_group, name="another")
    refused(403, nobody.list_secrets)
    error = refused(403, nobody.get_secret, id=made["id"]).http_response.json()
    assert error["errors"][0]["code"] and error["errors"][0]["message"]
    by_name = of_group.get_secret_by_name_type(secret_type="arbitrary", name="inside", secret_group_name="logs")
    assert by_name.get_result()["secret_group_id"] == GROUP
    refused(404, of_group.get_secret_by_name_type, secret_type="arbitrary", name="none", secret_group_name="logs")


@check("a deadline, by a merge patch; faults and a lost answer reach it like the rest")
def _():
    made = make(name="with-deadline", expiration_date="2030-01-01T00:00:00Z")
    patch = v2.ArbitrarySecretMetadataPatch(expiration_date="2031-01-01T00:00:00Z").to_dict()
    changed = writer.update_secret_metadata(id=made["id"], secret_metadata_patch=patch).get_result()
    assert changed["expiration_date"].startswith("2031")
    control("faults", [{"match": {"method": "POST", "path": f"/instances/{GUID}/api/v2/secrets/*", "times": 1},
                        "effect": {"lose_answer": True}}])
    try:
        rotate(made, VALUE + "-2")
        raise AssertionError("an answer came")
    except Exception as e:  # of the SDK's transport
        assert not isinstance(e, (ApiException, AssertionError)), e
    assert value_of(made)["payload"] == VALUE + "-2"
    shown = [s for s in control("secrets")["secrets"] if s["name"] == "with-deadline"]
    assert shown[0]["versions_total"] == 2 and VALUE not in json.dumps(shown)


judge.finish()
