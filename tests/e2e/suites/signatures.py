"""Signed images: who has signed is asked of registries on loopback, and kubectl prints what was found."""

import concurrent.futures
import json
import os
import re
import subprocess

from docker_registry import DockerRegistry
from lab import DENIED, DOCS_URL, policy, refusal, same_request
from report import equal, eventually, holds, test
from server import binary
from signing import DIGEST, HEX, OTHER_DIGEST, KEYS, SHORT, Registry, Signing, fingerprint, short
from signing import image as image_of

CACHED = "assay_signature_cache_entries"
IN_FLIGHT = "assay_admission_requests_in_flight"
AT_ONCE = 40
# What the program takes off the time that the API server gives it.
SHORT_TIMEOUT = "--request-timeout=3s"
WANT = "; want a signature by release"
NOT_FOUND = f"none at tag sha256-{HEX[:12]}\u2026.sig, none among its referrers"
FORBIDDEN = "Error from server (Forbidden): "
UNAVAILABLE = "Error from server (ServiceUnavailable): "

_SIGNING = {}


def signing(title):
    """A test that gets the lab and what is there for signatures, with the server of that registered."""
    def register(function):
        def run(lab):
            if lab not in _SIGNING:
                _SIGNING[lab] = Signing(lab)
            s = _SIGNING[lab]
            lab.need_registration(True, s.server.port)
            function(lab, s)
        test(title)(run)
        return function
    return register


# ---- what is sent ----

def pod(*images, name="web"):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": [{"name": "web" if i == 0 else f"c{i}", "image": image}
                                    for i, image in enumerate(images)]}}


def deployment(image):
    spec = {"containers": [{"name": "web", "image": image}]}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": spec}}}


def create(lab, body, *flags, dry_run=True):
    """kubectl create, by default such that nothing stays."""
    name = lab.manifest("signed.json", json.dumps(body))
    return lab.kubectl("create", "-f", name, *flags, *(["--dry-run=server"] if dry_run else []))


# ---- what is read ----

def of(state, repository, container="containers[0]", name="web", where="spec.", want=WANT):
    """The line about a container; repository is what the line calls the image, or empty."""
    image = f"{repository}@{SHORT} " if repository else ""
    return f'signature: {where}{container}.image (container "{name}"): {image}{state}{want}'


def unsigned(s, **more):
    return of(f"has no cosign signature: {NOT_FOUND}", f"{s.registry.host}/app-unsigned", **more)


def mended(message, image):
    """The refusal with the command that signs the image."""
    return message.replace("Fix it: ", f"Fix it: cosign sign --key <release key> {image} ; ")


def same_time(text):
    return re.sub(r" in \d+\.\d s$", " in #.# s", re.sub(r"within \d+\.\d s$", "within #.# s", text, flags=re.M),
                  flags=re.M)


def not_found_out(count, outcome, *lines):
    images = f"{count} image{'' if count == 1 else 's'}"
    see = f'assay_registry_requests_total{{outcome="{outcome}"}}' if outcome else "the server's log"
    return "\n".join([f"assay: could not verify {images} in Pod default/web (try again; the manifest may be fine)",
                      *("- signature-unavailable: " + line for line in lines),
                      f"Platform team: see {see}; {DOCS_URL}#signature-unavailable (request ########)"])


def expect_refused(lab, done, message, kind=FORBIDDEN):
    done = done._replace(err=same_time(done.err))
    lab.expect(done, 1, err=f'{kind}error when creating "signed.json": {DENIED}{message}\n')


def expect_created(lab, done, what="pod/web", warnings=""):
    lab.expect(done, 0, f"{what} created (server dry run)\n", warnings)


def decision_of(s, done):
    """The log's line about a refusal, by the id that the person was told."""
    request = re.search(r"\(request ([0-9a-f]{8})\)", done.err).group(1)
    return s.server.decision("the refusal", lambda d: d["uid"].startswith(request))


# ---- signed, and four ways of not being signed ----

@signing("a signed Pod is created without a word, and the audit log has whose signature it was")
def signed(lab, s):
    for number, repository in enumerate(("app-signed-bundle", "app-signed-legacy")):
        name = f"signed-{number}"
        done = create(lab, pod(s.registry.image(repository), name=name), dry_run=False)
        lab.clear("pod/" + name)
        lab.expect(done, 0, f"pod/{name} created\n")
        notes = lab.audit_annotations(name)
        equal("annotations", (notes.get("decision"), notes.get("signature-key")), ("allowed", "web=release"))


def refused_state(title, repository, state):
    @signing(f"a Pod {title} is refused")
    def refuse(lab, s):
        image = s.registry.image(repository)
        line = of(state, f"{s.registry.host}/{repository}")
        done = create(lab, pod(image))
        expect_refused(lab, done, mended(refusal("Pod default/web", line), image))
        equal("decision", decision_of(s, done)["decision"], "denied")


refused_state("with an unsigned image", "app-unsigned", f"has no cosign signature: {NOT_FOUND}")
refused_state("signed by somebody else", "app-other-key",
              f'has 2 cosign signatures, by key {fingerprint("other")}, none by key "release"')
refused_state("with a broken signature", "app-tampered",
              "has 1 cosign signature, which is broken: names our key, and is not its signature of this content")
refused_state("with signatures of another image", "app-wrong-digest",
              'has 2 cosign signatures, none of this image by "release": a good signature of '
              f"{OTHER_DIGEST}, not of {DIGEST}")


@signing("an image without digest is refused at once, and the command that is named prints what is admitted")
def tag(lab, s):
    before = s.registry.asked()
    image = f"{s.registry.host}/app-signed-bundle:1"
    done = create(lab, pod(image))
    line = of('got tag "1"', "", want=f"; want ...@sha256:<64 hex>; assay verify {image} prints its pin")
    expect_refused(lab, done, refusal("Pod default/web", line))
    equal("requests to the registry", s.registry.asked(), before)
    command = re.search(r"; (assay verify \S+) prints its pin", done.err).group(1)
    told = subprocess.run([binary(), *command.split()[1:], "--registries", s.registries], text=True,
                          capture_output=True, timeout=60, check=False)
    equal("what it prints", (told.stdout, told.stderr, told.returncode),
          (s.registry.image("app-signed-bundle") + "\n", "", 0))
    expect_created(lab, create(lab, pod(told.stdout.strip())))


@signing("a Deployment is refused itself, not its Pods later")
def of_deployment(lab, s):
    image = s.registry.image("app-unsigned")
    message = mended(refusal("Deployment default/web", unsigned(s, where="spec.template.spec.")), image)
    expect_refused(lab, create(lab, deployment(image)), message)
    done = create(lab, deployment(s.registry.image("app-signed-bundle")))
    expect_created(lab, done, "deployment.apps/web")


@signing("kubectl debug with an unsigned image: that container alone is named")
def debug(lab, s):
    name = lab.manifest("unsigned-pod.json", json.dumps(pod(s.registry.image("app-other-key"))))
    lab.set_up(name)
    image = s.registry.image("app-unsigned")
    done = lab.kubectl("debug", "web", "--image=" + image, "-c", "dbg", "--attach=false", "--profile=general")
    lab.clear("pod/web")
    line = unsigned(s, container="ephemeralContainers[0]", name="dbg")
    # kubectl adds a paragraph about rights of its own.
    equal("standard error", same_request(done.err).split("\n\n")[0].rstrip("\n"),
          f"{FORBIDDEN}{DENIED}{mended(refusal('Pod default/web', line), image)}")
    equal("exit status", done.status, 1)


@signing("all four rules: a golden image passes, of another each rule has its line")
def four_rules(lab, s):
    s.use(text=policy("signed-golden").replace("REGISTRY", s.registry.host))
    try:
        good = pod(s.registry.image("golden/app-signed-bundle"))
        good["spec"]["containers"][0]["securityContext"] = {"readOnlyRootFilesystem": True, "runAsUser": 65532}
        expect_created(lab, create(lab, good))
        at = "spec.containers[0].{} (container \"web\"): "
        expect_refused(lab, create(lab, pod("nginx:1.27")), refusal(
            "Pod default/web",
            "registry: " + at.format("image") + f'got "nginx:1.27" (docker.io); want {s.registry.host}/golden/**',
            "digest: " + at.format("image") + 'got tag "1.27"; want ...@sha256:<64 hex>',
            of('got tag "1.27"', "", want="; want ...@sha256:<64 hex>; assay verify docker.io/library/nginx:1.27 "
               "prints its pin"),
            "read-only-root-filesystem: " + at.format("securityContext.readOnlyRootFilesystem")
            + "not set; want true",
            "run-as-user: " + at.format("securityContext.runAsUser")
            + "not set (pod default also not set); want 65532"))
    finally:
        s.use()


# ---- the registry that does not answer ----

def line_503(host, container="containers[0]", name="web"):
    return (f'spec.{container}.image (container "{name}"): {host} answered HTTP 503 for '
            f"sha256-{HEX[:12]}….sig after 2 tries in #.# s")


@signing("a registry that answers 503: could not verify, not a no, and kubectl does not repeat it")
def answers_503(lab, s):
    done = create(lab, pod(s.failing.image("app-signed-bundle"), name="once"))
    message = not_found_out(1, "http_5xx", line_503(s.failing.host)).replace("default/web", "default/once")
    expect_refused(lab, done, message, UNAVAILABLE)
    # Fails if there are several.
    line = s.server.decision("the only try", lambda d: d["name"] == "once")
    equal("the log's line", (line["decision"], line["level"]), ("error", "warning"))


@signing("a registry that is down: could not verify, and it passes when the registry is back")
def down(lab, s):
    host = f"127.0.0.1:{s.down_port}"
    body = pod(image_of(host, "app-signed-bundle"))
    message = not_found_out(1, "connect", 'spec.containers[0].image (container "web"): '
                            f"{host} could not be reached for sha256-{HEX[:12]}….sig: connection refused")
    expect_refused(lab, create(lab, body), message, UNAVAILABLE)
    with Registry(s.content, s.down_port):
        eventually("it passes", lambda: create(lab, body).status == 0)


@signing("onError: allow admits with a warning what could not be found out, and refuses what is unsigned")
def on_error_allow(lab, s):
    s.use(text=policy("signed").replace("onError: deny", "onError: allow"))
    try:
        done = create(lab, pod(s.failing.image("app-signed-bundle"), name="allowed-on-error"), dry_run=False)
        lab.clear("pod/allowed-on-error")
        lab.expect(done, 0, "pod/allowed-on-error created\n",
                   'Warning: assay: container "web": could not verify image (spec.containers[0].image)\n')
        notes = lab.audit_annotations("allowed-on-error")
        equal("annotations", (notes.get("decision"), notes.get("rules"), notes.get("signature-key")),
              ("warned", "signature-unavailable", None))
        image = s.registry.image("app-unsigned")
        expect_refused(lab, create(lab, pod(s.failing.image("app-signed-bundle"), image)), mended(
            refusal("Pod default/web", unsigned(s, container="containers[1]", name="c1")), image))
    finally:
        s.use()


@signing("mode warn: what is unsigned and what could not be found out are warnings")
def warn(lab, s):
    s.use(text=policy("signed").replace("mode: deny", "mode: warn"))
    try:
        done = create(lab, pod(s.registry.image("app-unsigned"), s.failing.image("app-signed-bundle")))
        expect_created(
            lab, done, warnings='Warning: assay: container "web": image is not signed by a trusted key '
            '(spec.containers[0].image)\n'
            'Warning: assay: container "c1": could not verify image (spec.containers[1].image)\n')
    finally:
        s.use()


@signing("a slow registry: refused while the API server still listens, and the retry finds the answer")
def slow(lab, s):
    body = pod(s.slow.image("app-signed-bundle"))
    before = s.server.metric(CACHED)
    s.slow.gate.clear()
    try:
        done = create(lab, body, SHORT_TIMEOUT)
    finally:
        s.slow.gate.set()
    message = not_found_out(
        1, None, f'spec.containers[0].image (container "web"): {s.slow.host} did not answer within #.# s')
    expect_refused(lab, done, message, UNAVAILABLE)
    line = decision_of(s, done)
    equal("late", line.get("late"), None)
    equal("the log's reason", [(x["state"], x["reason"]) for x in line["signatures"]], [("unavailable", "deadline")])
    eventually("the lookup goes on", lambda: s.server.metric(CACHED) > before)
    asked = s.slow.asked()
    expect_created(lab, create(lab, body))
    equal("requests of the retry", s.slow.asked() - asked, 0)


@signing("several containers in several states: one message with a line for each")
def mixed(lab, s):
    host = s.registry.host
    images = [s.registry.image(name) for name in (
        "app-signed-bundle", "app-unsigned", "app-other-key", "app-tampered", "app-wrong-digest")]
    done = create(lab, pod(*images, f"{host}/app-signed-bundle:1", s.failing.image("app-signed-bundle")))

    def at(i):
        return {"container": f"containers[{i}]", "name": f"c{i}"}
    expect_refused(lab, done, refusal(
        "Pod default/web", unsigned(s, **at(1)),
        of(f'has 2 cosign signatures, by key {fingerprint("other")}, none by key "release"',
           f"{host}/app-other-key", **at(2)),
        of("has 1 cosign signature, which is broken: names our key, and is not its signature of this content",
           f"{host}/app-tampered", **at(3)),
        # So many lines make a long message, which has short digests.
        of('has 2 cosign signatures, none of this image by "release": a good signature of '
           f"{short(OTHER_DIGEST)}, not of {SHORT}", f"{host}/app-wrong-digest", **at(4)),
        of('got tag "1"', "", want=f"; want ...@sha256:<64 hex>; assay verify {host}/app-signed-bundle:1 "
           "prints its pin", **at(5)),
        "signature-unavailable: " + line_503(s.failing.host, **at(6))))


# ---- what is not asked again ----

@signing("what is known of a digest is not asked again: another Pod, its Deployment")
def cache(lab, s):
    image = s.registry.image("cold/app-signed-bundle")
    expect_created(lab, create(lab, pod(image)))
    cold = s.registry.of("cold/app-signed-bundle")
    holds(cold and len(set(cold)) == len(cold), f"the first admission asked {cold}")
    # A real one, for the audit log tells which review it was.
    done = create(lab, pod(image, name="warm"), dry_run=False)
    lab.clear("pod/warm")
    lab.expect(done, 0, "pod/warm created\n")
    expect_created(lab, create(lab, deployment(image)), "deployment.apps/web")
    equal("requests to the registry", s.registry.of("cold/app-signed-bundle"), cold)
    uid = lab.audit_annotations("warm").get("review-uid")
    equal("cache", s.server.decision("the second Pod", lambda d: d["uid"] == uid)["cache"], "hit")


@signing(f"{AT_ONCE} Pods of a cold image at once: the registry is asked as for one")
def at_once(lab, s):
    image = s.slow.image("many/app-signed-bundle")
    one = s.registry.image("one/app-signed-bundle")
    expect_created(lab, create(lab, pod(one)))
    s.slow.gate.clear()
    try:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as threads:
            jobs = [threads.submit(lab.create, pod(image, name=f"many-{i}"), True) for i in range(AT_ONCE)]
            eventually("all of them wait", lambda: s.server.metric(IN_FLIGHT) == AT_ONCE)
            s.slow.gate.set()
            equal("HTTP statuses", {job.result().status for job in jobs}, {201})
    finally:
        s.slow.gate.set()
    asked = sorted(path.replace("/many/", "/one/") for path in s.slow.of("many/app-signed-bundle"))
    equal("requests", asked, sorted(s.registry.of("one/app-signed-bundle")))


@signing("an unsigned Deployment that runs already is restarted without asking, and gets no other unsigned image")
def runs_already(lab, s):
    lab.set_up(lab.manifest("unsigned-deployment.json", json.dumps(deployment(s.registry.image("old/app-unsigned")))))
    restarted = lab.kubectl("rollout", "restart", "deployment/web")
    notes = lab.audit_annotations("web", "patch")
    image = s.registry.image("app-unsigned")
    changed = lab.kubectl("set", "image", "deployment/web", "web=" + image)
    lab.clear("deployment/web")
    lab.expect(restarted, 0, "deployment.apps/web restarted\n")
    equal("who let it pass", notes.get("decision"), "allowed")
    equal("requests to the registry", s.registry.of("old/app-unsigned"), [])
    message = mended(refusal("Deployment default/web", unsigned(s, where="spec.template.spec.")), image)
    lab.expect(changed, 1, err=f"error: failed to patch image update to pod template: {DENIED}{message}\n")


@signing("another key in the ConfigMap is the one that counts from then on, and the old one again")
def another_key(lab, s):
    ours, others = s.registry.image("app-signed-bundle"), s.registry.image("app-other-key")
    expect_created(lab, create(lab, pod(ours)))
    s.use(signer="other")
    try:
        expect_created(lab, create(lab, pod(others)))
        line = of(f'has 1 cosign signature, by key {fingerprint("p256")}, none by key "release"',
                  f"{s.registry.host}/app-signed-bundle")
        expect_refused(lab, create(lab, pod(ours)), mended(refusal("Pod default/web", line), ours))
    finally:
        s.use()
    expect_created(lab, create(lab, pod(ours)))
    equal("the other key", create(lab, pod(others)).status, 1)


@signing("a real registry: signed admitted, unsigned refused, stopped: what is known still passes")
def real_registry(lab, s):
    with DockerRegistry(lab.path("docker-registry"), s.real_port) as real:
        good, bad = (real.push(f"golden/{name}", name.encode()) for name in ("good", "bad"))
        late = real.push("golden/late", b"late")
        for image in (good, late):
            real.sign(image, os.path.join(KEYS, "p256.key"))
        expect_created(lab, create(lab, pod(good)))
        done = create(lab, pod(bad))
        name, digest = bad.split("@")
        line = (f'signature: spec.containers[0].image (container "web"): {name}@{short(digest)} has no cosign '
                f"signature: none at tag {short(digest).replace(':', '-')}.sig, none among its referrers{WANT}")
        expect_refused(lab, done, mended(refusal("Pod default/web", line), bad))
        real.stop()
        expect_created(lab, create(lab, pod(good)))
        done = create(lab, pod(late))
        equal("exit status", done.status, 1)
        holds(f"{real.host} could not be reached for " in done.err and done.err.startswith(UNAVAILABLE), done.err)
        real.start()
        eventually("it passes", lambda: create(lab, pod(late)).status == 0)
