"""`assay check` and who signed: recorded content, --offline, keys of policies."""
import json
import os
import shutil
import xml.etree.ElementTree

from harness import ends, equal, holds
from signing import (CONTENT, HOST, IMAGE, KEYS, PLACE, SIGNED, SIGNED_POD, SUMMARY, UNSIGNED, UNSIGNED_POD, Registry, check,
                     pinned, pod, recorded, rows, signing, stage)


# ---- recorded content ----

def test_signed_and_unsigned_recorded():
    with stage(a=SIGNED_POD, b=UNSIGNED_POD) as d:
        ends(recorded(d, "a.yaml"), 0, SUMMARY % (1, 0, 0, 1) + "\n", "")
        ends(recorded(d, "a.yaml", "b.yaml"), 1, err="", out=(
            "b.yaml:1: Pod default/raw: denied\nassay: 1 violation in Pod default/raw\n- %s\n"
            "Fix it: cosign sign --key <release key> %s ; https://docs.example/codes#signature\n\n"
            % (UNSIGNED, pinned("app-unsigned")) + SUMMARY % (2, 1, 0, 1) + "\n"))


def test_the_key_decides():
    with stage(a=SIGNED_POD) as d:
        shutil.copy(os.path.join(KEYS, "other.pub"), os.path.join(d.path, "release.pub"))
        out = recorded(d, "a.yaml")
        ends(out, 1)
        holds("text", out.out, 'has 1 cosign signature, by key sha256:')
        holds("text", out.out, ', none by key "release"; want a signature by release\n')


def test_json_of_answers():
    with stage(a=SIGNED_POD, b=UNSIGNED_POD) as d:
        out = recorded(d, "-o", "json", "a.yaml", "b.yaml")
        ends(out, 1, err="")
        summary, found = rows(out)
        equal("summary", summary, {"checked": 2, "pass": 3, "fail": 1, "warn": 0, "error": 0, "skip": 0})
        equal("rows", [(r["file"], r["rule"], r["result"], r.get("code"), r["message"]) for r in found], [
            ("a.yaml", "here", "pass", None, ""), ("a.yaml", "signed", "pass", None, ""),
            ("b.yaml", "signed", "fail", "signature", UNSIGNED), ("b.yaml", "here", "pass", None, "")])


def test_what_was_not_recorded_is_not_known():
    """As when the folder is the one above or below the right one."""
    unknown = ("could not verify 1 image in Pod default/raw (try again; the manifest may be fine)\n- signature-unavailable: " +
               PLACE + "the recorded with.example holds nothing of the repository app-unsigned\n")
    with stage(a=UNSIGNED_POD) as d:
        ends(recorded(d, "a.yaml"), 1, err="")
        for folder in (os.path.dirname(CONTENT), os.path.join(CONTENT, HOST)):
            out = check(d, "--registry-dir", folder, "a.yaml")
            ends(out, 3, err="")
            holds("text", out.out, unknown)
        os.symlink(CONTENT, os.path.join(d.path, "content"))
        ends(check(d, "--registry-dir", "content", "a.yaml"), 1, err="")


def test_what_cannot_be_read_is_not_known():
    """Links in a circle and to nothing, and a file, where a folder is wanted."""
    for make in (lambda at: os.symlink("referrers", at), lambda at: os.symlink("nowhere", at), lambda at: shutil.copy(__file__, at)):
        with stage(a=UNSIGNED_POD) as d:
            mine = os.path.join(d.path, "content", HOST, "app-unsigned")
            shutil.copytree(os.path.join(CONTENT, HOST, "app-unsigned"), mine)
            ends(check(d, "--registry-dir", "content", "a.yaml"), 1, err="")
            shutil.rmtree(os.path.join(mine, "referrers"))
            make(os.path.join(mine, "referrers"))
            out = check(d, "--registry-dir", "content", "a.yaml")
            ends(out, 3, err="")
            holds("text", out.out, "the recorded with.example cannot be read: not a folder: referrers\n")


def test_documents_keep_their_order_and_places():
    """Some wait for answers, others do not."""
    other = pod("elsewhere.example/a@" + IMAGE, "other")
    text = "---\n".join(["", SIGNED_POD, other, UNSIGNED_POD, "kind: x\n", "apiVersion: v1\nkind: ConfigMap\n"])
    with stage(all=text, last=UNSIGNED_POD) as d:
        out = recorded(d, "-o", "json", "all.yaml", "last.yaml")
        ends(out, 2, err="")
        equal("rows", [(r["file"], r["document"], r["line"], r["result"]) for r in rows(out)[1] if r["result"] != "pass"], [
            ("all.yaml", 1, 10, "fail"), ("all.yaml", 1, 10, "error"), ("all.yaml", 2, 15, "fail"), ("all.yaml", 3, 16, "error"),
            ("all.yaml", 4, 18, "skip"), ("last.yaml", 0, 4, "fail")])


def test_an_unknown_host_is_not_asked():
    """Recorded content harms nobody; a registry would be asked by whoever writes a manifest."""
    with stage(signing(SIGNED), a=pod("elsewhere.example/a@" + IMAGE)) as d:
        out = check(d, "a.yaml")
        ends(out, 1, err="")
        holds("text", out.out, "signature: %selsewhere.example was not asked: it is named neither by an image pattern of the "
              "policy nor in the registries file; want a signature by release\n" % PLACE)


def test_what_waits_longer_than_a_list_of_files():
    """More documents than threads, each in a file of its own, all of them answered."""
    with stage() as d:
        for i in range(100):
            d.write("m/%03d.yaml" % i, pod(pinned("app-unsigned" if i % 10 == 0 else "app-signed-legacy"), "p%d" % i))
        out = recorded(d, "-o", "json", "m")
        ends(out, 1, err="")
        summary, found = rows(out)
        equal("summary", summary, {"checked": 100, "pass": 190, "fail": 10, "warn": 0, "error": 0, "skip": 0})
        equal("refused", [r["file"] for r in found if r["result"] == "fail"], ["m/%03d.yaml" % i for i in range(0, 100, 10)])


# ---- offline ----

NOT_JUDGED = "signature-unavailable: " + PLACE + "not judged: --offline asks no registry"
ALL_BUT = ", but not all of it judged"


def test_offline_says_what_was_not_judged():
    with stage(a=SIGNED_POD, b=UNSIGNED_POD) as d:
        ends(check(d, "--offline", "a.yaml", "b.yaml"), 0, err="", out=(
            "a.yaml:1: Pod default/web: allowed%s\nSkipped: %s\n\nb.yaml:1: Pod default/raw: allowed%s\nSkipped: %s\n\n"
            % (ALL_BUT, NOT_JUDGED, ALL_BUT, NOT_JUDGED) + SUMMARY % (2, 0, 0, 2) + "; 2 signatures not judged: --offline\n"))
        equal("strict", check(d, "--offline", "--strict", "a.yaml").code, 0)
        # With the mode of the rule, so that nobody takes it for a warning.
        d.write("p.yaml", signing(mode="warn"))
        ends(check(d, "--offline", "a.yaml"), 0, err="", out=(
            "a.yaml:1: Pod default/web: allowed%s\nSkipped: %s\n\n" % (ALL_BUT, NOT_JUDGED) + SUMMARY % (1, 0, 0, 1)
            + "; 1 signature not judged: --offline\n"))


def test_offline_still_judges_the_rest():
    text = pod("elsewhere.example/a@" + IMAGE)
    with stage(a=text, t=pod(HOST + "/app-unsigned:1")) as d:
        ends(check(d, "--offline", "a.yaml"), 1, err="", out=(
            "a.yaml:1: Pod default/web: denied%s\nassay: 1 violation in Pod default/web\n"
            '- registry: %sgot "elsewhere.example/a@%s" (elsewhere.example); want with.example/**\n'
            "Fix it: https://docs.example/codes#registry\nSkipped: %s\n\n" % (ALL_BUT, PLACE, IMAGE, NOT_JUDGED)
            + SUMMARY % (1, 1, 0, 0) + "; 1 signature not judged: --offline\n"))
        # A tag needs no registry to be refused, and gets none to be resolved.
        ends(check(d, "--offline", "t.yaml"), 1, err="", out=(
            "t.yaml:1: Pod default/web: denied\nassay: 1 violation in Pod default/web\n"
            '- signature: %sgot tag "1"; want ...@sha256:<64 hex>; assay verify with.example/app-unsigned:1 prints its pin\n'
            "Fix it: https://docs.example/codes#signature\n\n" % PLACE + SUMMARY % (1, 1, 0, 0) + "\n"))


def test_offline_json():
    with stage(a=SIGNED_POD) as d:
        out = check(d, "--offline", "-o", "json", "a.yaml")
        ends(out, 0, err="")
        summary, found = rows(out)
        equal("summary", summary, {"checked": 1, "pass": 1, "fail": 0, "warn": 0, "error": 0, "skip": 1, "notJudged": 1})
        equal("row", found[0], {
            "source": "assay", "policy": "p", "rule": "signed", "code": "signature-unavailable", "result": "skip", "mode": "deny",
            "message": NOT_JUDGED, "path": "spec.containers[0].image", "container": "c", "image": pinned("app-signed-bundle"),
            "resource": {"apiVersion": "v1", "kind": "Pod", "namespace": "default", "name": "web"}, "file": "a.yaml", "line": 4,
            "document": 0})
        equal("no pass of the rule that was not judged", [(r["rule"], r["result"]) for r in found],
              [("signed", "skip"), ("here", "pass")])


def test_offline_one_row_for_each_image():
    two = pod(pinned("app-signed-bundle")).replace("]}", ", {name: d, image: '%s'}]}" % pinned("app-unsigned"))
    with stage(a=two) as d:
        summary, found = rows(check(d, "--offline", "-o", "json", "a.yaml"))
        equal("not judged", summary["notJudged"], 2)
        equal("rows", [(r["container"], r["result"]) for r in found], [("c", "skip"), ("d", "skip"), ("", "pass")])


def test_offline_github():
    with stage(a=SIGNED_POD) as d:
        ends(check(d, "--offline", "-o", "github", "a.yaml"), 0, err="", out=(
            "::notice file=a.yaml,line=4,title=assay signature-unavailable::%s\n" % NOT_JUDGED))


def test_offline_sarif():
    with stage(a=SIGNED_POD) as d:
        out = check(d, "--offline", "-o", "sarif", "a.yaml")
        ends(out, 0, err="")
        found = json.loads(out.out)["runs"][0]["results"]
        # source: SARIF 2.1.0 section 3.27.9: "open"; 3.27.10: its level is then "none"
        equal("results", [(r["ruleId"], r["kind"], r["level"], r["message"]["text"]) for r in found],
              [("signature-unavailable", "open", "none", NOT_JUDGED)])


def test_offline_junit():
    bad = pod("elsewhere.example/a@" + IMAGE, "bad")
    with stage(a=SIGNED_POD, b=bad) as d:
        out = check(d, "--offline", "-o", "junit", "a.yaml", "b.yaml")
        ends(out, 1, err="")
        root = xml.etree.ElementTree.fromstring(out.out)
        equal("counts", {k: root.get(k) for k in ("tests", "failures", "errors", "skipped")},
              {"tests": "2", "failures": "1", "errors": "0", "skipped": "1"})
        cases = root.findall("testsuite/testcase")
        equal("children", [[child.tag for child in c] for c in cases], [["skipped"], ["failure", "system-out"]])
        equal("skipped", cases[0][0].get("message"), NOT_JUDGED)
        equal("beside a failure", cases[1][1].text, NOT_JUDGED)


def test_offline_beside_an_exception():
    exception = ("---\napiVersion: assay.dev/v1\nkind: Exception\nmetadata: {name: x}\nspec:\n  policy: p\n  rules: [signed]\n"
                 "  match: {namespace: default, name: web}\n  reason: r\n  owner: o\n  expires: 2099-12-31\n")
    with stage(signing() + exception, a=SIGNED_POD) as d:
        out = check(d, "--offline", "-o", "json", "a.yaml")
        ends(out, 0, err="")
        summary, found = rows(out)
        equal("not judged", summary["notJudged"], 0)
        equal("rows", [(r["rule"], r["result"], r["message"]) for r in found], [
            ("here", "pass", ""), ("signed", "skip", "silenced by an exception, or nothing to check")])


def test_offline_asks_nobody():
    with Registry() as r, stage(signing(host=r.host), a=pod(pinned("app-signed-bundle", r.host)), t=pod(r.host + "/app-unsigned:1")) as d:
        out = check(d, "--offline", "a.yaml", "t.yaml")
        ends(out, 1)
        equal("requests", r.requests, [])


# ---- keys of policies ----

def both(d, code, out):
    """lint and check say the same, each in its way."""
    ends(d.assay("lint", "-q", "p.yaml"), code, out, "assay lint: 1 error, 0 warnings\n")
    ends(check(d, "--offline", "a.yaml"), code, "", out + "assay: policies not loaded: 1 error\n")


def test_keys_are_loaded():
    with stage(a=SIGNED_POD) as d:
        ends(d.assay("lint", "-q", "p.yaml"), 0, "", "assay lint: 0 errors, 0 warnings\n")
        out = d.assay("lint", "p.yaml")
        ends(out, 0)
        holds("normal form", out.out, 'file: "release.pub"\n')
        holds("samples", out.out, "# refused by rule signed\n")
        os.remove(os.path.join(d.path, "release.pub"))
        both(d, 2, 'p.yaml:8:39: spec.authorities.release.key.file: cannot read "release.pub": no such file or directory\n')


def test_keys_that_are_none():
    for name, why in (("p256.key", 'key: block "PRIVATE KEY" is a private key: give the public one'),
                      ("rsa1024.pub", "key: RSA of 1024 bits: want 2048 to 8192")):
        with stage(a=SIGNED_POD) as d:
            shutil.copy(os.path.join(KEYS, name), os.path.join(d.path, "release.pub"))
            both(d, 2, 'p.yaml:8:39: spec.authorities.release.key.file: "release.pub": %s\n' % why)
    with stage(a=SIGNED_POD) as d:
        d.write("release.pub", "no key\n")
        both(d, 2, 'p.yaml:8:39: spec.authorities.release.key.file: "release.pub": key: pem: no line "-----BEGIN ...-----"\n')
