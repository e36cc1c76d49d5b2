#!/usr/bin/env -S python3 -B
"""Does for one pod what the kubelet would do: run_pod.py NAMESPACE POD --server --ca --token-file --file SOURCE:DEST[:MODE]…

Makes the pod's volumes with the very layout, owners and modes of the kubelet (..data links included), a root of its own, and runs
the container's command there with the pod's environment, user and groups, without any capability; then reports the exit code in
the pod's status, so that the job controller goes on. What it does not know (a kind of volume, a source of a variable) ends it with
status 70: a test must not pass because something was left out. Needs root (mount namespaces); exit status 77 without.

What the image would hold is laid over a view of this machine's own root, or of --image, the mounted root of a real one: --file
copies programs there, --entrypoint is the image's. Exit status: 0 when the pod was run, whatever its program answered; its exit code goes to standard output, what it
said to standard error.
"""
import argparse
import base64
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request


def unknown(what):
    print("run_pod: does not know %s" % what, file=sys.stderr)
    sys.exit(70)


class Api:
    def __init__(self, a):
        self.server = a.server
        self.context = ssl.create_default_context(cafile=a.ca)
        with open(a.token_file, encoding="utf-8") as f:
            self.token = f.read().strip()

    def call(self, method, path, body=None, kind="application/json"):
        r = urllib.request.Request(self.server + path, method=method, data=body and json.dumps(body).encode())
        r.add_header("Authorization", "Bearer " + self.token)
        r.add_header("Content-Type", kind)
        with urllib.request.urlopen(r, context=self.context) as answer:
            return json.load(answer)


class Pod:
    def __init__(self, api, pod, folder):
        self.api, self.pod, self.folder = api, pod, folder
        self.namespace, self.spec = pod["metadata"]["namespace"], pod["spec"]
        self.core = "/api/v1/namespaces/%s/" % self.namespace

    def field(self, path):
        """What a fieldRef stands for."""
        at = self.pod
        if path.endswith("]"):
            path, key = path[:-1].split("[")
            for part in path.split("."):
                at = at[part]
            return at[key.strip("'\"")]
        for part in path.split("."):
            at = at[part]
        return at

    def token(self, source):
        body = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {
            "expirationSeconds": source.get("expirationSeconds", 3600),
            "audiences": [source["audience"]] if "audience" in source else [],
            "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": self.pod["metadata"]["name"],
                               "uid": self.pod["metadata"]["uid"]}}}
        account = self.spec["serviceAccountName"]
        return self.api.call("POST", self.core + "serviceaccounts/%s/token" % account, body)["status"]["token"].encode()

    def chosen(self, data, source):
        """The files of a Secret's or ConfigMap's bytes, as `items` chooses them."""
        if "items" not in source:
            return {k: (v, None) for k, v in data.items()}
        return {i["path"]: (data[i["key"]], i.get("mode")) for i in source["items"]}

    def secret(self, name):
        data = self.api.call("GET", self.core + "secrets/" + name).get("data") or {}
        return {k: base64.b64decode(v) for k, v in data.items()}

    def config_map(self, name):
        o = self.api.call("GET", self.core + "configmaps/" + name)
        files = {k: v.encode() for k, v in (o.get("data") or {}).items()}
        files.update({k: base64.b64decode(v) for k, v in (o.get("binaryData") or {}).items()})
        return files

    def downward(self, source):
        return {i["path"]: (self.field(i["fieldRef"]["fieldPath"]).encode(), i.get("mode")) for i in source["items"]}

    def projected(self, volume):
        files = {}
        for source in volume["sources"]:
            for kind, s in source.items():
                if kind == "serviceAccountToken":
                    files[s["path"]] = (self.token(s), None)
                elif kind == "configMap":
                    files.update(self.chosen(self.config_map(s["name"]), s))
                elif kind == "secret":
                    files.update(self.chosen(self.secret(s["name"]), s))
                elif kind == "downwardAPI":
                    files.update(self.downward(s))
                else:
                    unknown("a projection of " + kind)
        return files

    def write(self, folder, files, mode):
        """KEY -> ..data/KEY, ..data -> ..<time>: as the kubelet's atomic writer does it."""
        group = self.spec.get("securityContext", {}).get("fsGroup", 0)
        inner = os.path.join(folder, "..2026_11_24_05_40_00.1")
        os.makedirs(inner)
        for name, (content, own_mode) in files.items():
            if "/" in name:
                unknown("a file in a folder of a volume")
            path = os.path.join(inner, name)
            with open(path, "wb") as f:
                f.write(content)
            os.chown(path, 0, group)
            os.chmod(path, own_mode or mode)
            os.symlink("..data/" + name, os.path.join(folder, name))
        os.symlink(os.path.basename(inner), os.path.join(folder, "..data"))
        for d in (folder, inner):
            os.chown(d, 0, group)
            os.chmod(d, 0o755)

    def volume(self, v):
        folder = os.path.join(self.folder, "volumes", v["name"])
        os.makedirs(folder)
        for kind, s in v.items():
            if kind == "name":
                continue
            if kind == "emptyDir":
                subprocess.run(["mount", "-t", "tmpfs", "-o", "nosuid,nodev", "tmpfs", folder], check=True)
                os.chown(folder, 0, self.spec.get("securityContext", {}).get("fsGroup", 0))
                os.chmod(folder, 0o2777)
            elif kind == "configMap":
                self.write(folder, self.chosen(self.config_map(s["name"]), s), s.get("defaultMode", 0o644))
            elif kind == "secret":
                self.write(folder, self.chosen(self.secret(s["secretName"]), s), s.get("defaultMode", 0o644))
            elif kind == "projected":
                self.write(folder, self.projected(s), s.get("defaultMode", 0o644))
            else:
                unknown("a volume of kind " + kind)
        return folder

    def environment(self, container):
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "HOSTNAME": self.pod["metadata"]["name"]}
        host, port = self.api.server.split("//")[1].split(":")
        env.update({"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port})
        if "envFrom" in container:
            unknown("envFrom")
        for e in container.get("env", []):
            if "value" in e or len(e) == 1:
                env[e["name"]] = e.get("value", "")
            elif "fieldRef" in e["valueFrom"]:
                env[e["name"]] = self.field(e["valueFrom"]["fieldRef"]["fieldPath"])
            else:
                unknown("a variable's source: %s" % list(e["valueFrom"]))
        return env


def expanded(words, env):
    """$(NAME) of a variable that there is; any other stays as it is. $$ is not used here."""
    if any("$$" in w for w in words):
        unknown("a word with $$")
    return [re.sub(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)", lambda m: env.get(m[1], m[0]), w) for w in words]


def make_root(pod, container, folder, image, files):
    root, upper, work = (os.path.join(folder, d) for d in ("root", "upper", "work"))
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    for d in (root, upper, work):
        os.mkdir(d)
    volumes = {v["name"]: pod.volume(v) for v in pod.spec.get("volumes", [])}
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                    "lowerdir=%s,upperdir=%s,workdir=%s" % (image, upper, work), root], check=True)
    for d in ("dev", "proc"):
        subprocess.run(["mount", "--rbind", "/" + d, os.path.join(root, d)], check=True)
    for f in files:
        source, dest, mode = (f.split(":") + ["755"])[:3]
        os.makedirs(os.path.dirname(root + dest), exist_ok=True)
        shutil.copyfile(source, root + dest)
        os.chmod(root + dest, int(mode, 8))
    for m in container.get("volumeMounts", []):
        at = root + os.path.realpath(m["mountPath"])
        source = os.path.join(volumes[m["name"]], m.get("subPath", ""))
        if os.path.isdir(source):
            os.makedirs(at, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(at), exist_ok=True)
            open(at, "wb").close()
        subprocess.run(["mount", "--bind", os.path.realpath(source), at], check=True)
        if m.get("readOnly"):
            subprocess.run(["mount", "-o", "remount,ro,bind", at], check=True)
    if container["securityContext"].get("readOnlyRootFilesystem"):
        subprocess.run(["mount", "-o", "remount,ro", root], check=True)
    return root


def run(pod, container, root, entrypoint):
    security = dict(pod.spec.get("securityContext", {}), **container.get("securityContext", {}))
    if security.get("runAsNonRoot") and not security.get("runAsUser"):
        unknown("the image's own user")
    if security.get("capabilities", {}).get("drop") != ["ALL"]:
        unknown("capabilities that are kept")
    env = pod.environment(container)
    command = expanded(container.get("command", [entrypoint]) + container.get("args", []), env)
    drop = ["setpriv", "--reuid", str(security["runAsUser"]), "--regid", str(security["runAsGroup"]),
            "--groups", str(security.get("fsGroup", security["runAsGroup"])), "--inh-caps=-all", "--bounding-set=-all"]
    if not security.get("allowPrivilegeEscalation", True):
        drop.append("--no-new-privs")
    limit = pod.spec.get("activeDeadlineSeconds", 120)
    return subprocess.run(["chroot", root] + drop + command, env=env, cwd="/",
                          stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=limit, check=False).returncode


def report(api, pod, container, started, code):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    ended = {"exitCode": code, "reason": "Completed" if code == 0 else "Error", "startedAt": started, "finishedAt": now}
    status = {"phase": "Succeeded" if code == 0 else "Failed", "startTime": started, "containerStatuses": [{
        "name": container["name"], "image": container["image"], "imageID": "", "ready": False, "restartCount": 0,
        "state": {"terminated": ended}}]}
    api.call("PATCH", pod.core + "pods/%s/status" % pod.pod["metadata"]["name"], {"status": status},
             "application/merge-patch+json")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("namespace")
    p.add_argument("pod")
    for option in ("server", "ca", "token-file", "entrypoint"):
        p.add_argument("--" + option, required=True)
    p.add_argument("--image", default="/")
    p.add_argument("--file", action="append", default=[])
    a = p.parse_args()
    if os.geteuid() != 0:
        print("SKIP: running a pod needs root", file=sys.stderr)
        sys.exit(77)
    if "RUN_POD_INSIDE" not in os.environ:  # mounts of our own, that end with us
        os.environ["RUN_POD_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation=private", sys.executable, "-B"] + sys.argv)
    os.umask(0o022)
    api = Api(a)
    pod = Pod(api, api.call("GET", "/api/v1/namespaces/%s/pods/%s" % (a.namespace, a.pod)), tempfile.mkdtemp())
    if len(pod.spec["containers"]) != 1 or pod.spec.get("initContainers"):
        unknown("more than one container")
    container = pod.spec["containers"][0]
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    root = make_root(pod, container, pod.folder, a.image, a.file)
    code = run(pod, container, root, a.entrypoint)
    report(api, pod, container, started, code)
    print(code)
    subprocess.run(["umount", "-l", pod.folder], check=False)
    os.rmdir(pod.folder)


main()
