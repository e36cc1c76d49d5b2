#!/usr/bin/env python3
"""The example for External Secrets: each resource fits the operator's own schema (v1.json), the rights fit what is read, and what is
read is what the configuration in the example's README writes. Prints TAP; exit 77 where a Python package is missing."""
import copy
import json
import pathlib
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"SKIP: {missing}")
    sys.exit(77)

HERE = pathlib.Path(__file__).parent
EXAMPLE = HERE.parents[2] / "contrib/kubernetes/external-secrets"
SCHEMAS = json.loads((HERE / "v1.json").read_text())
count = failed = 0


def check(good, text):
    global count, failed
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {text}")


def faults(resource):
    validator = jsonschema.Draft7Validator(SCHEMAS[resource["kind"]])
    return [error.message for error in validator.iter_errors(resource["spec"])]


def resources(name):
    return {r["kind"]: r for r in yaml.safe_load_all((EXAMPLE / f"{name}.yaml").read_text())}


def reads(resource):
    return {(d["remoteRef"]["key"], d["remoteRef"].get("property")) for d in resource["spec"]["data"]}


page = (EXAMPLE / "README.md").read_text()
config = yaml.safe_load(re.search(r"```yaml\n(.*?)```", page, re.S).group(1))
sinks = {next(iter(s)): next(iter(s.values())) for s in config["targets"][0]["sinks"]}
found = {name: resources(name) for name in ("vault", "kubernetes", "ibm")}

for name, parts in found.items():
    for kind in ("SecretStore", "ExternalSecret"):
        what = faults(parts[kind])
        check(parts[kind]["apiVersion"] == "external-secrets.io/v1" and not what, f"{name}.yaml: {kind} fits {what}")
    store, external = parts["SecretStore"], parts["ExternalSecret"]
    check(external["spec"]["secretStoreRef"]["name"] == store["metadata"]["name"], f"{name}.yaml: reads by its own store")
    check(external["spec"]["target"]["deletionPolicy"] == "Retain", f"{name}.yaml: keeps the key when its place is away")
    spoiled = copy.deepcopy(external)
    spoiled["spec"]["data"][0]["remoteRef"]["propperty"] = "x"
    check(faults(spoiled), f"{name}.yaml: a misspelt field is seen")

vault, kube, ibm = sinks["vault"], sinks["kubernetes"], sinks["ibm-secrets-manager"]
fields = vault["fields"]
provider = found["vault"]["SecretStore"]["spec"]["provider"]["vault"]
check(reads(found["vault"]["ExternalSecret"]) == {(vault["path"], fields["value"]), (vault["path"], fields["id"])},
      "vault.yaml reads the fields that are written")
check((provider["server"], provider["path"], provider["version"]) ==
      (config["vault"]["address"], config["vault"]["mount"], "v2"), "vault.yaml names the server and mount of the configuration")
check(f'path "secret/data/{vault["path"]}"' in (EXAMPLE / "vault.yaml").read_text(), "vault.yaml grants what it reads")
check(reads(found["kubernetes"]["ExternalSecret"]) == {(kube["name"], kube["key"])}, "kubernetes.yaml reads what is written")
check(found["kubernetes"]["Role"]["rules"] ==
      [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [kube["name"]], "verbs": ["get"]}],
      "kubernetes.yaml grants the one Secret")
check({found["kubernetes"]["Role"]["metadata"]["namespace"], found["kubernetes"]["RoleBinding"]["metadata"]["namespace"],
       found["kubernetes"]["SecretStore"]["spec"]["provider"]["kubernetes"]["remoteNamespace"]} ==
      {config["kubernetes"]["namespace"]}, "kubernetes.yaml reads in the rotator's namespace")
check(reads(found["ibm"]["ExternalSecret"]) == {(f'{ibm["group"]}/arbitrary/{ibm["name"]}', None)}, "ibm.yaml reads what is written")
crn = config["ibm-secrets-manager"]["instance"].split(":")
check(found["ibm"]["SecretStore"]["spec"]["provider"]["ibm"]["serviceUrl"] ==
      f"https://{crn[7]}.{crn[5]}.secrets-manager.appdomain.cloud", "ibm.yaml names the instance of the configuration")
print(f"1..{count}")
sys.exit(1 if failed else 0)
