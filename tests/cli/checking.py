"""`assay check`: what it reads, and its exit codes."""
import json
import os
import subprocess

from harness import BAD, BAD_LINE, BIN, BROKEN, CONFIG, DIGEST, GOOD, PINNED, Failed, Folder, ends, equal, holds, pod, policy

SUMMARY = "%d checked: %d denied, %d warned, %d allowed; %d skipped\n"
WARN = PINNED.replace("mode: deny", "mode: warn")
AUDIT = PINNED.replace("mode: deny", "mode: audit")


def folder(**files):
    d = Folder()
    d.write("p.yaml", PINNED)
    for name, text in files.items():
        d.write(name.replace("_", "."), text)
    return d


def check(d, *args, **more):
    return d.assay("check", "-p", "p.yaml", *args, **more)


def rows(d, *args, **more):
    out = check(d, "-o", "json", *args, **more)
    return out.code, json.loads(out.out)


def names(found):
    return [(r["resource"]["kind"], r["resource"]["name"], r["result"]) for r in found["results"]]


def review(name="web", operation="CREATE", **more):
    thing = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
             "spec": {"containers": [{"name": "c", "image": "web:1"}]}}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "705ab4f5-0000-4000-8000-000000000000", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": operation, "namespace": "shop",
        "name": name, "userInfo": {"username": "u"}, "object": thing, **more}})


def test_clean_is_0():
    with folder(good_yaml=GOOD) as d:
        ends(check(d, "good.yaml"), 0, out=SUMMARY % (1, 0, 0, 1, 0), err="")


def test_violation_is_1_and_reads_like_the_server():
    with folder(bad_yaml=BAD) as d:
        ends(check(d, "--docs-url", "https://docs.example/codes", "--contact", "#platform", "bad.yaml"), 1, err="", out=(
            "bad.yaml:1: Pod default/web: denied\nassay: 1 violation in Pod default/web\n- %s\n"
            "Fix it: https://docs.example/codes#digest; ask #platform\n\n" % BAD_LINE + SUMMARY % (1, 1, 0, 0, 0)))


def test_a_pipe_of_the_shell_is_read():
    with folder(bad_yaml=BAD) as d:
        out = subprocess.run(["bash", "-c", '"$0" check -p p.yaml <(cat bad.yaml)', BIN], cwd=d.path, capture_output=True,
                             text=True)
        equal("exit code", out.returncode, 1)
        holds("text", out.stdout, "- " + BAD_LINE)


def test_unreadable_is_2_whatever_else_is_found():
    with folder(bad_yaml=BAD, broken_yaml=BROKEN, good_yaml=GOOD) as d:
        out = check(d, "broken.yaml", "bad.yaml", "good.yaml", "absent.yaml")
        ends(out, 2)
        holds("broken", out.out, "broken.yaml:1: error: line 1, column 8: not valid YAML: mapping values are not allowed")
        holds("absent", out.out, 'absent.yaml: error: cannot read "absent.yaml": no such file or directory\n')
        holds("the others", out.out, "- " + BAD_LINE)
        holds("summary", out.out, (SUMMARY % (2, 1, 0, 1, 0)).strip() + "; 2 could not be read\n")


def test_nothing_at_all_is_2():
    with folder(empty_yaml="", comment_yaml="# nothing\n---\n---\n") as d:
        d.write("sub/readme.txt", "no manifest")
        for target, stdin in (("-", ""), ("empty.yaml", ""), ("comment.yaml", ""), ("sub", ""), ("-", "---\n")):
            ends(check(d, target, stdin=stdin), 2, out=SUMMARY % (0, 0, 0, 0, 0),
                 err="assay check: no documents found: nothing was checked\n")


def test_no_workload_is_0_and_skipped():
    with folder(config_yaml=CONFIG) as d:
        ends(check(d, "config.yaml"), 0, out=SUMMARY % (0, 0, 0, 0, 1), err="")
        code, found = rows(d, "config.yaml")
        equal("result", (code, found["summary"]["skip"], found["results"][0]["message"]), (0, 1, "not a workload"))


def test_bad_policy_is_2():
    with folder(good_yaml=GOOD, bad_yaml="apiVersion: assay.dev/v1\nkind: Policie\n") as d:
        ends(d.assay("check", "-p", "bad.yaml", "good.yaml"), 2, out="", err=(
            'bad.yaml:1:1: missing key "metadata" in the document: want a map with a name\n'
            'bad.yaml:1:1: missing key "spec" in the document: want a map\n'
            "bad.yaml:2:7: kind: got Policie (a string), want Policy or Exception\n"
            "assay: policies not loaded: 3 errors\n"))
        ends(d.assay("check", "-p", "absent.yaml", "good.yaml"), 2, out="", err=(
            'absent.yaml: cannot read "absent.yaml": no such file or directory\nassay: policies not loaded: 1 error\n'))


def test_modes_and_strict():
    for text, shown in ((WARN, 'Warning: assay: container "c": image is not pinned by digest (spec.containers[0].image)'),
                        (AUDIT, "Audit: " + BAD_LINE)):
        with folder(bad_yaml=BAD) as d:
            d.write("p.yaml", text)
            out = check(d, "bad.yaml")
            ends(out, 0)
            equal("line", out.lines()[1], shown)
            ends(check(d, "--strict", "bad.yaml"), 1)
            d.write("good.yaml", GOOD)
            ends(check(d, "--strict", "good.yaml"), 0)


def test_stream_of_documents():
    with folder(all_yaml="---\n" + BAD + "---\n" + CONFIG + "---\n# comment only\n---\n" + GOOD) as d:
        code, found = rows(d, "all.yaml")
        equal("rows", names(found), [("Pod", "web", "fail"), ("ConfigMap", "settings", "skip"), ("Pod", "web", "pass")])
        equal("documents", [r["document"] for r in found["results"]], [0, 1, 2])
        equal("lines", [r["line"] for r in found["results"]], [8, 9, 15])
        equal("exit code", code, 1)


def test_documents_before_a_broken_one_are_checked():
    with folder(all_yaml=BAD + "---\n" + BROKEN) as d:
        code, found = rows(d, "all.yaml")
        equal("rows", names(found), [("Pod", "web", "fail"), ("", "", "error")])
        equal("exit code", code, 2)


def test_folders():
    with folder() as d:
        for name in ("m/a.yaml", "m/deep/er/b.yml", "m/c.json"):
            d.write(name, BAD if not name.endswith("json") else json.dumps(
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "j"},
                 "spec": {"containers": [{"name": "c", "image": "web:1"}]}}))
        d.write("m/notes.txt", BROKEN)
        d.write("m/.hidden.yaml.swp", BROKEN)
        code, found = rows(d, "m")
        equal("files", sorted({r["file"] for r in found["results"]}), ["m/a.yaml", "m/c.json", "m/deep/er/b.yml"])
        equal("exit code", code, 1)


def test_a_file_that_is_named_is_read_whatever_its_name():
    with folder() as d:
        d.write("manifest", BAD)
        ends(check(d, "manifest"), 1)


def test_standard_input_and_f():
    with folder(good_yaml=GOOD) as d:
        for args in (("-",), ("-f", "-"), ("--file=-",)):
            out = check(d, *args, stdin=BAD)
            ends(out, 1)
            equal("name", out.lines()[0], "<stdin>:1: Pod default/web: denied")
        out = check(d, "-f", "good.yaml", "-", stdin=BAD)
        ends(out, 1)
        holds("both", out.out, SUMMARY % (2, 1, 0, 1, 0))


def test_json_and_yaml_are_told_apart_by_content():
    text = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "j"}, "spec": {"containers": [
        {"name": "c", "image": "a\u2028\x1b/b:1"}]}})
    with folder() as d:
        code, found = rows(d, "-", stdin=text)
        equal("image", (code, found["results"][0]["image"]), (1, "a\u2028\x1b/b:1"))
        d.write("flow.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: y}, spec: {containers: [{name: c, image: 'web:1'}]}}")
        d.write("broken.json", GOOD)
        ends(check(d, "flow.yaml"), 1)
        ends(check(d, "broken.json"), 2)


def test_hostile_input_is_an_error_with_its_place():
    for name, text, want in (
            ("twice.yaml", "kind: Pod\nkind: Pod\n", 'line 2, column 1: duplicate key "kind": already at line 1'),
            ("anchor.yaml", "a: &x 1\nb: *x\n", 'line 1, column 4: anchor "x": not supported'),
            ("tag.yaml", "a: !!str 1\n", 'line 1, column 4: tag "tag:yaml.org,2002:str": not supported'),
            ("merge.yaml", "a:\n  <<: {b: c}\n", 'line 2, column 3: merge key "<<": not supported'),
            ("deep.yaml", "[" * 129 + "]" * 129, "line 1, column 129: too deep: more than 128 levels")):
        with Folder() as d:
            d.write("p.yaml", PINNED)
            d.write(name, text)
            out = check(d, name)
            ends(out, 2)
            holds(name, out.out, ": error: " + want + "\n")
    with folder() as d:
        d.write("latin1.yaml", b"a: \xe9\n")
        ends(check(d, "latin1.yaml"), 2)
        d.write("list.yaml", "- a\n- b\n")
        out = check(d, "list.yaml")
        ends(out, 2)
        holds("no object", out.out, "list.yaml:1: error: not a Kubernetes object: apiVersion and kind are missing\n")


def item(text):
    return "- " + text.strip().replace("\n", "\n  ") + "\n"


def test_lists():
    with folder(list_yaml="apiVersion: v1\nkind: List\nitems:\n" + item(BAD) + item(CONFIG) + item(GOOD)) as d:
        _code, found = rows(d, "list.yaml")
        equal("rows", names(found), [("Pod", "web", "fail"), ("ConfigMap", "settings", "skip"), ("Pod", "web", "pass")])
        equal("documents", [r["document"] for r in found["results"]], [0, 1, 2])
    with folder(empty_yaml="apiVersion: v1\nkind: List\nitems: []\n") as d:
        ends(check(d, "empty.yaml"), 2)


def test_typed_lists_whose_items_have_no_kind():
    bare = "- metadata: {name: web}\n  spec:\n    containers:\n    - {name: c, image: 'web:1'}\n"
    with folder(list_yaml="apiVersion: v1\nkind: PodList\nitems:\n" + bare) as d:
        code, found = rows(d, "list.yaml")
        equal("rows", (code, names(found)), (1, [("Pod", "web", "fail")]))
        equal("version", found["results"][0]["resource"]["apiVersion"], "v1")


def test_a_list_of_another_kind_is_one_too():
    """kubectl applies the items of whatever has a list of items, and gives them its kind."""
    with folder() as d:
        d.write("map.yaml", CONFIG + "items:\n" + item(BAD))
        code, found = rows(d, "map.yaml")
        equal("rows", names(found), [("ConfigMap", "settings", "skip"), ("Pod", "web", "fail")])
        equal("exit code", code, 1)
        for absent in ("", "  kind:\n", '  kind: ""\n'):
            bare = "- " + BAD[BAD.index("metadata:"):].replace("\n", "\n  ").rstrip(" ") + absent
            d.write("pod.yaml", GOOD + "items:\n" + bare)
            code, found = rows(d, "pod.yaml")
            equal("rows", names(found), [("Pod", "web", "pass"), ("Pod", "web", "fail")])
            equal("exit code", code, 1)


def test_lists_inside_lists_end():
    text = GOOD
    for _ in range(9):
        text = "apiVersion: v1\nkind: List\nitems:\n" + item(text)
    with folder(list_yaml=text) as d:
        out = check(d, "list.yaml")
        ends(out, 2)
        holds("text", out.out, "error: lists inside lists: more than 8 levels\n")


def test_admission_reviews():
    with folder() as d:
        d.write("r.json", review())
        out = check(d, "r.json")
        ends(out, 1)
        holds("header", out.out, "assay: 1 violation in Pod shop/web\n- %s\n" % BAD_LINE)
        holds("uid", out.out, "#digest (request 705ab4f5)\n")
        same = json.loads(review())["request"]["object"]
        d.write("u.json", review(operation="UPDATE", oldObject=same))
        code, found = rows(d, "u.json")
        equal("update", (code, found["results"][0]["message"]),
              (0, "update that changes neither images nor security settings"))
        gone = {**same, "metadata": {"name": "web", "deletionTimestamp": "2026-11-22T00:00:00Z"}}
        d.write("d.json", review(operation="UPDATE", oldObject=gone))
        code, found = rows(d, "d.json")
        equal("deleting", (code, found["results"][0]["message"]), (0, "update of an object that is being deleted"))
        for name, why, more in (("x.json", "neither a CREATE nor an UPDATE", {"operation": "DELETE"}),
                                ("s.json", "a subresource that runs no images",
                                 {"operation": "UPDATE", "subResource": "status", "oldObject": gone})):
            d.write(name, review(**more))
            for args in ((), ("--strict",)):
                ends(check(d, *args, name), 0, err="", out=(
                    "%s:1: Pod shop/web: not judged: %s\n\n" % (name, why) + SUMMARY % (0, 0, 0, 0, 1)))


def test_admission_review_that_is_wrong():
    with folder() as d:
        d.write("v1beta1.json", review().replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1"))
        d.write("empty.json", '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}')
        out = check(d, "v1beta1.json", "empty.json")
        ends(out, 2)
        holds("version", out.out, "v1beta1.json:1: error: AdmissionReview: apiVersion admission.k8s.io/v1beta1: "
              "only admission.k8s.io/v1 is understood\n")
        holds("request", out.out, "empty.json:1: error: AdmissionReview: not an AdmissionReview: no request in it\n")


def test_namespace_of_documents_without_one():
    with folder() as d:
        d.write("p.yaml", policy("{name: pinned, image: {digest: required}}", more=", namespaces: {include: [team-a]}"))
        d.write("bare.yaml", BAD)
        d.write("named.yaml", pod("web:1", namespace="team-b"))
        ends(check(d, "bare.yaml"), 0, err="", out=(
            "bare.yaml:1: Pod default/web: not judged: no policy matches\n\n" + SUMMARY % (0, 0, 0, 0, 1)))
        ends(check(d, "-n", "team-a", "bare.yaml"), 1)
        ends(check(d, "-n", "team-a", "named.yaml"), 0)


def test_strict_wants_a_policy_for_every_workload():
    with folder(bare_yaml=BAD, config_yaml=CONFIG) as d:
        d.write("p.yaml", policy("{name: pinned, image: {digest: required}}", more=", namespaces: {include: [team-a]}"))
        text = "bare.yaml:1: Pod default/web: not judged: no policy matches\n\n" + SUMMARY % (0, 0, 0, 0, 2)
        ends(check(d, "bare.yaml", "config.yaml"), 0, out=text, err="")
        ends(check(d, "--strict", "bare.yaml", "config.yaml"), 1, out=text, err="")
        ends(check(d, "--strict", "config.yaml"), 0)
        code, found = rows(d, "--strict", "bare.yaml", "config.yaml")
        equal("rows", [(r["result"], r["message"]) for r in found["results"]],
              [("warn", "no policy matches"), ("skip", "not a workload")])
        equal("summary", (code, found["summary"]["warn"], found["summary"]["skip"]), (1, 1, 1))
        ends(check(d, "--strict", "-o", "github", "bare.yaml"), 1, err="",
             out="::warning file=bare.yaml,line=1,title=assay::no policy matches\n")
        holds("help", d.assay("check", "--help").out, "for a workload that no policy matches.")


def test_a_link_to_nothing_is_an_error_of_its_own():
    with folder() as d:
        d.write("m/bad.yaml", BAD)
        d.write("m/sub/good.yaml", GOOD)
        os.symlink("nowhere", os.path.join(d.path, "m", "gone.yaml"))
        os.symlink("nowhere", os.path.join(d.path, "m", "sub", "README"))
        out = check(d, "m")
        ends(out, 2, err="")
        holds("the others", out.out, "- " + BAD_LINE)
        for name in ("m/gone.yaml", "m/sub/README"):
            holds("link", out.out, '%s: error: cannot read "%s": no such file or directory\n' % (name, name))
        holds("summary", out.out, (SUMMARY % (2, 1, 0, 1, 0)).strip() + "; 2 could not be read\n")
        os.remove(os.path.join(d.path, "m", "bad.yaml"))
        ends(check(d, "m"), 2)
        ends(d.assay("check", "-p", "m", "p.yaml"), 2, out="", err=(
            'm: cannot read "m/gone.yaml": no such file or directory\nassay: policies not loaded: 1 error\n'))


def large_list(n_pods, bytes_each):
    item = json.loads(review())["request"]["object"]
    item["metadata"]["annotations"] = {"a": "x" * bytes_each}
    item["spec"]["containers"][0]["args"] = [""] * 1000
    one = json.dumps(item)
    return '{"apiVersion": "v1", "kind": "List", "items": [%s]}' % ", ".join([one] * n_pods)


def test_all_pods_of_a_cluster():
    """More bytes and more values than a policy or a review may have: as JSON, and as YAML that is also JSON."""
    with folder(l_json=large_list(1100, 32000)) as d:
        if os.path.getsize(os.path.join(d.path, "l.json")) <= 32 << 20:
            raise Failed("the file is too small to show anything")
        os.symlink("l.json", os.path.join(d.path, "l.yaml"))
        d.write("y.yaml", "# not JSON\n" + large_list(1100, 32000))
        for name in ("l.json", "l.yaml", "y.yaml"):
            out = check(d, name)
            equal("exit code", out.code, 1)
            equal("summary", out.lines()[-1] + "\n", SUMMARY % (1100, 1100, 0, 0, 0))
        d.write("p.yaml", large_list(1100, 32000))
        ends(d.assay("lint", "p.yaml"), 2, out='p.yaml: cannot read "p.yaml": more than 33554432 bytes\n')


EXCEPTION = ("---\napiVersion: assay.dev/v1\nkind: Exception\nmetadata: {name: x}\nspec:\n  policy: p\n  rules: [pinned]\n"
             "  match: {namespace: default, name: web}\n  reason: r\n  owner: o\n  expires: 2026-11-30\n")


def test_now_and_the_end_of_exceptions():
    with folder(bad_yaml=BAD) as d:
        d.write("p.yaml", PINNED + EXCEPTION)
        out = check(d, "--now", "2026-11-01", "bad.yaml")
        ends(out, 0, out=SUMMARY % (1, 0, 0, 1, 0), err="")
        out = check(d, "--now", "2026-11-30T23:59:59Z", "bad.yaml")
        ends(out, 0)
        equal("warning", out.lines()[1], 'Warning: assay: exception "x" ends on 2026-11-30 (owner o)')
        out = check(d, "--now=2026-12-01", "bad.yaml")
        ends(out, 1, err="warning: p.yaml:20:12: spec.expires: ended on 2026-11-30: the exception no longer holds\n")
        holds("text", out.out, "- " + BAD_LINE + '; exception "x" expired 2026-11-30\n')


def test_an_exception_shows_as_skip():
    with folder(bad_yaml=BAD) as d:
        d.write("p.yaml", PINNED + EXCEPTION)
        code, found = rows(d, "--now", "2026-11-01", "bad.yaml")
        equal("rows", (code, names(found)), (0, [("Pod", "web", "skip")]))
        equal("checked", found["summary"]["checked"], 1)


def test_exceptions_that_last_too_long():
    with folder(good_yaml=GOOD) as d:
        d.write("p.yaml", PINNED + EXCEPTION)
        args = ("--now", "2026-11-01", "--max-exception-days")
        ends(check(d, *args, "29", "good.yaml"), 0)
        ends(check(d, *args, "28", "good.yaml"), 2, out="", err=(
            "p.yaml:20:12: spec.expires: 2026-11-30 is more than 28 days away: the last day allowed is 2026-11-29\n"
            "assay: policies not loaded: 1 error\n"))


def test_every_line_is_listed():
    many = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n" + "".join(
        "  - {name: c%d, image: 'web:%s'}\n" % (i, "t" * 120) for i in range(60))
    with folder(many_yaml=many) as d:
        out = check(d, "many.yaml")
        ends(out, 1)
        equal("lines", [line for line in out.lines() if line.startswith("- ")],
              ['- digest: spec.containers[%d].image (container "c%d"): got tag "%s"; want ...@sha256:<64 hex>'
               % (i, i, "t" * 120) for i in range(60)])


def test_policies_of_a_folder_and_of_several_paths():
    with folder(bad_yaml=pod("other/web@" + DIGEST)) as d:
        d.write("more/r.yaml", policy("{name: here, image: {registries: ['here.example/**']}}", name="r"))
        d.write("more/readme.md", BROKEN)
        ends(check(d, "bad.yaml"), 0)
        out = check(d, "-p", "more", "bad.yaml")
        ends(out, 1)
        holds("line", out.out, "(docker.io); want here.example/**\n")
