"""Values that are refused, by the schema or by the chart's own checks, with what to do."""

import json

import yaml
from chart import CHART, MAJORS, Failed, contains, equal, read

# --set, what Helm 4 says, what Helm 3 says.
WRONG = [
    ("webhook.failurePolicy=fail", "at '/webhook/failurePolicy': value must be one of 'Fail', 'Ignore'",
     'webhook.failurePolicy must be one of the following: "Fail", "Ignore"'),
    ("webhook.failurePolice=Fail", "at '/webhook': additional properties 'failurePolice' not allowed",
     "webhook: Additional property failurePolice is not allowed"),
    ("securitee.goldenImages.mode=deny", "at '': additional properties 'securitee' not allowed",
     "(root): Additional property securitee is not allowed"),
    ("security.goldenImages.Mode=deny", "at '/security/goldenImages': additional properties 'Mode' not allowed",
     "security.goldenImages: Additional property Mode is not allowed"),
    ("security.goldenImages.mode=enforce", "at '/security/goldenImages/mode': value must be one of 'deny', 'warn', 'audit'",
     'security.goldenImages.mode must be one of the following: "deny", "warn", "audit"'),
    ("security.goldenImages.registries={*}", "at '/security/goldenImages/registries/0': '*' does not match pattern",
     "security.goldenImages.registries.0: Does not match pattern"),
    ("security.goldenImages.registries={r.example/golden:1}",
     "at '/security/goldenImages/registries/0': 'r.example/golden:1' does not match pattern",
     "security.goldenImages.registries.0: Does not match pattern"),
    ("security.goldenImages.runAs.user=root", "at '/security/goldenImages/runAs/user': got string, want integer",
     'security.goldenImages.runAs.user must be one of the following: "nonZero"'),
    ("security.goldenImages.signature.keys.release=cosign.pub",
     "at '/security/goldenImages/signature/keys/release': 'cosign.pub' does not match pattern '-----BEGIN",
     "security.goldenImages.signature.keys.release: Does not match pattern '-----BEGIN"),
    ("security.goldenImages.exceptions.a.namespace=x",
     "at '/security/goldenImages/exceptions/a': missing properties 'rules', 'reason', 'owner', 'expires'",
     "security.goldenImages.exceptions.a: expires is required"),
    ("webhook.timeoutSeconds=31", "at '/webhook/timeoutSeconds': maximum: got 31, want 30",
     "webhook.timeoutSeconds: Must be less than or equal to 30"),
    ("image.digest=sha256:abc", "at '/image/digest': 'sha256:abc' does not match pattern",
     "image.digest: Does not match pattern"),
    ("replicaCount=two", "at '/replicaCount': got string, want integer",
     "replicaCount: Invalid type. Expected: integer, given: string"),
    ("extraPolicies.x=y", "'x' does not match pattern", 'extraPolicies: Property name of "x" does not match'),
    ("tls.mode=self", "at '/tls/mode': value must be one of 'helm', 'cert-manager', 'existingSecret'",
     'tls.mode must be one of the following: "helm", "cert-manager", "existingSecret"'),
    ("podLabels.app\\.kubernetes\\.io/name=x", "invalid propertyName 'app.kubernetes.io/name'",
     'podLabels: Property name of "app.kubernetes.io/name" does not match'),
    ("tls.caBundle=ca.crt", "at '/tls/caBundle': 'ca.crt' does not match pattern", "tls.caBundle: Does not match pattern"),
]

# Values file, --set of it, what both say.
CHECKS = [
    ("golden", ["security.goldenImages.registries=null"],
     "- security.goldenImages.registries is empty: say where images may come from, as in\n"
     "    --set 'security.goldenImages.registries={registry.internal.example.com/golden/**}'\n"),
    ("golden", ["security.goldenImages.signature.keys=null"],
     "- security.goldenImages.signature has neither keys nor existingConfigMap: say whose signature counts, as in\n"
     "    --set-file security.goldenImages.signature.keys.release=cosign.pub\n  or admit unsigned images with\n"
     "    --set security.goldenImages.signature.enabled=false\n"),
    ("golden", ["security.goldenImages.signature.atLeast=2"],
     "- security.goldenImages.signature.atLeast is 2, but there are only 1 keys (release): no image could pass\n"),
    ("golden", ["security.goldenImages.signature.existingConfigMap=keys",
                "security.goldenImages.signature.existingConfigMapKeys={release.pub}"],
     "- security.goldenImages.signature: two keys have one name (release, release): rename one of them\n"),
    ("golden", ["image.registry=", "image.digest="],
     "- image has neither registry nor digest, as no released chart has: say which image to run, as in\n"),
    ("golden", ["webhook.resources.pods=false", "webhook.resources.workloads=false"],
     "- webhook.resources: pods and workloads are both false, so nothing would be judged: set one of them\n"),
    ("golden", ["hostNetwork=true"],
     "- webhook.port is 10250, which the kubelet has on the node, and hostNetwork is true: choose another port, as in\n"
     "    --set webhook.port=10260\n"),
    ("golden", ["webhook.port=8080"], "- webhook.port and metrics.port are both 8080: change one of them\n"),
    ("golden", ["tls.mode=existingSecret"],
     "- tls.mode is existingSecret, but tls.existingSecret is empty: name the Secret, as in\n"
     "    --set tls.existingSecret=assay-tls\n"
     "- tls.mode is existingSecret, but tls.caBundle is empty and no annotation has it injected: the API server would "
     "trust no replica. Give the CA, as in\n    --set-file tls.caBundle=ca.crt\n"),
    ("everything", ["security.goldenImages.readOnlyRootFilesystem.enabled=false"],
     "- security.goldenImages.exceptions.billing-spool is for the rule read-only-root, which is switched off: remove it, "
     "or switch the rule on\n"),
    ("everything", ["podLabels.team=x"], "- podLabels and commonLabels both have team: remove one of them\n"),
    ("golden", ["extraPolicies.golden-images\\.yaml=x"],
     "- extraPolicies: golden-images.yaml is a name that the chart uses: choose another\n"),
]


def test_values_that_the_schema_refuses(t):
    for major in MAJORS:
        for given, helm4, helm3 in WRONG:
            result = t.template(major, "--set", given, mode="golden")
            equal(result.code, 1, f"{major} --set {given}")
            contains(result.err, helm4 if major == "helm4" else helm3, f"{major} --set {given}")
            equal(result.out, "", f"what {major} --set {given} renders")


def test_values_that_the_chart_refuses(t):
    for major in MAJORS:
        for mode, given, text in CHECKS:
            sets = [a for g in given for a in ("--set", g)]
            result = t.template(major, *sets, mode=mode)
            equal(result.code, 1, f"{major} {given}")
            contains(result.err, "The chart needs to know more:\n", f"{major} {given}")
            contains(result.err, text, f"{major} {given}")


def test_a_first_install_is_told_all_that_is_missing(t):
    for major in MAJORS:
        result = t.template(major)
        equal(result.code, 1, major)
        for part in ("registries is empty", "neither keys nor existingConfigMap", "neither registry nor digest"):
            contains(result.err, part, major)


def test_two_inputs_are_enough_once_a_release_has_filled_the_digest(t):
    for major in MAJORS:
        result = t.template(major, "--set", "image.digest=sha256:" + 64 * "a",
                            "--set", "security.goldenImages.registries={registry.example/golden/**}", "--set-file",
                            "security.goldenImages.signature.keys.release=tests/sigstore/keys/p256.pub")
        equal(result.code, 0, f"{major}: {result.err}")


def test_an_injected_ca_needs_no_bundle(t):
    for major in MAJORS:
        result = t.template(major, "--set", "tls.mode=existingSecret", "--set", "tls.existingSecret=x", "--set-string",
                            "webhook.annotations.cert-manager\\.io/inject-ca-from=a/b", mode="golden")
        equal(result.code, 0, f"{major}: {result.err}")


def test_global_values_of_a_parent_chart_are_let_through(t):
    for major in MAJORS:
        equal(t.template(major, "--set", "global.anything=1", mode="golden").code, 0, major)


def closed(schema, path, open_maps):
    """Objects with listed properties take no others."""
    if not isinstance(schema, dict):
        return
    if "properties" in schema and schema.get("additionalProperties") is not False:
        raise Failed(f"{path}: additional properties are let through")
    if schema.get("type") == "object" and schema.get("additionalProperties") is None:
        open_maps.add(path)
    for key, below in schema.get("properties", {}).items():
        closed(below, f"{path}.{key}".lstrip("."), open_maps)
    closed(schema.get("additionalProperties"), path + ".*", open_maps)
    closed(schema.get("items"), path + "[]", open_maps)


def test_the_schema_is_closed(t):
    open_maps = set()
    closed(json.loads(read(CHART + "/values.schema.json")), "", open_maps)
    equal(sorted(open_maps), ["affinity", "extraEnv[]", "global", "imagePullSecrets[]", "networkPolicy.egressTo[]",
                              "networkPolicy.metricsFrom[]", "resources.limits", "resources.requests", "tolerations[]",
                              "topologySpreadConstraints[]"], "what Kubernetes checks, not the schema")


def leaves(value, schema, path=""):
    """(path, default, schema) of every value that the schema does not divide further."""
    for key, below in value.items():
        if key not in schema["properties"]:
            raise Failed(f"values.schema.json has no {path}{key}")
        sub = schema["properties"][key]
        if "properties" in sub and isinstance(below, dict) and below:
            yield from leaves(below, sub, f"{path}{key}.")
        else:
            yield f"{path}{key}", below, sub, schema


def all_leaves():
    return list(leaves(yaml.safe_load(read(CHART + "/values.yaml")), json.loads(read(CHART + "/values.schema.json"))))


def test_the_schema_knows_every_value(t):
    equal(len(all_leaves()) > 90, True, "values found")


def test_null_is_empty_or_refused(t):
    """Helm takes null as "remove the default": where there must be a value the schema demands it, and
    everything else can be empty."""
    empty = []
    for path, default, _, parent in all_leaves():
        required = path.rpartition(".")[2] in parent.get("required", [])
        if isinstance(default, (dict, list)) or default is None or path.endswith("runAs.user"):
            equal(required, False, f"{path} is required")
            if path not in ("security.goldenImages.registries", "security.goldenImages.signature.keys"):
                empty += ["--set", path + "=null"]
        else:
            equal(required, True, f"{path} is required")
    for major in MAJORS:
        result = t.template(major, *empty, mode="golden")
        equal(result.code, 0, f"{major}: {result.err}")
        equal(len(result.out) > 1000, True, f"{major} renders")
        result = t.template(major, "--set", "webhook.port=null", mode="golden")
        contains(result.err, "missing property 'port'" if major == "helm4" else "port is required", major)
