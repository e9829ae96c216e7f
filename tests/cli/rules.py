"""`assay rules`: the table of rules in three formats."""
import glob
import json
import os
import re

import yaml

from harness import POLICIES, ROOT, Failed, Folder, assay, ends, equal, holds

# rule: its parameters; spec: policy section 3
RULES = {
    "readOnlyRootFilesystem": [], "image": ["digest", "registries"], "runAs": ["group", "nonRoot", "user"],
    "signature": ["allOf", "annotations", "anyOf", "atLeast", "images", "signatureRepository"],
    "attestation": [
        "accept", "allOf", "anyOf", "atLeast", "fixableOnly", "images", "maxAge", "provenance", "provenance.buildType",
        "provenance.builder", "provenance.source", "sbom", "sbom.forbiddenLicences", "sbom.forbiddenPackages",
        "sbom.namesDigest", "sbom.notEmpty", "severity", "severity.critical", "severity.high", "severity.low",
        "severity.medium", "severity.negligible", "severity.unknown", "signatureRepository", "type", "which"]}
CODES = {
    "readOnlyRootFilesystem": ["read-only-root-filesystem"], "image": ["digest", "image-reference", "registry"],
    "runAs": ["run-as-group", "run-as-non-root", "run-as-user"],
    "signature": ["image-reference", "signature", "signature-unavailable"],
    "attestation": ["attestation", "attestation-unavailable", "image-reference"]}


class Loader(yaml.SafeLoader):
    """Dates and the booleans of old stay text, as in the program."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, rx) for tag, rx in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def printed(form):
    out = assay("rules", "-o", form)
    ends(out, 0, err="")
    return out.out


def test_text():
    equal("default", assay("rules").out, printed("text"))
    blocks = printed("text").strip("\n").split("\n\n")
    equal("rules", [b.split("\n")[0] for b in blocks], list(RULES))
    for block in blocks:
        key = block.split("\n")[0]
        equal("codes of " + key, sorted(re.search("^  codes: (.*)$", block, re.M).group(1).split()), CODES[key])
        equal("parameters of " + key, sorted(re.findall(r"^    ([\w.]+) ", block, re.M)), RULES[key])


def test_markdown():
    parts = printed("markdown").split("### ")[1:]
    equal("rules", [p.split("\n")[0] for p in parts], ["`%s`" % r for r in RULES])
    for part, key in zip(parts, RULES):
        table = [line for line in part.split("\n") if line.startswith("|")]
        equal("head", table[:2], ["| parameter | value | required | meaning |", "|---|---|---|---|"])
        rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table[2:]]
        equal("parameters of " + key, sorted(r[0].strip("`") for r in rows), RULES[key])
        for row in rows:
            if len(row) != 4 or not row[1] or not row[3].endswith("."):
                raise Failed("row of %s: %s" % (key, row))
        equal("codes of " + key, sorted(re.findall("`([a-z-]+)`", re.search("^Codes: .*$", part, re.M).group(0))), CODES[key])


# ---- a validator of the keywords that the schema uses; source: JSON Schema 2020-12

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool}
KEYWORDS = {"$schema", "title", "description", "type", "enum", "oneOf", "required", "properties", "additionalProperties",
            "items", "minItems", "minProperties", "minimum", "maximum", "pattern"}


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def errors(schema, value, where="document"):
    unknown = set(schema) - KEYWORDS
    if unknown:
        raise Failed("the schema uses %s, which this test does not know" % unknown)
    if "type" in schema and not is_type(value, schema["type"]):
        return ["%s: no %s" % (where, schema["type"])]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append("%s: not one of %s" % (where, schema["enum"]))
    if "oneOf" in schema and sum(not errors(s, value, where) for s in schema["oneOf"]) != 1:
        found.append("%s: not exactly one of several" % where)
    if isinstance(value, dict):
        found += errors_of_object(schema, value, where)
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            found.append("%s: too few" % where)
        for i, one in enumerate(value):
            found += errors(schema.get("items", {}), one, "%s[%d]" % (where, i))
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append("%s: does not match %s" % (where, schema["pattern"]))
    if is_type(value, "integer") and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append("%s: out of range" % where)
    return found


def errors_of_object(schema, value, where):
    properties = schema.get("properties", {})
    found = ["%s: no %s" % (where, key) for key in schema.get("required", []) if key not in value]
    if len(value) < schema.get("minProperties", 0):
        found.append("%s: too few" % where)
    if schema.get("additionalProperties") is False:
        found += ["%s.%s: unknown" % (where, key) for key in value if key not in properties]
    for key, one in value.items():
        if key in properties:
            found += errors(properties[key], one, "%s.%s" % (where, key))
    return found


def schema():
    found = json.loads(printed("schema"))
    equal("draft", found["$schema"], "https://json-schema.org/draft/2020-12/schema")
    return found


def documents(path):
    with open(path, encoding="utf-8") as f:
        return [d for d in yaml.load_all(f, Loader) if d is not None]


def test_schema_admits_what_loads():
    wanted = schema()
    files = glob.glob(os.path.join(POLICIES, "*.yaml")) + glob.glob(os.path.join(ROOT, "tests/cases/*/*/policy.yaml"))
    if len(files) < 123:
        raise Failed("only %d policy files" % len(files))
    for path in files:
        for document in documents(path):
            equal(path, errors(wanted, document), [])


GOOD = """
apiVersion: assay.dev/v1
kind: Policy
metadata: {name: a}
spec:
  mode: deny
  onError: deny
  match: {resources: [pods], operations: [CREATE, UPDATE], namespaces: {exclude: [kube-system]}}
  rules:
  - {name: one, mode: warn, runAs: {user: 65532, group: 0, nonRoot: required}}
  - {name: two, image: {registries: [h.example/x], digest: required}}
"""
EXCEPTION = """
apiVersion: assay.dev/v1
kind: Exception
metadata: {name: a}
spec: {policy: a, rules: [one], match: {namespace: b, name: c}, reason: r, owner: o, expires: 2027-01-31}
"""


def lint(text):
    with Folder() as d:
        d.write("p.yaml", text)
        return d.assay("lint", "-q", "p.yaml")


def test_schema_refuses_what_does_not_load():
    wanted = schema()
    for good, changes in ((GOOD, (
            ("assay.dev/v1", "assay.dev/v2"), ("kind: Policy", "kind: Policie"), ("name: a", "nam: a"), ("mode: deny", "mode: block"),
            ("  onError: deny\n", ""), ("resources: [pods]", "resources: []"), ("[CREATE, UPDATE]", "[DELETE]"), ("exclude:", "excluded:"),
            ("user: 65532", 'user: "65532"'), ("user: 65532", "user: -1"), ("user: 65532", "user: true"), ("user: 65532", "user: zero"),
            ("group: 0", "group: 2147483648"), ("nonRoot: required", "nonRoot: true"), ("digest: required", "digest: true"),
            ("[h.example/x]", "[]"), ("runAs:", "runas:"), ("{name: two, ", "{"), ("image: {", "readOnlyRootFilesystem: {}, image: {"))),
            (EXCEPTION, (("rules: [one]", "rules: []"), ("namespace: b, ", ""), (", expires: 2027-01-31", ""), ("owner: o", "owner: 5"),
                         ("reason: r", "raison: r")))):
        equal("as it is", errors(wanted, yaml.load(good, Loader)), [])
        for old, new in changes:
            holds("the example", good, old)
            text = good.replace(old, new, 1)
            if not errors(wanted, yaml.load(text, Loader)):
                raise Failed("the schema admits %r" % new)
            with_policy = text if good is GOOD else GOOD + "---" + text
            out = lint(with_policy)
            if out.code != 2:
                raise Failed("lint admits %r: exit code %d %s%s" % (new, out.code, out.out, out.err))
    ends(lint(GOOD + "---" + EXCEPTION), 0)
