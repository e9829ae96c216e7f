#!/usr/bin/python3
"""Writes tests/cases/matrix-*: every rule x every container list x every workload kind; tests/cases/keyless and
attestation (keyless_cases.py); and tests/cases/registry.

The expectations are worked out here, not by the program. `generate.py --check` only compares what
is on disk with what would be written, and exits 1 when they differ.
"""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
import content  # noqa: E402
import keyless_cases  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PIN = "@sha256:" + "0123456789abcdef" * 4
GOOD = "registry.internal.example/golden/web" + PIN
SIGNED = content.image("signed")
PATTERN = "registry.internal.example/golden/**"

HEAD = """apiVersion: assay.dev/v1
kind: Policy
metadata: {name: golden-images}
spec:
  mode: deny
  onError: deny
  match:
    resources: [pods, workloads]
    operations: [CREATE, UPDATE]
%s  rules:
"""
AUTHORITIES = """  authorities:
    release:
      key:
        inline: |
%s""" % "".join("          %s\n" % line for line in content.key("p256").splitlines())
RULES = {
    "read-only-root-filesystem": "  - {name: read-only-root, readOnlyRootFilesystem: {}}\n",
    "image": "  - {name: golden-image, image: {registries: [\"%s\"], digest: required}}\n" % PATTERN,
    "run-as": "  - {name: non-root, runAs: {user: 65532, group: 65532, nonRoot: required}}\n",
}
SIGNATURE_RULE = "  - {name: signed, signature: {anyOf: [release]}}\n"

# kind: apiVersion, path of the template in the object, what stands around the template
KINDS = {
    "Pod": ("v1", "", {}),
    "Deployment": ("apps/v1", "spec.template", {"selector": True}),
    "ReplicaSet": ("apps/v1", "spec.template", {"selector": True}),
    "StatefulSet": ("apps/v1", "spec.template", {"selector": True, "extra": ["serviceName: web"]}),
    "DaemonSet": ("apps/v1", "spec.template", {"selector": True}),
    "Job": ("batch/v1", "spec.template", {"restart": True}),
    "CronJob": ("batch/v1", "spec.jobTemplate.spec.template", {"restart": True, "extra": ['schedule: "0 0 * * *"']}),
    "ReplicationController": ("v1", "spec.template", {"labels": True}),
    "PodTemplate": ("v1", "template", {}),
}
LISTS = {"init": "initContainers", "container": "containers", "ephemeral": "ephemeralContainers",
         "volume": "volumes"}

GOOD_CONTEXT = ["readOnlyRootFilesystem: true", "runAsUser: 65532", "runAsGroup: 65532", "runAsNonRoot: true"]


def container(name, image, context):
    return ["- name: " + name, "  image: " + image,
            "  securityContext: {%s}" % ", ".join(context)]


def volume(name, image):
    return ["- name: " + name, "  image: {reference: \"%s\", pullPolicy: IfNotPresent}" % image]


def pod_spec(place, image, context, good=GOOD):
    """One item in each of the lists that is asked for; `place` names the list of the bad one."""
    lists = {"containers": container("main", good, GOOD_CONTEXT)}
    if place == "all":
        lists["initContainers"] = container("setup", good, GOOD_CONTEXT)
        lists["ephemeralContainers"] = container("debug", good, GOOD_CONTEXT)
        lists["volumes"] = volume("data", good)
    elif place == "volume":
        lists["volumes"] = volume("bad", image)
    else:
        bad = container("bad", image, context)
        lists[LISTS[place]] = (lists["containers"] + bad) if place == "container" else bad
    out = []
    for key, items in lists.items():
        out += [key + ":"] + items
    return out


def indent(lines, by):
    return [" " * by + line for line in lines]


def manifest(kind, spec):
    version, template, around = KINDS[kind]
    out = ["apiVersion: " + version, "kind: " + kind, "metadata: {name: web, namespace: shop}"]
    body = list(spec) + (["restartPolicy: Never"] if around.get("restart") else [])
    if kind == "Pod":
        return out + ["spec:"] + indent(body, 2)
    labels = "metadata: {labels: {app: web}}"
    depth = 0
    for step in template.split("."):
        out.append(" " * depth + step + ":")
        depth += 2
        if step == "spec" and depth == 2:
            out += indent(around.get("extra", []), depth)
            if around.get("selector"):
                out.append("  selector: {matchLabels: {app: web}}")
            if around.get("labels"):
                out.append("  selector: {app: web}")
    return out + indent([labels, "spec:"], depth) + indent(body, depth + 2)


def pod_path(kind):
    return KINDS[kind][1] + ".spec" if KINDS[kind][1] else "spec"


def where(kind, place):
    """(path of the bad item, its name in words, path of its image)"""
    index = 1 if place == "container" else 0
    base = "%s.%s[%d]" % (pod_path(kind), LISTS[place], index)
    who = '(%s "bad")' % ("volume" if place == "volume" else "container")
    return base, who, base + (".image.reference" if place == "volume" else ".image")


def lines(rule, kind, place):
    base, who, field = where(kind, place)
    if rule == "image":
        return ['- registry: %s %s: got "nginx:1.27" (docker.io); want %s' % (field, who, PATTERN),
                '- digest: %s %s: got tag "1.27"; want ...@sha256:<64 hex>' % (field, who)]
    field = base + ".securityContext."
    if rule == "read-only-root-filesystem":
        return ["- read-only-root-filesystem: %sreadOnlyRootFilesystem %s: not set; want true" % (field, who)]
    unset = "not set (pod default also not set); want "
    return ["- run-as-user: %srunAsUser %s: %s65532" % (field, who, unset),
            "- run-as-group: %srunAsGroup %s: %s65532" % (field, who, unset),
            "- run-as-non-root: %srunAsNonRoot %s: %strue" % (field, who, unset)]


# What a registry can say of an image, by the repository that says so; spec: admission 6.4. %s: the image in short.
SHORT = "sha256:" + content.DIGEST[7:19] + "\u2026"
OTHER_KEY = content.fingerprint("other")[:19] + "\u2026"
STATES = {
    "unsigned": "%%s has no cosign signature: none at tag sha256-%s\u2026.sig, none among its referrers" %
                content.DIGEST[7:19],
    "other-key": '%%s has 1 cosign signature, by key %s, none by key "release"' % OTHER_KEY,
    "broken": "%s has 1 cosign signature, which is broken: names our key, and is not its signature of this content",
    "other-digest": '%%s has 1 cosign signature, none of this image by "release": a good signature of %s, not of %s' %
                    (content.OTHER_DIGEST, content.DIGEST),
    "failing": "the recorded registry.internal.example holds nothing of the repository golden/failing",
}


def signature_line(state, kind, place):
    _base, who, field = where(kind, place)
    if state == "failing":
        return "- signature-unavailable: %s %s: %s" % (field, who, STATES[state])
    short = "%s/golden/%s@%s" % (content.HOST, state, SHORT)
    return "- signature: %s %s: %s; want a signature by release" % (field, who, STATES[state] % short)


def expect(kind, place, verdict, violations, mend=None):
    out = ["verdict: " + verdict]
    if violations:
        header = "could not verify 1 image in %s shop/web (try again; the manifest may be fine)" % kind
        if verdict != "error":
            header = "%d violation%s in %s shop/web" % (len(violations), "" if len(violations) == 1 else "s", kind)
        out.append("header: 'assay: %s'" % header)
        out.append("violations:")
        out += ["- '" + v.replace("'", "''") + "'" for v in violations]
    if mend:
        out.append("mend: '%s'" % mend)
    if place in ("ephemeral", "all"):
        out.append("apiserver: ephemeral containers arrive only through their subresource")
    return out


def bad(rule):
    image = "nginx:1.27" if rule == "image" else GOOD
    drop = {"read-only-root-filesystem": ["readOnly"], "run-as": ["runAs"], "image": []}[rule]
    context = [c for c in GOOD_CONTEXT if not any(c.startswith(d) for d in drop)]
    return image, context


def folder(policy, kind, spec, *expected):
    return {"policy.yaml": policy, "object.yaml": "\n".join(manifest(kind, spec)) + "\n",
            "expect.yaml": "\n".join(expect(kind, *expected)) + "\n"}


def signature_cases():
    """Every list of every kind with an unsigned image, and every state in each list once and in three kinds."""
    for state in STATES:
        for kind in KINDS:
            for place in LISTS:
                if state != "unsigned" and kind != "Pod" and (kind, place) not in (
                        ("Deployment", "container"), ("CronJob", "container")):
                    continue
                failing = state == "failing"
                image = content.image(state)
                yield ("matrix-signature/%s-%s-%s" % (kind.lower(), place, state), folder(
                    HEAD % AUTHORITIES + SIGNATURE_RULE, kind, pod_spec(place, image, GOOD_CONTEXT, SIGNED), place,
                    "error" if failing else "deny", [signature_line(state, kind, place)],
                    None if failing else "cosign sign --key <release key> " + image))


def cases():
    """(folder, {file: text})"""
    for rule, yaml in RULES.items():
        for kind in KINDS:
            for place in LISTS:
                if place == "volume" and rule != "image":
                    continue
                yield ("matrix-%s/%s-%s" % (rule, kind.lower(), place), folder(
                    HEAD % "" + yaml, kind, pod_spec(place, *bad(rule)), place, "deny", lines(rule, kind, place)))
    for kind in KINDS:
        for place in ("all", "container"):
            yield ("matrix-good/%s-%s" % (kind.lower(), place), folder(
                HEAD % AUTHORITIES + "".join(RULES.values()) + SIGNATURE_RULE, kind,
                pod_spec(place, SIGNED, GOOD_CONTEXT, SIGNED), place, "allow", []))
    yield from signature_cases()
    yield from keyless_cases.cases()


def registry():
    """(path, text) of tests/cases/registry"""
    with tempfile.TemporaryDirectory() as scratch:
        content.write(scratch)
        for p in pathlib.Path(scratch).rglob("*"):
            if p.is_file():
                yield HERE / "registry" / p.relative_to(scratch), p.read_text()


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit("usage: generate.py [--check]")
    wanted = dict(registry())
    for place, files in cases():
        for name, text in files.items():
            wanted[HERE / place / name] = text
    wrong = [p for p, text in wanted.items() if not p.exists() or p.read_text() != text]
    there = [*HERE.glob("matrix-*/*/*"), *HERE.glob("keyless/*/*"), *HERE.glob("attestation/*/*"),
             *(HERE / "registry").rglob("*")]
    stray = [p for p in there if p.is_file() and p not in wanted]
    if check:
        for p in wrong + stray:
            print("differs: %s: run tests/cases/generate.py" % p.relative_to(HERE.parent.parent))
        sys.exit(1 if wrong or stray else 0)
    for p in stray:
        p.unlink()
    for p, text in wanted.items():
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_text(text)
    print("%d files" % len(wanted))


main()
