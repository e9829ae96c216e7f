"""The five states and their exact words, by code and by audit annotation."""

import hashlib
import base64
import os

from stage import HEX, IMAGE, KEYS, admitted, policy, refused, review

HEAD = "assay: 1 violation in Pod shop/web\n"
SHORT = "sha256:" + HEX[:12] + "\u2026"
OTHER_IMAGE = "sha256:e7b0c7ca59efa17fc92e5aafb66a8109dd8bac6baf3db6e56c926dfa263ec1ea"


def fingerprint(name):
    with open(os.path.join(KEYS, name + ".pub"), encoding="utf-8") as f:
        lines = [line for line in f.read().split("\n") if line and "-----" not in line]
    return "sha256:" + hashlib.sha256(base64.b64decode("".join(lines))).hexdigest()


def said(t, s, name):
    """What the refusal says of the image, between its name and the wish."""
    message = refused(s.post(review(t.image(name))), 403)
    start = (HEAD + f'- signature: spec.containers[0].image (container "c0"): '
             f"{t.registry.host}/{name}@{SHORT} ")
    assert message.startswith(start), message
    end = (f"; want a signature by release\nFix it: cosign sign --key <release key> {t.image(name)} ; ")
    middle, found, rest = message[len(start):].partition(end)
    assert found and rest.endswith("#signature (request 705ab4f5)"), message
    return middle


def test_signed(t):
    s = t.signing_server()
    for name in ("app-signed-bundle", "app-signed-legacy", "app-several"):
        response = admitted(s.post(review(t.image(name))))
        notes = response["auditAnnotations"]
        assert notes["decision"] == "allowed" and notes["signature-key"] == "c0=release", notes


def test_unsigned(t):
    s = t.signing_server()
    assert said(t, s, "app-unsigned") == (f"has no cosign signature: none at tag sha256-{HEX[:12]}\u2026.sig, "
                                          "none among its referrers")


def test_another_key(t):
    s = t.signing_server()
    by = fingerprint("other")[:19] + "\u2026"
    assert said(t, s, "app-other-key") == f'has 2 cosign signatures, by key {by}, none by key "release"'


def test_tampered(t):
    s = t.signing_server()
    assert said(t, s, "app-tampered") == ("has 1 cosign signature, which is broken: names our key, and is "
                                          "not its signature of this content")


def test_of_another_digest(t):
    s = t.signing_server()
    assert said(t, s, "app-wrong-digest") == (
        'has 2 cosign signatures, none of this image by "release": a good signature of '
        f"{OTHER_IMAGE}, not of {IMAGE}")


def test_a_tag_costs_no_request(t):
    s = t.signing_server()
    host = t.registry.host
    message = refused(s.post(review(host + "/app-signed-bundle:1")), 403)
    assert f'(container "c0"): got tag "1"; want ...@sha256:<64 hex>; assay verify {host}/app-signed-bundle:1 ' \
           "prints its pin\n" in message, message
    assert t.registry.requests == []


def test_a_host_that_nobody_named_is_not_asked(t):
    s = t.signing_server()
    stranger = t.new_registry()
    message = refused(s.post(review(t.image("app-signed-bundle", stranger))), 403)
    assert f"{stranger.host} was not asked: it is named neither by an image pattern of the policy nor in the " \
           "registries file" in message, message
    assert stranger.requests == []
    line = s.decision("705ab4f5-0000-4000-8000-000000000001")
    assert line["signatures"][0]["reason"] == "host_not_known", line


def test_every_container_in_its_place(t):
    s = t.signing_server()
    message = refused(s.post(review(t.image("app-signed-bundle"), t.image("app-unsigned"),
                                    t.image("app-tampered"))), 403)
    assert message.startswith("assay: 2 violations in Pod shop/web\n"), message
    lines = message.split("\n")
    assert lines[1].startswith('- signature: spec.containers[1].image (container "c1"): '), message
    assert lines[2].startswith('- signature: spec.containers[2].image (container "c2"): '), message


def test_all_of_and_at_least(t):
    keys = {"release.pub": "p256", "platform.pub": "p384", "other.pub": "other"}
    names = {"release": "release.pub", "platform": "platform.pub", "other": "other.pub"}
    two = "; want signatures by at least 2 of: release, platform, other\n"
    both = "; want signatures by all of: release, platform\n"
    for wish, text in (({"allOf": ["release", "platform"]}, both),
                       ({"atLeast": {"count": 2, "of": list(names)}}, two)):
        s = t.signing_server(policy([{"name": "signed", "signature": wish}], names), keys)
        notes = admitted(s.post(review(t.image("app-several"))))["auditAnnotations"]
        signers = set(notes["signature-key"].split(","))
        assert len(signers) == 2 and signers <= {"c0=" + n for n in names}, notes
        if "allOf" in wish:
            assert notes["signature-key"] == "c0=release,c0=platform", notes
        assert text in refused(s.post(review(t.image("app-signed-bundle"))), 403)
