"""`assay lint`."""
import re

import yaml

from harness import NOW, PINNED, Folder, ends, equal, holds, policy

BAD = """apiVersion: assay.dev/v1
kind: Policy
metadata: {name: Bad_Name}
spec:
  mode: block
  match: {resources: [pod], operations: []}
  rules:
  - name: a
    imagee: {digest: required}
  - name: a
    runAs: {user: "65532"}
  - name: b
    image: {registries: ["registry.internal.example/golden/**:1"]}
  - name: c
    readOnlyRootFilesystem: on
  - name: d
    signature: {anyOf: [release]}
"""
BAD_LINES = """\
x.yaml:3:18: metadata.name: got Bad_Name (a string), want a name: at most 63 lower-case letters, digits, '-' and '.', \
a letter or digit first and last
x.yaml:5:3: missing key "onError" in spec: want deny or allow
x.yaml:5:9: spec.mode: got block (a string), want deny, warn or audit
x.yaml:6:23: spec.match.resources[0]: got pod (a string), want pods or workloads
x.yaml:6:41: spec.match.operations: got an empty list, want a list of CREATE, UPDATE
x.yaml:9:5: unknown key "imagee" in spec.rules[0]: did you mean "image"?
x.yaml:10:11: rule name "a" is used twice: first in x.yaml:8:11
x.yaml:11:19: spec.rules[1].runAs.user: got "65532" (a string), want an integer from 0 to 2147483647, or nonZero
x.yaml:13:26: spec.rules[2].image.registries[0]: "registry.internal.example/golden/**:1" cannot be an image pattern: \
a tag in the pattern
x.yaml:15:29: spec.rules[3].readOnlyRootFilesystem: got on (a string), want an empty map, {}
x.yaml:17:25: spec.rules[4].signature.anyOf[0]: no authority is named "release": the policy has no authorities
"""


def lint(text, *args, name="x.yaml"):
    with Folder() as d:
        d.write(name, text)
        return d.assay("lint", *args, name)


def count(errors, warnings):
    return "assay lint: %d error%s, %d warning%s\n" % (errors, "" if errors == 1 else "s", warnings,
                                                      "" if warnings == 1 else "s")


def test_every_error_of_a_bad_policy():
    ends(lint(BAD), 2, out=BAD_LINES, err=count(11, 0))


def test_check_and_lint_say_the_same():
    with Folder() as d:
        d.write("x.yaml", BAD)
        ends(d.assay("check", "-p", "x.yaml", "x.yaml"), 2, out="", err=BAD_LINES + "assay: policies not loaded: 11 errors\n")


def test_errors_of_all_files():
    with Folder() as d:
        d.write("a.yaml", "kind: x: y\n")
        d.write("sub/b.yaml", "a: 1\na: 2\n")
        d.write("sub/c.json", "{")
        out = d.assay("lint", ".")
        ends(out, 2)
        equal("places", [line.split(": ")[0] for line in out.lines()], ["a.yaml:1:8", "sub/b.yaml:2:1", "sub/c.json:1:1"])
        ends(d.assay("lint", "absent"), 2, out='absent: cannot read "absent": no such file or directory\n', err=count(1, 0))


def test_no_policy_at_all():
    ends(lint("# nothing\n"), 2, out="x.yaml: no policy: want at least one document of kind Policy\n", err=count(1, 0))


def test_deny_all_policy():
    text = policy("{name: one, runAs: {user: 1}}", "{name: two, runAs: {user: 2}}")
    for args in ((), ("-q",)):
        out = lint(text, *args)
        ends(out, 1, err=count(1, 0))
        equal("first line", out.lines()[0], 'x.yaml:1:1: policy "p": every Pod would be refused: so is the sample made to '
              "pass it, by p/one: got 2; want 1")
        equal("no sample that is not admitted", "# admitted by policy p" in out.out, False)


def test_warnings_do_not_fail():
    text = PINNED.replace("onError: deny", "onError: allow")
    ends(lint(text, "-q"), 0, err=count(0, 1),
         out="warning: x.yaml:6:12: spec.onError: allow admits what could not be verified: deny is safe\n")


def test_ended_exceptions_by_the_given_time():
    text = PINNED + ("---\napiVersion: assay.dev/v1\nkind: Exception\nmetadata: {name: x}\nspec:\n  policy: p\n"
                     "  rules: [pinned]\n  match: {namespace: a, name: b}\n  reason: r\n  owner: o\n  expires: 2026-11-30\n")
    ends(lint(text, "-q", "--now", "2026-11-30"), 0, out="", err=count(0, 0))
    ends(lint(text, "-q", "--now", "2026-12-01"), 0, err=count(0, 1),
         out="warning: x.yaml:20:12: spec.expires: ended on 2026-11-30: the exception no longer holds\n")
    ends(lint(text, "-q", "--now", "2026-11-01", "--max-exception-days=7"), 2, err=count(1, 0),
         out="x.yaml:20:12: spec.expires: 2026-11-30 is more than 7 days away: the last day allowed is 2026-11-08\n")


def documents(text):
    """[(comment line, YAML)] of what lint prints."""
    found = []
    for part in text.split("---\n")[1:]:
        comment, _, rest = part.partition("\n")
        found.append((comment, rest))
    return found


EVERYTHING = policy(
    "{name: one, image: {registries: ['h.example:5000/a-*/**', i.example/b], digest: required}}",
    "{name: '1.5', mode: audit, runAs: {user: nonZero, group: 0, nonRoot: required}}",
    "{name: three, readOnlyRootFilesystem: {}}", name="'true'", mode="warn", more=", namespaces: {include: ['team-*'], exclude: [team-x]}")


def test_normal_form_is_a_fixed_point_that_means_the_same():
    out = lint(EVERYTHING)
    ends(out, 0, err=count(0, 0))
    comment, normal = documents(out.out)[0]
    equal("comment", comment, "# policy true in normal form")
    want = yaml.safe_load(EVERYTHING)
    for rule in want["spec"]["rules"]:
        rule.setdefault("mode", "warn")
    equal("meaning", yaml.safe_load(normal), want)
    again = lint(normal)
    ends(again, 0)
    equal("normal form of the normal form", documents(again.out)[0][1], normal)


def check_samples(text, name, files=(), signed=False):
    """Every sample, fed back to `assay check`, is admitted or refused by the rule that is named. `files` are those
    that the policy names, [(name, text)]. With rules about signatures (`signed`) there are recorded repositories of the
    refused samples, and no signature in them; the one that is admitted is judged offline."""
    with Folder() as d:
        recorded = ["--registry-dir", "registry"] if signed else []
        d.write("registry/README", "")
        for file, content in files:
            d.write(file, content)
        # In mode deny a refusal shows in the exit code; the rules stay what they are.
        d.write("p.yaml", re.sub(r"\bmode: \w+", "mode: deny", text))
        out = d.assay("lint", "--now", NOW, "p.yaml")
        ends(out, 0)
        found = documents(out.out)
        rules = [r["name"] for r in yaml.safe_load(text)["spec"]["rules"]]
        asked = sum("signature" in r or "attestation" in r for r in yaml.safe_load(text)["spec"]["rules"])
        equal("documents of " + name, [c for c, _ in found], [
            "# policy %s in normal form" % name, "# admitted by policy %s" % name, *["# refused by rule %s" % r for r in rules]])
        out = d.assay("check", "-p", "p.yaml", *(["--offline"] if signed else []), "-", stdin=found[1][1])
        ends(out, 0, err="")
        equal("the sample that is admitted", out.lines()[-1], "1 checked: 0 denied, 0 warned, 1 allowed; 0 skipped" +
              ("; %d signature%s not judged: --offline" % (asked, "" if asked == 1 else "s") if signed else ""))
        for rule, (_, sample) in zip(rules, found[2:]):
            for repository in re.findall(r"image: \"?([^\s\"@]+)@sha256:", sample):
                d.write("registry/%s/manifests/1" % repository, "{}")
            out = d.assay("check", "-p", "p.yaml", *recorded, "-o", "json", "-", stdin=sample)
            ends(out, 1)
            holds("refused by " + rule, out.out, '"policy":"%s","rule":"%s","code"' % (name, rule))


def test_samples_are_admitted_and_refused():
    check_samples(EVERYTHING, "true")
    check_samples(PINNED, "p")
    check_samples(policy("{name: a, readOnlyRootFilesystem: {}}", more="").replace("[pods, workloads]", "[workloads]"), "p")
