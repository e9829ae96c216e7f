"""`assay check` prints what a tag points to."""
import json
import xml.etree.ElementTree

from harness import assay, ends, equal, holds
from signing import (CONTENT, HOST, IMAGE, PLACE, SIGNED, SUMMARY, Registry, check, down, pinned, pod, recorded,
                     registries, rows, signing, stage)


PIN = "%s/app-unsigned@%s" % (HOST, IMAGE)
DIGESTS = "{name: pinned, image: {digest: required}}"
TAG_LINES = ('- digest: %sgot tag "%s"; want ...@sha256:<64 hex>\n'
             '- signature: %sgot tag "%s"; want ...@sha256:<64 hex>; assay verify with.example/app-unsigned:%s prints its pin\n')


def test_the_pin_of_a_tag_is_printed():
    with stage(signing(DIGESTS, SIGNED), t=pod(HOST + "/app-unsigned:1"), n=pod(HOST + "/app-unsigned:9")) as d:
        for tag, name, said in (("1", "t", "with.example/app-unsigned:1 is " + PIN), (
                "9", "n", "with.example/app-unsigned:9 could not be resolved: the recorded with.example does not hold manifests/9")):
            ends(recorded(d, name + ".yaml"), 1, err="", out=(
                "%s.yaml:1: Pod default/web: denied\nassay: 2 violations in Pod default/web\n" % name
                + TAG_LINES % (PLACE, tag, PLACE, tag, tag)
                + "Fix it: https://docs.example/codes\nPin: %s\n\n" % said + SUMMARY % (1, 1, 0, 0) + "\n"))


def test_the_pin_is_what_verify_prints():
    with stage(t=pod(HOST + "/app-unsigned:1")) as d:
        out = recorded(d, "t.yaml")
        ends(out, 1)
        printed = assay("verify", "--registry-dir", CONTENT, HOST + "/app-unsigned:1").out.strip()
        holds("text", out.out, "\nPin: with.example/app-unsigned:1 is %s\n" % printed)
        # Pasted, it is admitted, had it been signed.
        d.write("t.yaml", pod(printed.replace("app-unsigned", "app-signed-bundle")))
        ends(recorded(d, "t.yaml"), 0)


def test_pins_without_any_signature_rule_and_only_warned_of():
    for mode, shown, code in (("warn", "warned", 0), ("audit", "allowed", 0)):
        with stage(signing(DIGESTS, mode=mode), t=pod(HOST + "/app-unsigned:1")) as d:
            out = recorded(d, "t.yaml")
            ends(out, code)
            equal("first line", out.lines()[0], "t.yaml:1: Pod default/web: " + shown)
            equal("pin", out.lines()[2], "Pin: with.example/app-unsigned:1 is " + PIN)


def test_pins_in_other_formats():
    said = "\nPin: with.example/app-unsigned:1 is " + PIN
    line = 'digest: %sgot tag "1"; want ...@sha256:<64 hex>' % PLACE
    with stage(signing(DIGESTS), t=pod(HOST + "/app-unsigned:1"), n=pod(HOST + "/app-unsigned:9")) as d:
        found = rows(recorded(d, "-o", "json", "t.yaml", "n.yaml"))[1]
        equal("JSON", [(r["message"], r.get("pin"), r.get("pinError")) for r in found if r["result"] == "fail"], [
            (line, PIN, None),
            (line.replace('"1"', '"9"'), None, "the recorded with.example does not hold manifests/9")])
        equal("no pin of others", [r for r in found if r["result"] == "pass" and ("pin" in r or "pinError" in r)], [])
        equal("GitHub", recorded(d, "-o", "github", "t.yaml").out,
              "::error file=t.yaml,line=4,title=assay digest::%s\n" % (line + said).replace("\n", "%0A"))
        sarif = json.loads(recorded(d, "-o", "sarif", "t.yaml").out)["runs"][0]["results"]
        equal("SARIF", [r["message"]["text"] for r in sarif], [line + said])
        junit = xml.etree.ElementTree.fromstring(recorded(d, "-o", "junit", "t.yaml").out)
        equal("JUnit", junit.find("testsuite/testcase/failure").get("message"), line + said)


def test_no_pin_for_what_needs_none():
    other = "sha512:" + "a" * 128
    for image in (pinned("app-unsigned"), HOST + "/app-unsigned@" + other, HOST + "/app-unsigned:1@" + other, HOST + "/Upper:1"):
        with stage(signing(DIGESTS, SIGNED), a=pod(image)) as d:
            out = recorded(d, "a.yaml")
            ends(out, 1)
            equal("pin of " + image, [line for line in out.lines() if line.startswith("Pin: ")], [])


def test_implied_latest_is_resolved_as_such():
    with stage(a=pod(HOST + "/app-unsigned")) as d:
        holds("text", recorded(d, "a.yaml").out, "\nPin: with.example/app-unsigned:latest could not be resolved: the recorded "
              "with.example does not hold manifests/latest\n")


def test_each_tag_is_asked_for_once():
    with Registry() as r, stage(signing(DIGESTS, SIGNED, host=r.host)) as d:
        flags = registries(d, r.host)
        for i in range(20):
            d.write("m/%02d.yaml" % i, pod(r.host + "/app-unsigned:1", "p%d" % i) + "---\n" + pod(r.host + "/app-several:1", "q%d" % i))
        out = check(d, *flags, "m")
        ends(out, 1, err="")
        equal("requests", sorted(r.requests), ["/v2/app-several/manifests/1", "/v2/app-unsigned/manifests/1"])
        equal("pins", sum(line.startswith("Pin: ") for line in out.lines()), 40)


def test_tags_are_resolved_at_the_same_time():
    with Registry(meets=6) as r, stage(signing(host=r.host)) as d:
        for i in range(6):
            d.write("m/%d.yaml" % i, pod("%s/x%d/app-unsigned:1" % (r.host, i), "p%d" % i))
        out = check(d, *registries(d, r.host), "m")
        ends(out, 1, err="")
        equal("pins", [line for line in out.lines() if line.startswith("Pin: ")],
              ["Pin: %s/x%d/app-unsigned:1 is %s/x%d/app-unsigned@%s" % (r.host, i, r.host, i, IMAGE) for i in range(6)])


def test_a_pin_that_cannot_be_had_changes_nothing():
    host = down()
    with stage(signing(host=host), t=pod(host + "/app-unsigned:1")) as d:
        out = check(d, *registries(d, host), "t.yaml")
        ends(out, 1, err="")
        holds("text", out.out, "\nPin: %s/app-unsigned:1 could not be resolved: %s could not be reached for 1: " % (host, host))
        equal("summary", out.lines()[-1], SUMMARY % (1, 1, 0, 0))
        d.write("p.yaml", signing(host=host, mode="warn"))
        ends(check(d, *registries(d, host), "t.yaml"), 0)
    with Registry(hangs=True) as r, stage(signing(host=r.host), t=pod(r.host + "/app-unsigned:1")) as d:
        out = check(d, *registries(d, r.host), "--timeout", "300ms", "t.yaml")
        ends(out, 1, err="")
        holds("text", out.out, "\nPin: %s/app-unsigned:1 could not be resolved: %s did not answer for 1 within " % (r.host, r.host))


def test_no_pin_from_a_registry_that_nobody_named():
    with Registry() as r, stage(signing(DIGESTS), t=pod(r.host + "/app-unsigned:1")) as d:
        out = check(d, "t.yaml")
        ends(out, 1, err="")
        equal("pins", [line for line in out.lines() if line.startswith("Pin: ")], [])
        equal("requests", r.requests, [])
        # The registries file is somebody who names it.
        holds("text", check(d, *registries(d, r.host), "t.yaml").out, "\nPin: %s/app-unsigned:1 is " % r.host)
