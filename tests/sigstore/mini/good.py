"""What must verify: every format, kind of entry and key; and every limit exactly reached."""

import pki
import tsa
from der import octets, seq
from keys import pem
from offer import (DIGEST, MANIFEST, OTHER, SPDX, Signed, bundle, entry, layer, sha, stamp,
                   statement)
from rekor import Witness, b64
from variant import UNASKED, dump, edit, good, offer
from world import ISSUER, LOGGED, NOW, START, STAMPED, SUBJECT, T0, window


def formats(w):
    v1, v2 = entry(w.rekor1), entry(w.rekor2)
    time = stamp(w.tsa)
    yield good(w, "good-v0.3", "bundle v0.3, entry with promise and proof", offer(w))
    yield good(w, "good-v0.3-old-media-type", "the older spelling of v0.3", offer(w, "v0.3-old"))
    yield good(w, "good-v0.2", "bundle v0.2", offer(w, "v0.2"))
    chain = [w.leaf(), w.ca.middle]
    s = Signed("v0.2", "sign", chain[0].key, chain[0])

    yield good(
        w, "good-v0.2-chain", "bundle v0.2 with leaf and intermediate in a chain",
        bundle(s, [v1], chain=[c.der for c in chain]),
    )
    yield good(w, "good-v0.1", "bundle v0.1, promise and proof", offer(w, "v0.1"))
    yield good(
        w, "good-v0.1-promise-only", "bundle v0.1 whose entry has a promise and no proof",
        offer(w, "v0.1", entries=[entry(w.rekor1, proof=False)]),
    )
    yield good(
        w, "good-proof-and-timestamp", "an entry without promise; the time is the timestamp's",
        offer(w, entries=[entry(w.rekor1, promise=False)], stamps=[time]),
    )
    yield good(w, "good-message", "a signature over the manifest", offer(w, content="message"))
    yield good(
        w, "good-message-artifact", "the same with the manifest's bytes known",
        offer(w, content="message"), artifact=MANIFEST.decode(), go=UNASKED,
    )
    yield good(
        w, "good-attestation", "an attestation of type SPDX, Statement v0.1",
        offer(w, content="attestation"), want=SPDX,
    )
    yield good(
        w, "good-second-subject", "a statement whose second subject is the image",
        offer(w, signed={"payload": statement(subjects=[
            {"digest": {"sha256": OTHER[7:]}}, {"digest": {"sha256": DIGEST[7:]}}])}),
    )
    for name, form, what in (("sig", "sig", "signature"), ("att", "att", "attestation")):
        content = "sign" if form == "sig" else "attestation"
        more = {"want": SPDX} if form == "att" else {}
        yield good(
            w, f"good-legacy-{name}", f"legacy {what} with its promise",
            offer(w, form, content), **more,
        )
        yield good(
            w, f"good-legacy-{name}-timestamp", f"legacy {what} with promise and timestamp",
            offer(w, form, content, stamps=[time]), **more,
        )
        yield good(
            w, f"good-legacy-{name}-timestamp-only", f"legacy {what} with a timestamp, no log asked",
            offer(w, form, content, entries=[], stamps=[time]), log_threshold=0, **more,
        )
    yield good(
        w, "good-legacy-chain-unread", "the chain's annotation is garbage, and nobody reads it under Fulcio",
        offer(w, "sig", chain="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    )
    yield good(
        w, "good-legacy-att-timestamp-of-blob", "a timestamp over the whole envelope",
        offer(w, "att", "attestation", stamps=[stamp(w.tsa, over=lambda s: s.blob)]), want=SPDX,
    )
    yield good(
        w, "good-rekor2", "Rekor v2, Ed25519", offer(w, entries=[v2], stamps=[time])
    )
    yield good(
        w, "good-rekor2-p256", "Rekor v2 with an ECDSA key",
        offer(w, entries=[entry(w.rekor2p)], stamps=[time]),
    )
    yield good(
        w, "good-rekor2-message", "Rekor v2, a signature over the manifest",
        offer(w, content="message", entries=[v2], stamps=[time]),
    )


def kinds(w):
    for version in ("0.0.1", "0.0.2"):
        if version == "0.0.2":
            yield good(
                w, "good-intoto-0.0.2", "an entry of kind intoto 0.0.2",
                offer(w, entries=[entry(w.rekor1, ("intoto", version))]),
            )
        yield good(
            w, f"good-legacy-att-intoto-{version}", f"legacy attestation, intoto {version}",
            offer(w, "att", "attestation", entries=[entry(w.rekor1, ("intoto", version))]),
            want=SPDX,
        )
    for kind in ("p384", "p521", "rsa2048"):
        leaf = {"key": w.pool("leaf " + kind if kind != "rsa2048" else "rsa", kind)}
        yield good(
            w, f"good-leaf-{kind}", f"certificate of a {kind} key, kind dsse",
            offer(w, leaf=leaf), go=UNASKED if kind != "rsa2048" else None,
        )
        yield good(
            w, f"good-leaf-{kind}-rekor2", f"the same in Rekor v2, by the hash of the key",
            offer(w, leaf=leaf, entries=[entry(w.rekor2)], stamps=[stamp(w.tsa)]), go=UNASKED,
        )
        yield good(
            w, f"good-leaf-{kind}-message", f"the same over the manifest: hashedrekord 0.0.1",
            offer(w, content="message", leaf=leaf), artifact=MANIFEST.decode(), go=UNASKED,
        )
    leaf = {"key": w.pool("leaf ed25519", "ed25519")}
    yield good(
        w, "good-leaf-ed25519", "certificate of an Ed25519 key, pure, kind dsse",
        offer(w, leaf=leaf), go=UNASKED,
    )


def bodies(w):
    """What entries may have besides."""

    def case(name, about, change, **more):
        return good(w, name, about, offer(w, entries=[entry(w.rekor1, body=lambda t: edit(t, change))]),
                    **more)

    yield case("good-body-unknown-field", "a field of later versions in the body",
               lambda t: t["spec"].update(later=1), go=UNASKED)
    yield case("good-body-upper-case", "a hash in upper case", go=UNASKED,
               change=lambda t: t["spec"]["payloadHash"].update(
                   value=t["spec"]["payloadHash"]["value"].upper()))


def trees(w):
    for size, index, what in (
        (1, 0, "a tree of one leaf: no hashes"), (2, 1, "a tree of two"),
        (7, 6, "the last leaf of a tree that is not full"), (8, 0, "the first leaf of a full tree"),
        (300, 171, "in the middle of 300 leaves"), (300, 299, "the last of 300 leaves"),
        (257, 256, "the last leaf alone beside a full tree"),
    ):
        yield good(
            w, f"good-tree-{size}-leaf-{index}", what,
            offer(w, entries=[entry(w.rekor1, size=size, index=index)]),
        )
    yield good(
        w, "good-tree-rekor2-300", "Rekor v2, 300 leaves",
        offer(w, entries=[entry(w.rekor2, size=300, index=200)], stamps=[stamp(w.tsa)]),
    )
    witness = Witness(w.pool("witness", "ed25519"))

    def around(log, text):
        return [witness.line(text, T0), log.line(text), witness.line(text, T0 + 1)]

    def stranger(log, text):
        return [log.line(text, hint=b"none", signer=w.pool("stranger")), log.line(text)]

    for name, log in (("rekor1", w.rekor1), ("rekor2", w.rekor2)):
        yield good(
            w, f"good-checkpoint-{name}-witnessed", "cosignatures before and after the log's line",
            offer(w, entries=[entry(log, checkpoint={"lines": around})], stamps=[stamp(w.tsa)]),
            go="rejects: demands that every line verifies" if log is w.rekor1 else None,
        )
        yield good(
            w, f"good-checkpoint-{name}-other-key", "a line of the log's name by an unknown key",
            offer(w, entries=[entry(log, checkpoint={"lines": stranger})], stamps=[stamp(w.tsa)]),
            go="rejects: demands that every line verifies" if log is w.rekor1 else None,
        )
    yield good(
        w, "good-checkpoint-extension-lines", "a checkpoint of Rekor v2 with lines of extensions",
        offer(w, entries=[entry(w.rekor2, checkpoint={"text": lambda t: t + "extra line\n"})],
              stamps=[stamp(w.tsa)]),
    )
    yield good(
        w, "good-private-origin", "a log of version 1 with any origin",
        offer(w, entries=[entry(w.rekor1, checkpoint={"origin": "acme's own log"})]), go=UNASKED,
    )
    yield good(
        w, "good-unknown-log-beside", "an entry of an unknown log beside a good one",
        offer(w, entries=[entry(w.rekor1), entry(w.rekor1b)]),
        root=edit(w.trusted_root(), lambda r: r["tlogs"].pop(1)),
    )
    yield good(
        w, "good-two-logs", "entries of two logs for a threshold of two",
        offer(w, entries=[entry(w.rekor1), entry(w.rekor1b)]), log_threshold=2,
    )
    yield good(
        w, "good-two-logs-both-versions", "a log of each version for a threshold of two",
        offer(w, entries=[entry(w.rekor1), entry(w.rekor2)]), log_threshold=2,
    )
    yield good(
        w, "good-time-altered-without-promise", "integratedTime of an entry with a proof only is "
        "read by nobody; the timestamp tells the time",
        offer(w, entries=[entry(w.rekor1, promise=False,
                                edit=lambda e: e.update(integratedTime=str(T0 + 10**8)))],
              stamps=[stamp(w.tsa)]), go="rejects: compares it with the certificate all the same",
    )


def identities(w):
    def case(name, about, san, subject, **more):
        return good(
            w, name, about, offer(w, leaf={"san": [san]}),
            identities=[{"issuer": ISSUER, "subject": subject}], **more,
        )

    yield case("good-san-email", "an e-mail address", pki.email("a@mini.example"), "a@mini.example")
    yield case("good-san-username", "an otherName of Fulcio", pki.username("alice!mini"), "alice!mini")
    yield case("good-san-dns", "a dNSName", pki.dns("build.mini.example"), "build.mini.example",
               go=UNASKED)
    regex = {"issuerRegex": "https://[a-z]+\\.mini\\.example", "subjectRegex": ".*@refs/heads/(main|rel)"}
    yield good(w, "good-regex", "expressions that match from end to end", offer(w), identities=[regex])
    yield good(
        w, "good-second-identity", "the second of two identities",
        offer(w), identities=[{"issuer": ISSUER, "subject": "x"}, {"issuer": ISSUER, "subject": SUBJECT}],
    )
    yield good(
        w, "good-issuer-1-only", "the issuer in extension .1 alone",
        offer(w, leaf={"extensions": {"issuer8": None}}),
    )
    yield good(
        w, "good-issuer-8-only", "the issuer in extension .8 alone",
        offer(w, leaf={"extensions": {"issuer1": None}}), go=UNASKED,
    )
    more = {"extensions": {"12": pki.fulcio(12, "https://git.mini.example/acme/app"),
                           "5": pki.fulcio(5, "acme/app")}}
    for key, what in (("source-repository-uri", "by its name"), (pki.FULCIO + "12", "by its OID")):
        yield good(
            w, f"good-extension-{'oid' if key[0] == '1' else 'name'}", f"an extension, {what}",
            offer(w, leaf=more),
            identities=[{"issuer": ISSUER, "subject": SUBJECT,
                         "extensions": {key: "https://git.mini.example/acme/app"}}],
        )
    yield good(
        w, "good-extension-raw", "an extension of raw text",
        offer(w, leaf=more),
        identities=[{"issuer": ISSUER, "subject": SUBJECT, "extensions": {pki.FULCIO + "5": "acme/app"}}],
    )


def scts(w):
    def case(name, about, scts_, **more):
        settings = {k: more.pop(k) for k in ("sct_threshold", "root", "go") if k in more}
        return good(w, name, about, offer(w, leaf={"scts": scts_, **more}), **settings)

    yield case("good-sct-extensions", "an SCT with extensions", [w.sct(extensions=b"\0\0\5abcde")])
    yield case("good-sct-rsa", "a log of certificates with an RSA key", [w.sct(w.ct_rsa)])
    yield case("good-sct-two", "two logs for a threshold of two", [w.sct(), w.sct(w.ct2)],
               sct_threshold=2)
    unknown = pki.CtLog(w.pool("ct unknown"))
    yield case("good-sct-unknown-beside", "an SCT of an unknown log beside a good one",
               [w.sct(unknown), w.sct()])
    yield case("good-sct-first-extension", "the list is the first extension", None, sct_at=0)
    yield case("good-sct-none-asked", "no SCT, and none asked for", [], sct_threshold=0)
    long = {"12": pki.fulcio(12, "https://" + "x" * 300)}
    yield case("good-sct-long-certificate", "lengths of three bytes shrink to two", None,
               extensions=long)
    at = (T0 - 30) * 1000 + 123
    root = edit(w.trusted_root(), lambda r: r["ctlogs"][0]["publicKey"].update(
        validFor=window(START, window(end=T0 - 30)["end"].replace("Z", ".123Z"))))
    yield case("good-sct-at-end-of-window", "seen at the last millisecond of the log's key",
               [w.sct(at_ms=at)], root=root)


def times(w):
    def root_with(change, **knobs):
        return edit(w.trusted_root(**knobs), change)

    for name, leaf in (("start", {"start": LOGGED}), ("end", {"end": LOGGED})):
        yield good(
            w, f"good-certificate-{name}", f"logged in the {name} second of the certificate",
            offer(w, leaf=leaf),
        )
    for what, index, moment in (
        ("certificateAuthorities", 0, LOGGED), ("timestampAuthorities", 0, STAMPED),
    ):
        for end, span in (("start", window(moment)), ("end", window(START, moment))):
            yield good(
                w, f"good-{what}-{end}", f"closed interval: used in the {end} second",
                offer(w, stamps=[stamp(w.tsa)] if index or what[0] == "t" else ()),
                root=root_with(lambda r: r[what][0].update(validFor=span)),
            )
    for end, span in (("start", window(LOGGED)), ("end", window(START, LOGGED))):
        yield good(
            w, f"good-log-key-{end}", f"closed interval: logged in the {end} second of the log's key",
            offer(w), root=root_with(lambda r: r["tlogs"][0]["publicKey"].update(validFor=span)),
        )
    for name, at, log in (("rekor1", 0, w.rekor1), ("rekor2", 2, w.rekor2)):
        for end, span in (("start", window(STAMPED)), ("end", window(START, STAMPED))):
            yield good(
                w, f"good-log-key-{name}-proof-{end}", "a proof only: stamped in the "
                f"{end} second of the log's key", offer(
                    w, entries=[entry(log, promise=False)], stamps=[stamp(w.tsa)]),
                root=root_with(lambda r: r["tlogs"][at]["publicKey"].update(validFor=span)),
            )
    yield good(
        w, "good-log-key-one-of-two-times", "a proof only: at the second of two times the key counts",
        offer(w, entries=[entry(w.rekor2)], stamps=[stamp(w.tsa), stamp(w.tsa2, when=STAMPED + 9)]),
        root=root_with(lambda r: r["tlogs"][2]["publicKey"].update(validFor=window(STAMPED + 8))),
    )
    older = w.new_ca("old ca")
    yield good(
        w, "good-second-authority", "the second authority issued it, the first is over",
        offer(w),
        root=root_with(lambda r: r["certificateAuthorities"].insert(
            0, w.authority(older.chain(), end=T0 - 1000))),
    )
    yield good(
        w, "good-anchor-is-intermediate", "the anchor of the root is the intermediate",
        offer(w), go=UNASKED,
        root=root_with(lambda r: r["certificateAuthorities"][0]["certChain"]["certificates"].pop()),
    )
    direct = w.new_ca("direct", direct=True)
    yield good(
        w, "good-no-intermediate", "the root itself issued the certificate",
        offer(w, leaf={"ca": direct}), root=w.trusted_root(ca=direct),
    )
    yield good(
        w, "good-age", "exactly as old as allowed", offer(w), max_age_s=NOW - LOGGED
    )
    yield good(
        w, "good-current-time", "own certificates: no log, no SCT, no time but now",
        offer(w, leaf={"scts": [], "end": NOW}, entries=[]),
        log_threshold=0, sct_threshold=0, use_current_time=True,
    )


def timestamps(w):
    def case(name, about, *stamps, **settings):
        offered = offer(w, entries=[entry(w.rekor1, promise=False)], stamps=stamps)
        return good(w, name, about, offered, **settings)

    for algorithm in ("sha384", "sha512"):
        yield case(f"good-timestamp-{algorithm}", f"imprint of {algorithm}",
                   stamp(w.tsa, hash_name=algorithm))
    yield case("good-timestamp-nonce", "a nonce", stamp(w.tsa, tst={"nonce": 1 << 63}))
    yield case("good-timestamp-fraction", "a fraction of a second",
               stamp(w.tsa, tst={"fraction": ".25"}))
    yield case("good-timestamp-granted-with-mods", "status 1", stamp(w.tsa, respond={"status": 1}),
               go="rejects: takes status 0 only")
    yield case("good-timestamp-embedded", "the leaf is configured and embedded",
               stamp(w.tsa, embed=w.tsa.chain()))
    bare = edit(w.trusted_root(), lambda r: r["timestampAuthorities"][0].update(
        w.authority(w.tsa.chain(with_leaf=False))))
    yield case("good-timestamp-leaf-embedded-only", "the leaf is in the timestamp, its issuers in the root",
               stamp(w.tsa, embed=[w.tsa.leaf.der]), root=bare)
    yield case("good-timestamp-empty-certificates", "an empty list of certificates",
               stamp(w.tsa, wrap={"empty": True}))
    rsa = w.new_tsa("tsa rsa", kind="rsa2048")
    yield case("good-timestamp-rsa", "an authority with an RSA key", stamp(rsa),
               root=w.trusted_root(tsas=[w.tsa, rsa]))
    expired = w.new_tsa("tsa expired", end=T0 + 3600)
    yield case("good-timestamp-expired-since", "a chain that is over today", stamp(expired),
               root=w.trusted_root(tsas=[expired]))
    yield case("good-timestamp-two-authorities", "two authorities for a threshold of two",
               stamp(w.tsa), stamp(w.tsa2), time_threshold=2)
    def anonymous(r):
        for one in r["timestampAuthorities"]:
            del one["uri"]

    yield case("good-timestamp-authorities-without-uri", "two authorities without address, two wanted",
               stamp(w.tsa), stamp(w.tsa2), time_threshold=2, go=UNASKED,
               root=edit(w.trusted_root(), anonymous))
    sister = w.new_tsa("tsa sister", leaf_knobs={"above": w.tsa.middle})
    sister.middle, sister.root = w.tsa.middle, w.tsa.root
    yield case("good-timestamp-two-leaves", "two authorities under one intermediate, two wanted",
               stamp(w.tsa), stamp(sister), time_threshold=2, root=w.trusted_root(tsas=[w.tsa, sister]))
    yield case("good-timestamp-certificate-hash", "the signed hash of a certificate is another's, which "
               "nobody reads: the signer is known by issuer, serial number and signature",
               stamp(w.tsa, signing={"attrs": lambda a: {**a, "certificate": tsa.attribute(
                   "1.2.840.113549.1.9.16.2.47", seq(seq(seq(octets(sha(w.tsa2.leaf.der))))))}}))
    yield case("good-timestamp-bad-beside", "one of another signature beside a good one",
               stamp(w.tsa, over=lambda s: b"else"), stamp(w.tsa))
    ends = w.new_tsa("tsa ends", leaf_knobs={"end": STAMPED})
    yield case("good-timestamp-last-second", "made in the last second of the authority's certificate",
               stamp(ends), root=w.trusted_root(tsas=[ends]))


def roots(w):
    def case(name, about, change, offered=None, **more):
        return good(w, name, about, offered or offer(w), root=edit(w.trusted_root(), change), **more)

    def unknown(r):
        r["operators"] = []
        r["tlogs"][0].update(operator="acme", checkpointKeyId={"keyId": b64(b"1234")})
        r["certificateAuthorities"][0]["note"] = 1

    yield case("good-root-unknown-fields", "fields of later versions in the root", unknown, go=UNASKED)

    def staging(r):
        key = w.pool("rsa", "rsa2048")
        r["tlogs"].insert(0, {
            "baseUrl": "https://staging.mini.example", "hashAlgorithm": "SHA2_256",
            "publicKey": {"rawBytes": b64(key.pkcs1), "keyDetails": "PKCS1_RSA_PKCS1V5",
                          "validFor": window()},
            "logId": {"keyId": b64(sha(key.pkcs1))},
        })

    yield case("good-root-pkcs1-log", "a log whose key cannot be used, which is never asked", staging,
               go=UNASKED)
    for kind in ("application/vnd.dev.sigstore.trustedroot.v0.1+json",
                 "application/vnd.dev.sigstore.trustedroot.v0.2+json"):
        yield case(f"good-root-{kind[42:46]}", f"media type {kind}",
                   lambda r: r.update(mediaType=kind), go=UNASKED)
    half = w.trusted_root()
    first = {k: half[k] for k in ("mediaType", "tlogs")}
    second = {k: v for k, v in half.items() if k != "tlogs"}
    out = good(w, "good-root-in-two-files", "two files make one root", offer(w), go=UNASKED)
    out.settings["root"] = [dump(first), dump(second)]
    yield out
    yield good(
        w, "good-keyed-with-log", "a signature by key, logged",
        keyed(w, [entry(w.rekor1)]), keys_inline=[pem("PUBLIC KEY", w.pool("leaf").spki)],
        identities=[], sct_threshold=0,
    )
    for name, span in (("whole", [LOGGED - 1, LOGGED + 1]), ("second", [LOGGED, LOGGED])):
        yield good(
            w, f"good-keyed-window-{name}", "logged and stamped within the key's time, closed interval",
            keyed(w, [entry(w.rekor1)], [stamp(w.tsa, when=LOGGED)]), window=span, identities=[],
            keys_inline=[pem("PUBLIC KEY", w.pool("leaf").spki)], sct_threshold=0,
        )
    yield good(
        w, "good-keyed-64-keys", "the last of 64 keys",
        keyed(w, [entry(w.rekor1)]), identities=[], sct_threshold=0,
        keys_inline=[pem("PUBLIC KEY", w.pool("stranger").spki)] * 63
        + [pem("PUBLIC KEY", w.pool("leaf").spki)],
    )
    yield good(
        w, "good-keyed-rekor2", "a signature by key, in Rekor v2 without any timestamp",
        keyed(w, [entry(w.rekor2)]), keys_inline=[pem("PUBLIC KEY", w.pool("leaf").spki)],
        identities=[], sct_threshold=0,
    )


def keyed(w, entries, stamps=(), form="v0.3", **knobs):

    s = Signed(form, "sign", w.pool("leaf"), None)
    return (layer if form in ("sig", "att") else bundle)(s, entries, stamps, **knobs)


GROUPS = (formats, kinds, bodies, trees, identities, scts, times, timestamps, roots)
