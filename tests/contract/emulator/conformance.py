"""The vendor's own Python SDK, unmodified, against the emulator: every answer must fit the models that the SDK has of
them, required members included. Arguments: the service URL, the control URL, the metadata URL. Prints TAP."""
import sys
import tempfile
import urllib.request

from ibm_cloud_sdk_core.authenticators import (BearerTokenAuthenticator, ContainerAuthenticator, IAMAssumeAuthenticator,
                                               IAMAuthenticator, VPCInstanceAuthenticator)
from ibm_platform_services import iam_identity_v1 as identity_v1
from ibm_platform_services import iam_policy_management_v1 as policy_v1

import judge
from judge import check, control, refused

URL, _, IMDS = sys.argv[1:]
ACCOUNT = "b" * 32
GUID = "7c0f5b52-1111-4222-8333-9a9b9c9d9e9f"
MANAGER = "ServiceId-11111111-2222-4111-8111-111111111111"
SENDER = "ServiceId-33333333-2222-4333-8333-333333333333"
SENDER_ROLE = "crn:v1:bluemix:public:logs::::serviceRole:Sender"
judge.named("python")

control("reset", {})
seeded = control("seed", {
    "accounts": [{"id": ACCOUNT}],
    "instances": [{"guid": GUID, "account": ACCOUNT}],
    "service_ids": [{"id": MANAGER, "name": "manager", "apikeys": [{"name": "m"}]}, {"id": SENDER, "name": "sender"}],
    "users": [{"id": "IBMid-PY", "name": "somebody", "apikeys": [{"name": "u"}]},
              {"id": "IBMid-PY2", "name": "somebody else", "apikeys": [{"name": "u"}]}],
    "profiles": [{"id": "Profile-44444444-2222-4444-8444-444444444444", "name": "prof", "cr_tokens": ["cr-token-text"]},
                 {"id": "Profile-55555555-2222-4444-8444-555555555555", "name": "not-linked", "assumed_by": [], "metadata": False}],
    "roles": [{"identity": MANAGER, "role": "Administrator"}, {"identity": MANAGER, "role": "PolicyAdministrator"},
              {"identity": MANAGER, "role": "Sender", "instance": GUID}],
})
management_key = seeded["service_ids"][0]["apikeys"][0]["apikey"]


def client(module, name, apikey):
    service = getattr(module, name)(authenticator=IAMAuthenticator(apikey, url=URL))
    service.set_service_url(URL)
    return service


identity = client(identity_v1, "IamIdentityV1", management_key)
policy = client(policy_v1, "IamPolicyManagementV1", management_key)
IAM_ID = f"iam-{SENDER}"


def key_of(result):
    """Through the SDK's own model, which wants its required members; nothing may be lost on the way."""
    key = identity_v1.ApiKey.from_dict(result)
    assert key.to_dict()["id"] == result["id"]
    return key


def make_key(**more):
    return key_of(identity.create_api_key(name="key", iam_id=IAM_ID, **more).get_result())


def token(apikey):
    return IAMAuthenticator(apikey, url=URL).token_manager.get_token()


@check("the models of the SDK take every read of a key")
def _():
    key = make_key()
    reads = [identity.get_api_key(id=key.id, include_history=True, include_activity=True).get_result(),
             identity.get_api_keys_details(iam_api_key=key.apikey).get_result(),
             identity.update_api_key(id=key.id, if_match="*", description="text").get_result()]
    assert [key_of(r).apikey for r in reads] == ["", "", ""]
    found = identity_v1.ApiKeyList.from_dict(identity.list_api_keys(iam_id=IAM_ID, include_history=True).get_result())
    assert [k.id for k in found.apikeys] == [key.id]
    assert identity.delete_api_key(id=key.id).get_status_code() == 204


@check("a dead key is 400 at the token endpoint, before any call of the service")
def _():
    key = make_key()
    token(key.apikey)
    identity.disable_api_key(id=key.id)
    assert "BXNIM0462E" in refused(400, token, key.apikey).http_response.text
    identity.delete_api_key(id=key.id)
    assert "BXNIM0415E" in refused(400, token, key.apikey).http_response.text


@check("a refusal has code, message and trace where the SDK looks for them")
def _():
    e = refused(404, identity.get_api_key, id="ApiKey-nobody")
    assert e.message == "Unable to find object", e.message
    assert e.http_response.json()["errors"][0]["code"] == "not_found"
    assert e.http_response.headers["Transaction-Id"] == e.http_response.json()["trace"]


@check("an update of a key needs its entity tag, and a locked key stands")
def _():
    key = make_key(entity_lock="true")
    refused(409, identity.delete_api_key, id=key.id)
    identity.unlock_api_key(id=key.id)
    response = identity.get_api_key(id=key.id)
    assert response.get_headers()["ETag"] == response.get_result()["entity_tag"]
    identity.update_api_key(id=key.id, if_match=response.get_headers()["ETag"], name="other")
    refused(409, identity.update_api_key, id=key.id, if_match=response.get_headers()["ETag"], name="again")
    refused(400, identity.update_api_key, id=key.id, if_match="*", name="")
    identity.delete_api_key(id=key.id)


@check("an expiry is minutes and +0000, and ends the key")
def _():
    key = make_key(expires_at="2049-01-02T18:30+0000")
    assert key.expires_at == "2049-01-02T18:30+0000"
    identity.update_api_key(id=key.id, if_match="*", expires_at="2020-01-01T00:00+0000")
    refused(400, token, key.apikey)
    identity.delete_api_key(id=key.id)


@check("compressed bodies are understood")
def _():
    zipped = client(identity_v1, "IamIdentityV1", management_key)
    zipped.set_enable_gzip_compression(True)
    text = "long text " * 100
    key = key_of(zipped.create_api_key(name="zipped", iam_id=IAM_ID, description=text).get_result())
    assert key.description == text
    identity.delete_api_key(id=key.id)


@check("the pages of a long list, by the tokens of the links")
def _():
    keys = [make_key().id for _ in range(5)]
    seen, page_token = [], None
    while True:
        page = identity_v1.ApiKeyList.from_dict(
            identity.list_api_keys(iam_id=IAM_ID, pagesize=2, pagetoken=page_token).get_result())
        seen += [k.id for k in page.apikeys]
        if not page.next:
            break
        page_token = page.next.split("pagetoken=")[1]
    assert seen == keys
    for key in keys:
        identity.delete_api_key(id=key)


@check("service IDs fit their model, are listed by account and die with their keys")
def _():
    made = identity.create_service_id(
        account_id=ACCOUNT, name="svc", unique_instance_crns=["crn:v1:x"],
        apikey=identity_v1.ApiKeyInsideCreateServiceIdRequest(name="inner")).get_result()
    service_id = identity_v1.ServiceId.from_dict(made)
    assert service_id.apikey.apikey and service_id.iam_id == f"iam-{service_id.id}"
    refused(400, identity.list_service_ids)
    found = identity_v1.ServiceIdList.from_dict(identity.list_service_ids(account_id=ACCOUNT, name="svc").get_result())
    assert [s.id for s in found.serviceids] == [service_id.id]
    jwt = token(service_id.apikey.apikey)
    identity.delete_service_id(id=service_id.id)
    refused(404, identity.get_service_id, id=service_id.id)
    stale = identity_v1.IamIdentityV1(authenticator=BearerTokenAuthenticator(jwt))
    stale.set_service_url(URL)
    refused(401, stale.list_api_keys)


@check("groups of service IDs fit their model; lists without group_id show the default group alone")
def _():
    group = identity_v1.ServiceIdGroup.from_dict(
        identity.create_service_id_group(account_id=ACCOUNT, name="apart", description="d").get_result())
    read = identity.get_service_id_group(id=group.id)
    renamed = identity.update_service_id_group(id=group.id, if_match=read.get_headers()["ETag"], name="other")
    listed = identity_v1.ServiceIdGroupList.from_dict(identity.list_service_id_group(account_id=ACCOUNT).get_result())
    assert listed.serviceid_groups == [identity_v1.ServiceIdGroup.from_dict(renamed.get_result())]
    made = identity_v1.ServiceId.from_dict(identity.create_service_id(
        account_id=ACCOUNT, name="grouped", group_id=group.id, show_group_id="true",
        apikey=identity_v1.ApiKeyInsideCreateServiceIdRequest(name="inner")).get_result())
    assert made.group_id == group.id

    def names(**more):
        return ([s["id"] for s in identity.list_service_ids(account_id=ACCOUNT, name="grouped", **more).get_result()["serviceids"]],
                [k["id"] for k in identity.list_api_keys(iam_id=made.iam_id, **more).get_result()["apikeys"]])
    assert names() == ([], [])
    assert names(group_id=group.id) == ([made.id], [made.apikey.id])
    limits = identity_v1.IdentityLimitsUsageResponse.from_dict(identity.get_account_limits(
        account_id=ACCOUNT, serviceid_groups=True, serviceids_per_group=group.id,
        apikeys_per_identity=made.iam_id).get_result())
    assert limits.serviceid_groups.count == 1
    assert limits.serviceids_per_group.serviceid_groups[0].count == 1
    assert limits.apikeys_per_identity.identities[0].count == 1
    identity.delete_service_id(id=made.id)
    assert identity.delete_service_id_group(id=group.id).get_status_code() == 204


@check("a user manages the own keys, which are never stored")
def _():
    own = client(identity_v1, "IamIdentityV1", seeded["users"][0]["apikeys"][0]["apikey"])
    key = key_of(own.create_api_key(name="mine", iam_id="IBMid-PY", support_sessions=True).get_result())
    assert key.support_sessions is True and key.action_when_leaked == "none"
    refused(400, own.create_api_key, name="mine", iam_id="IBMid-PY", store_value=True)
    refused(400, identity.create_api_key, name="k", iam_id=IAM_ID, support_sessions=True)
    own.delete_api_key(id=key.id)


@check("keys of a user are made and listed by that user alone")
def _():
    own, other = (client(identity_v1, "IamIdentityV1", u["apikeys"][0]["apikey"]) for u in seeded["users"])
    for somebody in (other, identity):
        refused(400, somebody.list_api_keys, iam_id="IBMid-PY")
        refused(403, somebody.create_api_key, name="k", iam_id="IBMid-PY")
    key = key_of(own.create_api_key(name="k", iam_id="IBMid-PY", account_id=ACCOUNT, apikey="u" * 40,
                                    entity_disable="true").get_result())
    assert key.disabled and key.iam_id == "IBMid-PY"
    assert key.id in [k["id"] for k in own.list_api_keys(iam_id="IBMid-PY").get_result()["apikeys"]]
    refused(403, other.delete_api_key, id=key.id)
    usage = identity_v1.IdentityLimitsUsageResponse.from_dict(own.get_account_limits(
        account_id=ACCOUNT, apikeys_per_identity="IBMid-PY").get_result())
    assert usage.apikeys_per_identity.identities[0].count == 2
    own.enable_api_key(id=key.id)
    token("u" * 40)
    own.delete_api_key(id=key.id)


@check("an account may restrict who makes keys of users")
def _():
    own, other = (client(identity_v1, "IamIdentityV1", u["apikeys"][0]["apikey"]) for u in seeded["users"])
    control("seed", {"roles": [{"identity": "IBMid-PY2", "role": "UserApiKeyCreator"}]})
    for status in (403, 400):
        control("settings", {"restrict_user_keys": True, "restricted_user_key_status": status})
        refused(status, own.create_api_key, name="k", iam_id="IBMid-PY")
        other.delete_api_key(id=key_of(other.create_api_key(name="k", iam_id="IBMid-PY2").get_result()).id)
        identity.delete_api_key(id=make_key().id)
    control("settings", {"restrict_user_keys": False})


@check("a policy of a user grants Sender to the keys of that user")
def _():
    made = policy.create_v2_policy(
        type="access",
        control=policy_v1.Control(grant=policy_v1.Grant(roles=[policy_v1.Roles(role_id=SENDER_ROLE)])),
        subject=policy_v1.V2PolicySubject(attributes=[policy_v1.V2PolicySubjectAttribute(
            key="iam_id", operator="stringEquals", value="IBMid-PY")]),
        resource=policy_v1.V2PolicyResource(attributes=[
            policy_v1.V2PolicyResourceAttribute(key=k, operator="stringEquals", value=v)
            for k, v in (("accountId", ACCOUNT), ("serviceName", "logs"), ("serviceInstance", GUID))])).get_result()
    listed = policy.list_v2_policies(account_id=ACCOUNT, iam_id="IBMid-PY").get_result()["policies"]
    assert [p["id"] for p in listed] == [made["id"]]
    request = urllib.request.Request(
        f"{judge.CONTROL}/instances/{GUID}/logs/v1/singles",
        data=b'[{"applicationName": "a", "subsystemName": "s", "text": "t"}]',
        headers={"Authorization": f"Bearer {token(seeded['users'][0]['apikeys'][0]['apikey'])}",
                 "Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    policy.delete_v2_policy(id=made["id"])


@check("a policy fits its model in both spellings, seeded ones too")
def _():
    for p in policy.list_v2_policies(account_id=ACCOUNT, iam_id=f"iam-{MANAGER}").get_result()["policies"]:
        assert policy_v1.V2PolicyTemplateMetaData.from_dict(p).created_by_id
    made = policy.create_v2_policy(
        type="access",
        control=policy_v1.Control(grant=policy_v1.Grant(roles=[policy_v1.Roles(role_id=SENDER_ROLE)])),
        subject=policy_v1.V2PolicySubject(attributes=[policy_v1.V2PolicySubjectAttribute(
            key="iam_id", operator="stringEquals", value=IAM_ID)]),
        resource=policy_v1.V2PolicyResource(attributes=[
            policy_v1.V2PolicyResourceAttribute(key=k, operator="stringEquals", value=v)
            for k, v in (("accountId", ACCOUNT), ("serviceName", "logs"), ("serviceInstance", GUID))])).get_result()
    assert policy_v1.V2PolicyTemplateMetaData.from_dict(made).created_by_id == f"iam-{MANAGER}"
    first = policy.get_policy(policy_id=made["id"]).get_result()
    assert policy_v1.PolicyTemplateMetaData.from_dict(first).roles[0].role_id == SENDER_ROLE
    assert policy.delete_v2_policy(id=made["id"]).get_status_code() == 204
    assert refused(404, policy.get_v2_policy, id=made["id"]).http_response.json()["errors"][0]["code"] == "policy_not_found"


@check("retries of the SDK get over a 429 with Retry-After and a 503")
def _():
    patient = client(identity_v1, "IamIdentityV1", management_key)
    patient.enable_retries(max_retries=3, retry_interval=1.0)
    rules = [{"match": {"path": "/v1/apikeys", "times": 1}, "effect": {"status": 429, "headers": {"Retry-After": "0"}}},
             {"match": {"path": "/v1/apikeys", "after": 1, "times": 1}, "effect": {"status": 503}}]
    control("faults", rules)
    assert patient.list_api_keys(iam_id=IAM_ID).get_status_code() == 200
    assert [r["fired"] for r in control("faults")["rules"]] == [1, 1]


@check("the authenticators of the SDK reach a profile, and no other")
def _():
    profile, other = (p["id"] for p in seeded["profiles"])
    crn = f"crn:v1:bluemix:public:iam-identity::a/{ACCOUNT}::profile:{profile}"
    with tempfile.NamedTemporaryFile("w", suffix="-token") as file:
        file.write("cr-token-text")
        file.flush()
        reach = [ContainerAuthenticator(cr_token_filename=file.name, iam_profile_id=profile, url=URL),
                 ContainerAuthenticator(cr_token_filename=file.name, iam_profile_name="prof", url=URL),
                 IAMAssumeAuthenticator(apikey=management_key, iam_profile_id=profile, url=URL),
                 IAMAssumeAuthenticator(apikey=management_key, iam_profile_crn=crn, url=URL),
                 IAMAssumeAuthenticator(apikey=management_key, iam_profile_name="prof", iam_account_id=ACCOUNT, url=URL),
                 VPCInstanceAuthenticator(iam_profile_id=profile, url=IMDS), VPCInstanceAuthenticator(url=IMDS)]
        for authenticator in reach:
            bearer = BearerTokenAuthenticator(authenticator.token_manager.get_token())
            service = identity_v1.IamIdentityV1(authenticator=bearer)
            service.set_service_url(URL)
            assert service.get_profile(profile_id=profile).get_result()["iam_id"] == f"iam-{profile}"
        for authenticator, code in [
                (ContainerAuthenticator(cr_token_filename=file.name, iam_profile_id=other, url=URL), "BXNIM0398E"),
                (IAMAssumeAuthenticator(apikey=management_key, iam_profile_id=other, url=URL), "BXNIM0398E"),
                (VPCInstanceAuthenticator(iam_profile_id=other, url=IMDS), "profile_not_linked")]:
            assert code in refused(400, authenticator.token_manager.get_token).http_response.text


judge.finish()
