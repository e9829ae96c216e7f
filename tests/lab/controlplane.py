"""etcd and kube-apiserver alone, on loopback: no node and no controllers, which is enough for admission.

Everything a run makes is in one folder: certificates, kubeconfigs, logs, the audit log, etcd's data and
record.json with the ports and the processes. Users (a kubeconfig each, NAME.kubeconfig):
  admin   in system:masters
  setup   in system:masters; tests leave its requests out of the webhook to lay out what was there before
  node    system:node:node-1 in system:nodes
"""

import http.client
import json
import os
import secrets
import shutil
import ssl
import subprocess
import sys
import time

import pki
from processes import Process, free_ports, tail

LAB = os.path.dirname(os.path.abspath(__file__))
USERS = {
    "admin": ("lab-admin", "system:masters"),
    "setup": ("lab-setup", "system:masters"),
    "node": ("system:node:node-1", "system:nodes"),
}
AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  verbs: [get, list, watch]
- level: None
  resources: [{group: "", resources: [events]}, {group: coordination.k8s.io, resources: [leases]}]
- level: Metadata
"""
START_TRIES = 3
READY_SECONDS = 120


class Missing(Exception):
    """The programs are not there and could not be had."""


def programs():
    """Paths of kubectl, etcd and kube-apiserver; installs them first when they are missing."""
    install = os.path.join(LAB, "install")
    where = subprocess.run([install, "--where"], stdout=subprocess.PIPE, text=True, check=False)
    if where.returncode != 0:
        _install(install)
        where = subprocess.run([install, "--where"], stdout=subprocess.PIPE, text=True, check=True)
    return dict(line.split("=", 1) for line in where.stdout.split())


def _install(install):
    """Passes on what it says, for it takes minutes, and keeps the last line as the reason."""
    said = ""
    with subprocess.Popen([install], stderr=subprocess.PIPE, text=True) as running:
        for line in running.stderr:
            print(line, end="", file=sys.stderr, flush=True)
            said = line.strip() or said
    if running.returncode != 0:
        raise Missing(said.removeprefix("lab: "))


def clean_environment(folder):
    """No proxy, no kubeconfig and no cache of the person who runs the tests."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": folder, "LANG": "C.UTF-8"}


def write_kubeconfig(path, url, authority_file, user, token):
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": {"server": url, "certificate-authority": authority_file}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
    }
    with open(path, "w", encoding="ascii") as f:
        json.dump(config, f)


def etcd_arguments(folder, client_port, peer_port):
    client = f"http://127.0.0.1:{client_port}"
    peer = f"http://127.0.0.1:{peer_port}"
    return [
        "--data-dir", folder, "--unsafe-no-fsync", "--log-level", "warn",
        "--listen-client-urls", client, "--advertise-client-urls", client,
        "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
        "--initial-cluster", "default=" + peer]


class ControlPlane:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.port = None
        self.etcd_port = None
        self.processes = {}
        self.tokens = {}

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def start(self, die_with_parent=False):
        """Returns when /readyz says ok. die_with_parent: nothing is left even if the caller is killed."""
        binaries = programs()
        self._lay_out()
        for attempt in range(START_TRIES):
            # Another program may take a port between its choice and its use: then choose again.
            self.port, self.etcd_port, peer_port = free_ports(3)
            self._write_kubeconfigs()
            self._spawn(binaries, peer_port, die_with_parent)
            self._record(binaries)
            problem = self._wait_ready()
            if problem is None:
                return
            self.stop()
            if attempt + 1 == START_TRIES or "address already in use" not in problem:
                raise RuntimeError("kube-apiserver did not come up:\n" + problem)

    def stop(self):
        if not self.processes:
            self._recall()
        # Nothing in it is worth a slow farewell.
        for name in ("kube-apiserver", "etcd"):
            if name in self.processes:
                self.processes.pop(name).stop(9)
        shutil.rmtree(self.path("etcd"), ignore_errors=True)
        if os.path.exists(self.path("record.json")):
            os.remove(self.path("record.json"))

    def alive(self):
        if not self.processes:
            self._recall()
        return bool(self.processes) and all(p.alive() for p in self.processes.values())

    def _lay_out(self):
        os.makedirs(self.path("log"), exist_ok=True)
        authority = pki.Authority(self.path("pki"))
        authority.leaf("apiserver", ("DNS:localhost", "DNS:kubernetes.default.svc", "IP:127.0.0.1"))
        pki.new_key(self.path("pki", "accounts.key"))
        with open(self.path("audit-policy.yaml"), "w", encoding="ascii") as f:
            f.write(AUDIT_POLICY)
        self.tokens = {user: secrets.token_hex(16) for user in USERS}
        with open(self.path("pki", "tokens.csv"), "w", encoding="ascii") as f:
            for user, (name, group) in USERS.items():
                f.write(f'{self.tokens[user]},{name},{name},"{group}"\n')

    def _write_kubeconfigs(self):
        for user, token in self.tokens.items():
            write_kubeconfig(self.path(user + ".kubeconfig"), self.url(), self.path("pki", "ca.crt"), user, token)

    def _spawn(self, binaries, peer_port, die_with_parent):
        key = self.path("pki", "accounts.key")
        commands = {
            "etcd": etcd_arguments(self.path("etcd"), self.etcd_port, peer_port),
            # Nothing here makes the default service account, without which every Pod would be
            # refused: that admission plugin is off.
            "kube-apiserver": [
                "--etcd-servers", f"http://127.0.0.1:{self.etcd_port}", "--secure-port", str(self.port),
                "--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1",
                "--endpoint-reconciler-type", "none", "--service-cluster-ip-range", "10.96.0.0/16",
                "--tls-cert-file", self.path("pki", "apiserver.crt"),
                "--tls-private-key-file", self.path("pki", "apiserver.key"),
                "--token-auth-file", self.path("pki", "tokens.csv"),
                "--authorization-mode", "Node,RBAC",
                "--service-account-issuer", "https://kubernetes.default.svc",
                "--service-account-key-file", key, "--service-account-signing-key-file", key,
                "--disable-admission-plugins", "ServiceAccount", "--allow-privileged",
                "--audit-policy-file", self.path("audit-policy.yaml"),
                "--audit-log-path", self.path("log", "audit.log"), "--audit-log-mode", "blocking"],
        }
        shutil.rmtree(self.path("etcd"), ignore_errors=True)
        for name, arguments in commands.items():
            log = self.path("log", name + ".log")
            with open(log, "w", encoding="ascii"):
                pass
            self.processes[name] = Process.spawn([binaries[name]] + arguments, log, die_with_parent=die_with_parent,
                                                 env=clean_environment(self.folder), cwd=self.folder)

    def _record(self, binaries):
        record = {
            "url": self.url(), "port": self.port, "etcd_port": self.etcd_port,
            "kubectl": binaries["kubectl"], "kubeconfig": self.path("admin.kubeconfig"),
            "audit_log": self.path("log", "audit.log"),
            "processes": {n: [p.pid, p.started] for n, p in self.processes.items()},
        }
        with open(self.path("record.json"), "w", encoding="ascii") as f:
            json.dump(record, f, indent=1)

    def _recall(self):
        try:
            with open(self.path("record.json"), encoding="ascii") as f:
                record = json.load(f)
        except FileNotFoundError:
            return
        self.port = record["port"]
        self.etcd_port = record["etcd_port"]
        self.processes = {n: Process(*p) for n, p in record["processes"].items()}

    def _wait_ready(self):
        """None when it is ready; else what went wrong."""
        end = time.monotonic() + READY_SECONDS
        context = ssl.create_default_context(cafile=self.path("pki", "ca.crt"))
        said = ""
        while time.monotonic() < end:
            for name, process in self.processes.items():
                if not process.alive():
                    return f"{name} ended:\n{tail(self.path('log', name + '.log'))}"
            try:
                c = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=5)
                c.request("GET", "/readyz", headers={"Authorization": "Bearer " + self.tokens["admin"]})
                said = c.getresponse().read().decode()
                if said == "ok":
                    return None
            except OSError as e:
                said = str(e)
            time.sleep(0.1)
        return f"not ready after {READY_SECONDS} s; /readyz said: {said}"
