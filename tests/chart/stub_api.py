"""As much of a Kubernetes API as Helm needs for dry runs: discovery, and the objects that a test puts there.

Nothing is stored, checked or defaulted; what a real API server makes of the chart, the tests with one show.
"""

import http.server
import json
import threading

CORE = [("configmaps", "ConfigMap", True), ("namespaces", "Namespace", False), ("pods", "Pod", True),
        ("resourcequotas", "ResourceQuota", True), ("secrets", "Secret", True), ("serviceaccounts", "ServiceAccount", True),
        ("services", "Service", True)]
GROUPS = {
    "admissionregistration.k8s.io/v1": [("validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False)],
    "apps/v1": [("deployments", "Deployment", True)],
    "policy/v1": [("poddisruptionbudgets", "PodDisruptionBudget", True)],
    "networking.k8s.io/v1": [("networkpolicies", "NetworkPolicy", True)],
}


def resources(version, kinds):
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": [
        {"name": n, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["create", "get", "list", "patch"]}
        for n, kind, namespaced in kinds]}


def discovery():
    versions = {v: {"groupVersion": v, "version": "v1"} for v in GROUPS}
    answers = {
        "/version": {"major": "1", "minor": "35", "gitVersion": "v1.35.4"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/api/v1": resources("v1", CORE),
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
            {"name": v.split("/")[0], "versions": [versions[v]], "preferredVersion": versions[v]} for v in GROUPS]},
    }
    for version, kinds in GROUPS.items():
        answers["/apis/" + version] = resources(version, kinds)
    return answers


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.split("?")[0]
        answer = self.server.answers.get(path)
        status = 200
        if path in self.server.forbidden or answer is None:
            status, reason = (403, "Forbidden") if path in self.server.forbidden else (404, "NotFound")
            answer = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": status,
                      "message": f"{path}: {reason}"}
        self.server.asked.append((self.command, path, status))
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def log_message(self, *_):
        pass


class StubApi:
    """In a with statement; put() makes an object be there, forbid() a path be refused."""

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.answers = discovery()
        self.server.asked = []
        self.server.forbidden = set()
        self.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}})
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def path_of(self, o):
        version, kind = o["apiVersion"], o["kind"]
        kinds = CORE if version == "v1" else GROUPS[version]
        name, namespaced = next((n, namespaced) for n, k, namespaced in kinds if k == kind)
        top = "/api/v1" if version == "v1" else "/apis/" + version
        where = f"/namespaces/{o['metadata']['namespace']}" if namespaced else ""
        return f"{top}{where}/{name}/{o['metadata']['name']}"

    def put(self, o):
        self.server.answers[self.path_of(o)] = o

    def remove(self, o):
        del self.server.answers[self.path_of(o)]

    def forbid(self, path):
        self.server.forbidden.add(path)

    def asked(self, path):
        """Status of every answer about a path."""
        return [status for _, p, status in self.server.asked if p == path]

    def kubeconfig(self):
        return json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "stub",
            "clusters": [{"name": "stub", "cluster": {"server": f"http://127.0.0.1:{self.server.server_address[1]}"}}],
            "users": [{"name": "stub", "user": {}}],
            "contexts": [{"name": "stub", "context": {"cluster": "stub", "user": "stub"}}]})
