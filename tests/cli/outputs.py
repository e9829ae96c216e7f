"""The formats of `assay check`."""
import json
import os
import re
import xml.etree.ElementTree
from urllib.parse import unquote

from harness import BAD_LINE, BROKEN, CONFIG, DIGEST, GOOD, PINNED, Failed, Folder, assay, ends, equal, policy

MIXED = policy("{name: pinned, image: {digest: required}}",
               "{name: read-only-root, mode: warn, readOnlyRootFilesystem: {}}",
               "{name: user, mode: audit, runAs: {user: 65532}}", "{name: group, mode: audit, runAs: {group: 1}}")
FILE = """apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  securityContext:
    runAsGroup: 1
  containers:
  - name: c
    securityContext:
      readOnlyRootFilesystem: false
    image:
      web:1
"""
READ_ONLY = ("read-only-root-filesystem: spec.containers[0].securityContext.readOnlyRootFilesystem (container \"c\"): "
             "got false; want true")
USER = ('run-as-user: spec.containers[0].securityContext.runAsUser (container "c"): not set (pod default also not '
        'set); want 65532')

# Everything that could end or escape something in one of the formats.
HOSTILE = """apiVersion: v1
kind: "Pod]]>"
metadata: {name: "a"}
---
apiVersion: v1
kind: Pod
metadata: {name: "<b a='c' d=\\"e\\">&amp;]]>%0A::error::x\\r\\n\\0\\e\\u202e\\uFFFE"}
spec:
  containers:
  - {name: "%25,:<c>&\\r\\n::notice::\\u0085\\u2028", image: "<x>&\\"'%0A\\r\\n:\\b"}
"""
HOSTILE_NAME = "50%,a:b <c>&'\".yaml"


def output(form, files, text=PINNED, code=1):
    with Folder() as d:
        d.write("p.yaml", text)
        for name, content in files.items():
            d.write(name, content)
        out = d.assay("check", "-p", "p.yaml", "-o", form, *files)
        ends(out, code, err="")
        return out.out


def row(**more):
    return {"source": "assay", "policy": "p", "rule": "pinned", "result": "pass", "mode": "deny", "message": "", "path": "",
            "container": "", "image": "", "resource": {"apiVersion": "v1", "kind": "Pod", "namespace": "default", "name": "web"},
            "file": "f.yaml", "line": 1, "document": 0, **more}


def test_json_is_exactly_this():
    found = json.loads(output("json", {"f.yaml": FILE}, MIXED))
    of_c = {"container": "c", "image": "web:1"}
    equal("summary", found["summary"], {"checked": 1, "pass": 1, "fail": 1, "warn": 2, "error": 0, "skip": 0})
    equal("keys", sorted(found), ["results", "summary"])
    want = [
        row(**of_c, code="digest", result="fail", message=BAD_LINE, path="spec.containers[0].image", line=12),
        row(**of_c, rule="read-only-root", code="read-only-root-filesystem", result="warn", mode="warn", message=READ_ONLY,
            path="spec.containers[0].securityContext.readOnlyRootFilesystem", line=11),
        row(**of_c, rule="user", code="run-as-user", result="warn", mode="audit", message=USER,
            path="spec.containers[0].securityContext.runAsUser", line=10),
        row(rule="group", mode="audit")]
    for got, one in zip(found["results"], want):
        equal("row", got, one)
    equal("rows", len(found["results"]), len(want))


def test_json_counts_every_kind_of_result():
    found = json.loads(output("json", {"f.yaml": FILE, "c.yaml": CONFIG, "x.yaml": BROKEN, "g.yaml": GOOD}, code=2))
    equal("summary", found["summary"], {"checked": 2, "pass": 1, "fail": 1, "warn": 0, "error": 1, "skip": 1})
    equal("results", [r["result"] for r in found["results"]], ["fail", "skip", "error", "pass"])
    equal("files", [r["file"] for r in found["results"]], ["f.yaml", "c.yaml", "x.yaml", "g.yaml"])
    equal("nothing to say of a broken file but this", {k: v for k, v in found["results"][2].items() if v}, {
        "source": "assay", "result": "error", "file": "x.yaml", "line": 1, "resource": found["results"][2]["resource"],
        "message": "line 1, column 8: not valid YAML: mapping values are not allowed in this context"})


def test_json_keeps_hostile_text():
    found = json.loads(output("json", {HOSTILE_NAME: HOSTILE}))
    last = found["results"][-1]
    equal("image", last["image"], "<x>&\"'%0A\r\n:\b")
    equal("container", last["container"], "%25,:<c>&\r\n::notice::\u0085\u2028")
    equal("name", last["resource"]["name"], "<b a='c' d=\"e\">&amp;]]>%0A::error::x\r\n\0\x1b\u202e\ufffe")
    equal("file", last["file"], HOSTILE_NAME)


def test_text_is_safe_for_terminals():
    out = output("text", {HOSTILE_NAME.replace("'", "\x1b"): HOSTILE})
    equal("control characters", re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", out), [])


def github(text):
    """[(level, {property: value}, message)] as the runner of GitHub reads them."""
    found = []
    for line in text.split("\n")[:-1]:
        m = re.fullmatch(r"::(error|warning|notice) ([^:\r]*)::([^\r]*)", line)
        if not m:
            raise Failed("not a workflow command: %r" % line)
        properties = dict(p.split("=", 1) for p in m.group(2).split(","))
        found.append((m.group(1), {k: unquote(v) for k, v in properties.items()}, unquote(m.group(3))))
    return found


def test_github():
    found = github(output("github", {"f.yaml": FILE}, MIXED))
    equal("commands", found, [
        ("error", {"file": "f.yaml", "line": "12", "title": "assay digest"}, BAD_LINE),
        ("warning", {"file": "f.yaml", "line": "11", "title": "assay read-only-root-filesystem"}, READ_ONLY),
        ("notice", {"file": "f.yaml", "line": "10", "title": "assay run-as-user"}, USER)])


def test_github_of_an_error():
    equal("commands", github(output("github", {"x.yaml": BROKEN}, code=2)), [
        ("error", {"file": "x.yaml", "line": "1", "title": "assay"},
         "line 1, column 8: not valid YAML: mapping values are not allowed in this context")])


def test_github_escapes():
    text = output("github", {HOSTILE_NAME: HOSTILE})
    equal("file as written", text[:len("::error file=50%25%2Ca%3Ab <c>&'\".yaml,line=10,")],
          "::error file=50%25%2Ca%3Ab <c>&'\".yaml,line=10,")
    found = github(text)
    equal("commands", len(found), 1)
    equal("file", found[0][1]["file"], HOSTILE_NAME)
    if '(container "%25,:<c>&\\x0d\\x0a::notice::\\x85\\u2028")' not in found[0][2]:
        raise Failed("container in %r" % found[0][2])


def junit(text):
    return xml.etree.ElementTree.fromstring(text)


def test_junit():
    root = junit(output("junit", {"f.yaml": FILE + "---\n" + CONFIG, "x.yaml": BROKEN, "g.yaml": GOOD}, MIXED, code=2))
    counts = {k: root.get(k) for k in ("tests", "failures", "errors", "skipped")}
    equal("counts", counts, {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"})
    equal("suites", [(s.get("name"), s.get("tests"), s.get("failures"), s.get("errors"), s.get("skipped")) for s in root],
          [("f.yaml", "2", "1", "0", "1"), ("x.yaml", "1", "0", "1", "0"), ("g.yaml", "1", "0", "0", "0")])
    cases = root.findall("testsuite/testcase")
    equal("names", [c.get("name") for c in cases], [
        "Pod default/web [document 0]", "ConfigMap default/settings [document 1]", "[document 0]",
        "Pod default/web [document 0]"])
    equal("children", [[child.tag for child in c] for c in cases],
          [["failure", "system-out"], ["skipped"], ["error"], ["system-out"]])
    equal("failure", cases[0][0].attrib, {"type": "digest", "message": BAD_LINE})
    equal("warnings", cases[0][1].text, READ_ONLY + "\n" + USER)
    equal("skipped", cases[1][0].get("message"), "not a workload")
    equal("error", cases[2][0].get("type"), "unreadable")


def test_junit_of_hostile_text():
    root = junit(output("junit", {HOSTILE_NAME: HOSTILE}))
    equal("file", root[0].get("name"), HOSTILE_NAME)
    cases = root.findall("testsuite/testcase")
    equal("names", [c.get("name") for c in cases], [
        "Pod]]> default/a [document 0]",
        "Pod default/<b a='c' d=\"e\">&amp;]]>%0A::error::x\ufffd\n\ufffd\ufffd\u202e\ufffd [document 1]"])
    equal("failures", len(cases[1].findall("failure")), 1)


def test_an_exception_is_no_skipped_case():
    silenced = PINNED + ("---\napiVersion: assay.dev/v1\nkind: Exception\nmetadata: {name: x}\nspec:\n  policy: p\n"
                         "  rules: [pinned]\n  match: {namespace: default, name: web}\n  reason: r\n  owner: o\n"
                         "  expires: 2099-12-31\n")
    root = junit(output("junit", {"f.yaml": FILE}, silenced, code=0))
    equal("counts", (root.get("tests"), root.get("skipped"), root.get("failures")), ("1", "0", "0"))


def members(what, thing, **types):
    """The required properties with their types; others are optional in SARIF."""
    for key, kind in types.items():
        if not isinstance(thing.get(key), kind):
            raise Failed("%s.%s: got %r" % (what, key, thing.get(key)))


def sarif(text):
    """Checks the required properties of sarifLog, run, tool, result, location; source: SARIF 2.1.0 section 3"""
    log = json.loads(text)
    members("log", log, version=str, runs=list)
    equal("version", log["version"], "2.1.0")
    equal("runs", len(log["runs"]), 1)
    members("run", log["runs"][0], tool=dict, results=list)
    driver = log["runs"][0]["tool"]["driver"]
    members("driver", driver, name=str, rules=list, informationUri=str, version=str)
    ids = [rule["id"] for rule in driver["rules"]]
    equal("rule ids once", len(set(ids)), len(ids))
    for rule in driver["rules"]:
        members("rule", rule, id=str, helpUri=str, shortDescription=dict)
        members("shortDescription", rule["shortDescription"], text=str)
        equal("helpUri", rule["helpUri"], "%s#%s" % (driver["informationUri"], rule["id"]))
    for result in log["runs"][0]["results"]:
        members("result", result, ruleId=str, level=str, message=dict, locations=list)
        members("message", result["message"], text=str)
        if result["ruleId"] not in ids or result["level"] not in ("none", "note", "warning", "error"):
            raise Failed("result %s" % result)
        place = result["locations"][0]["physicalLocation"]
        members("place", place, artifactLocation=dict, region=dict)
        if not re.fullmatch(r"([A-Za-z0-9._~/-]|%[0-9A-F]{2})+", place["artifactLocation"]["uri"]):
            raise Failed("uri %r" % place["artifactLocation"]["uri"])
        if place["region"]["startLine"] < 1 or place["region"].get("startColumn", 1) < 1:
            raise Failed("region %s" % place["region"])
    return log["runs"][0]


def test_sarif():
    run = sarif(output("sarif", {"f.yaml": FILE, "g.yaml": GOOD, "c.yaml": CONFIG}, MIXED))
    equal("codes", sorted(r["id"] for r in run["tool"]["driver"]["rules"]), [
        "attestation", "attestation-unavailable", "digest", "image-reference", "object", "read-only-root-filesystem",
        "registry", "run-as-group", "run-as-non-root", "run-as-user", "signature", "signature-unavailable"])
    found = [(r["ruleId"], r["level"], r["message"]["text"], r["locations"][0]["physicalLocation"]["region"])
             for r in run["results"] if r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "f.yaml"]
    equal("results", found, [
        ("digest", "error", BAD_LINE, {"startLine": 12, "startColumn": 5}),
        ("read-only-root-filesystem", "warning", READ_ONLY, {"startLine": 11, "startColumn": 7}),
        ("run-as-user", "note", USER, {"startLine": 10, "startColumn": 5})])


def test_sarif_of_hostile_text_and_errors():
    run = sarif(output("sarif", {HOSTILE_NAME: HOSTILE, "x.yaml": BROKEN}, code=2))
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]]
    equal("files", [unquote(u) for u in uris], [HOSTILE_NAME, "x.yaml"])


def test_line_is_that_of_the_field_or_of_what_should_hold_it():
    rules = ("{name: a, image: {digest: required}}", "{name: b, runAs: {user: 1, group: 1}}",
             "{name: c, readOnlyRootFilesystem: {}}")
    text = ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n"
            "      securityContext: {runAsUser: 0}\n      containers:\n      - name: a\n        image: a:1\n"
            "      - name: b\n        image: b@%s\n        securityContext:\n          runAsGroup: 0\n" % DIGEST)
    found = json.loads(output("json", {"f.yaml": text}, policy(*rules)))["results"]
    equal("lines", [(r["code"], r["container"], r["line"]) for r in found], [
        ("digest", "a", 10), ("run-as-user", "a", 7), ("run-as-group", "a", 9), ("read-only-root-filesystem", "a", 9),
        ("run-as-user", "b", 7), ("run-as-group", "b", 14), ("read-only-root-filesystem", "b", 13)])


def test_json_input_has_no_lines():
    thing = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", "image": "web:1"}]}}
    found = json.loads(output("json", {"f.json": json.dumps(thing)}))["results"]
    equal("line", found[0].get("line"), None)
    sarif(output("sarif", {"f.json": json.dumps(thing)}))


def test_version():
    with open(os.path.join(os.path.dirname(__file__), "../../VERSION"), encoding="utf-8") as f:
        number = f.read().strip()
    libraries = ["gnutls", "jansson", "libcurl", "libmicrohttpd", "libyaml"]
    out = assay("version", "-o", "json")
    ends(out, 0, err="")
    found = json.loads(out.out)
    equal("keys", (sorted(found), sorted(found["libraries"])), (["libraries", "revision", "version"], libraries))
    equal("version", found["version"], number)
    for name, version in found["libraries"].items():
        if not re.match(r"\d+\.\d+", version):
            raise Failed("%s %r" % (name, version))
    want = "assay %s (revision %s)\n" % (number, found["revision"])
    for args in (("version",), ("--version",)):
        out = assay(*args)
        ends(out, 0, err="")
        equal("first line", out.out[:len(want)], want)
        equal("libraries", sorted(line.split()[0] for line in out.lines()[1:]), libraries)
