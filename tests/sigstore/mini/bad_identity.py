"""Identities that must not count, and proofs of the certificate's log that prove nothing."""

import struct

import pki
from der import octets, tlv, utf8
from variant import UNASKED, edit, offer, variant
from world import ISSUER, START, SUBJECT, T0, window

GIT = "https://git.mini.example/acme/app"


def who(**more):
    return [{"issuer": ISSUER, "subject": SUBJECT, **more}]


def names(w):
    def case(name, reason, about, subject=SUBJECT, go=None, **leaf):
        return variant(w, name, reason, about, offer(w, leaf=leaf), go=go,
                       identities=[{"issuer": ISSUER, "subject": subject}])

    yield case("san-none", "identity_missing", "no name at all", san=None)
    yield case("san-two", "identity_missing", "two names, the first of them ours",
               san=[pki.uri(SUBJECT), pki.email("a@mini.example")], go="accepts: looks for any that fits")
    yield case("san-two-second-ours", "identity_missing", "two names, the second of them ours",
               san=[pki.email("a@mini.example"), pki.uri(SUBJECT)],
               go="accepts: looks for any that fits")
    yield case("san-other", "identity_subject", "another name", san=[pki.uri(SUBJECT + "x")])
    yield case("san-case", "identity_subject", "another case", san=[pki.uri(SUBJECT.upper())])
    yield case("san-nul", "certificate_extension", "our name, a NUL and more",
               san=[pki.uri(SUBJECT + "\0.evil.example")])
    yield case("san-nul-email", "certificate_extension", "an address, a NUL and more", "a@mini.example",
               san=[pki.email("a@mini.example\0.evil.example")])
    yield case("san-empty", "certificate_malformed", "an empty name", san=[pki.uri("")], subject="x")
    yield case("san-address", "identity_missing", "an IP address", san=[pki.prim(7, b"\x7f\0\0\1")])
    yield case("san-other-name-oid", "identity_missing", "an otherName of another kind", "alice!mini",
               san=[pki.username("alice!mini", "1.3.6.1.4.1.311.20.2.3")])
    yield case("san-other-name-tag", "certificate_extension", "an otherName that is no UTF8String",
               "alice!mini", san=[pki.username("alice!mini", tag=0x04)])
    yield case("san-in-subject-only", "identity_missing", "the name in the subject's common name",
               san=None, common=SUBJECT)
    yield case("san-twice", "certificate_extension", "two extensions of names", go=UNASKED,
               extensions={"again": pki.names(pki.uri(SUBJECT + "x"))})


def issuers(w):
    def case(name, reason, about, go=None, **extensions):
        return variant(w, name, reason, about, offer(w, leaf={"extensions": extensions}), go=go)

    other = "https://accounts.other.example"
    yield case("issuer-none", "identity_missing", "no issuer", issuer1=None, issuer8=None)
    yield variant(w, "issuer-other", "identity_issuer", "another issuer",
                  offer(w, leaf={"issuer": other}))
    yield variant(w, "issuer-longer", "identity_issuer", "our issuer and more",
                  offer(w, leaf={"issuer": ISSUER + ".evil.example"}))
    yield case("issuer-8-other", "identity_missing", ".1 is ours, .8 another",
               issuer8=pki.fulcio(8, other))
    yield case("issuer-1-other", "identity_missing", ".8 is ours, .1 another",
               issuer1=pki.fulcio(1, other), go="accepts: prefers .8")
    yield case("issuer-8-raw", "certificate_extension", ".8 is raw text", issuer1=None,
               issuer8=pki.extension(pki.FULCIO + "8", ISSUER.encode()))
    yield case("issuer-8-trailing", "certificate_extension", "a byte behind the text of .8",
               issuer8=pki.extension(pki.FULCIO + "8", utf8(ISSUER) + b"\0"), go=UNASKED)
    yield case("issuer-8-octets", "certificate_extension", ".8 is an OCTET STRING",
               issuer8=pki.extension(pki.FULCIO + "8", octets(ISSUER.encode())), issuer1=None)
    yield case("issuer-8-long-length", "certificate_extension", ".8 with a length that is not the shortest",
               issuer8=pki.extension(pki.FULCIO + "8", b"\x0c\x81" + utf8(ISSUER)[1:]), go=UNASKED)
    yield case("issuer-8-twice", "certificate_extension", "extension .8 twice",
               again=pki.fulcio(8, other), go=UNASKED)
    yield case("issuer-1-twice", "certificate_extension", "extension .1 twice",
               issuer8=None, again=pki.fulcio(1, ISSUER), go=UNASKED)


def expressions(w):
    def case(name, reason, about, **identity):
        return variant(w, name, reason, about, offer(w), identities=[{**who()[0], **identity}])

    def subject(name, expression, about):
        return variant(w, name, "identity_subject", about, offer(w),
                       identities=[{"issuer": ISSUER, "subjectRegex": expression}])

    yield subject("regex-begins", "https://git\\.mini\\.example/acme/app", "matches the beginning only")
    yield subject("regex-ends", "\\.ci/build\\.yml@refs/heads/main", "matches the end only")
    yield subject("regex-inside", "acme", "matches inside only; GHSA-59jp-pj84-45mr")
    yield subject("regex-alternatives", "x|https://git.mini.example/acme", "no alternative is the whole")
    yield variant(w, "regex-issuer", "identity_issuer", "the issuer's expression matches a part",
                  offer(w, leaf={"issuer": ISSUER + ".evil.example"}),
                  identities=[{"issuerRegex": "https://accounts\\.mini\\.example", "subject": SUBJECT}])
    yield variant(w, "regex-newline", "identity_subject", "an expression does not end at a newline",
                  offer(w, leaf={"san": [pki.uri(SUBJECT + "\nevil")]}),
                  identities=[{"issuer": ISSUER, "subjectRegex": "https://[^\n]*main"}])
    yield case("identity-subject-empty", "identity_subject", "an identity that wants nothing matches nothing",
               subject="")
    yield variant(w, "identity-issuer-of-first-subject-of-second", "identity_subject",
                  "the issuer of one identity and the subject of another", offer(w),
                  identities=[{"issuer": ISSUER, "subject": "x"},
                              {"issuer": ISSUER + "/", "subject": SUBJECT}])


def extensions(w):
    made = {"12": pki.fulcio(12, GIT), "14": pki.fulcio(14, "refs/heads/main")}

    def case(name, about, wanted, leaf=None, reason="identity_extension"):
        return variant(w, name, reason, about, offer(w, leaf={"extensions": leaf or made}),
                       identities=who(extensions=wanted))

    yield case("extension-other", "another repository", {"source-repository-uri": GIT + "-2"})
    yield case("extension-missing", "an extension that is not there", {"build-trigger": "push"})
    yield case("extension-one-of-two", "the first fits, the second does not",
               {"source-repository-uri": GIT, "source-repository-ref": "refs/heads/dev"})
    yield case("extension-twice", "a wanted extension twice", {"source-repository-uri": GIT},
               {**made, "again": pki.fulcio(12, GIT + "-2")}, "certificate_extension")
    raw = pki.extension(pki.FULCIO + "12", GIT.encode())
    yield case("extension-raw", "a wanted extension that is raw text", {"source-repository-uri": GIT},
               {"12": raw}, "certificate_extension")


# ---- signed certificate timestamps ----------------------------------------------------------


def scts(w):
    def case(name, reason, about, scts_, root=None, threshold=1, go=None, **leaf):
        more = {} if threshold == 1 else {"sct_threshold": threshold}
        return variant(w, name, reason, about, offer(w, leaf={"scts": scts_, **leaf}), root=root,
                       go=go, **more)

    stranger = pki.CtLog(w.pool("ct stranger"))
    at = (T0 - 30) * 1000 + 123
    yield case("sct-none", "sct_missing", "no SCT", [])
    yield case("sct-unknown-log", "sct_log_unknown", "a log that the root does not have",
               [w.sct(stranger)])
    yield case("sct-forged", "sct_signature", "another key in the log's name",
               [w.sct(signer=w.pool("stranger"))])
    yield case("sct-other-certificate", "sct_signature", "the SCT of another certificate",
               [lambda body, spki: w.ct.sct(body[:-1] + b"\0", spki, at)])
    yield case("sct-other-issuer", "sct_signature", "signed with the hash of another issuer's key", None,
               issuer_spki=w.ca.root.key.spki)
    yield case("sct-millisecond", "sct_signature", "the time altered by a millisecond",
               [w.sct(shown=(at + 1, b""))])
    yield case("sct-extensions-altered", "sct_signature", "extensions altered",
               [w.sct(extensions=b"abc", shown=(at, b"abd"))])
    yield case("sct-extensions-dropped", "sct_signature", "extensions dropped",
               [w.sct(extensions=b"abc", shown=(at, b""))])
    yield case("sct-extensions-added", "sct_signature", "extensions added",
               [w.sct(shown=(at, b"abc"))])
    yield case("sct-algorithm-lie", "sct_signature", "says RSA of an ECDSA signature",
               [w.sct(algorithm=1)])
    for name, span in (
        ("after-window", window(START, window(end=T0 - 30)["end"].replace("Z", ".122Z"))),
        ("before-window", {"start": window(T0 - 30)["start"].replace("Z", ".124Z")}),
    ):
        yield case(f"sct-{name}", "sct_time", f"a millisecond {name.split('-')[0]} the key's window", None,
                   root=edit(w.trusted_root(), lambda r: r["ctlogs"][0]["publicKey"].update(validFor=span)))
    yield case("sct-time-huge", "sct_malformed", "seen at a time beyond 63 bits", [w.sct(at_ms=1 << 63)],
               go="accepts: takes it for a time long ago")
    yield case("sct-threshold", "sct_threshold", "one log, two wanted", None, threshold=2)
    yield case("sct-same-log-twice", "sct_threshold", "two SCTs of one log for a threshold of two",
               [w.sct(), w.sct(at_ms=at + 5)], threshold=2)
    yield case("sct-one-of-two", "sct_threshold", "a good one and a forged one for a threshold of two",
               [w.sct(), w.sct(w.ct2, signer=w.pool("stranger"))], threshold=2)


def sct_lists(w):
    def case(name, about, value, reason="sct_malformed", go=None, **leaf):
        return variant(w, name, reason, about, go=go, offered=offer(w, leaf={"sct_value": value, **leaf}))

    def listed(change):
        """The extension with change(list) inside."""
        return lambda scts: [pki.sct_extension(change(pki.sct_list(scts), scts))]

    yield case("sct-list-empty", "a list of nothing", listed(lambda d, s: b"\0\0"))
    yield case("sct-list-trailing", "a byte behind the list", listed(lambda d, s: d + b"\0"),
               go=UNASKED)
    yield case("sct-list-short", "a list a byte longer than its bytes",
               listed(lambda d, s: struct.pack(">H", len(d) - 1) + d[2:]))
    yield case("sct-list-cut", "the last byte is missing", listed(lambda d, s: d[:-1]))
    yield case("sct-entry-trailing", "a byte behind the signature of an SCT",
               listed(lambda d, s: pki.sct_list([s[0] + b"\0"])))
    yield case("sct-entry-cut", "an SCT without its last byte",
               listed(lambda d, s: pki.sct_list([s[0][:-1]])))
    yield case("sct-version", "version 2", None, scts=[w.sct(version=1)])
    yield case("sct-hash", "a hash that is not SHA-256", None, scts=[w.sct(hash_id=5)])
    yield case("sct-value-not-octets", "the value is no OCTET STRING",
               lambda scts: [pki.extension(pki.SCT_LIST, tlv(0x30, pki.sct_list(scts)))])
    yield case("sct-value-trailing", "a byte behind the OCTET STRING",
               lambda scts: [pki.extension(pki.SCT_LIST, octets(pki.sct_list(scts)) + b"\0")], go=UNASKED)
    yield case("sct-list-twice", "two extensions with the list",
               lambda scts: [pki.sct_extension(pki.sct_list(scts))] * 2, "certificate_extension", go=UNASKED)
    yield case("sct-seventeen", "17 SCTs", None, scts=[w.sct()] * 17,
               go="accepts: has no limit")


GROUPS = (names, issuers, expressions, extensions, scts, sct_lists)
