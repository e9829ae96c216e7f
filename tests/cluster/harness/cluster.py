"""A cluster of one node, a registry in it with our image and signed ones, kubectl and both Helms."""

import base64
import fcntl
import json
import os
import re
import shutil
import ssl
import subprocess
import sys

from controlplane import clean_environment, programs
import report
from images import Image, Registry, compile_pause
from lab import Api, Result, same_request
from node import ADDRESS, PAUSE, REGISTRY, Node
from processes import Process, tail
from report import Failed, equal

CLUSTER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESTS = os.path.dirname(CLUSTER)
ROOT = os.path.dirname(TESTS)
CHART = os.path.join(ROOT, "deploy", "helm")
PROGRAM = os.path.join(ROOT, "build", "static", "root", "assay")
KEYS = os.path.join(TESTS, "sigstore", "keys")
RELEASE = "assay"
NAMESPACE = "assay-system"
POD_LABEL = "app.kubernetes.io/name=assay"
DENIED = 'admission webhook "images.assay.dev" denied the request: '
DOCS_URL = "https://docs.example.com/assay/fix"
# Slow machines take minutes for what is done in a second on others: these only bound the waiting.
PATIENCE_SECONDS = 300
PATIENCE = f"{PATIENCE_SECONDS}s"
COMMAND_SECONDS = 2 * PATIENCE_SECONDS
PIN_IS_GONE = 3


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def eventually(what, condition, seconds=PATIENCE_SECONDS, every=0.1):
    """Returns the first true value of condition()."""
    return report.eventually(what, condition, seconds, every)


def build_image():
    """The image of the Helm chart in build/image."""
    command = [os.path.join(ROOT, "scripts", "image"), "--no-measure"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == PIN_IS_GONE:
        print("cluster: the pinned sources of the static program are gone, taking the newest", file=sys.stderr)
        done = subprocess.run([*command, "--newest"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"scripts/image: {done.stderr[-2000:]}{done.stdout[-1000:]}")


def helms():
    """{"helm4": path, "helm3": path}; installs them."""
    install = os.path.join(TESTS, "lab", "helm")
    done = subprocess.run([install], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    where = subprocess.run([install, "--where"], stdout=subprocess.PIPE, text=True, check=True)
    return dict(line.split("=", 1) for line in where.stdout.split())


class Cluster:
    def __init__(self):
        self.folder = os.path.join(ROOT, "build", "lab", "cluster")
        self.node = Node(os.path.join(self.folder, "node"))
        self.helm_programs = {}
        self.kubectl_program = None
        self.registry_url = f"http://{ADDRESS}:{REGISTRY.rpartition(':')[2]}"
        self.registry = Registry(self.registry_url)
        self.registry_process = None
        self.own_image = None
        self.images = {}
        self.user = None
        self._there = set()
        self._lock = None

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    # ---- up and down ----

    def start(self):
        os.makedirs(os.path.dirname(self.folder), exist_ok=True)
        self._lock = open(self.folder + ".lock", "w", encoding="ascii")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            raise RuntimeError(f"another run uses {self.folder}") from e
        self.node.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.path("work"))
        self.kubectl_program = programs()["kubectl"]
        self.helm_programs = helms()
        pause = compile_pause(self.path("work"))
        Image(pause).archive(self.path("pause.tar"), PAUSE)
        self.node.start(self.path("pause.tar"), die_with_parent=True)
        self.node.enter_network()
        self.user = Api(self.node.port, self.node.path("pki", "ca.crt"), self.node.tokens["admin"])
        self.start_registry()
        self._fill()

    def stop(self):
        if self.registry_process is not None:
            self.registry_process.stop(9)
        self.node.stop()

    def start_registry(self):
        configuration = self.path("registry.json")
        with open(configuration, "w", encoding="ascii") as f:
            json.dump({"version": "0.1", "log": {"level": "error"},
                       "http": {"addr": self.registry_url.removeprefix("http://")},
                       "storage": {"filesystem": {"rootdirectory": self.path("registry")}}}, f)
        self.registry_process = Process.spawn(["docker-registry", "serve", configuration], self.path("registry.log"),
                                              die_with_parent=True)
        eventually("docker-registry", self._registry_answers)

    def _registry_answers(self):
        if not self.registry_process.alive():
            raise Failed(f"docker-registry ended at its start:\n{tail(self.path('registry.log'))}")
        try:
            return self.registry.send("GET", "/v2/")
        except OSError:
            return None

    def _fill(self):
        """app is signed by the release key, other by another key, bare by nobody."""
        done = subprocess.run([os.path.join(ROOT, "scripts", "image"), "--push", self.registry_url + "/golden/assay"],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"scripts/image --push: {done.stderr}")
        self.own_image = f"{REGISTRY}/golden/assay@{done.stdout.strip().rpartition('@')[2]}"
        self.registry.sign(self.own_image, os.path.join(KEYS, "p256.key"))
        for name, key in (("app", "p256"), ("other", "other"), ("bare", None)):
            self.images[name] = self.new_image(name, key)

    def new_image(self, name, key="p256"):
        """Pushed, and signed by that key if any; returns its reference."""
        image = Image(self.path("work", "pause"), name)
        self.registry.push("golden/" + name, image)
        reference = f"{REGISTRY}/golden/{name}@{image.digest}"
        if key:
            self.registry.sign(reference, os.path.join(KEYS, key + ".key"))
        return reference

    # ---- programs ----

    def environment(self):
        return {**clean_environment(self.folder), "KUBECONFIG": self.node.path("admin.kubeconfig"),
                "HELM_CACHE_HOME": self.path("helm"), "HELM_CONFIG_HOME": self.path("helm"),
                "HELM_DATA_HOME": self.path("helm")}

    def _run(self, argv, stdin=""):
        try:
            done = subprocess.run(argv, cwd=self.path("work"), input=stdin, text=True, capture_output=True,
                                  timeout=COMMAND_SECONDS, check=False, env=self.environment())
        except subprocess.TimeoutExpired as e:
            raise Failed(f"{' '.join(argv)}: not done after {COMMAND_SECONDS} s") from e
        return Result(done.returncode, done.stdout, done.stderr)

    def kubectl(self, *arguments, stdin=""):
        return self._run([self.kubectl_program, *arguments], stdin)

    def helm(self, major, *arguments):
        return self._run([self.helm_programs[major], *arguments])

    def inside(self, *argv):
        """In all of the node's namespaces: names of the registry and sockets of the runtime are there."""
        return self._run(self.node.command("env", "-C", self.path("work"), *argv))

    def shell(self, major, command):
        """A command line as people type it, in a folder where deploy/helm and cosign.pub are."""
        programs_there = self.path("work", major)
        if not os.path.isdir(programs_there):
            os.mkdir(programs_there)
            os.symlink(self.helm_programs[major], os.path.join(programs_there, "helm"))
            os.symlink(self.kubectl_program, os.path.join(programs_there, "kubectl"))
        if not os.path.exists(self.path("work", "deploy")):
            os.symlink(os.path.join(ROOT, "deploy"), self.path("work", "deploy"))
            shutil.copy(os.path.join(KEYS, "p256.pub"), self.path("work", "cosign.pub"))
        return self._run(["bash", "-c", f'PATH="{programs_there}:$PATH"; {command}'])

    def must(self, done):
        if done.status != 0:
            raise Failed(f"exit status {done.status}:\n{done.out}{done.err}")
        return done.out

    def expect(self, done, status=0, out="", err=""):
        """Compares all of what a kubectl said, the request's id blotted out."""
        equal("standard error", same_request(done.err), err)
        equal("standard output", done.out, out)
        equal("exit status", done.status, status)

    def api(self, path, method="GET", body=None):
        return self.user.call(method, path, body)

    def remember(self):
        """What is there now; left() tells what came."""
        self._there = self._everything()

    def left(self):
        """Names of objects that are new, but for what every cluster makes by itself all the time."""
        return sorted(self._everything() - self._there)

    def _everything(self):
        kinds = self.must(self.kubectl("api-resources", "--verbs=list", "-o", "name")).split()
        kinds = [k for k in kinds if not k.startswith(("events", "leases.", "componentstatuses"))]
        rows = self.must(self.kubectl("get", ",".join(kinds), "-A", "--no-headers", "--ignore-not-found", "-o",
                                      "custom-columns=:kind,:metadata.namespace,:metadata.name"))
        return {"/".join(row.split()) for row in rows.splitlines()}

    # ---- the release ----

    def values(self, **golden):
        """Of an installation. golden: more below security.goldenImages."""
        registry, _, rest = self.own_image.partition("/")
        repository, _, digest = rest.partition("@")
        return {
            "image": {"registry": registry, "repository": repository, "digest": digest},
            "security": {"goldenImages": {
                "registries": [REGISTRY + "/golden/**"],
                "signature": {"keys": {"release": read(os.path.join(KEYS, "p256.pub"))}}, **golden}},
            "registries": {"config": {"registries": [{"host": REGISTRY, "plainHttp": True, "allowPrivate": True}]}},
            "feedback": {"docsUrl": DOCS_URL},
            "tests": {"image": self.images["app"]},
        }

    def write(self, name, value):
        with open(self.path("work", name), "w", encoding="utf-8") as f:
            f.write(value if isinstance(value, str) else json.dumps(value, indent=1))
        return name

    def replicas(self):
        """The Pods of the server that are to stay, as the API tells."""
        selector = f"{POD_LABEL},app.kubernetes.io/component!=test"
        pods = self.api(f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector={selector}")
        return [p for p in pods.body["items"] if "deletionTimestamp" not in p["metadata"]]

    def ready(self):
        """Names of the replicas that are Ready."""
        return [p["metadata"]["name"] for p in self.replicas() if {"type": "Ready", "status": "True"} in [
            {k: c[k] for k in ("type", "status")} for c in p["status"].get("conditions", [])]]

    def kill(self, pod):
        """Its container, without a word; it may have ended by itself meanwhile."""
        container = pod["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
        done = self.inside("ctr", "-a", "/run/containerd.sock", "-n", "k8s.io", "tasks", "kill", "-s", "SIGKILL",
                           container)
        if "not found" not in done.err:
            self.must(done)

    def name_service(self):
        """There is no DNS for Services: this one by hand."""
        service = self.api(f"/api/v1/namespaces/{NAMESPACE}/services/{RELEASE}").body
        self.node.name_service(f"{RELEASE}.{NAMESPACE}.svc", service["spec"]["clusterIP"])

    def upgrade(self, major="helm4", values="values.yaml", timeout=PATIENCE, **flags):
        """flags: values, with two underscores for a dot."""
        return self.helm(major, "upgrade", RELEASE, CHART, "-n", NAMESPACE, "-f", values, "--wait",
                         "--timeout", timeout, *(f"--set={k.replace('__', '.')}={v}" for k, v in flags.items()))

    def served(self):
        """The certificate that the Service shows. kube-proxy knows of replicas a moment after they are Ready."""
        address = self.api(f"/api/v1/namespaces/{NAMESPACE}/services/{RELEASE}").body["spec"]["clusterIP"]

        def ask():
            try:
                return ssl.get_server_certificate((address, 443), timeout=10)
            except OSError:
                return None
        return eventually("an answer by the Service", ask)

    def webhook(self):
        """The ValidatingWebhookConfiguration; None when there is none."""
        answer = self.api("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/" + RELEASE)
        return answer.body if answer.status == 200 else None

    def authorities(self):
        """PEM of the CAs by which the API server knows the webhook."""
        return base64.b64decode(self.webhook()["webhooks"][0]["clientConfig"]["caBundle"]).decode()

    def memory(self, pod):
        """Resident bytes of a replica's process, now and at most, and what its cgroup is charged."""
        container = pod["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
        found = []
        for top, _, names in os.walk("/sys/fs/cgroup"):
            if os.path.basename(top) == container:
                found += [os.path.join(top, n) for n in ("memory.usage_in_bytes", "memory.current") if n in names]
        if not found:
            raise Failed(f"no cgroup of container {container}")
        process = read(os.path.join(os.path.dirname(found[0]), "cgroup.procs")).split()[0]
        status = read(f"/proc/{process}/status")
        resident, peak = (int(re.search(name + r":\s+(\d+) kB", status).group(1)) * 1024 for name in ("VmRSS", "VmHWM"))
        return resident, peak, int(read(found[0]))

    # ---- what is applied ----

    @staticmethod
    def pod(name, image, user=65532, namespace="default", **spec):
        """One that the golden policy admits if it admits the image; user None: bare of all that is wanted."""
        container = {"name": "web", "image": image}
        if user is not None:
            container["securityContext"] = {"readOnlyRootFilesystem": True, "runAsUser": user, "runAsGroup": user}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 0, **spec}}

    def apply(self, pod, *flags):
        name = self.write(pod["metadata"]["name"] + ".yaml", pod)
        return self.kubectl("apply", "-f", name, *flags)

    def create(self, pod):
        """Server-side dry run, without kubectl."""
        return self.api("/api/v1/namespaces/default/pods?dryRun=All", "POST", pod)
