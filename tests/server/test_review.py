"""The answer to a judged review, on the wire."""

from context import BAD, GOOD_IMAGE, Loop, pod, policy, review

MESSAGE = """\
assay: 3 violations in Pod shop/web
- registry: spec.containers[0].image (container "web"): got "nginx:1.27" (docker.io); want registry.internal.example/golden/**
- digest: spec.containers[0].image (container "web"): got tag "1.27"; want ...@sha256:<64 hex>
- read-only-root-filesystem: spec.containers[0].securityContext.readOnlyRootFilesystem (container "web"): not set; want true
Fix it: https://docs.example.com/fix (request 705ab4f5)"""


def test_denied(t):
    s = t.server(docs_url="https://docs.example.com/fix")
    answer = s.post(review(obj=BAD))
    assert answer.headers["content-type"] == "application/json"
    response = answer.response()
    assert sorted(response) == ["allowed", "auditAnnotations", "status", "uid"], response
    status = response["status"]
    assert (status["code"], status["reason"], status["status"]) == (403, "Forbidden", "Failure")
    assert status["message"] == MESSAGE, status["message"]
    assert (status["details"]["kind"], status["details"]["name"]) == ("Pod", "web")
    assert sorted(status["details"]) == ["causes", "kind", "name"], "never retryAfterSeconds"
    causes = status["details"]["causes"]
    assert [c["field"] for c in causes] == [
        "spec.containers[0].image", "spec.containers[0].image",
        "spec.containers[0].securityContext.readOnlyRootFilesystem"], causes
    assert causes[2]["reason"] == "FieldValueRequired", causes
    assert causes[2]["message"] == "golden/read-only-root: not set; want true", causes
    audit = response["auditAnnotations"]
    assert audit["decision"] == "denied"
    assert audit["rules"] == "registry,digest,read-only-root-filesystem", audit
    assert audit["review-uid"] == response["uid"]
    assert len(audit["policy-sha256"]) == 64, audit


def test_allowed(t):
    s = t.server()
    response = s.post(review()).response()
    assert sorted(response) == ["allowed", "auditAnnotations", "uid"], response
    assert response["allowed"] is True
    assert response["auditAnnotations"]["decision"] == "allowed"
    assert "rules" not in response["auditAnnotations"]


def test_dry_run_is_the_same(t):
    s = t.server()
    assert s.post(review(obj=BAD)).body == s.post(review(obj=BAD, dryRun=True)).body
    assert s.metric('assay_admission_requests_total{resource="pods",operation="CREATE",'
                    'outcome="denied",dry_run="true"}') == 1


def test_warned(t):
    s = t.server(policies=policy(mode="warn"))
    response = s.post(review(obj=BAD)).response()
    assert response["allowed"] is True and "status" not in response
    assert response["auditAnnotations"]["decision"] == "warned"
    assert response["warnings"] == [
        'assay: container "web": image is not from an allowed registry (spec.containers[0].image)',
        'assay: container "web": image is not pinned by digest (spec.containers[0].image)',
        'assay: container "web": root filesystem is not read-only '
        "(spec.containers[0].securityContext.readOnlyRootFilesystem)"], response["warnings"]


def test_audit_mode_is_seen_though_nothing_is_refused(t):
    s = t.server(policies=policy(mode="audit"))
    response = s.post(review(obj=BAD)).response()
    assert response["allowed"] is True and "warnings" not in response
    audit = response["auditAnnotations"]
    assert audit["decision"] == "allowed" and "rules" not in audit, audit
    assert audit["audit-rules"] == "registry,digest,read-only-root-filesystem", audit
    line = s.decision(response["uid"])
    assert (line["level"], line["rules"]) == ("info", []), line
    assert line["audit_rules"] == ["registry", "digest", "read-only-root-filesystem"], line


def test_unknown_operation_is_refused(t):
    s = t.server()
    for word in ("create", "PATCH"):
        response = s.post(review(obj=BAD, operation=word)).response()
        assert response["allowed"] is False and response["status"]["code"] == 400, response
        assert "request.operation: not CREATE, UPDATE, DELETE or CONNECT" in response["status"]["message"]


def test_not_judged(t):
    s = t.server()
    kinds = review(kind={"group": "", "version": "v1", "kind": "ConfigMap"}, uid="u-1")
    delete = review(obj=BAD, operation="DELETE", uid="u-2")
    unchanged = review(obj=BAD, oldObject=BAD, operation="UPDATE", uid="u-3")
    for r, skip in ((kinds, "kind"), (delete, "operation"), (unchanged, "unchanged")):
        response = s.post(r).response()
        assert response["allowed"] is True
        assert response["auditAnnotations"]["decision"] == "allowed"
        assert s.decision(response["uid"])["skip"] == skip


def test_exception_is_named(t):
    exception = """\
---
apiVersion: assay.dev/v1
kind: Exception
metadata: {name: ex-0042}
spec:
  policy: golden
  rules: [read-only-root]
  match: {namespace: shop, name: "web*"}
  reason: writes its spool until 4.2
  owner: team-billing
  expires: EXPIRES
"""
    s = t.server(policies=policy() + exception.replace("EXPIRES", "2999-01-31"))
    response = s.post(review(obj=pod(read_only=False), uid="u-1")).response()
    assert response["allowed"] is True, response
    assert response["auditAnnotations"]["exceptions"] == "ex-0042", response
    assert s.decision("u-1")["exceptions"] == ["ex-0042"]
    assert s.metric('assay_exception_uses_total{exception="ex-0042"}') == 1
    ended = t.server(policies=policy() + exception.replace("EXPIRES", "2020-01-31"))
    response = ended.post(review(obj=pod(read_only=False), uid="u-2")).response()
    assert response["allowed"] is False, response
    assert ended.decision("u-2")["exceptions_ended"] == ["ex-0042"]
    assert ended.metric('assay_exception_uses_total{exception="ex-0042"}') == 0


def test_managed_fields_are_left_out(t):
    s = t.server()
    obj = pod()
    obj["metadata"]["managedFields"] = [{"manager": "kubectl", "fieldsV1": {"f:x": {}}}] * 2000
    assert s.post(review(obj=obj)).response()["allowed"] is True


def test_timeout_values(t):
    s = t.server()
    with s.client() as c:
        for query in ("", "?timeout=", "?timeout=1s", "?timeout=1m0s", "?timeout=x", "?timeout=-1s",
                      "?a=b&timeout=30s", "?timeout=99999999999999999999s", "?&&&=&timeout"):
            assert c.post(review(), path="/validate" + query).response()["allowed"] is True, query


def test_strange_uid(t):
    s = t.server()
    for uid in ("x", "a" * 128, 'q"uo\\te', "caf\u00e9\u2028", "nul\u0000tab\t"):
        assert s.post(review(uid=uid)).response()["uid"] == uid
    answer = s.post(review(uid="a" * 129))
    assert answer.status == 400 and answer.body == b"request.uid: longer than 128 bytes\n", answer.body


def test_many_at_the_same_time(t):
    s = t.server()
    loops = [Loop(s, keep=i % 2 == 0) for i in range(8)]
    while sum(loop.answers for loop in loops) < 400:
        assert not any(loop.failures for loop in loops), [loop.failures for loop in loops]
    for loop in loops:
        loop.finish()
        assert loop.failures == []
    assert s.metric("assay_admission_requests_in_flight") == 0


def test_hostile_text_stays_on_one_line(t):
    s = t.server()
    image = "evil\n\u001b[31m\u202e\u0000x" + "y" * 3000
    response = s.post(review(obj=pod(image=image), name="we\u001bb\n", uid="u-1")).response()
    message = response["status"]["message"]
    assert not any(ord(c) < 32 and c != "\n" or c in "\u202e\x7f" for c in message), message
    assert len(message) <= 4096
    line = s.decision("u-1")
    assert line["name"] == "we\u001bb\n" and line["images"][0].startswith("evil\n"), line
    assert GOOD_IMAGE not in str(line)
