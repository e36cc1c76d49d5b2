#!/usr/bin/env -S python3 -B
"""Starts the pods of one workload as scheduler and kubelets would, but for the program in them: kubelet.py SECRET KEY FOLDER

For each pod FOLDER/held/POD gets the value that KEY of SECRET has when the pod starts, which is what an agent goes on with that
reads its key at start; then the pod is said to be ready. A pod that is to go is let go. While FOLDER/paused is there, nothing is
started. The rest comes from the environment: CLUSTER, CLUSTER_SERVER, SPACE (the namespace). Ends with its parent.
"""
import base64
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request

NODES = ("one", "two")
SECRET, KEY, FOLDER = sys.argv[1:]
CLUSTER = os.environ["CLUSTER"]
CORE = os.environ["CLUSTER_SERVER"] + "/api/v1/namespaces/" + os.environ["SPACE"] + "/"
CONTEXT = ssl.create_default_context(cafile=CLUSTER + "/ca.crt")
with open(CLUSTER + "/admin.token", encoding="utf-8") as f:
    TOKEN = f.read().strip()


def call(method, path, body=None, kind="application/json"):
    r = urllib.request.Request(CORE + path, method=method, data=body and json.dumps(body).encode())
    r.add_header("Authorization", "Bearer " + TOKEN)
    r.add_header("Content-Type", kind)
    with urllib.request.urlopen(r, context=CONTEXT, timeout=30) as answer:
        return json.load(answer)


def wanted_node(pod):
    """The controller asks for a node by name: a pod that one of its terms fits must run there."""
    terms = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return terms["nodeSelectorTerms"][0]["matchFields"][0]["values"][0]


def start(pod, name):
    data = call("GET", "secrets/" + SECRET).get("data") or {}
    held = os.path.join(FOLDER, "held", name)
    with open(held + ".new", "wb") as f:
        f.write(base64.b64decode(data.get(KEY, "")))
    os.rename(held + ".new", held)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    container = pod["spec"]["containers"][0]
    call("PATCH", "pods/%s/status" % name, {"status": {
        "phase": "Running", "startTime": now,
        "conditions": [{"type": t, "status": "True", "lastTransitionTime": now} for t in ("Ready", "ContainersReady")],
        "containerStatuses": [{"name": container["name"], "image": container["image"], "imageID": "", "ready": True,
                               "restartCount": 0, "state": {"running": {"startedAt": now}}}]}},
         "application/merge-patch+json")


def see_to(pod):
    name = pod["metadata"]["name"]
    if "deletionTimestamp" in pod["metadata"]:
        call("DELETE", "pods/" + name, {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0})
    elif "nodeName" not in pod["spec"]:
        node = wanted_node(pod)
        if node in NODES:
            call("POST", "pods/%s/binding" % name, {"kind": "Binding", "apiVersion": "v1", "metadata": {"name": name},
                                                    "target": {"kind": "Node", "name": node}})
    elif pod["status"].get("phase") == "Pending":
        start(pod, name)


def main():
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.1)
        if os.path.exists(os.path.join(FOLDER, "paused")):
            continue
        pods = call("GET", "pods")["items"]
        for gone in set(os.listdir(os.path.join(FOLDER, "held"))) - {p["metadata"]["name"] for p in pods}:
            os.unlink(os.path.join(FOLDER, "held", gone))
        for pod in pods:
            try:
                see_to(pod)
            except urllib.error.HTTPError as e:
                if e.code not in (404, 409):  # it is gone, or somebody changed it meanwhile: the next round sees
                    raise


main()
