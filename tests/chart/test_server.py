"""The program served as the chart's Pod would run it, and asked as the Pod of helm test would ask."""

import contextlib
import os
import re
import select
import socket
import subprocess
import threading
import time
import urllib.request

import yaml
from chart import PROGRAM, Failed, contains, decoded, equal, find, run
from mounted_pod import place
from processes import free_ports

PATIENCE_S = 30


@contextlib.contextmanager
def serving(t, found):
    """The rendered server on free ports; yields (https port, metrics port)."""
    arguments, _ = place(t, found)
    https, metrics = free_ports(2)
    instead = {"--listen": f"--listen=127.0.0.1:{https}", "--metrics-listen": f"--metrics-listen=127.0.0.1:{metrics}",
               "--drain": "--drain=0s"}
    arguments = [instead.get(a.split("=")[0], a) for a in arguments]
    env = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
    with open(t.path("server.log"), "wb") as log:
        server = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
    try:
        wait_ready(t, server, metrics)
        yield https, metrics
    finally:
        server.terminate()
        try:
            server.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_ready(t, server, port):
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        if server.poll() is not None or time.monotonic() > end:
            with open(t.path("server.log"), encoding="utf-8") as log:
                raise Failed(f"the server is not ready: {log.read()}")
        time.sleep(0.05)


class Tunnel(threading.Thread):
    """An HTTP proxy that leads every CONNECT to one local port: names of Services resolve nowhere here."""

    def __init__(self, target):
        super().__init__(daemon=True)
        self.target = target
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.asked.append(head.split(b" ")[1].decode())
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                self.copy(client, server)

    @staticmethod
    def copy(a, b):
        other = {a: b, b: a}
        while True:
            for source in select.select([a, b], [], [], PATIENCE_S)[0]:
                data = source.recv(65536)
                if not data:
                    return
                other[source].sendall(data)


def probe(t, found, https):
    """Runs what the Pod of helm test runs; returns its result and the hosts that it asked for."""
    pod = find(found, "Pod")["spec"]
    files = find(found, "ConfigMap", "assay-test")["data"]
    for name, text in files.items():
        t.write(text, "test", name)
    secrets = [o for o in found if o["kind"] == "Secret"]
    ca = next(v for v in pod["volumes"] if v["name"] == "ca")["secret"]["items"][0]["key"]
    t.write(decoded(secrets[0])[ca].decode(), "ca", "ca.crt")
    arguments = [a.replace("/etc/assay/", t.path("") + "/") for a in pod["containers"][0]["args"]]
    tunnel = Tunnel(https)
    tunnel.start()
    try:
        return run(PROGRAM, *arguments, env={"https_proxy": f"http://127.0.0.1:{tunnel.port}", "no_proxy": ""}), tunnel.asked
    finally:
        tunnel.listener.close()


def check_probe(t, found, refused, admitted):
    with serving(t, found) as (https, _):
        result, asked = probe(t, found, https)
    equal(result.code, 0, f"helm test: {result.text()}")
    contains(result.out, refused, "the bad Pod")
    contains(result.out, admitted, "the good Pod")
    equal(set(asked), {"assay.assay-system.svc:443"}, "who was asked")


def test_helm_test_with_signatures(t):
    """Whether an image is signed is not known: an update that changes nothing is what must be admitted."""
    check_probe(t, t.objects("golden"), "bad.yaml: refused as expected: assay: 5 violations in Pod assay-test/assay-test",
                "good.yaml: admitted as expected")


def test_helm_test_without_signatures(t):
    found = t.objects("golden", "--set", "security.goldenImages.signature.enabled=false")
    contains(find(found, "ConfigMap", "assay-test")["data"]["good.yaml"], "kind: Pod\n", "a Pod of its own")
    check_probe(t, found, "bad.yaml: refused as expected: assay: 4 violations in Pod assay-test/assay-test",
                "good.yaml: admitted as expected")


def test_helm_test_of_a_policy_that_only_warns(t):
    check_probe(t, t.objects("warn"), "bad.yaml: admitted as expected", "good.yaml: admitted as expected")


def test_helm_test_notices_a_server_that_admits_everything(t):
    """The Pod of a policy that refuses, against a server whose policy warns."""
    found = t.objects("warn")
    strict = t.objects("warn", "--set", "security.goldenImages.mode=deny")
    pods = [o for o in strict if o["kind"] == "Pod"] + [o for o in found if o["kind"] != "Pod"]
    with serving(t, found) as (https, _):
        result, _ = probe(t, pods, https)
    equal(result.code, 1, result.text())
    contains(result.out, "bad.yaml: admitted, expected a refusal", "helm test")


def test_helm_test_trusts_only_the_right_ca(t):
    found, other = t.objects("golden"), t.objects("golden", "--set", "tls.validityDays=31")
    with serving(t, found) as (https, _):
        result, _ = probe(t, other, https)
    equal(result.code, 3, result.text())
    contains(result.out.lower(), "certificate", "helm test")


def test_the_server_starts_with_everything(t):
    """Two keys, exceptions, more policies, registries with credentials, CA, mirror and client certificate."""
    with serving(t, t.objects("everything")) as (_, metrics):
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=5) as answer:
            page = answer.read().decode()
    contains(page, "\nassay_policies 2\n", "policies")
    contains(page, "\nassay_trusted_keys 2\n", "keys")
    contains(page, 'assay_exception_expiry_timestamp_seconds{exception="billing-spool"}', "exception")


def test_the_server_starts_with_keys_and_policies_of_others(t):
    found = t.objects("host-network")
    with serving(t, found) as (_, metrics):
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=5) as answer:
            page = answer.read().decode()
    contains(page, "\nassay_policies 2\n", "policies")
    contains(page, "\nassay_trusted_keys 2\n", "keys")


def test_ports_and_probes_are_those_of_the_server(t):
    found = t.objects("golden", "--set", "webhook.port=11250", "--set", "metrics.port=9090")
    container = find(found, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    ports = {p["name"]: p["containerPort"] for p in container["ports"]}
    equal(ports, {"https": 11250, "metrics": 9090}, "ports")
    equal("--listen=:11250" in container["args"] and "--metrics-listen=:9090" in container["args"], True, "options")
    with serving(t, t.objects("golden")) as (_, metrics):
        for name in ("readinessProbe", "livenessProbe"):
            path = container[name]["httpGet"]["path"]
            equal(container[name]["httpGet"]["port"], "metrics", name)
            with urllib.request.urlopen(f"http://127.0.0.1:{metrics}{path}", timeout=5) as answer:
                equal(answer.status, 200, path)


def test_good_and_bad_pods_of_helm_test_are_readable(t):
    for mode in ("golden", "warn", "everything"):
        data = find(t.objects(mode), "ConfigMap", "assay-test")["data"]
        for name in ("good.yaml", "bad.yaml"):
            kind = yaml.safe_load(data[name])["kind"]
            equal(bool(re.fullmatch("Pod|AdmissionReview", kind)), True, f"{mode}: {name}")
