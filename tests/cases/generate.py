#!/usr/bin/python3
"""Writes tests/cases/matrix-*: every rule x every container list x every workload kind.

The expectations are worked out here, not by the program. `generate.py --check` only compares what
is on disk with what would be written, and exits 1 when they differ.
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
PIN = "@sha256:" + "0123456789abcdef" * 4
GOOD = "registry.internal.example/golden/web" + PIN
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
  rules:
"""
RULES = {
    "read-only-root-filesystem": "  - {name: read-only-root, readOnlyRootFilesystem: {}}\n",
    "image": "  - {name: golden-image, image: {registries: [\"%s\"], digest: required}}\n" % PATTERN,
    "run-as": "  - {name: non-root, runAs: {user: 65532, group: 65532, nonRoot: required}}\n",
}

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


def pod_spec(place, image, context):
    """One item in each of the lists that is asked for; `place` names the list of the bad one."""
    lists = {"containers": container("main", GOOD, GOOD_CONTEXT)}
    if place == "all":
        lists["initContainers"] = container("setup", GOOD, GOOD_CONTEXT)
        lists["ephemeralContainers"] = container("debug", GOOD, GOOD_CONTEXT)
        lists["volumes"] = volume("data", GOOD)
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


def lines(rule, kind, place):
    index = 1 if place == "container" else 0
    base = "%s.%s[%d]" % (pod_path(kind), LISTS[place], index)
    who = '(%s "bad")' % ("volume" if place == "volume" else "container")
    if rule == "image":
        field = base + (".image.reference" if place == "volume" else ".image")
        return ['- registry: %s %s: got "nginx:1.27" (docker.io); want %s' % (field, who, PATTERN),
                '- digest: %s %s: got tag "1.27"; want ...@sha256:<64 hex>' % (field, who)]
    field = base + ".securityContext."
    if rule == "read-only-root-filesystem":
        return ["- read-only-root-filesystem: %sreadOnlyRootFilesystem %s: not set; want true" % (field, who)]
    unset = "not set (pod default also not set); want "
    return ["- run-as-user: %srunAsUser %s: %s65532" % (field, who, unset),
            "- run-as-group: %srunAsGroup %s: %s65532" % (field, who, unset),
            "- run-as-non-root: %srunAsNonRoot %s: %strue" % (field, who, unset)]


def expect(kind, place, verdict, violations):
    out = ["verdict: " + verdict]
    if violations:
        out.append("header: 'assay: %d violation%s in %s shop/web'" %
                   (len(violations), "" if len(violations) == 1 else "s", kind))
        out.append("violations:")
        out += ["- '" + v.replace("'", "''") + "'" for v in violations]
    if place in ("ephemeral", "all"):
        out.append("apiserver: ephemeral containers arrive only through their subresource")
    return out


def bad(rule):
    image = "nginx:1.27" if rule == "image" else GOOD
    drop = {"read-only-root-filesystem": ["readOnly"], "run-as": ["runAs"], "image": []}[rule]
    context = [c for c in GOOD_CONTEXT if not any(c.startswith(d) for d in drop)]
    return image, context


def cases():
    """(folder, {file: text})"""
    for rule, yaml in RULES.items():
        for kind in KINDS:
            for place in LISTS:
                if place == "volume" and rule != "image":
                    continue
                image, context = bad(rule)
                yield ("matrix-%s/%s-%s" % (rule, kind.lower(), place), {
                    "policy.yaml": HEAD + yaml,
                    "object.yaml": "\n".join(manifest(kind, pod_spec(place, image, context))) + "\n",
                    "expect.yaml": "\n".join(expect(kind, place, "deny", lines(rule, kind, place))) + "\n"})
    for kind in KINDS:
        for place in ("all", "container"):
            yield ("matrix-good/%s-%s" % (kind.lower(), place), {
                "policy.yaml": HEAD + "".join(RULES.values()),
                "object.yaml": "\n".join(manifest(kind, pod_spec(place, GOOD, GOOD_CONTEXT))) + "\n",
                "expect.yaml": "\n".join(expect(kind, place, "allow", [])) + "\n"})


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit("usage: generate.py [--check]")
    wanted = {}
    for folder, files in cases():
        for name, text in files.items():
            wanted[HERE / folder / name] = text
    wrong = [p for p, text in wanted.items() if not p.exists() or p.read_text() != text]
    stray = [p for p in HERE.glob("matrix-*/*/*") if p not in wanted]
    if check:
        for p in wrong + stray:
            print("differs: %s: run tests/cases/generate.py" % p.relative_to(HERE.parent.parent))
        sys.exit(1 if wrong or stray else 0)
    for p in stray:
        p.unlink()
    for p, text in wanted.items():
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_text(text)
    print("%d cases" % (len(wanted) // 3))


main()
