"""Helm 4 installs it; what is refused and admitted then, through the Service."""

from cluster import CHART, DENIED, DOCS_URL, NAMESPACE, PATIENCE, PROGRAM, REGISTRY, RELEASE
from report import equal, holds, test

PHASE = "jsonpath={.status.phase}"


def short(digest):
    return digest[:len("sha256:") + 12] + "\u2026"


def refusal(name, *lines, fix=""):
    """What kubectl prints when a Pod of default is refused; the request's id blotted out."""
    count = f"{len(lines)} violation{'' if len(lines) == 1 else 's'}"
    codes = {line.split(":")[0] for line in lines}
    anchor = "#" + codes.pop() if len(codes) == 1 else ""
    return "\n".join([
        f'Error from server (Forbidden): error when creating "{name}.yaml": {DENIED}'
        f"assay: {count} in Pod default/{name}",
        *("- " + line for line in lines), f"Fix it: {fix}{DOCS_URL}{anchor} (request ########)", ""])


def signature_line(image, found):
    name, _, digest = image.partition("@")
    return (f'signature: spec.containers[0].image (container "web"): {name}@{short(digest)} {found}; '
            "want a signature by release")


BAD = (
    f'registry: spec.containers[0].image (container "web"): got "nginx:1.27" (docker.io); want {REGISTRY}/golden/**',
    'digest: spec.containers[0].image (container "web"): got tag "1.27"; want ...@sha256:<64 hex>',
    'run-as-user: spec.containers[0].securityContext.runAsUser (container "web"): not set (pod default also not set); '
    "want 65532",
    'read-only-root-filesystem: spec.containers[0].securityContext.readOnlyRootFilesystem (container "web"): not set; '
    "want true",
    'signature: spec.containers[0].image (container "web"): got tag "1.27"; want ...@sha256:<64 hex>; '
    "assay verify docker.io/library/nginx:1.27 prints its pin",
)


@test("helm 4 install --wait: two replicas of the scratch image, pulled by digest, in a restricted namespace")
def install(c):
    c.must(c.kubectl("create", "namespace", NAMESPACE))
    c.must(c.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted",
                     "pod-security.kubernetes.io/warn=restricted"))
    c.remember()
    c.write("values.yaml", c.values())
    done = c.helm("helm4", "install", RELEASE, CHART, "-n", NAMESPACE, "-f", "values.yaml", "--wait",
                  "--timeout", PATIENCE)
    c.must(done)
    # Pod Security would have warned there.
    equal("standard error", done.err, "")
    holds("STATUS: deployed" in done.out and "EMERGENCY" in done.out, done.out)
    equal("replicas that are Ready", len(c.ready()), 2)
    c.served()
    for pod in c.replicas():
        equal("its image", pod["spec"]["containers"][0]["image"], c.own_image)
        equal("what the node runs", pod["status"]["containerStatuses"][0]["imageID"], c.own_image)
        equal("restarts", pod["status"]["containerStatuses"][0]["restartCount"], 0)


@test("the namespace refuses a Pod that is not restricted")
def restricted(c):
    done = c.apply(c.pod("loose", c.own_image, namespace=NAMESPACE))
    holds('violates PodSecurity "restricted:latest"' in done.err and done.status == 1, str(done))


@test("the next kubectl apply of a bad Pod is refused through the Service, with all reasons")
def bad(c):
    done = c.apply(c.pod("bad", "nginx:1.27", user=None))
    c.expect(done, 1, err=refusal("bad", *BAD))


@test("a signed golden Pod is admitted and runs")
def good(c):
    c.expect(c.apply(c.pod("app", c.images["app"])), 0, "pod/app created\n")
    c.must(c.kubectl("wait", "pod/app", "--for=condition=Ready", "--timeout=" + PATIENCE))
    c.must(c.kubectl("delete", "pod/app"))


@test("a Pod of our own image, signed, is admitted and runs")
def own(c):
    pod = c.pod("own", c.own_image, restartPolicy="Never")
    pod["spec"]["containers"][0]["args"] = ["version"]
    c.expect(c.apply(pod), 0, "pod/own created\n")
    c.must(c.kubectl("wait", "pod/own", "--for=" + PHASE + "=Succeeded", "--timeout=" + PATIENCE))
    said = c.must(c.kubectl("logs", "own"))
    holds(said.startswith("assay "), said)
    c.must(c.kubectl("delete", "pod/own"))


@test("an unsigned Pod is refused, and so is one signed by another key")
def unsigned(c):
    bare, other = c.images["bare"], c.images["other"]
    tag = "sha256-" + bare.rpartition(":")[2][:12] + "\u2026.sig"
    found = f"has no cosign signature: none at tag {tag}, none among its referrers"
    c.expect(c.apply(c.pod("bare", bare)), 1, err=refusal(
        "bare", signature_line(bare, found), fix=f"cosign sign --key <release key> {bare} ; "))
    c.expect(c.apply(c.pod("other", other)), 1, err=refusal(
        "other", signature_line(other, 'has 1 cosign signature, none by key "release"'),
        fix=f"cosign sign --key <release key> {other} ; "))


@test("a Deployment of bad Pods is refused, and so is an ephemeral container")
def others(c):
    done = c.kubectl("create", "deployment", "bad", "--image=nginx:1.27")
    holds("violations in Deployment default/bad" in done.err and done.status == 1, str(done))
    c.must(c.apply(c.pod("app", c.images["app"])))
    done = c.kubectl("debug", "app", "--image=nginx:1.27", "--attach=false", "--container=debugger",
                     "--profile=general")
    holds("spec.ephemeralContainers[0].image" in done.err and done.status == 1, str(done))
    # What needs no judgement passes.
    c.must(c.kubectl("label", "pod/app", "a=b"))
    c.must(c.kubectl("delete", "pod/app"))


@test("helm test: one live refusal, one live admission of a signed image")
def probe(c):
    c.name_service()
    said = c.must(c.helm("helm4", "test", RELEASE, "-n", NAMESPACE, "--timeout", PATIENCE, "--logs"))
    for line in ("/etc/assay/test/bad.yaml: refused as expected: assay: 5 violations in Pod assay-test/assay-test\n",
                 "/etc/assay/test/good.yaml: admitted as expected\n"):
        holds(line in said, said)


@test("the chart obeys its own policy: assay check over what Helm renders, signature included")
def own_policy(c):
    maps = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{RELEASE}"
    c.write("policy.yaml", c.api(maps + "-policy").body["data"]["golden-images.yaml"])
    c.write("registries.yaml", c.api(maps + "-registries").body["data"]["registries.yaml"])
    # In another namespace, for the policy leaves out the release's.
    for major in ("helm4", "helm3"):
        rendered = c.helm(major, "template", RELEASE, CHART, "-n", "elsewhere", "-f", "values.yaml")
        c.write("rendered.yaml", c.must(rendered))
        check = [PROGRAM, "check", "--strict", "--registries", "registries.yaml", "--policies", "policy.yaml"]
        said = c.must(c.inside(*check, "rendered.yaml"))
        # The Deployment and the Pod of `helm test`.
        equal(f"what is said of that of {major}", said, "2 checked: 0 denied, 0 warned, 2 allowed; 8 skipped\n")
