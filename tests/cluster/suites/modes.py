"""Other values on the same node: what cert-manager, the Prometheus operator and network plugins would act on, and
the node's network. None of them is there: what the API server takes is tested, cert-manager's work is done by hand."""

import json
import os

from calls import no_call_fails
from changes import certificates, settled
from cluster import CHART, CLUSTER, NAMESPACE, PATIENCE, RELEASE, eventually
from install import BAD, refusal
from node import ADDRESS, REGISTRY
from pki import Authority
from removal import gone_or_told
from report import equal, holds, test

SECRET = RELEASE + "-cert-manager-tls"
HOST_PORT = 10260
# Of system-cluster-critical, by Kubernetes.
PRIORITY = 2000000000
OPERATORS = {
    "tls": {"mode": "cert-manager"},
    "metrics": {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True},
                "dashboard": {"enabled": True}},
    "networkPolicy": {"enabled": True},
    "priorityClassName": "system-cluster-critical",
}
# In two steps, as docs/install.md has it.
QUIET = {"webhook": {"failurePolicy": "Ignore"}}


def be_cert_manager(c):
    """The Secret that a Certificate asks for, and the CA into webhooks that are annotated so."""
    authority = Authority(c.path("cert-manager"), "assay CA")
    certificate = json.loads(c.must(c.kubectl("get", "certificate", RELEASE, "-n", NAMESPACE, "-o", "json")))
    pair = authority.leaf("webhook", ["DNS:" + name for name in certificate["spec"]["dnsNames"]])
    c.must(c.kubectl("create", "secret", "generic", certificate["spec"]["secretName"], "-n", NAMESPACE,
                     "--type=kubernetes.io/tls", "--from-file=tls.crt=" + pair[0], "--from-file=tls.key=" + pair[1],
                     "--from-file=ca.crt=" + authority.certificate))
    equal("whose CA is wanted", c.webhook()["metadata"]["annotations"].get("cert-manager.io/inject-ca-from"),
          f"{NAMESPACE}/{RELEASE}")
    bundle = c.api(f"/api/v1/namespaces/{NAMESPACE}/secrets/{SECRET}").body["data"]["ca.crt"]
    c.must(c.kubectl("patch", "validatingwebhookconfiguration", RELEASE, "--type=json",
                     "--field-manager=cert-manager-cainjector", "-p", json.dumps([
                         {"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": bundle}])))


def judges(c):
    """The API server keeps connections and CAs a moment longer than they are good."""
    c.served()
    eventually("a refusal", lambda: c.create(c.pod("bad", "nginx:1.27", user=None)).status == 403)
    c.expect(c.apply(c.pod("bad", "nginx:1.27", user=None)), 1, err=refusal("bad", *BAD))
    c.expect(c.apply(c.pod("app", c.images["app"])), 0, "pod/app created\n")
    c.must(c.kubectl("delete", "pod/app"))


def uninstall(c, major, left):
    """Nobody waits for the last answers of its replicas."""
    replicas = c.replicas()
    c.must(c.helm(major, "uninstall", RELEASE, "-n", NAMESPACE))
    eventually("replicas that are told to go", lambda: not c.replicas())
    for pod in replicas:
        c.kill(pod)
    gone_or_told(c, left)


@test("values for cert-manager, the Prometheus operator and network plugins: the API server takes all of it")
def operators(c):
    definitions = os.path.join(CLUSTER, "operators.yaml")
    c.must(c.kubectl("apply", "-f", definitions))
    c.must(c.kubectl("wait", "--for=condition=Established", "--timeout=" + PATIENCE, "-f", definitions))
    c.remember()
    c.write("values.yaml", {**c.values(), **OPERATORS, **QUIET})
    done = c.helm("helm4", "install", RELEASE, CHART, "-n", NAMESPACE, "-f", "values.yaml")
    c.must(done)
    # Fields that a definition does not have are warned of there.
    equal("standard error", done.err, "")
    kinds = "issuers,certificates,servicemonitors,prometheusrules,networkpolicies,resourcequotas"
    equal("objects", sorted(c.must(c.kubectl("get", kinds, "-n", NAMESPACE, "-o", "name")).splitlines()), sorted([
        f"issuer.cert-manager.io/{RELEASE}-self-signed", f"issuer.cert-manager.io/{RELEASE}-ca",
        f"certificate.cert-manager.io/{RELEASE}-ca", f"certificate.cert-manager.io/{RELEASE}",
        f"servicemonitor.monitoring.coreos.com/{RELEASE}", f"prometheusrule.monitoring.coreos.com/{RELEASE}",
        f"networkpolicy.networking.k8s.io/{RELEASE}", f"resourcequota/{RELEASE}"]))


@test("cert-manager: replicas wait for its Secret, its CA is injected, and then they judge")
def injected(c):
    eventually("two replicas", lambda: len(c.replicas()) == 2)
    equal("replicas that are Ready without a certificate", c.ready(), [])
    for pod in (c.pod("app", c.images["app"]), c.pod("bad", "nginx:1.27", user=None)):
        equal("what failurePolicy Ignore does meanwhile", c.create(pod).status, 201)
    be_cert_manager(c)
    settled(c)
    c.write("values.yaml", {**c.values(), **OPERATORS})
    c.must(c.upgrade())
    judges(c)
    c.name_service()
    c.must(c.helm("helm4", "test", RELEASE, "-n", NAMESPACE, "--timeout", PATIENCE))


@test("cert-manager: helm upgrade leaves the injected CA, and no call fails")
def upgraded(c):
    def change(_calls):
        before = certificates(c)
        c.must(c.upgrade(logging__level=next(levels)))
        settled(c)
        equal("the injected CA", certificates(c), before)
    levels = iter(("debug", "info", "debug"))
    no_call_fails(c, "cert-manager, upgrade", change, kubectl=False)


@test("priority class and network policy fit the replicas that run")
def fits(c):
    quota = c.api(f"/api/v1/namespaces/{NAMESPACE}/resourcequotas/{RELEASE}").body
    equal("Pods of that priority class that the quota allows", quota["spec"]["hard"], {"pods": "100"})
    eventually("a quota that counts the replicas", lambda: c.api(
        f"/api/v1/namespaces/{NAMESPACE}/resourcequotas/{RELEASE}").body["status"]["used"] == {"pods": "2"})
    policy = c.api(f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies/{RELEASE}").body["spec"]
    # Nothing enforces it here: what it would let through is compared with what the replicas do.
    entrances = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
    exits = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    for pod in c.replicas():
        equal("priority", pod["spec"]["priority"], PRIORITY)
        holds(policy["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items(), "not selected")
        ports = {p["containerPort"] for p in pod["spec"]["containers"][0]["ports"]}
        equal("ports that may be reached", entrances, ports)
    holds({53, int(REGISTRY.rpartition(":")[2])} <= exits, f"DNS and the registry are not among {exits}")


@test("helm 4 uninstall of these values leaves nothing but what cert-manager made")
def operators_uninstalled(c):
    uninstall(c, "helm4", [f"Secret/{NAMESPACE}/{SECRET}"])
    c.must(c.kubectl("delete", "secret", SECRET, "-n", NAMESPACE))


@test("helm 3 in the node's network: a refusal and an admission by the node's address")
def host_network(c):
    c.write("values.yaml", {**c.values(), "hostNetwork": True, "webhook": {"port": HOST_PORT}, "replicaCount": 1})
    c.must(c.helm("helm3", "install", RELEASE, CHART, "-n", NAMESPACE, "-f", "values.yaml", "--wait", "--timeout",
                  PATIENCE))
    # Helm 3 waits for all replicas but the one that may be unavailable.
    eventually("a replica that is Ready", c.ready)
    equal("addresses of replicas", [p["status"]["podIP"] for p in c.replicas()], [ADDRESS])
    judges(c)
    c.must(c.kubectl("delete", "validatingwebhookconfiguration", RELEASE))
    uninstall(c, "helm3", [])
