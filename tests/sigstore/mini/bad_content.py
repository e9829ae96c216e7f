"""What is signed, by whom, and what it says: signature, key, statement, claims, trusted root."""

import good
from keys import pem
from offer import (DIGEST, IN_TOTO, OTHER, SIGN, SPDX, Signed, bundle, claims, entry, pae, sha, stamp,
                   statement)
from rekor import b64, canonical
from variant import UNASKED, edit, offer, sign, variant
from world import LOGGED


def signatures(w):
    def case(name, reason, about, go=None, **offered):
        return variant(w, f"signature-{name}", reason, about, offer(w, **offered), go=go)

    other = w.pool("stranger")
    wrong = "signature_wrong"
    yield case("of-other-key", wrong, "made by another key, everything else about this signature",
               signed={"signer": other})
    yield case("of-other-key-rekor2", wrong, "the same in Rekor v2", signed={"signer": other},
               entries=[entry(w.rekor2)], stamps=[stamp(w.tsa)])
    yield case("of-other-key-message", wrong, "the same over the manifest", signed={"signer": other},
               content="message")
    for form, content in (("sig", "sign"), ("att", "attestation")):
        more = {"want": SPDX} if form == "att" else {}
        yield variant(w, f"signature-of-other-key-{form}", wrong, f"the same in a legacy .{form}",
                      offer(w, form, content, signed={"signer": other}), **more)

    def bare(s):
        s.signature = s.key.sign(s.payload)
        s.envelope["signatures"][0]["sig"] = b64(s.signature)
        return s

    def retyped(s):
        s.signature = s.key.sign(pae("text/plain", s.payload))
        s.envelope["signatures"][0]["sig"] = b64(s.signature)
        return s

    yield variant(w, "signature-without-pae", wrong, "over the payload without PAE, logged as such",
                  bundle(bare(sign(w)), [entry(w.rekor1)]))
    yield variant(w, "signature-of-other-type", wrong, "over the payload as text/plain, logged as such",
                  bundle(retyped(sign(w)), [entry(w.rekor1)]))
    yield case("sha384-by-p256", wrong, "by a P-256 key over SHA-384", signed={"hash_": "sha384"},
               go=UNASKED)
    yield case("payload-type", "payload_type", "an envelope of another type",
               signed={"payload_type": "application/json"})
    yield case("payload-type-longer", "payload_type", "a type that begins like ours",
               signed={"payload_type": IN_TOTO + "+x"})


def certificate_keys(w):
    for kind, about in (("rsa1024", "RSA of 1024 bits"), ("p224", "a curve that does not count")):
        key = w.pool("weak " + kind, kind)
        key.details = "PKIX_ECDSA_P256_SHA_256"
        yield variant(w, f"certificate-key-{kind}", "certificate_key", f"the certificate's key: {about}",
                      offer(w, leaf={"key": key}), go=UNASKED)


def swaps(w):
    s = sign(w)
    mine = offer(w)
    stranger = w.leaf(key=w.pool("stranger"))
    yield variant(w, "swap-certificate", "log_body_verifier",
                  "another certificate of ours in the place of the one that signed; CVE-2022-36056",
                  edit(mine, lambda t: t["verificationMaterial"].update(
                      certificate={"rawBytes": b64(stranger.der)})))
    yield variant(w, "swap-payload", "log_body_subject", "another statement under the same signature",
                  edit(offer(w), lambda t: t["dsseEnvelope"].update(
                      payload=b64(statement(predicate={"more": 1})))))
    yield variant(w, "swap-signature", "log_body_signature", "another good signature of the same content",
                  edit(offer(w), lambda t: t["dsseEnvelope"].update(signatures=s.envelope["signatures"])))
    yield variant(w, "swap-message-digest", "message_digest", "another digest than the image's beside it",
                  edit(offer(w, content="message"), lambda t: t["messageSignature"].update(
                      messageDigest={"algorithm": "SHA2_256", "digest": b64(sha(b"else"))})))
    yield variant(w, "swap-message-algorithm", "artifact_needed", "the digest is a SHA-512, of content that is not at hand",
                  edit(offer(w, content="message"), lambda t: t["messageSignature"].update(
                      messageDigest={"algorithm": "SHA2_512", "digest": b64(sha(b"else", "sha512"))})))
    sig = offer(w, "sig")
    yield variant(w, "swap-legacy-blob", "log_body_subject", "legacy: another payload under the signature",
                  {**sig, "blob": claims(optional={"a": "b"}).decode()})
    again = offer(w, "sig", signed={"payload": claims(optional={"a": "b"})})
    at = "dev.sigstore.cosign/bundle"
    yield variant(w, "swap-legacy-promise", "log_body_subject",
                  "legacy: the good promise of another signature; CVE-2022-23649, CVE-2026-22703",
                  edit(offer(w, "sig"), lambda t: t["annotations"].update(
                      {at: again["annotations"][at]})))
    yield variant(w, "swap-legacy-certificate", "log_body_verifier",
                  "legacy: another certificate of ours",
                  edit(offer(w, "sig"), lambda t: t["annotations"].update(
                      {"dev.sigstore.cosign/certificate": pem("CERTIFICATE", stranger.der)})))


def subjects(w):
    def case(name, reason, about, payload, go=None, **settings):
        return variant(w, f"statement-{name}", reason, about, offer(w, signed={"payload": payload}),
                       go=go, **settings)

    hexa = DIGEST[7:]
    yield case("other-digest", "digest", "of another image", statement(OTHER))
    yield case("digest-upper-case", "digest", "the digest in upper case",
               statement(subjects=[{"digest": {"sha256": hexa.upper()}}]), go="accepts: decodes hex")
    yield case("digest-sha512-only", "digest", "no SHA-256", statement(subjects=[{"digest": {"sha512": hexa}}]))
    yield case("digest-prefix", "digest", "the first half of the digest",
               statement(subjects=[{"digest": {"sha256": hexa[:32]}}]))
    yield case("subject-none", "subject", "no subject; sigstore-go 618325f", statement(subjects=[]))
    yield case("subject-null", "subject", "a subject is null; cosign 5016",
               statement(subjects=[{"digest": {"sha256": hexa}}, None]))
    yield case("subject-missing", "subject", "no list of subjects",
               canonical({"_type": "https://in-toto.io/Statement/v1", "predicateType": SIGN}))
    yield case("digest-number", "subject", "the digest is a number",
               statement(subjects=[{"digest": {"sha256": 1}}]))
    yield case("type", "statement_type", "Statement/v2", statement(version="v2"), go="accepts: does not look")
    yield case("not-json", "json", "no JSON", b"{")
    yield case("list", "field_type", "a list", b"[]")
    yield case("predicate-type", "predicate_type", "an attestation in the place of a signature",
               statement(kind=SPDX), go=UNASKED)
    yield variant(w, "statement-other-predicate-type", "predicate_type",
                  "an attestation of another type; CVE-2022-35929",
                  offer(w, content="attestation"), want=SPDX + "/2")
    yield variant(w, "statement-signature-as-attestation", "predicate_type",
                  "a signature in the place of an attestation", offer(w), want=SPDX)
    yield variant(w, "statement-message-as-attestation", "predicate_type",
                  "a signature over the manifest in the place of an attestation",
                  offer(w, content="message"), want=SPDX)
    yield variant(w, "statement-annotation", "annotation", "without the wanted annotation",
                  offer(w), annotations={"team": "infra"})
    yield variant(w, "message-not-accepted", "message_signature", "over the manifest, which is not accepted",
                  offer(w, content="message"), accept_message=False)
    yield variant(w, "message-other-digest", "digest", "over another manifest",
                  offer(w, content="message", signed={"payload": b"another image"}), go=None)


def legacy(w):
    def case(name, reason, about, payload, **settings):
        return variant(w, f"claims-{name}", reason, about,
                       offer(w, "sig", signed={"payload": payload}), **settings)

    yield case("other-digest", "digest", "of another image", claims(OTHER))
    yield case("type", "claim_type", "of another type", claims(kind="atomic container signature"))
    yield case("key-spelling", "claims", "the digest under a key in another case",
               claims().replace(b"docker-manifest-digest", b"Docker-manifest-digest"))
    yield case("not-json", "json", "no JSON", b"{")
    yield case("reference", "reference", "for another repository", claims(),
               reference="registry.mini.example/other")
    yield case("annotation", "annotation", "another value of a wanted annotation",
               claims(optional={"team": "web"}), annotations={"team": "infra"})
    yield variant(w, "attestation-other-digest", "digest", "legacy attestation of another image",
                  offer(w, "att", "attestation", signed={"payload": statement(OTHER, SPDX)}), want=SPDX)


def keyed(w):
    """Signatures by key, with the log demanded as well."""
    mine = [pem("PUBLIC KEY", w.pool("leaf").spki)]
    settings = {"keys_inline": mine, "identities": [], "sct_threshold": 0}

    def case(name, reason, about, offered, **more):
        return variant(w, f"keyed-{name}", reason, about, offered, **{**settings, **more})

    yield case("certificate", "certificate", "a certificate where a key is wanted", offer(w))
    yield variant(w, "keyed-for-identity", "key_no_identity", "a key where an identity is wanted",
                  good.keyed(w, [entry(w.rekor1)]), go=UNASKED)
    yield variant(w, "keyed-for-identity-legacy", "key_no_identity", "legacy: a key where an identity is wanted",
                  good.keyed(w, [entry(w.rekor1)], form="sig"))
    yield case("no-entry", "log_missing", "no log entry", good.keyed(w, []))
    other = Signed("v0.3", "sign", w.pool("leaf"), None)
    yield case("other-entry", "log_body_signature", "the good entry of another signature of the key",
               good.keyed(w, [entry(w.rekor1, of=other)]))
    yield case("entry-by-certificate", "log_body_verifier", "an entry by a certificate of the same key",
               good.keyed(w, [entry(w.rekor1, body=lambda t: edit(t, lambda b: b["spec"]["signatures"][
                   0].update(verifier=b64(pem("CERTIFICATE", w.leaf().der).encode()))))]))
    yield case("entry-forged", "log_promise", "another key promises",
               good.keyed(w, [entry(w.rekor1, promise_signer=w.pool("stranger"))]))
    yield case("window", "key_outside_window", "logged after the key's time; sigstore-go 4594ab4",
               good.keyed(w, [entry(w.rekor1)]), window=[1, 1000])
    for name, span, fraction in (
        ("before", [LOGGED + 1, LOGGED + 9], ""), ("after", [1, LOGGED - 1], ""),
        ("after-fraction", [1, LOGGED], ".001"),
    ):
        yield case(f"window-{name}", "key_outside_window", f"signed {name} the key's time",
                   good.keyed(w, [entry(w.rekor1, promise=not fraction)],
                              [stamp(w.tsa, when=LOGGED, tst={"fraction": fraction})]), window=span)
    yield case("window-one-of-two", "key_outside_window", "one of two times is outside",
               good.keyed(w, [entry(w.rekor1)], [stamp(w.tsa, when=LOGGED + 9)]), window=[LOGGED, LOGGED + 8])
    yield case("timestamp-missing", "timestamp_missing", "no timestamp, one wanted",
               good.keyed(w, [entry(w.rekor1)]), time_threshold=1)
    yield case("legacy-other-entry", "log_body_signature", "legacy: the good entry of another signature",
               good.keyed(w, [entry(w.rekor1, of=Signed("sig", "sign", w.pool("leaf"), None))], form="sig"))


def roots(w):
    """Roots that must not load: the text that comes out is in the case."""

    def case(name, about, change, text, go=None):
        tree = w.trusted_root()
        tree = edit(tree, change)
        out = variant(w, f"root-{name}", "not_verified", about, offer(w), root=tree, go=go)
        out.settings["text"] = text
        return out

    def at(*path, value=None):
        def change(tree):
            here = tree
            for key in path[:-1]:
                here = here[key]
            if value is None:
                del here[path[-1]]
            else:
                here[path[-1]] = value

        return change

    log = ("tlogs", 1, "publicKey")
    yield case("log-start-missing", "the window of a log's key has no start",
               at(*log, "validFor", "start"), "trusted root: tlogs[1].publicKey.validFor.start: missing")
    yield case("log-window-missing", "a log's key has no window",
               at(*log, "validFor"), "trusted root: tlogs[1].publicKey.validFor: missing")
    yield case("media-type", "another media type",
               at("mediaType", value="application/json"),
               'trusted root: mediaType: "application/json" is no trusted root')
    yield case("key-base64", "a newline inside of a key",
               lambda r: r["tlogs"][1]["publicKey"].update(
                   rawBytes=r["tlogs"][1]["publicKey"]["rawBytes"][:4] + "\n"
                   + r["tlogs"][1]["publicKey"]["rawBytes"][4:]),
               "trusted root: tlogs[1].publicKey.rawBytes: base64: length 125 is no multiple of 4", go=UNASKED)
    yield case("time", "a window that begins at no time",
               at(*log, "validFor", value={"start": "yesterday"}),
               'trusted root: tlogs[1].publicKey.validFor.start: "yesterday" is no time of RFC 3339')
    yield case("type", "the certificates are a string",
               at("certificateAuthorities", 0, "certChain", "certificates", value="x"),
               "trusted root: certificateAuthorities[0].certChain.certificates: got string, want list")
    yield case("chain-empty", "an authority without certificates",
               at("certificateAuthorities", 0, "certChain", "certificates", value=[]),
               "trusted root: certificateAuthorities[0].certChain.certificates: missing")


def nothing(w):
    """Policies that ask for nothing get nothing."""
    yield variant(w, "policy-no-identity", "not_supported", "neither key nor identity", offer(w),
                  identities=[])
    key = pem("PUBLIC KEY", w.pool("leaf").spki)
    yield variant(w, "policy-key-and-identity", "not_supported", "both a key and an identity", offer(w),
                  keys_inline=[key])
    yield variant(w, "policy-65-keys", "not_supported", "65 keys", good.keyed(w, [entry(w.rekor1)]),
                  keys_inline=[key] * 65, identities=[], sct_threshold=0)
    yield variant(w, "policy-log-without-root", "not_supported", "keys and a log, but no trusted root",
                  good.keyed(w, [entry(w.rekor1)]), keys_inline=[key], identities=[], no_root=True,
                  sct_threshold=0)
    yield variant(w, "message-annotation", "annotation", "over the manifest, without the wanted annotation",
                  offer(w, content="message"), annotations={"team": "infra"})
    yield variant(w, "policy-empty-matcher", "identity_issuer", "an identity of empty matchers", offer(w),
                  identities=[{}])
    yield variant(w, "policy-no-root", "not_supported", "an identity without trusted root", offer(w),
                  no_root=True)


GROUPS = (signatures, certificate_keys, swaps, subjects, legacy, keyed, roots, nothing)
