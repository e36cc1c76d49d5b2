"""As much of Vault as one token and the secrets engine KV version 2 need, in memory: what the program meets when it keeps state and
key there. The answers are those of Vault 1.13 and 1.17, which the part `servers` tests the program with.
"""
import datetime
import json
import uuid

from front import JSON, Reply

TOKEN = "hvs.scripted-vault-token-of-the-tests"


class Vault:
    def __init__(self):
        self.secrets, self.later_s = {}, 0  # path → versions, oldest first: {"data", "created_time", "destroyed"}

    def value(self, path, field="api_key"):
        """What a consumer reads."""
        versions = self.secrets.get(path) or []
        return versions[-1]["data"].get(field) if versions and not versions[-1]["destroyed"] else None

    def old_values(self, path, field="api_key"):
        """What versions before the present one still hold."""
        return [v["data"][field] for v in self.secrets.get(path, [])[:-1] if field in v["data"]]

    def serve(self, request):
        if request.headers.get("x-vault-token") != TOKEN:
            return self._errors(403, "permission denied")
        path = request.path.split("?")[0].removeprefix("/v1/")
        body = json.loads(request.body) if request.body else {}
        if path == "auth/token/lookup-self":
            return self._data({"renewable": False, "ttl": 0, "policies": ["rotator"]})
        if path.startswith("sys/internal/ui/mounts/"):
            return self._data({"path": "secret/", "type": "kv", "options": {"version": "2"}})
        if path == "sys/capabilities-self":
            return self._data({p: ["create", "read", "update"] for p in body["paths"]})
        for part, serve in (("data", self._data_of), ("metadata", self._metadata), ("destroy", self._destroy)):
            if path.startswith("secret/%s/" % part):
                return serve(request.method, path.split("/", 2)[2], body)
        return self._errors(404, "no handler for route %r. route entry not found." % path)

    @staticmethod
    def _json(status, document):
        return Reply(status, JSON, json.dumps(document).encode())

    def _errors(self, status, *texts):
        return self._json(status, {"errors": list(texts)})

    def _data(self, data, status=200):
        return self._json(status, {"request_id": str(uuid.uuid4()), "lease_id": "", "renewable": False, "lease_duration": 0, "data": data,
                                   "wrap_info": None, "warnings": None, "auth": None})

    @staticmethod
    def _about(versions, number):
        v = versions[number - 1]
        return {"created_time": v["created_time"], "custom_metadata": None, "deletion_time": "", "destroyed": v["destroyed"],
                "version": number}

    def _data_of(self, method, path, body):
        versions = self.secrets.setdefault(path, [])
        if method == "GET":
            if not versions:
                return self._errors(404)
            gone = versions[-1]["destroyed"]
            return self._data({"data": None if gone else versions[-1]["data"], "metadata": self._about(versions, len(versions))},
                              404 if gone else 200)
        cas = body.get("options", {}).get("cas")
        if cas is not None and cas != len(versions):
            return self._errors(400, "check-and-set parameter did not match the current version")
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.later_s)
        versions.append({"data": body["data"], "created_time": now.strftime("%Y-%m-%dT%H:%M:%S.%f") + "001Z", "destroyed": False})
        return self._data(self._about(versions, len(versions)))

    def _metadata(self, method, path, body):
        del method, body
        versions = self.secrets.get(path)
        if not versions:
            return self._errors(404)
        return self._data({"cas_required": False, "created_time": versions[0]["created_time"], "current_version": len(versions),
                           "custom_metadata": None, "delete_version_after": "0s", "max_versions": 0, "oldest_version": 0,
                           "updated_time": versions[-1]["created_time"],
                           "versions": {str(i + 1): {"created_time": v["created_time"], "deletion_time": "", "destroyed": v["destroyed"]}
                                        for i, v in enumerate(versions)}})

    def _destroy(self, method, path, body):
        del method
        for number in body["versions"]:
            self.secrets[path][number - 1].update(data={}, destroyed=True)
        return Reply(204)
