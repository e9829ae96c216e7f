"""Timestamps that must not count, and signatures whose time nobody knows."""

import pki
import tsa
from der import NULL, integer, tlv
from offer import SPDX, entry, sha, stamp
from variant import UNASKED, edit, offer, variant
from world import LOGGED, NOW, START, STAMPED, window


def stamped(w, name, reason, about, make, root=None, go=None, **settings):
    """The time hangs on this one timestamp: the entry has a proof only."""
    makes = make if isinstance(make, list) else [make]
    offered = offer(w, entries=[entry(w.rekor1, promise=False)], stamps=makes)
    return variant(w, f"timestamp-{name}", reason, about, offered, root=root, go=go, **settings)


def contents(w):
    def case(name, reason, about, go=None, over=None, **knobs):
        return stamped(w, name, reason, about, stamp(w.tsa, over=over, **knobs), go=go)

    bad, imprint = "timestamp_malformed", "timestamp_imprint"
    yield case("of-payload", imprint, "over the payload in the place of the signature",
               over=lambda s: s.payload)
    yield case("of-pae", imprint, "over what is signed", over=lambda s: s.message)
    yield case("of-envelope", imprint, "over the envelope, which only legacy layers may have",
               over=lambda s: s.blob)
    yield case("of-base64", imprint, "over the signature's base64",
               over=lambda s: s.envelope["signatures"][0]["sig"].encode())
    yield case("imprint-cut", bad, "an imprint of 31 bytes", imprint=sha(b"x")[:31])
    yield case("imprint-long", bad, "64 bytes that say SHA-256", imprint=b"h" * 64)
    yield case("sha1", bad, "an imprint of SHA-1", hash_name="sha1")
    yield case("md5", bad, "an imprint of MD5", hash_name="md5")
    for status, what in ((2, "rejected"), (3, "waiting"), (5, "revoked")):
        yield case(f"status-{status}", "timestamp_status", f"a response that says {what}",
                   respond={"status": status})
    yield stamped(w, "status-2-without-token", "timestamp_status", "rejected, without token",
                  lambda s: tsa.response(None, 2))
    yield stamped(w, "no-token", bad, "granted, without token", lambda s: tsa.response(None))
    yield case("trailing", bad, "a byte behind the response", respond={"trailing": b"\0"})
    yield case("trailing-inside", bad, "an item behind the token", respond={"inside": NULL},
               go="accepts: does not look")
    yield stamped(w, "garbage", bad, "no response at all", lambda s: b"garbage")
    yield stamped(w, "empty-sequence", bad, "an empty sequence", lambda s: b"\x30\0")
    yield stamped(w, "not-shortest", bad, "a length that is not the shortest",
                  lambda s: long_length(stamp(w.tsa)(s)))
    yield case("content-type", bad, "a token of another content", wrap={"content": "1.2.840.113549.1.7.1"}, go="accepts: does not look",
               signing={"content": "1.2.840.113549.1.7.1"})
    yield case("not-signed-data", bad, "no SignedData", wrap={"outer": "1.2.840.113549.1.7.1"})
    yield case("version", bad, "version 2 of TSTInfo", tst={"version": 2},
               go="accepts: does not look")
    for name, about, time in (
        ("time-zone", "a time that is not UTC", tlv(0x18, b"20260601140005+0200")),
        ("time-local", "a time without zone", tlv(0x18, b"20260601120005")),
        ("time-minutes", "a time without seconds", tlv(0x18, b"202606011200Z")),
        ("time-utctime", "a time with two digits of the year", tlv(0x17, b"260601120005Z")),
        ("time-month", "a thirteenth month", tlv(0x18, b"20261301120005Z")),
        ("time-word", "a time of letters", tlv(0x18, b"2026060112000xZ")),
        ("time-fraction-empty", "a fraction without digits", tlv(0x18, b"20260601120005.Z")),
    ):
        yield case(name, bad, about, tst={"time": time},
                   go="accepts: takes it" if name in ("time-zone", "time-utctime") else None)
    yield case("signers-two", bad, "two signers", twice=True)
    yield stamped(w, "signers-none", bad, "no signer", lambda s: tsa.response(tsa.token(
        tsa.tst_info(sha(s.signature), STAMPED), [])))


def long_length(response):
    """The same with a length of the outer sequence that begins with a zero."""
    assert response[1] == 0x82
    return b"\x30\x83\0" + response[2:]


def signatures(w):
    def case(name, reason, about, go=None, **knobs):
        return stamped(w, name, reason, about, stamp(w.tsa, **knobs), go=go)

    wrong = "timestamp_signature"
    yield case("forged", wrong, "another key signs in the authority's name",
               signing={"signer": w.pool("stranger")})

    def shown(**fields):
        def make(s):
            when = fields.pop("when", STAMPED)
            info = tsa.tst_info(sha(s.signature), STAMPED)
            other = tsa.tst_info(sha(s.signature), when, **fields)
            return tsa.response(tsa.token(info, [tsa.signer_info(info, w.tsa.leaf, STAMPED)], shown=other))

        return make

    yield stamped(w, "time-altered", wrong, "genTime altered by a second", shown(when=STAMPED + 1))
    yield stamped(w, "serial-altered", wrong, "the serial number altered", shown(serial=78))
    stolen = sha(b"another signature")

    def other_imprint(s):
        info = tsa.tst_info(stolen, STAMPED)
        mine = tsa.tst_info(sha(s.signature), STAMPED)
        return tsa.response(tsa.token(info, [tsa.signer_info(info, w.tsa.leaf, STAMPED)], shown=mine))

    yield stamped(w, "imprint-altered", wrong, "a good one of something else, its imprint replaced",
                  other_imprint)
    yield case("digest-of-other", wrong, "the signed digest is of other content",
               signing={"attributes_of": b"else"})
    yield case("attributes-none", "timestamp_malformed", "no signed attributes, the content signed itself",
               signing={"attrs": lambda a: None}, go="accepts: takes both")
    yield case("attribute-digest-missing", "timestamp_malformed", "no messageDigest among the signed attributes",
               signing={"attrs": lambda a: without(a, "digest")})
    yield case("attribute-type-missing", "timestamp_malformed", "no contentType among the signed attributes",
               signing={"attrs": lambda a: without(a, "content")}, go="accepts: does not look")
    yield case("attribute-type-other", "timestamp_malformed", "a contentType of other content",
               signing={"content": "1.2.840.113549.1.7.1"}, go="accepts: does not look")
    yield case("signer-serial", "timestamp_untrusted", "names another serial number of the signer",
               signing={"serial": integer(1)})
    yield case("signer-issuer", "timestamp_untrusted", "names another issuer of the signer",
               signing={"issuer": pki.name("somebody")})
    yield case("embedded-other", "timestamp_certificate",
               "another certificate of the authority is embedded; GHSA-xm5m-wgh2-rrg3",
               embed=[w.tsa2.leaf.der])
    altered = bytearray(w.tsa.leaf.der)
    altered[-1] ^= 1
    yield case("embedded-altered", "timestamp_certificate", "a bit of the embedded leaf altered",
               embed=[bytes(altered)])


def without(tree, key):
    return {k: v for k, v in tree.items() if k != key}


def authorities(w):
    def case(name, reason, about, of=None, root=None, go=None, when=STAMPED, **knobs):
        made = of or w.new_tsa(f"tsa {name}", **knobs)
        tree = w.trusted_root(tsas=[made]) if root is None else root
        return stamped(w, name, reason, about, stamp(made, when=when), tree, go)

    purpose = "timestamp_certificate"
    ekus = {
        "purpose-none": ("no extended key usage", None),
        "purpose-not-critical": ("the extended key usage is not critical",
                                 pki.purposes(pki.TIME_STAMPING)),
        "purpose-more": ("a second purpose", pki.purposes(pki.TIME_STAMPING, pki.CODE_SIGNING,
                                                          critical=True)),
        "purpose-unknown-more": ("a second purpose that nobody knows; timestamp-authority 42ce715",
                                 pki.purposes(pki.TIME_STAMPING, "1.2.3.4", critical=True)),
        "purpose-code": ("for code", pki.purposes(pki.CODE_SIGNING, critical=True)),
        "purpose-any": ("for any purpose", pki.purposes(pki.ANY_PURPOSE, critical=True)),
    }
    for name, (about, eku) in ekus.items():
        yield case(name, purpose, "the authority's certificate: " + about,
                   leaf_knobs={"extensions": {"purpose": eku}})
    is_ca = {"leaf_knobs": {"extensions": {"basic": pki.basic(True)}}}
    yield case("leaf-is-ca", "timestamp_untrusted",
               "the authority's certificate is a CA, and so counts as an issuer", go=UNASKED, **is_ca)
    embedded = w.new_tsa("tsa embedded ca", **is_ca)
    yield stamped(w, "embedded-is-ca", purpose, "an embedded signer that is a CA; timestamp-authority 42e74fc",
                  stamp(embedded, embed=[embedded.leaf.der]),
                  edit(w.trusted_root(), lambda r: r.update(timestampAuthorities=[
                      w.authority(embedded.chain(with_leaf=False))])))
    yield case("leaf-critical-unknown", "timestamp_chain", "an unknown critical extension",
               leaf_knobs={"extensions": {"more": pki.extension("1.2.3.4", b"\5\0", True)}})
    yield case("unknown", "timestamp_untrusted", "an authority that the root does not have",
               root=w.trusted_root())
    alien = w.new_tsa("tsa alien")
    yield stamped(w, "unknown-embedded", "timestamp_untrusted",
                  "an unknown authority that brings its whole chain", stamp(alien, embed=alien.chain()))
    yield stamped(w, "none-trusted", "no_time", "the root has no authority, so that nobody tells the time",
                  stamp(w.tsa), edit(w.trusted_root(), lambda r: r.update(timestampAuthorities=[])))
    bare = w.trusted_root()
    bare["timestampAuthorities"] = [w.authority(w.tsa.chain(with_leaf=False))]
    yield stamped(w, "leaf-nowhere", "timestamp_untrusted", "the leaf neither in the root nor embedded",
                  stamp(w.tsa), bare)
    yield stamped(w, "embedded-under-other", "timestamp_chain",
                  "an embedded leaf that the authority did not issue",
                  stamp(alien, embed=[alien.leaf.der]), bare)
    codes = w.new_tsa("tsa code", leaf_knobs={"extensions": {
        "purpose": pki.purposes(pki.CODE_SIGNING, critical=True)}})
    yield stamped(w, "embedded-purpose", purpose, "an embedded leaf of the authority that is for code",
                  stamp(codes, embed=[codes.leaf.der]),
                  edit(w.trusted_root(), lambda r: r.update(timestampAuthorities=[
                      w.authority(codes.chain(with_leaf=False))])))
    yield case("chain-forged", "timestamp_chain", "the intermediate did not sign the leaf",
               leaf_knobs={"signer": w.pool("stranger")})
    yield case("chain-not-a-ca", "not_verified", "the intermediate is no CA",
               middle_knobs={"extensions": {"basic": pki.basic(False)}})
    yield case("chain-purpose", "timestamp_chain", "the intermediate is for TLS servers",
               middle_knobs={"purpose": pki.SERVER_AUTH}, go=UNASKED)
    yield case("chain-root-forged", "timestamp_chain", "the root did not sign the intermediate",
               middle_knobs={"signer": w.pool("stranger")})


def windows(w):
    def case(name, about, of=None, root=None, when=STAMPED, go=None, **knobs):
        made = of or w.new_tsa(f"tsa {name}", **knobs)
        return stamped(w, name, "timestamp_time", about, stamp(made, when=when),
                       root or w.trusted_root(tsas=[made]), go)

    for who, what in (("leaf", "certificate"), ("middle", "intermediate"), ("root", "root")):
        go = UNASKED if who == "root" else None
        yield case(f"{who}-over", f"the authority's {what} had ended a second before",
                   go=go, **{who + "_knobs": {"end": STAMPED - 1}})
        yield case(f"{who}-not-begun", f"the authority's {what} began a second later; timestamp-authority 21dff8b",
                   go=go, **{who + "_knobs": {"start": STAMPED + 1}})
    for name, span in (("over", window(START, STAMPED - 1)), ("not-begun", window(STAMPED + 1))):
        yield case(f"window-{name}", f"the authority's window in the root: {name}", w.tsa,
                   edit(w.trusted_root(), lambda r: r["timestampAuthorities"][0].update(validFor=span)))
    yield stamped(w, "window-over-by-fraction", "timestamp_time", "half a second behind the window",
                  stamp(w.tsa, tst={"fraction": ".5"}),
                  edit(w.trusted_root(), lambda r: r["timestampAuthorities"][0].update(
                      validFor=window(START, STAMPED))))


def thresholds(w):
    def case(name, reason, about, *stamps, **settings):
        return stamped(w, name, reason, about, list(stamps), **settings)

    one = stamp(w.tsa)
    yield variant(w, "timestamp-none", "timestamp_missing", "one wanted, a promise only", offer(w),
                  time_threshold=1)
    yield case("threshold", "timestamp_threshold", "one authority, two wanted", one, time_threshold=2)
    yield case("threshold-one-authority", "timestamp_threshold",
               "two timestamps of one authority for a threshold of two; sigstore-js adbe2535", one,
               stamp(w.tsa, when=STAMPED + 1), time_threshold=2)
    again = edit(w.trusted_root(), lambda r: r["timestampAuthorities"].append(
        w.authority(w.tsa.chain(), "https://again.mini.example")))
    yield case("threshold-authority-twice", "timestamp_threshold",
               "one authority listed twice in the root, two wanted", one,
               stamp(w.tsa, when=STAMPED + 1), root=again, time_threshold=2)
    namesake = edit(w.trusted_root(), lambda r: r["timestampAuthorities"][1].update(
        uri=r["timestampAuthorities"][0]["uri"]))
    yield case("threshold-same-uri", "timestamp_threshold",
               "two entries of the root with one address are one authority, two wanted", one,
               stamp(w.tsa2), root=namesake, time_threshold=2)
    yield variant(w, "timestamp-threshold-none-trusted", "timestamp_untrusted",
                  "one wanted, and the root has no authority", offer(w, stamps=[one]), time_threshold=1,
                  root=edit(w.trusted_root(), lambda r: r.update(timestampAuthorities=[])))
    yield case("threshold-one-forged", "timestamp_threshold", "a good one and a forged one, two wanted", one,
               stamp(w.tsa2, signing={"signer": w.pool("stranger")}), time_threshold=2)
    yield variant(w, "timestamp-forged-beside-promise", "timestamp_signature",
                  "a forged timestamp beside a good promise",
                  offer(w, stamps=[stamp(w.tsa, signing={"signer": w.pool("stranger")})]))
    yield variant(w, "timestamp-legacy-of-blob", "timestamp_imprint",
                  "a legacy signature whose timestamp is over the payload",
                  offer(w, "sig", stamps=[stamp(w.tsa, over=lambda s: s.payload)]))
    yield variant(w, "timestamp-legacy-att-of-payload", "timestamp_imprint",
                  "a legacy attestation whose timestamp is over the payload",
                  offer(w, "att", "attestation", stamps=[stamp(w.tsa, over=lambda s: s.payload)]), want=SPDX)


def no_time(w):
    yield variant(w, "time-rekor2-without-timestamp", "no_time", "Rekor v2 tells no time, and no timestamp",
                  offer(w, entries=[entry(w.rekor2)]))
    yield variant(w, "time-rekor2-integrated", "no_time", "Rekor v2 with an integratedTime, which nobody signed",
                  offer(w, entries=[entry(w.rekor2, edit=lambda e: e.update(integratedTime=str(LOGGED)))]))
    yield variant(w, "time-without-promise", "no_time",
                  "integratedTime of an entry with a proof only; CVE-2026-48816, GHSA-hhfg-fwrw-87w7",
                  offer(w, entries=[entry(w.rekor1, promise=False)]))
    yield variant(w, "time-none", "no_time", "nothing: no log, no timestamp, no now",
                  offer(w, leaf={"scts": []}, entries=[]), log_threshold=0, sct_threshold=0)
    yield variant(w, "age", "signature_age", "a second older than allowed", offer(w),
                  max_age_s=NOW - LOGGED - 1)
    yield variant(w, "age-of-earliest", "signature_age",
                  "logged now, stamped long ago: the earlier time counts; CVE-2024-23332",
                  offer(w, leaf={"end": NOW}, entries=[entry(w.rekor1, integrated=NOW)],
                        stamps=[stamp(w.tsa)]), max_age_s=3600)
    yield variant(w, "age-of-now", "signature_age", "no time but now is of unknown age",
                  offer(w, leaf={"scts": [], "end": NOW}, entries=[]), log_threshold=0, sct_threshold=0,
                  use_current_time=True, max_age_s=3600)


GROUPS = (contents, signatures, authorities, windows, thresholds, no_time)
