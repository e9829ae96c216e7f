"""Flags, recorded content, and what the server tells: metrics, log, annotations."""

import os
import re
import shutil
import subprocess

from stage import Skip, admitted, policy, refused, review, until

STATES = ["verified", "unsigned", "untrusted_key", "untrusted_identity", "bad_signature", "digest_mismatch",
          "unavailable"]
OUTCOMES = ["ok", "not_found", "unauthorized", "rate_limited", "http_4xx", "http_5xx", "timeout", "connect", "tls",
            "invalid"]


def fails(t, **flags):
    """What a server that does not start says."""
    s = t.server(policy(), start=False, **flags)
    s.spawn()
    assert s.wait() == 2
    with open(s.log_path, encoding="utf-8") as f:
        return f.read()


def test_recorded_content(t):
    t.key("p256")
    s = t.server(policy(), registry_dir=t.shared.content)
    image = t.image("app-signed-bundle")
    for host in ("with.example", "without.example"):
        admitted(s.post(review(image.replace(t.registry.host, host))))
        refused(s.post(review(image.replace(t.registry.host, host).replace("signed-bundle", "unsigned"))), 403)
        # What was not recorded may be signed all the same, and is no reason to leave the rest of its host alone.
        message = refused(s.post(review(image.replace(t.registry.host, host).replace("bundle", "nothing"))), 503)
        assert f"the recorded {host} holds nothing of the repository app-signed-nothing\n" in message, message
        admitted(s.post(review(image.replace(t.registry.host, host).replace("bundle", "legacy"))))
    assert t.registry.requests == []


def test_options_that_do_not_agree(t):
    t.key("p256")
    file = t.registries_file(t.registry.host)
    said = fails(t, registries=file, docker_config=file, registry_dir=t.shared.content)
    assert said == ("assay serve: option --registry-dir: with recorded content no registry is asked: drop "
                    "--registries and --docker-config\nassay serve: option --docker-config: the file of "
                    "--registries names credentials: put them there\n"), said


def test_wrong_files(t):
    t.key("p256")
    file = t.registries_file(text="apiVersion: assay.dev/v1\nkind: Registries\nspec: {registriez: []}\n")
    said = fails(t, registries=file)
    assert re.search(r"registries\.yaml:3:8: .*registriez", said), said
    assert "assay serve: registries: 1 error\n" in said, said
    t.key("p256")
    said = fails(t, docker_config=os.path.join(t.folder, "absent.json"))
    assert "absent.json" in said, said
    t.key("p256")
    said = fails(t, registry_dir=os.path.join(t.folder, "absent"))
    assert "absent" in said, said
    t.key("p256")
    assert "--cache" in fails(t, cache="1KiB")
    assert "--cache-ttl" in fails(t, cache_ttl="0s")
    assert "--cache-negative-ttl" in fails(t, cache_negative_ttl="2h")


def test_environment(t):
    t.key("p256")
    s = t.server(policy(), start=False)
    environment = dict(os.environ, ASSAY_REGISTRIES=t.registries_file(t.registry.host),
                       ASSAY_EVIDENCE_THREADS="2", ASSAY_CACHE="1MiB")
    with open(s.log_path, "ab") as log:
        s.child = subprocess.Popen(s.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    line = until("serving", lambda: s.died() or s.find("serving"))
    s.port, s.metrics_port = line["port"], line["metrics_port"]
    admitted(s.post(review(t.image("app-signed-bundle"))))


def test_every_counter_starts_at_0(t):
    s = t.signing_server()
    page = s.admin("/metrics").body.decode()
    for state in STATES:
        assert f'assay_signature_verifications_total{{result="{state}"}} 0\n' in page, state
    for result in ("hit", "miss", "negative", "joined"):
        assert f'assay_signature_cache_lookups_total{{result="{result}"}} 0\n' in page, result
    for registry in (t.registry.host, "other"):
        for outcome in OUTCOMES:
            assert f'assay_registry_requests_total{{registry="{registry}",outcome="{outcome}"}} 0\n' in page
    for source in ("cache", "registry"):
        assert f'assay_signature_verification_duration_seconds_count{{source="{source}"}} 0\n' in page
    found = re.findall(r'^assay_signature_rejections_total\{reason="(\w+)"\} 0$', page, re.M)
    assert {"no_signature", "key_unknown", "signature_wrong", "digest", "deadline"} <= set(found), found
    assert "verified" not in found
    assert "assay_trusted_keys 1\n" in page
    assert "assay_signature_cache_entries 0\n" in page


def test_promtool_agrees(t):
    if not shutil.which("promtool"):
        raise Skip("promtool is not installed")
    s = t.signing_server()
    admitted(s.post(review(t.image("app-signed-bundle"))))
    page = s.admin("/metrics").body
    run = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    assert run.returncode == 0 and run.stderr == b"" and run.stdout == b"", (run.stdout, run.stderr)


def test_metrics_of_reviews(t):
    s = t.signing_server()
    for _ in range(3):
        admitted(s.post(review(t.image("app-signed-bundle"))))
        refused(s.post(review(t.image("app-unsigned"))), 403)
    requests = 'assay_registry_requests_total{registry="%s",outcome="%%s"}' % t.registry.host
    want = {
        'assay_signature_verifications_total{result="verified"}': 3,
        'assay_signature_verifications_total{result="unsigned"}': 3,
        'assay_signature_rejections_total{reason="no_signature"}': 3,
        'assay_signature_cache_lookups_total{result="hit"}': 2,
        'assay_signature_cache_lookups_total{result="negative"}': 2,
        'assay_signature_cache_lookups_total{result="miss"}': 2,
        'assay_signature_verification_duration_seconds_count{source="cache"}': 4,
        'assay_signature_verification_duration_seconds_count{source="registry"}': 2,
        "assay_signature_cache_entries": 2,
        'assay_rule_evaluations_total{rule="signature",result="pass"}': 3,
        'assay_rule_evaluations_total{rule="signature",result="fail"}': 3,
    }
    for name, value in want.items():
        assert s.metric(name) == value, (name, s.metric(name))
    assert s.metric("assay_signature_cache_bytes") > 0
    ok, none = s.metric(requests % "ok"), s.metric(requests % "not_found")
    assert ok > 0 and none > 0 and ok + none == len(t.registry.requests), (ok, none)
    assert s.metric('assay_registry_request_duration_seconds_count{registry="%s"}' % t.registry.host) == ok + none


def test_decision_line(t):
    s = t.signing_server()
    image = t.image("app-signed-bundle")
    admitted(s.post(review(image, uid="u-cold")))
    refused(s.post(review(image, t.image("app-other-key"), uid="u-mixed")), 403)
    admitted(s.post(review(image, uid="u-warm")))
    verified = {"container": "c0", "rule": "signed", "state": "verified", "reason": "verified",
                "authority": ["release"]}
    cold = s.decision("u-cold")
    assert cold["signatures"] == [verified] and cold["cache"] == "miss" and cold["registry_ms"] > 0, cold
    warm = s.decision("u-warm")
    assert warm["signatures"] == [verified] and warm["cache"] == "hit" and "registry_ms" not in warm, warm
    mixed = s.decision("u-mixed")
    assert mixed["signatures"][0] == verified, mixed
    assert mixed["signatures"][1]["state"] == "untrusted_key", mixed
    assert mixed["cache"] == "miss" and mixed["rules"] == ["signature"], mixed
    refused(s.post(review("nginx:1.27", uid="u-static")), 403)
    assert "cache" not in s.decision("u-static") and "signatures" not in s.decision("u-static")


def test_a_host_that_may_not_be_asked(t):
    """Its image is refused; nothing could not be found out, and no cache said so."""
    s = t.signing_server()
    stranger = t.new_registry()
    image = t.image("app-signed-bundle", stranger)
    message = refused(s.post(review(image, uid="u-alone")), 403)
    assert f"{stranger.host} was not asked: " in message, message
    unknown = {"container": "c0", "rule": "signed", "state": "refused", "reason": "host_not_known"}
    alone = s.decision("u-alone")
    assert alone["signatures"] == [unknown] and alone["level"] == "info", alone
    assert "cache" not in alone and "registry_ms" not in alone, alone
    refused(s.post(review(t.image("app-signed-bundle"), image, uid="u-beside")), 403)
    beside = s.decision("u-beside")
    assert [x["state"] for x in beside["signatures"]] == ["verified", "refused"], beside
    assert beside["cache"] == "miss" and beside["registry_ms"] > 0, beside
    assert stranger.requests == []
    for result in STATES:
        want = 1 if result == "verified" else 0
        assert s.metric('assay_signature_verifications_total{result="%s"}' % result) == want, result


def test_many_signatures_fit_the_line(t):
    s = t.signing_server()
    admitted(s.post(review(*[t.image("app-signed-bundle")] * 60, uid="u-many")))
    line = s.decision("u-many")
    assert "truncated" not in line, line
    listed = line["signatures"]
    assert listed[-1]["more"] == 60 - (len(listed) - 1) > 0, listed


def test_how_long_verdicts_hold(t):
    """A second each: then the registry is asked again, and what it says now counts."""
    s = t.signing_server(cache_ttl="1s", cache_negative_ttl="1s")
    admitted(s.post(review(t.image("app-signed-bundle"))))
    refused(s.post(review(t.image("app-unsigned"))), 403)
    asked = len(t.registry.requests)
    until("the no is over", lambda: refused(s.post(review(t.image("app-unsigned"))), 403) and len(t.registry.requests) > asked)
    t.registry.status = 503
    until("the yes is over", lambda: not s.post(review(t.image("app-signed-bundle"))).response()["allowed"])
