"""A whole Kubernetes node on this machine, in namespaces of its own: what the chart is installed on.

etcd, kube-apiserver, controller-manager, scheduler, kubelet, kube-proxy, containerd and a name server run in
their own pid, mount, network, ipc and uts namespaces. One process outside is recorded; when it is killed, every
process, mount, interface, rule and Pod is gone. Needs root.

The folder must be on a short path: it holds certificates, admin.kubeconfig, logs, record.json, and the
content of containerd and etcd until stop().
"""

import contextlib
import ctypes
import glob
import json
import os
import secrets
import shutil
import subprocess
import time

import pki
from controlplane import LAB, clean_environment, etcd_arguments, programs, write_kubeconfig
from processes import Process, tail

ADDRESS = "10.244.255.1"
NAME = "node-1"
POD_NETWORK = "10.244.0.0/24"
SERVICE_NETWORK = "10.96.0.0/16"
API_PORT = 6443
ETCD_PORT = 2379
# A registry of the tests has this name, on the node and in Pods. It speaks plain HTTP.
REGISTRY = "registry.lab:5000"
# What the documentation calls a registry: the node pulls from the same one, Pods do not find it.
DOCUMENTED = "registry.internal.example"
PAUSE = "localhost/pause:lab"
SECONDS = 300
NAMESPACES = ("--pid", "--mount", "--mount-proc", "--net", "--ipc", "--uts")
USERS = {
    "admin": ("lab-admin", "system:masters"),
    "manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "kubelet": ("system:node:" + NAME, "system:nodes"),
    "proxy": ("system:kube-proxy", ""),
}  # fmt: skip
CLONE_NEWNET = 0x40000000

CONTAINERD = """\
version = 2
root = "{folder}/containerd"
state = "/run/containerd"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "/run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Machines that are containers themselves may not lower it.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "{snapshotter}"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{folder}/certs.d"
"""
REGISTRY_HOST = """\
server = "http://{address}"
[host."http://{address}"]
  capabilities = ["pull", "resolve"]
"""


class Unable(Exception):
    """This machine cannot run a node."""


def need():
    """Raises Unable with what is missing."""
    if os.geteuid() != 0:
        raise Unable("a node needs root")
    for name in ("containerd", "ctr", "runc", "dnsmasq", "iptables", "ip", "unshare", "nsenter", "gcc"):
        if not shutil.which(name):
            raise Unable(f"{name} is not installed: scripts/deps test")
    if not os.path.exists("/usr/lib/cni/bridge"):
        raise Unable("the CNI plugins are not installed: scripts/deps test")


class Node:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.process = None
        self.tokens = {}
        self.port = API_PORT
        self._cgroup = f"/assay-lab-{os.getpid()}"

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    # ---- up and down ----

    def start(self, pause, die_with_parent=False):
        """pause: an OCI archive with the image PAUSE. Returns when Pods can be made."""
        need()
        binaries = programs()
        self.stop()
        self._lay_out(binaries, pause)
        self.process = Process.spawn(
            ["unshare", "--fork", "--kill-child", *NAMESPACES, os.path.join(LAB, "node_init.py"),
             self.path("plan.json")],
            self.path("log", "init.log"), env=self._environment(), die_with_parent=die_with_parent, cwd=self.folder)
        with open(self.path("record.json"), "w", encoding="ascii") as f:
            json.dump({"process": [self.process.pid, self.process.started], "cgroup": self._cgroup}, f)
        self._wait_ready(binaries["kubectl"])

    def stop(self):
        """What runs there, whoever started it, and what it left."""
        if self.process is None:
            self._recall()
        if self.process is not None:
            self.process.stop(9)
            self.process = None
        self._remove_cgroups()
        for name in ("etcd", "kubelet", "containerd", "pods"):
            shutil.rmtree(self.path(name), ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.path("record.json"))

    def alive(self):
        if self.process is None:
            self._recall()
        return self.process is not None and self.process.alive()

    def _recall(self):
        try:
            with open(self.path("record.json"), encoding="ascii") as f:
                record = json.load(f)
        except FileNotFoundError:
            return
        self.process = Process(*record["process"])
        self._cgroup = record["cgroup"]

    def _remove_cgroups(self):
        """The kernel empties them a moment after their processes are gone."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            tops = glob.glob("/sys/fs/cgroup" + self._cgroup) + glob.glob("/sys/fs/cgroup/*" + self._cgroup)
            left = [f for top in tops for f, _, _ in os.walk(top, topdown=False)]
            if not left:
                return
            for folder in left:
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
            time.sleep(0.05)

    # ---- inside ----

    def init_pid(self):
        """Of the first process inside, as seen from outside."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as f:
            return int(f.read().split()[0])

    def command(self, *argv):
        """The command that runs argv inside."""
        return ["nsenter", "-t", str(self.init_pid()), "-m", "-n", "-p", "-i", "--", *argv]

    def enter_network(self):
        """The calling thread and all that it starts from now on see the node's network, and no other."""
        with open(f"/proc/{self.init_pid()}/ns/net", "rb") as f:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(f.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def name_service(self, name, address):
        """Pods find address by name. There is no DNS of the cluster: Services are named by hand."""
        with open(self.path("names", name), "w", encoding="ascii") as f:
            f.write(f"{address} {name}\n")

    # ---- what is laid out ----

    def _environment(self):
        return clean_environment(self.folder)

    def _lay_out(self, binaries, pause):
        for name in ("log", "kubelet", "containerd", "pods", "cni", "names"):
            os.makedirs(self.path(name), exist_ok=True)
        authority = pki.Authority(self.path("pki"))
        authority.leaf("apiserver", ("DNS:localhost", "DNS:kubernetes.default.svc", "IP:127.0.0.1",
                                     "IP:" + ADDRESS, "IP:10.96.0.1"))
        pki.new_key(self.path("pki", "accounts.key"))
        self.tokens = {user: secrets.token_hex(16) for user in USERS}
        self._write("pki/tokens.csv", "".join(
            f'{self.tokens[user]},{name},{name},"{group}"\n' for user, (name, group) in USERS.items()))
        for user, token in self.tokens.items():
            write_kubeconfig(self.path(user + ".kubeconfig"), f"https://127.0.0.1:{API_PORT}",
                             self.path("pki", "ca.crt"), user, token)
        self._write("hosts", f"127.0.0.1 localhost\n{ADDRESS} {NAME} {REGISTRY.split(':')[0]}\n")
        self._write("resolv.conf", f"nameserver {ADDRESS}\n")
        self._write("containerd.toml", CONTAINERD.format(
            folder=self.folder, pause=PAUSE, snapshotter=self._snapshotter()))
        for host in (REGISTRY, DOCUMENTED):
            os.makedirs(self.path("certs.d", host), exist_ok=True)
            self._write(f"certs.d/{host}/hosts.toml",
                        REGISTRY_HOST.format(address=f"{ADDRESS}:{REGISTRY.split(':')[1]}"))
        self._write_json("cni/10-lab.conflist", self._cni())
        self._write_json("kubelet.json", self._kubelet())
        self._write_json("plan.json", {
            "address": ADDRESS, "cgroup": self._cgroup, "kubelet": self.path("kubelet"), "log": self.path("log"),
            "files": {self.path("hosts"): "/etc/hosts", self.path("resolv.conf"): "/etc/resolv.conf"},
            "seconds": SECONDS, "steps": self._steps(binaries, os.path.abspath(pause))})

    def _write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as f:
            f.write(text)

    def _write_json(self, name, value):
        self._write(name, json.dumps(value, indent=1))

    def _snapshotter(self):
        """overlayfs does not go on top of another one."""
        done = subprocess.run(["stat", "-f", "-c", "%T", self.folder], capture_output=True, text=True, check=True)
        return "native" if "overlay" in done.stdout else "overlayfs"

    @staticmethod
    def _cni():
        return {"cniVersion": "1.0.0", "name": "lab", "plugins": [
            {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True, "ipMasq": False,
             "ipam": {"type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": POD_NETWORK}]],
                      "routes": [{"dst": "0.0.0.0/0"}]}},
            {"type": "portmap", "capabilities": {"portMappings": True}}]}

    def _kubelet(self):
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
            "failCgroupV1": False, "cgroupDriver": "cgroupfs", "cgroupRoot": self._cgroup,
            "containerRuntimeEndpoint": "unix:///run/containerd.sock",
            # Nobody else is in this network.
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "failSwapOn": False, "oomScoreAdj": 0, "resolvConf": self.path("resolv.conf"),
            "clusterDNS": [ADDRESS], "clusterDomain": "cluster.local", "podLogsDir": self.path("pods"),
            "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99,
            "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%",
                             "imagefs.available": "1%"},
        }

    def _steps(self, binaries, pause):
        ctr = ["ctr", "-a", "/run/containerd.sock"]
        key = self.path("pki", "accounts.key")

        def kube(name, user, *arguments):
            return {"name": name, "argv": [binaries[name], "--kubeconfig", self.path(user + ".kubeconfig"), *arguments]}
        return [
            {"name": "dnsmasq", "argv": [
                "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--bind-interfaces",
                "--listen-address", ADDRESS, "--user=root", "--pid-file=", "--log-facility=-",
                "--hostsdir=" + self.path("names"), "--local=/cluster.local/", "--local=/svc/", "--local=/lab/"]},
            {"name": "containerd", "argv": ["containerd", "-c", self.path("containerd.toml")]},
            {"name": "etcd", "argv": [binaries["etcd"], *etcd_arguments(self.path("etcd"), ETCD_PORT, ETCD_PORT + 1)]},
            {"name": "kube-apiserver", "argv": [
                binaries["kube-apiserver"], "--etcd-servers", f"http://127.0.0.1:{ETCD_PORT}",
                "--secure-port", str(API_PORT), "--bind-address", "0.0.0.0", "--advertise-address", ADDRESS,
                "--service-cluster-ip-range", SERVICE_NETWORK,
                "--tls-cert-file", self.path("pki", "apiserver.crt"),
                "--tls-private-key-file", self.path("pki", "apiserver.key"),
                "--token-auth-file", self.path("pki", "tokens.csv"), "--authorization-mode", "Node,RBAC",
                "--service-account-issuer", "https://kubernetes.default.svc",
                "--service-account-key-file", key, "--service-account-signing-key-file", key,
                "--allow-privileged", "--kubelet-preferred-address-types", "InternalIP"]},
            {"wait": [*ctr, "version"]},
            {"wait": [*ctr, "-n", "k8s.io", "images", "import", pause]},
            {"wait": [binaries["kubectl"], "--kubeconfig", self.path("admin.kubeconfig"), "get", "--raw", "/readyz"]},
            kube("kube-controller-manager", "manager", "--leader-elect=false", "--use-service-account-credentials",
                 "--service-account-private-key-file", key, "--root-ca-file", self.path("pki", "ca.crt")),
            kube("kube-scheduler", "scheduler", "--leader-elect=false"),
            kube("kubelet", "kubelet", "--config", self.path("kubelet.json"), "--hostname-override", NAME,
                 "--node-ip", ADDRESS),
            # The settings of connection tracking are the whole machine's.
            kube("kube-proxy", "proxy", "--hostname-override", NAME, "--proxy-mode", "iptables",
                 "--cluster-cidr", POD_NETWORK, "--conntrack-max-per-core", "0",
                 "--conntrack-tcp-timeout-established", "0", "--conntrack-tcp-timeout-close-wait", "0"),
        ]

    # ---- readiness ----

    def _wait_ready(self, kubectl):
        """Ready is not enough: the default service account comes, and the taint goes, a moment later."""
        end = time.monotonic() + SECONDS
        log = self.path("log", "init.log")
        while "started" not in tail(log, 1000):
            self._check(end, "the node's programs are not started", log)
            time.sleep(0.05)
        base = [kubectl, "--kubeconfig", self.path("admin.kubeconfig"), "get"]
        state = "jsonpath={.spec.taints[*].key}:{.status.conditions[?(@.type=='Ready')].status}"
        for what, output, want in (("serviceaccount/default", "name", "serviceaccount/default"),
                                   ("node/" + NAME, state, ":True")):
            while True:
                said = subprocess.run(self.command(*base, what, "-o", output), capture_output=True, text=True,
                                      check=False, env=self._environment())
                if said.stdout.strip() == want:
                    break
                self._check(end, f"{what}: {said.stdout}{said.stderr}", self.path("log", "kubelet.log"))
                time.sleep(0.1)

    def _check(self, end, what, log):
        if not self.process.alive() or "ended:" in tail(self.path("log", "init.log"), 1000):
            raise RuntimeError(f"the node ended at its start:\n{tail(self.path('log', 'init.log'))}")
        if time.monotonic() > end:
            raise RuntimeError(f"not within {SECONDS} s: {what}\n{tail(log)}")
