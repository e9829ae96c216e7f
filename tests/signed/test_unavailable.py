"""A registry that does not help: told apart from "no", in time, and mended by the next try."""

import socket

from stage import admitted, policy, refused, review, until

HEAD = "assay: could not verify 1 image in Pod shop/web (try again; the manifest may be fine)\n"
TELL = "\nPlatform team: see assay_registry_requests_total"


def says(t, s, what, outcome, **more):
    """The refusal's line about the registry."""
    message = refused(s.post(review(t.image("app-signed-bundle")), **more), 503)
    start = HEAD + '- signature-unavailable: spec.containers[0].image (container "c0"): '
    assert message.startswith(start + t.registry.host + " " + what), message
    tell = TELL + f'{{outcome="{outcome}"}}; ' if outcome else "\nPlatform team: see the server's log; "
    assert tell in message, message
    assert message.endswith("#signature-unavailable (request 705ab4f5)"), message
    return message


def passes_again(t, s):
    until("admitted", lambda: s.post(review(t.image("app-signed-bundle"))).response()["allowed"])


def test_answers_500(t):
    s = t.signing_server()
    t.registry.status = 500
    says(t, s, "answered HTTP 500 for ", "http_5xx")
    t.registry.status = None
    passes_again(t, s)
    assert s.metric('assay_registry_requests_total{registry="%s",outcome="http_5xx"}' % t.registry.host) > 0


def test_answers_403(t):
    s = t.signing_server()
    t.registry.status = 403
    says(t, s, "answered HTTP 403 for ", "unauthorized")
    t.registry.status = None
    passes_again(t, s)


def test_is_down(t):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        host = "127.0.0.1:%d" % sock.getsockname()[1]
        s = t.signing_server(registries=t.registries_file(host))
        image = t.image("app-signed-bundle").replace(t.registry.host, host)
        message = refused(s.post(review(image)), 503)
        assert f"{host} could not be reached for " in message, message
        assert TELL + '{outcome="connect"}' in message, message


def test_stalls_and_the_retry_is_warm(t):
    """The answer comes before the API server hangs up; the lookup goes on, and is not asked again."""
    s = t.signing_server()
    t.registry.gate.clear()
    says(t, s, "did not answer within ", None, path="/validate?timeout=2s")
    line = s.decision("705ab4f5-0000-4000-8000-000000000001")
    assert line["decision"] == "error" and "late" not in line and line["level"] == "warning", line
    assert line["signatures"] == [{"container": "c0", "rule": "signed", "state": "unavailable",
                                   "reason": "deadline"}], line
    t.registry.gate.set()
    until("cached", lambda: s.metric("assay_signature_cache_entries") == 1)
    asked = len(t.registry.requests)
    admitted(s.post(review(t.image("app-signed-bundle"))))
    assert len(t.registry.requests) == asked


def test_on_error_allow_warns(t):
    s = t.signing_server(policy(on_error="allow"))
    t.registry.status = 503
    response = admitted(s.post(review(t.image("app-signed-bundle"))))
    assert response["auditAnnotations"]["decision"] == "warned", response
    assert "signature-key" not in response["auditAnnotations"], response
    assert len(response["warnings"]) == 1, response
    assert response["warnings"][0].startswith('assay: container "c0": '), response
    line = s.decision(response["uid"])
    assert (line["decision"], line["level"]) == ("warned", "warning"), line


def test_on_error_allow_is_not_for_no(t):
    s = t.signing_server(policy(on_error="allow"))
    refused(s.post(review(t.image("app-unsigned"))), 403)


def test_no_and_could_not_find_out(t):
    """Both are listed, and the no decides."""
    other = t.new_registry()
    other.status = 500
    s = t.signing_server(registries=t.registries_file(t.registry.host, other.host))
    message = refused(s.post(review(t.image("app-unsigned"), t.image("app-signed-bundle", other))), 403)
    assert "- signature: spec.containers[0].image" in message, message
    assert "- signature-unavailable: spec.containers[1].image" in message, message
