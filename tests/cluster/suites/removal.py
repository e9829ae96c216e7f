"""Uninstalled by Helm 4; then the quick start of README.md, the short way through, with Helm 3."""

import os
import re

from calls import no_call_fails
from changes import another_certificate, settled
from cluster import CHART, NAMESPACE, PATIENCE, RELEASE, ROOT, eventually, read
from install import BAD, refusal
from node import DOCUMENTED, REGISTRY
from report import Failed, equal, holds, test


def quick_start():
    """The commands of README.md that install the chart, as they stand there."""
    blocks = re.findall(r"^```\n(.*?)^```$", read(os.path.join(ROOT, "README.md")), re.M | re.S)
    blocks = [b for b in blocks if "helm install" in b]
    equal("blocks of README.md with helm install", len(blocks), 1)
    return blocks[0].replace("\\\n", " ").splitlines()


def uninstall(c, major, left, first=lambda: None):
    """Under a loop of calls, which never fail; left is what stays."""
    def there():
        """For the second try."""
        if not c.webhook():
            c.must(c.helm(major, "install", RELEASE, CHART, "-n", NAMESPACE, "-f", "values.yaml", "--wait",
                          "--timeout", PATIENCE))
        settled(c)
        c.served()

    def change(calls):
        calls.may_be_gone = True
        first()
        c.must(c.helm(major, "uninstall", RELEASE, "-n", NAMESPACE))
        gone_or_told(c, left)
        eventually("a bad Pod that nobody judges", lambda: calls.answers["not judged"])
    no_call_fails(c, f"uninstall by {major}", change, before=there, kubectl=False)
    equal("a bad Pod", c.create(c.pod("bad", "nginx:1.27", user=None)).status, 201)


def gone_or_told(c, left):
    """Waits until no more than left is there, and shows what is if that does not come."""
    try:
        eventually("what stays", lambda: c.left() == left, every=0.5)
    except Failed as e:
        equal("what stays", c.left(), left)
        raise e


@test("helm 4 uninstall leaves nothing and blocks nothing")
def helm4(c):
    settled(c)
    uninstall(c, "helm4", [])


@test("helm 3, the quick start of README.md as it is written: installed, tested, a bad Pod refused")
def helm3(c):
    c.must(c.kubectl("delete", "namespace", NAMESPACE))
    c.remember()
    install, probe, attempt = (line.replace("sha256:DIGEST", c.own_image.rpartition("@")[2]) for line in quick_start())
    holds("STATUS: deployed" in c.must(c.shell("helm3", install)), "not deployed")
    equal("replicas that are Ready", len(c.ready()), 2)
    equal("what the node runs", {p["status"]["containerStatuses"][0]["imageID"] for p in c.replicas()},
          {c.own_image.replace(c.own_image.partition("/")[0], DOCUMENTED)})
    c.name_service()
    c.served()
    c.must(c.shell("helm3", probe))
    refused = c.shell("helm3", attempt)
    equal("exit status", refused.status, 1)
    holds("denied the request: assay: 5 violations in Pod default/assay-try\n" in refused.err, str(refused))


@test("helm 3 upgrade to other values and a new certificate: a refusal, an admission")
def helm3_upgrade(c):
    before = c.served()
    c.must(c.upgrade("helm3", tls__renewBeforeDays=36500))
    settled(c)
    another_certificate(c, before)

    def by_the_new_policy(pod, words):
        """For 15 s a replica of before may still answer, by the policy of before."""
        def attempt():
            done = c.apply(pod)
            return done if words in done.out + done.err else None
        return eventually(f"an answer with {words}", attempt)
    c.expect(by_the_new_policy(c.pod("bad", "nginx:1.27", user=None), REGISTRY), 1, err=refusal("bad", *BAD))
    c.expect(by_the_new_policy(c.pod("app", c.images["app"]), "created"), 0, "pod/app created\n")
    c.must(c.kubectl("delete", "pod/app"))


@test("helm 3 uninstall, in the documented order, leaves nothing but the namespace and blocks nothing")
def helm3_uninstall(c):
    # --create-namespace has made it, and Helm does not undo that.
    left = [f"ConfigMap/{NAMESPACE}/kube-root-ca.crt", f"Namespace/<none>/{NAMESPACE}",
            f"ServiceAccount/{NAMESPACE}/default"]
    uninstall(c, "helm3", left, lambda: c.must(c.kubectl("delete", "validatingwebhookconfiguration", RELEASE)))
