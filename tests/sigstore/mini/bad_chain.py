"""Certificates that must not count: chain, purpose, time."""

import pki
from keys import pem
from offer import entry, stamp
from rekor import b64
from variant import UNASKED, edit, offer, variant
from world import LOGGED, NOW, START, STAMPED, T0, window

UNKNOWN_CRITICAL = pki.extension("1.2.3.4", b"\5\0", True)


def leaf_case(w, name, reason, about, go=None, **leaf):
    return variant(w, name, reason, about, offer(w, leaf=leaf), go=go)


def purpose(w):
    def case(name, about, go=None, reason="certificate_purpose", **extensions):
        return leaf_case(w, name, reason, about, go, extensions=extensions)

    yield case("purpose-none", "no extended key usage", "accepts: none counts as any", purpose=None)
    yield case("purpose-any", "anyExtendedKeyUsage", "accepts: counts as any", purpose=pki.purposes(pki.ANY_PURPOSE))
    yield case("purpose-server", "for TLS servers", purpose=pki.purposes(pki.SERVER_AUTH))
    yield case("purpose-timestamps", "for timestamps", purpose=pki.purposes(pki.TIME_STAMPING))
    yield case("usage-none", "no key usage", "accepts: does not look", usage=None)
    yield case("usage-cert-sign", "key usage without digitalSignature", "accepts: does not look",
               usage=pki.key_usage(5))
    yield case("leaf-is-ca", "a CA", basic=pki.basic(True), go="accepts: does not look")
    yield case("purpose-twice", "two extended key usages, the first wrong",
               reason="certificate_extension", go=UNASKED,
               purpose=pki.purposes(pki.SERVER_AUTH), again=pki.purposes(pki.CODE_SIGNING))
    yield case("leaf-critical-unknown", "an unknown critical extension",
               reason="certificate_chain", more=UNKNOWN_CRITICAL)


def chain(w):
    def case(name, about, ca, reason="certificate_chain", root=None, go=None, **leaf):
        leaf.setdefault("ca", ca)
        return variant(w, name, reason, about, offer(w, leaf=leaf), go=go,
                       root=w.trusted_root(ca=ca) if root is None else root)

    yield case("chain-other-ca", "issued by an authority of the same name and another key",
               w.ca, signer=w.pool("stranger"))
    stranger = w.new_ca("stranger ca")
    yield case("chain-unknown-ca", "issued by an authority that the root does not have",
               stranger, root=w.trusted_root())
    yield case("chain-forged", "the signature on the certificate is another key's", w.ca,
               forged_by=w.pool("stranger"))
    yield case("chain-other-issuer-name", "names another issuer than its signer", w.ca,
               issuer_name=pki.name("somebody"))
    yield case("chain-not-a-ca", "the intermediate is no CA: the root does not load",
               w.new_ca("no ca", middle={"extensions": {"basic": pki.basic(False)}}), "not_verified")
    yield case("chain-without-basic", "the intermediate has no basic constraints: the root does not load",
               w.new_ca("no basic", middle={"extensions": {"basic": None}}), "not_verified")
    yield case("chain-no-cert-sign", "the intermediate may not sign certificates",
               w.new_ca("no sign", middle={"extensions": {"usage": pki.key_usage(0)}}))
    yield case("chain-path-length", "the root allows no intermediate",
               w.new_ca("path", root={"path": 0}))
    yield case("chain-purpose-of-intermediate", "the intermediate is for TLS servers",
               w.new_ca("server ca", middle={"purpose": pki.SERVER_AUTH}))
    yield case("chain-critical-unknown", "the intermediate has an unknown critical extension",
               w.new_ca("critical", middle={"extensions": {"more": UNKNOWN_CRITICAL}}))
    yield case("chain-intermediate-forged", "the root did not sign the intermediate",
               w.new_ca("forged", middle={"signer": w.pool("stranger")}))
    yield case("chain-sha1", "the certificate is signed over SHA-1", w.ca, hash_="sha1")
    yield case("chain-intermediate-sha1", "the intermediate is signed over SHA-1",
               w.new_ca("sha1", middle={"hash_": "sha1"}))
    lost = edit(w.trusted_root(), lambda r: r["certificateAuthorities"][0]["certChain"][
        "certificates"].pop(0))
    yield case("chain-intermediate-missing", "the root has the anchor only", w.ca, root=lost)
    weak = w.new_ca("leaf as ca", middle={"ca": False, "extensions": {"basic": None}})
    yield case("chain-anchor-not-a-ca", "the anchor of the root is no CA: the root does not load", weak,
               "not_verified",
               root=edit(w.trusted_root(ca=weak), lambda r: r["certificateAuthorities"][0][
                   "certChain"]["certificates"].pop()))


def own_chain(w):
    """What comes with the signature never makes an anchor, and no intermediate under Fulcio."""
    evil = w.new_ca("evil")
    text = "".join(pem("CERTIFICATE", c) for c in evil.chain())
    yield variant(w, "chain-annotation-root", "certificate_chain",
                  "the chain's annotation brings root and intermediate",
                  offer(w, "sig", leaf={"ca": evil}, chain=text))
    lost = edit(w.trusted_root(), lambda r: r["certificateAuthorities"][0]["certChain"][
        "certificates"].pop(0))
    yield variant(w, "chain-annotation-intermediate", "certificate_chain",
                  "the intermediate is in the chain's annotation only, under a trusted root",
                  offer(w, "sig", chain=pem("CERTIFICATE", w.ca.middle.der)), root=lost)
    below = w.new_ca("below")
    below.middle = w.leaf(ca=w.ca, common="a leaf", extensions={"basic": pki.basic(True), "usage": pki.key_usage(0, 5)})
    s = offer(w, "v0.2", leaf={"ca": below})
    material = s["verificationMaterial"]
    material["x509CertificateChain"] = {"certificates": [
        material.pop("certificate"), {"rawBytes": b64(below.middle.der)}]}
    yield variant(w, "chain-below-a-leaf", "certificate_chain",
                  "issued by the holder of a certificate of the authority", s)


def certificate_time(w):
    def case(name, about, leaf=None, ca=None, root=None, go=None, **offered):
        knobs = dict(leaf or {})
        if ca:
            knobs["ca"] = ca
        return variant(w, name, "certificate_time", about, offer(w, leaf=knobs, **offered), go=go,
                       root=w.trusted_root(ca=ca) if root is None else root)

    yield case("time-before-certificate", "logged a second before the certificate began",
               {"start": LOGGED + 1})
    yield case("time-after-certificate", "logged a second after the certificate ended",
               {"end": LOGGED - 1})
    yield case("time-intermediate-over", "the intermediate had ended a second before; CVE-2026-24122",
               ca=w.new_ca("middle over", middle={"end": LOGGED - 1}))
    yield case("time-intermediate-not-begun", "the intermediate began a second later",
               ca=w.new_ca("middle young", middle={"start": LOGGED + 1}))
    yield case("time-root-over", "the anchor had ended a second before",
               ca=w.new_ca("root over", root={"end": LOGGED - 1}), go=UNASKED)
    yield case("time-root-not-begun", "the anchor began a second later",
               ca=w.new_ca("root young", root={"start": LOGGED + 1}), go=UNASKED)
    for name, span in (("over", window(START, LOGGED - 1)), ("not-begun", window(LOGGED + 1))):
        yield case(f"time-authority-{name}", f"the authority's window in the root: {name}",
                   root=edit(w.trusted_root(), lambda r: r["certificateAuthorities"][0].update(
                       validFor=span)))
    yield case("time-authority-over-by-fraction", "the window ends half a second before",
               root=edit(w.trusted_root(), lambda r: r["certificateAuthorities"][0].update(
                   validFor=window(START, window(end=LOGGED - 1)["end"].replace("Z", ".5Z")))))
    other = w.authority(w.new_ca("other ca").chain())
    over = w.authority(w.ca.chain(), end=LOGGED - 1)
    for name, both in (("first", [over, other]), ("last", [other, over])):
        yield case(f"time-authority-over-{name}", "of two authorities the one that issued it was over",
                   root=edit(w.trusted_root(), lambda r: r.update(certificateAuthorities=both)))
    yield case("time-bad-timestamp-good-promise", "stamped after the certificate ended, logged within",
               {"end": T0 + 60}, stamps=[stamp(w.tsa, when=T0 + 61)])
    yield case("time-good-timestamp-bad-promise", "stamped within, logged after the certificate ended",
               {"end": STAMPED}, stamps=[stamp(w.tsa)])
    yield case("time-second-timestamp-bad", "the second of two timestamps is after the end",
               {"end": T0 + 60}, stamps=[stamp(w.tsa), stamp(w.tsa2, when=T0 + 61)])
    yield case("time-timestamp-fraction", "stamped half a second after the certificate's last second",
               {"end": STAMPED - 1}, entries=[entry(w.rekor1, promise=False)],
               stamps=[stamp(w.tsa, tst={"fraction": ".5"})])
    yield variant(w, "time-now-after-end", "certificate_time",
                  "own certificates: no time but now, a second after the end",
                  offer(w, leaf={"scts": [], "end": NOW - 1}, entries=[]),
                  log_threshold=0, sct_threshold=0, use_current_time=True)
    yield variant(w, "time-now-is-no-substitute", "certificate_time",
                  "an expired certificate with a verified time is judged by that time, not by now",
                  offer(w, leaf={"start": LOGGED + 1, "end": NOW + 60}), use_current_time=True)


GROUPS = (purpose, chain, own_chain, certificate_time)
