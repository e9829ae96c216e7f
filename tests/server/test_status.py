"""Every HTTP status, and what is a refusal instead."""

import json

from context import BAD, pod, review, until

UID = "705ab4f5-0000-4000-8000-000000000001"


def refused(answer, status, text):
    """A plain line of text; never an invitation to try the same again."""
    assert answer.status == status, (answer.status, answer.body)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8", answer.headers
    assert answer.body.decode() == text + "\n", answer.body
    assert "retry-after" not in answer.headers, answer.headers


def test_other_path(t):
    s = t.server()
    with s.client() as c:
        for path in ("/", "/validate/", "/mutate?timeout=1s", "/metrics"):
            refused(c.post(review(), path=path), 404, "path: unknown, reviews are taken at /validate")
    assert s.rejected("malformed") == 4


def test_other_method(t):
    s = t.server()
    with s.client() as c:
        for method in ("GET", "PUT", "DELETE", "PATCH"):
            body = "" if method == "GET" else review()
            answer = c.post(body, method=method)
            refused(answer, 405, "method: only POST is understood here")
            assert answer.headers["allow"] == "POST"


def test_content_type(t):
    s = t.server()
    with s.client() as c:
        for kind in (None, "text/plain", "application/jsonx", "application/yaml"):
            refused(c.post(review(), headers={"Content-Type": kind}), 415,
                    "content type: only application/json is understood")
        for kind in ("application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"):
            assert c.post(review(), headers={"Content-Type": kind}).response()["allowed"] is True


def test_empty_body(t):
    s = t.server()
    with s.client() as c:
        refused(c.post(""), 400, "body: empty, an AdmissionReview is wanted")
        assert c.post(review()).response()["allowed"] is True


def test_not_a_review(t):
    s = t.server()
    wanted = "not an AdmissionReview: kind AdmissionReview of admission.k8s.io/v1 is wanted"
    with s.client() as c:
        for body in ("[]", "{}", '"x"', json.dumps(pod())):
            refused(c.post(body), 400, wanted)
        answer = c.post("hello")
        assert answer.status == 400 and answer.body.count(b"\n") == 1, answer.body
        refused(c.post({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}), 400,
                "not an AdmissionReview: no request in it")
        no_uid = review()
        del no_uid["request"]["uid"]
        refused(c.post(no_uid), 400, "request.uid: not set")
    assert s.rejected("malformed") == 7


def test_other_version(t):
    s = t.server()
    r = review()
    r["apiVersion"] = "admission.k8s.io/v1beta1"
    refused(s.post(r), 400,
            "apiVersion admission.k8s.io/v1beta1: only admission.k8s.io/v1 is understood")


def test_too_large_with_length(t):
    s = t.server()
    body = b" " * ((7 << 20) + 1)
    with s.client() as c:
        refused(c.post(body), 413, "body: larger than this server takes (--max-body)")
        assert c.post(review()).response()["allowed"] is True, "the connection goes on"
    assert s.rejected("oversize") == 1


def test_too_large_in_chunks(t):
    s = t.server(max_body=65536)
    head = ("POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n").encode()
    with s.client() as c:
        c.send(head + b"10000\r\n" + b" " * 65536 + b"\r\n1\r\n \r\n0\r\n\r\n")
        refused(c.answer(), 413, "body: larger than this server takes (--max-body)")
        assert c.post(review()).response()["allowed"] is True, "the connection goes on"
    assert s.rejected("oversize") == 1


def test_largest_body(t):
    """7 MiB to the byte are taken."""
    s = t.server()
    body = json.dumps(review()).encode()
    answer = s.post(body + b" " * ((7 << 20) - len(body)))
    assert answer.response()["allowed"] is True


def test_huge_length_is_answered_at_once(t):
    s = t.server()
    with s.client() as c:
        c.send(b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               b"Content-Length: 99999999999\r\n\r\n")
        refused(c.answer(), 413, "body: larger than this server takes (--max-body)")
        assert c.ended()


def test_endless_chunks_are_cut(t):
    s = t.server()
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with s.client() as c:
        c.send(b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(640):
                c.send(chunk)
            ended = c.ended()
        except OSError:
            ended = True
        assert ended
    assert s.post(review()).response()["allowed"] is True


def denied(answer, code, reason, uid=UID):
    response = answer.response()
    assert response["uid"] == uid, response
    assert response["allowed"] is False
    assert response["status"]["code"] == code, response
    assert response["status"]["reason"] == reason, response
    return response["status"]["message"]


def test_unusable_request_is_a_denial(t):
    """With a uid an HTTP error would be admitted under failurePolicy: Ignore."""
    s = t.server()
    with s.client() as c:
        r = review()
        r["request"]["kind"] = "Pod"
        assert denied(c.post(r), 400, "BadRequest") == (
            "assay: review not understood: request.kind: string instead of an object")
        r = review(operation=7)
        assert denied(c.post(r), 400, "BadRequest") == (
            "assay: review not understood: request.operation: integer instead of a string")
        r = review(dryRun="yes")
        assert denied(c.post(r), 400, "BadRequest") == (
            "assay: review not understood: request.dryRun: string instead of a boolean")
        assert denied(c.post(review(obj=[1])), 403, "Forbidden").startswith("assay: 1 violation in Pod")


def test_hostile_json_is_a_denial(t):
    s = t.server()
    text = json.dumps(review())
    head, tail = text.split('"object": ', 1)
    duplicate = head + '"name": "other", "object": ' + tail
    with s.client() as c:
        assert "name" in denied(c.post(duplicate), 400, "BadRequest")
        deep = head + '"object": ' + "[" * 200000 + "]" * 200000 + "}}"
        denied(c.post(deep), 503, "ServiceUnavailable")
        cut = text[:-30]
        denied(c.post(cut), 400, "BadRequest")
        bad_utf8 = text.encode().replace(b'"web"', b'"w\xffb"')
        denied(c.post(bad_utf8), 400, "BadRequest")
        denied(c.post(review(obj=BAD)), 403, "Forbidden")


def test_many_small_values(t):
    """7 MiB of [], cost a bounded amount of memory, which goes back."""
    s = t.server()
    text = json.dumps(review())
    head, _ = text.split('"object": ', 1)
    start = head + '"object": ['
    n = ((7 << 20) - len(start) - 10) // 3
    body = (start + "[]," * n + "[]]}}").encode()
    with s.client() as c:
        c.post(review())
        for _ in range(5):
            denied(c.post(body), 503, "ServiceUnavailable")
        assert c.post(review()).response()["allowed"] is True
    if "asan" not in s.argv[0] and "tsan" not in s.argv[0]:
        assert s.resident_bytes() < 160 << 20, s.resident_bytes()
    assert s.admin("/healthz").status == 200


def test_garbage_instead_of_http(t):
    s = t.server()
    for garbage in (b"\x00" * 100 + b"\r\n\r\n", b"GET\r\n\r\n", b"POST /validate\r\n\r\n",
                    b"POST /validate HTTP/9.9\r\nHost: x\r\n\r\n",
                    b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                    b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\nx"):
        with s.client() as c:
            c.send(garbage)
            c.sock.settimeout(5)
            try:
                assert not c.sock.recv(65536).startswith(b"HTTP/1.1 200")
            except OSError:
                pass
    assert s.post(review()).response()["allowed"] is True


def test_where_a_body_ends(t):
    """A length that can be read in two ways is refused at once: a request could hide in a body."""
    s = t.server()
    body = json.dumps(review()).encode()
    head = "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    length = f"Content-Length: {len(body)}\r\n"
    chunked = "Transfer-Encoding: chunked\r\n"
    cases = [length + length, length + "Content-Length: 5\r\n", length + chunked, chunked + length,
             chunked + chunked, "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
             f"Content-Length : {len(body)}\r\n", "Transfer-Encoding : chunked\r\n" + length]
    for fields in cases:
        with s.client() as c:
            c.send((head + fields + "\r\n").encode() + body)
            refused(c.answer(), 400, "body: one Content-Length, or Transfer-Encoding: chunked, is wanted")
            assert c.ended(), fields
    assert s.rejected("malformed") == len(cases)
    assert not [line for line in s.log() if line["msg"] == "admission decision"]


def test_refused_by_the_library(t):
    """What no handler of ours ever sees is counted all the same."""
    s = t.server()
    fields = "Host: x\r\nContent-Type: application/json\r\n"
    heads = ["POST /validate HTTP/9.9\r\n" + fields,
             "POST /validate HTTP/1.1\r\n" + fields + "X-Large: " + "x" * 100000 + "\r\n",
             "POST /" + "x" * 100000 + " HTTP/1.1\r\n" + fields]
    for n, head in enumerate(heads, 1):
        with s.client() as c:
            c.send(head.encode() + b"\r\n")
            assert c.answer().status in (414, 431, 505)
        until("count", lambda n=n: s.rejected("malformed") == n)
    with s.client() as c:
        c.send(b"POST /validate HTTP/1.1\r\n" + fields.encode() + b"Content-Length: 1x\r\n\r\nx")
        assert c.ended() is False, "the library answers"
    until("count", lambda: s.rejected("malformed") > len(heads))
    assert s.post(review()).response()["allowed"] is True
    assert s.rejected("malformed") == len(heads) + 1


def test_large_headers(t):
    s = t.server()
    with s.client() as c:
        answer = c.post(review(), headers={"X-Large": "x" * 100000})
        assert answer.status in (413, 431), answer.status
    assert s.post(review()).response()["allowed"] is True
