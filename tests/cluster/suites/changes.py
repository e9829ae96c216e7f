"""What may happen to a release: upgrades, replicas that go, a node that is drained, Secrets that are deleted."""

import subprocess

from calls import Calls, no_call_fails, show
from cluster import NAMESPACE, PATIENCE, POD_LABEL, RELEASE, eventually, read
from node import NAME
from report import equal, holds, test

ALWAYS_RENEW = {"tls__renewBeforeDays": 36500}
WRONG_POLICY = "apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: more}\nspec: {mode: refuse}\n"
WRONG_POLICY_SAYS = "more.yaml:4:14: spec.mode: got refuse (a string), want deny, warn or audit\n"


def settled(c):
    return eventually("two replicas that are Ready", lambda: len(c.replicas()) == 2 and len(c.ready()) == 2)


def certificates(c):
    return c.webhook()["webhooks"][0]["clientConfig"]["caBundle"]


def another_certificate(c, before):
    """The Service leaves out replicas a moment after they are told to end."""
    eventually("a certificate that is not the one from before", lambda: c.served() != before)


@test("helm upgrade without a change leaves replicas and certificate as they are")
def same(c):
    before = c.served(), certificates(c), sorted(c.ready())
    c.must(c.upgrade())
    settled(c)
    equal("certificate, CAs and replicas", (c.served(), certificates(c), sorted(c.ready())), before)


@test("helm upgrade with another policy and a new certificate: no call fails")
def upgrade(c):
    groups = []

    def change(_calls):
        before = c.served(), certificates(c), set(c.ready())
        # null, 65532, null: each of them is another policy.
        groups.append("null" if len(groups) % 2 else "65532")
        c.must(c.upgrade(**ALWAYS_RENEW, security__goldenImages__runAs__group=groups[-1]))
        settled(c)
        another_certificate(c, before[0])
        holds(certificates(c) != before[1], "the API server trusts the CAs from before")
        holds(not set(c.ready()) & before[2], "replicas of before are still there")
        pod = c.pod("group", c.images["app"])
        pod["spec"]["containers"][0]["securityContext"].pop("runAsGroup")
        # A connection that the API server keeps may end at a replica of before, which answers for 15 s more.
        wanted = 403 if groups[-1] == "65532" else 201
        eventually("what the new policy says", lambda: c.create(pod).status == wanted)
    no_call_fails(c, "upgrade", change)


@test("the TLS Secret is deleted: replicas go on, and the next upgrade makes another without a failed call")
def secret(c):
    def change(calls):
        before = c.served()
        c.must(c.kubectl("delete", "secret", RELEASE + "-tls", "-n", NAMESPACE))
        calls.more()
        c.must(c.upgrade())
        settled(c)
        another_certificate(c, before)
    no_call_fails(c, "Secret deleted", change)


@test("a replica is killed: calls go on, none is admitted wrongly, and it comes back")
def killed(c):
    victim = c.replicas()[0]

    def restarts(pod):
        return pod["status"]["containerStatuses"][0]["restartCount"]

    def restarted():
        return [p for p in c.replicas() if p["metadata"]["name"] == victim["metadata"]["name"]
                and restarts(p) > restarts(victim)]
    with Calls(c) as calls:
        c.kill(victim)
        eventually("a restarted container", restarted)
        settled(c)
        calls.more()
    show("kill -9", calls)
    for call in calls.wrong:
        holds("failed calling webhook" in call.text, f"wrong answer: {call}")
    holds(len(calls.wrong) < calls.total(), "more calls failed than were answered")


@test("the node is drained: one replica stays until another is Ready, and no call fails")
def drained(c):
    def change(_calls):
        before = set(c.ready())
        argv = [c.kubectl_program, "drain", NAME, "--pod-selector=" + POD_LABEL, "--timeout=" + PATIENCE]
        with open(c.path("drain.log"), "w+", encoding="utf-8") as log:
            with subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=c.environment()) as drain:
                try:
                    eventually("an eviction that has to wait",
                               lambda: "disruption budget" in read(log.name) or drain.poll() is not None)
                    equal("replicas that are Ready while nothing can be scheduled", len(c.ready()), 1)
                finally:
                    c.must(c.kubectl("uncordon", NAME))
                equal("exit status of kubectl drain", drain.wait(), 0)
        settled(c)
        holds(not set(c.ready()) & before, "a replica was not evicted")
    no_call_fails(c, "drain", change)


@test("an upgrade with values that the chart does not know is refused, and nothing changes")
def bad_values(c):
    before = c.api(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{RELEASE}").body["metadata"]["generation"]
    done = c.upgrade(security__goldenImages__mode="refuse")
    holds(done.status == 1 and "value must be one of 'deny', 'warn', 'audit'" in done.err, str(done))
    done = c.upgrade(security__goldenImages__registries="")
    equal("exit status", done.status, 1)
    after = c.api(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{RELEASE}").body["metadata"]["generation"]
    equal("generation of the Deployment", after, before)


@test("an upgrade with a policy that does not load fails, the old one goes on, and the next upgrade mends it")
def bad_policy(c):
    c.write("wrong.yaml", {**c.values(), "extraPolicies": {"more.yaml": WRONG_POLICY}})
    before = set(c.ready())

    def refused():
        """A new replica ended because of that file."""
        return [p for p in c.replicas() if p["metadata"]["name"] not in before and WRONG_POLICY_SAYS
                in c.kubectl("logs", p["metadata"]["name"], "-n", NAMESPACE).out]

    def change(_calls):
        done = c.upgrade(values="wrong.yaml", timeout="6s")
        holds(done.status == 1, str(done))
        eventually("a new replica that names the error", refused)
        equal("replicas of before that are Ready", set(c.ready()) & before, before)
    try:
        no_call_fails(c, "policy that does not load", change)
    finally:
        c.must(c.upgrade())
    settled(c)
    equal("a good Pod", c.create(c.pod("good", c.images["app"])).status, 201)
