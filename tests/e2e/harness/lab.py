"""What the tests work with: a control plane, the product's server, its registration, kubectl and the API."""

import base64
import collections
import contextlib
import fcntl
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import threading

from controlplane import ControlPlane, clean_environment, programs
from mounted import MountedFolder
from pki import Authority
from processes import free_ports
from report import Failed, equal, eventually
from server import Server

E2E = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(os.path.dirname(E2E))
WEBHOOK = "images.assay.dev"
DOCS_URL = "https://docs.example.com/assay/fix"
DENIED = f'admission webhook "{WEBHOOK}" denied the request: '
KUBECTL_SECONDS = 60

# What the chart registers.
RULES = [
    {"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
     "scope": "Namespaced", "resources": resources}
    for group, resources in (
        ("", ["pods", "pods/ephemeralcontainers", "replicationcontrollers", "podtemplates"]),
        ("apps", ["deployments", "replicasets", "statefulsets", "daemonsets"]),
        ("batch", ["jobs", "cronjobs"]))]
CONDITIONS = [
    {"name": "not-a-mirror-pod",
     "expression": "!('system:nodes' in request.userInfo.groups && has(object.metadata.annotations) && "
                   "'kubernetes.io/config.mirror' in object.metadata.annotations)"},
    {"name": "not-being-deleted",
     "expression": "request.operation != 'UPDATE' || !has(oldObject.metadata.deletionTimestamp)"},
    {"name": "spec-changed",
     "expression": "request.operation != 'UPDATE' || (request.kind.kind == 'PodTemplate' ? "
                   "object.template != oldObject.template : object.spec != oldObject.spec)"},
]
SYSTEM_NAMESPACES = ["kube-system", "kube-public", "kube-node-lease"]
SETUP_CONDITION = {"name": "not-the-test-set-up", "expression": "request.userInfo.username != 'lab-setup'"}

Result = collections.namedtuple("Result", "status out err")
Answer = collections.namedtuple("Answer", "status body warnings")


def policy(name):
    with open(os.path.join(E2E, "policies", name + ".yaml"), encoding="utf-8") as f:
        return f.read()


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def same_request(text):
    """The text with the request's id, which no two requests share, blotted out."""
    return re.sub(r"\(request [0-9a-f]{8}\)", "(request ########)", text)


def refusal(subject, *lines):
    """What the server says; the request's id blotted out."""
    count = f"{len(lines)} violation{'' if len(lines) == 1 else 's'}"
    codes = {line.split(":")[0] for line in lines}
    anchor = "#" + codes.pop() if len(codes) == 1 else ""
    return "\n".join([f"assay: {count} in {subject}", *("- " + line for line in lines),
                      f"Fix it: {DOCS_URL}{anchor} (request ########)"])


def golden_lines(where="spec.", container="containers[0]", name="web", image="nginx:1.27", tag="1.27"):
    """The four lines that the golden policy has for a container with nothing but an image from elsewhere."""
    at = f"{where}{container}"
    of = f'(container "{name}")'
    return (
        f'registry: {at}.image {of}: got "{image}" (docker.io); want registry.internal.example.com/golden/**',
        f'digest: {at}.image {of}: got tag "{tag}"; want ...@sha256:<64 hex>',
        f"read-only-root-filesystem: {at}.securityContext.readOnlyRootFilesystem {of}: not set; want true",
        f"run-as-user: {at}.securityContext.runAsUser {of}: not set (pod default also not set); want 65532",
    )


class Api:
    """kube-apiserver over HTTPS as one user. One connection a thread."""

    def __init__(self, port, authority_file, token):
        self._port = port
        self._token = token
        self._tls = ssl.create_default_context(cafile=authority_file)
        self._local = threading.local()

    def call(self, method, path, body=None, content_type="application/json"):
        headers = {"Authorization": "Bearer " + self._token, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
            body = json.dumps(body).encode()
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection("127.0.0.1", self._port, context=self._tls, timeout=60)
            self._local.connection = connection
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self._local.connection = None
            connection.close()
            raise
        warnings = [_warning(h) for h in answer.headers.get_all("Warning") or []]
        return Answer(answer.status, json.loads(text) if text else None, warnings)


def _warning(header):
    """299 - "text", the text as bytes of UTF-8 with \\ before " and \\."""
    text = header.encode("latin-1").decode("utf-8")
    return re.sub(r"\\(.)", r"\1", text[text.index('"') + 1:text.rindex('"')])


class Lab:
    def __init__(self, name):
        self.folder = os.path.join(ROOT, "build", "lab", name)
        self.kubectl_binary = None
        self.plane = None
        self.authority = None
        self.server = None
        self.policies = None
        self.tls = None
        self.apis = {}
        self._registrations = 0
        self._registered = None
        self.match_conditions = None
        self._lock = None
        self.ends = contextlib.ExitStack()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def start(self, options=(), **registration):
        """Everything up and the golden policy enforced. options: more of the server's; the other arguments
        are those of register()."""
        self.kubectl_binary = programs()["kubectl"]
        os.makedirs(os.path.dirname(self.folder), exist_ok=True)
        self._lock = open(self.folder + ".lock", "w", encoding="ascii")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            raise RuntimeError(f"another run uses {self.folder}") from e
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(os.path.join(E2E, "manifests"), self.path("work"))
        self.plane = ControlPlane(self.path("plane"))
        self.plane.start(die_with_parent=True)
        for user, token in self.plane.tokens.items():
            self.apis[user] = Api(self.plane.port, self.plane.path("pki", "ca.crt"), token)
        self.authority = Authority(self.path("pki"), "webhook CA")
        self.policies = MountedFolder(self.path("policies"), {"policy.yaml": policy("golden")})
        self.tls = MountedFolder(self.path("tls"), self.new_pair("server-1"))
        self.server = self.new_server("server", options=options)
        self.server.start()
        self.register(**registration)

    def stop(self):
        self.ends.close()
        if self.server is not None and self.server.process is not None:
            self.server.process.stop(9)
        if self.plane is not None:
            self.plane.stop()

    def new_pair(self, name):
        certificate, key = self.authority.leaf(name)
        return {"tls.crt": read(certificate), "tls.key": read(key)}

    def new_server(self, name, policies=None, options=()):
        """One more instance, of the same policies unless told otherwise."""
        return Server(name, self.folder, (policies or self.policies).path, self.tls.path, free_ports(2),
                      ("--docs-url", DOCS_URL, "--log-allowed", *options))

    # ---- registration ----

    def register(self, port=None, conditions=True, system_namespaces=False):
        """Registers the webhook, and returns when the API server uses exactly this registration. That is
        seen by a Pod name which only this registration leaves out. conditions=False: without the match
        conditions of the chart, so that the server's own checks must hold. system_namespaces=True: they
        are judged too."""
        self._registrations += 1
        probe = f"assay-e2e-probe-{self._registrations}"
        own = [SETUP_CONDITION,
               {"name": "not-the-probe", "expression": f"!request.name.startsWith('{probe}-')"}]
        self._put_configuration(port or self.server.port, (CONDITIONS if conditions else []) + own,
                                [] if system_namespaces else SYSTEM_NAMESPACES)
        pod = self.pod(probe + "-x", "nginx:1.27")
        other = self.pod("assay-e2e-probe-x", "nginx:1.27")
        # A name that is not left out must reach the webhook too: it is refused, or nobody answers it.
        eventually("the new registration", lambda: self.create(pod, dry_run=True).status == 201
                   and self.create(other, dry_run=True).status != 201)
        self.match_conditions = conditions
        self._registered = (port, conditions, system_namespaces)

    def need_registration(self, conditions, port=None):
        """As register(), but only when it is not so already."""
        if self._registered != (port, conditions, False):
            self.register(port, conditions)

    def _put_configuration(self, port, conditions, left_out):
        with open(self.authority.certificate, "rb") as f:
            bundle = base64.b64encode(f.read()).decode()
        path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
        body = {
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": WEBHOOK},
            "webhooks": [{
                "name": WEBHOOK, "admissionReviewVersions": ["v1"], "sideEffects": "None",
                "failurePolicy": "Fail", "matchPolicy": "Equivalent", "timeoutSeconds": 10,
                "clientConfig": {"url": f"https://127.0.0.1:{port}/validate", "caBundle": bundle},
                "namespaceSelector": {"matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": left_out}
                ] if left_out else []},
                "rules": RULES, "matchConditions": conditions}],
        }
        old = self.api("GET", f"{path}/{WEBHOOK}")
        if old.status == 200:
            body["metadata"]["resourceVersion"] = old.body["metadata"]["resourceVersion"]
            done = self.api("PUT", f"{path}/{WEBHOOK}", body)
        else:
            done = self.api("POST", path, body)
        if done.status not in (200, 201):
            raise Failed(f"the API server does not take the registration: {done.body}")

    # ---- the policy ----

    def use_policy(self, text):
        """Swaps the mounted policy and returns when the server has it. Nothing is sent to the server: it
        must see the change by itself."""
        self.use_files(self.server, self.policies, {"policy.yaml": text})

    @staticmethod
    def use_files(server, folder, files):
        before = server.policy_sha256()
        folder.swap(files)
        eventually("the new policy", lambda: server.policy_sha256() != before)

    # ---- kubectl ----

    def kubectl(self, *arguments, user="admin", stdin="", environment=None):
        """kubectl in the folder of manifests."""
        done = subprocess.run(
            [self.kubectl_binary, *arguments], cwd=self.path("work"), input=stdin, text=True,
            capture_output=True, timeout=KUBECTL_SECONDS, check=False,
            env={**clean_environment(self.folder), "KUBECONFIG": self.plane.path(user + ".kubeconfig"),
                 **(environment or {})})
        return Result(done.returncode, done.stdout, done.stderr)

    def expect(self, done, status=0, out="", err=""):
        """Compares all of what a kubectl said, the request's id blotted out."""
        equal("standard error", same_request(done.err), err)
        equal("standard output", done.out, out)
        equal("exit status", done.status, status)

    def manifest(self, name, text):
        with open(self.path("work", name), "w", encoding="utf-8") as f:
            f.write(text)
        return name

    # ---- the API ----

    def api(self, method, path, body=None, user="admin", **more):
        return self.apis[user].call(method, path, body, **more)

    @staticmethod
    def pod(name, image, namespace="default", **context):
        container = {"name": "web", "image": image}
        if context:
            container["securityContext"] = context
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
                "spec": {"containers": [container]}}

    def create(self, pod, dry_run=False, user="admin"):
        path = f"/api/v1/namespaces/{pod['metadata'].get('namespace', 'default')}/pods"
        return self.api("POST", path + ("?dryRun=All" if dry_run else ""), pod, user=user)

    def set_up(self, name):
        """Lays out a manifest as it was there before the webhook."""
        done = self.kubectl("create", "-f", name, user="setup")
        if done.status != 0:
            raise Failed(f"setting up {name}: {done.err}")

    def clear(self, *what):
        """Removes objects, at once and without the webhook: "pod/web"..."""
        self.kubectl("delete", "--ignore-not-found", "--force", "--grace-period=0", "--wait=false", *what,
                     user="setup")

    # ---- the audit log ----

    def audit_annotations(self, name, verb="create", subresource=None):
        """Ours, of the last request of that verb for an object of that name."""
        def find():
            found = None
            with open(self.plane.path("log", "audit.log"), encoding="utf-8") as f:
                for line in f:
                    event = json.loads(line)
                    about = event.get("objectRef", {})
                    if event["verb"] == verb and event["stage"] == "ResponseComplete" \
                            and about.get("name") == name and about.get("subresource") == subresource:
                        found = event
            return found
        event = eventually(f"the audit log's line for {verb} of {name}", find)
        prefix = WEBHOOK + "/"
        return {k[len(prefix):]: v for k, v in event.get("annotations", {}).items() if k.startswith(prefix)}
