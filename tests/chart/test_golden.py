"""Rendered files of every mode, the same on both majors, as golden/ has them."""

import json
import os
import re
import sys

from chart import GOLDEN, HERE, MAJORS, Failed, equal, find, manifests, modes, objects, read, run

# What is another thing at each render; test_tls.py looks into it.
MASKS = [
    (re.compile(r"^(  (?:tls\.crt|tls\.key|ca\.crt|ca-bundle\.crt): )\S+$", re.M), r"\1<base64>"),
    (re.compile(r"^(    assay\.dev/tls-not-after: )\S+$", re.M), r'\1"<seconds>"'),
    (re.compile(r"^(        checksum/tls: )\S+$", re.M), r"\1<sha256>"),
]
BUNDLE = re.compile(r"^(    caBundle: )\S+$", re.M)


def masked(text, mode):
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text if mode == "existing-secret" else BUNDLE.sub(r"\1<base64>", text)


def normal(text, mode):
    """In the order of the files: the majors order kinds that are not Kubernetes' own differently."""
    parts = sorted(manifests(masked(text, mode)), key=lambda p: p[0])
    return "".join(f"---\n# {source}\n{rest.rstrip()}\n" for source, rest in parts)


def difference(got, want):
    got, want = got.split("\n"), want.split("\n")
    for number, pair in enumerate(zip(got, want), 1):
        if pair[0] != pair[1]:
            return f"line {number}: got {pair[0]!r}, want {pair[1]!r}"
    return f"got {len(got)} lines, want {len(want)}"


def test_rendered_files(t):
    for mode in modes():
        path = os.path.join(GOLDEN, mode + ".yaml")
        if t.update:
            with open(path, "w", encoding="utf-8") as f:
                f.write(normal(t.rendered(mode), mode))
        for major in MAJORS:
            got = normal(t.rendered(mode, major=major), mode)
            if got != read(path):
                raise Failed(f"{major}, {mode}: {difference(got, read(path))}; if that is meant: "
                             "tests/chart/run --update")


def test_there_is_a_mode_for_every_file(t):
    equal(sorted(os.listdir(GOLDEN)), sorted(m + ".yaml" for m in modes()), "files of golden/")


def test_the_webhook_comes_after_what_answers_it(t):
    for major in MAJORS:
        for mode in modes():
            kinds = [o["kind"] for o in objects(t.rendered(mode, major=major))]
            before = ("Secret", "ConfigMap", "Service", "Deployment", "NetworkPolicy", "ServiceAccount")
            at = kinds.index("ValidatingWebhookConfiguration")
            late = [k for k in before if k in kinds and kinds.index(k) > at]
            equal(late, [], f"{major}, {mode}: what comes after the webhook")


def test_other_names(t):
    found = t.objects("golden", "--set", "fullnameOverride=gate", "--set", "nameOverride=gatekeeper")
    names = {o["metadata"]["name"] for o in found}
    equal({n for n in names if not n.startswith("gate")}, set(), "names that are not the given one")
    service = find(found, "Service")
    pod = find(found, "Deployment")["spec"]["template"]["metadata"]["labels"]
    equal({k: pod[k] for k in service["spec"]["selector"]}, service["spec"]["selector"], "labels the Service selects")
    client = find(found, "ValidatingWebhookConfiguration")["webhooks"][0]["clientConfig"]["service"]
    equal((client["name"], client["namespace"]), ("gate", "assay-system"), "service of the webhook")


def test_the_release_namespace_cannot_be_judged(t):
    found = t.objects("golden", "--set", "webhook.exemptNamespaces=null")
    webhook = find(found, "ValidatingWebhookConfiguration")["webhooks"][0]
    equal(webhook["namespaceSelector"]["matchExpressions"],
          [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["assay-system"]}], "selector")


def test_no_rights_and_no_token(t):
    for mode in modes():
        found = t.objects(mode)
        rights = {o["kind"] for o in found} & {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
        equal(rights, set(), f"{mode}: rights")
        pods = [o["spec"]["template"]["spec"] for o in found if o["kind"] == "Deployment"]
        pods += [o["spec"] for o in found if o["kind"] == "Pod"]
        for pod in pods:
            equal(pod["automountServiceAccountToken"], False, f"{mode}: token")
            equal(pod["enableServiceLinks"], False, f"{mode}: variables of Services")
        for account in (o for o in found if o["kind"] == "ServiceAccount"):
            equal(account["automountServiceAccountToken"], False, f"{mode}: token of the account")


def test_disruption_budget_only_above_one_replica(t):
    for count, want in ((1, 0), (2, 1)):
        found = t.objects("golden", "--set", f"replicaCount={count}")
        equal(len([o for o in found if o["kind"] == "PodDisruptionBudget"]), want, f"budgets with {count} replicas")


def test_an_image_without_digest(t):
    image = t.objects("golden", "--set", "image.digest=", "--set", "image.tag=edge")
    container = find(image, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    equal(container["image"], "registry.internal.example/golden/assay:edge", "image")


def test_user_null_switches_the_rule_off(t):
    policy = find(t.objects("golden", "--set", "security.goldenImages.runAs.user=null"), "ConfigMap", "assay-policy")
    equal("run-as" in policy["data"]["golden-images.yaml"], False, "run-as in the policy")


def test_keys_stand_once(t):
    try:
        objects("# Source: a\nkind: A\nkind: B\n")
    except Failed as e:
        equal("'kind' stands twice" in str(e), True, str(e))
    else:
        raise Failed("a key that stands twice is not noticed")


def test_the_webhook_is_the_one_of_the_other_tests(t):
    """tests/e2e registers by hand what the chart registers: rules, conditions, name."""
    harness = os.path.join(os.path.dirname(HERE), "e2e", "harness")
    lab = os.path.join(os.path.dirname(HERE), "lab")
    code = "import json, lab; print(json.dumps([lab.WEBHOOK, lab.RULES, lab.CONDITIONS]))"
    result = run(sys.executable, "-c", code, env={"PYTHONPATH": f"{harness}:{lab}", "PYTHONDONTWRITEBYTECODE": "1"})
    equal(result.code, 0, result.err)
    name, rules, conditions = json.loads(result.out)
    webhook = find(t.objects("golden"), "ValidatingWebhookConfiguration")["webhooks"]
    equal(len(webhook), 1, "webhooks")
    equal(webhook[0]["name"], name, "name")
    equal(webhook[0]["rules"], rules, "rules")
    equal(webhook[0]["matchConditions"], conditions, "conditions")


def test_pods_fit_the_restricted_level(t):
    """What Pod Security asks of its strictest level, and what our own policy asks; not with hostNetwork."""
    for mode in modes():
        found = t.objects(mode)
        pods = [o["spec"]["template"]["spec"] for o in found if o["kind"] == "Deployment"]
        pods += [o["spec"] for o in found if o["kind"] == "Pod"]
        for pod in pods:
            equal(pod.get("hostNetwork", False), mode == "host-network", f"{mode}: hostNetwork")
            equal({k: pod["securityContext"][k] for k in ("runAsUser", "runAsGroup", "runAsNonRoot")},
                  {"runAsUser": 65532, "runAsGroup": 65532, "runAsNonRoot": True}, f"{mode}: Pod")
            for container in pod["containers"]:
                equal(container["securityContext"], {
                    "runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532, "readOnlyRootFilesystem": True,
                    "allowPrivilegeEscalation": False, "privileged": False, "capabilities": {"drop": ["ALL"]},
                    "seccompProfile": {"type": "RuntimeDefault"}}, f"{mode}: {container['name']}")
            kinds = {k for v in pod["volumes"] for k in v if k != "name"}
            equal(kinds - {"secret", "configMap"}, set(), f"{mode}: volumes")


def test_network_policy_knows_the_ports_of_the_registries(t):
    policy = find(t.objects("everything"), "NetworkPolicy")["spec"]
    ports = [p["port"] for p in policy["egress"][1]["ports"]]
    equal(ports, [5000, 443, 8443, 3128], "ports: golden registry, docker.io, mirror, proxy")
    equal([p["port"] for p in policy["ingress"][0]["ports"]], [10250], "webhook")
    equal("from" in policy["ingress"][0], False, "peers of the webhook: the API server cannot be selected")
