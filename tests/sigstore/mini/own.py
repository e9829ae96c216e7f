"""Certificates of one's own: anchors and intermediates in PEM, no log, no issuer."""

import pki
from keys import pem
from offer import Signed, bundle, stamp
from variant import UNASKED, offer, variant
from world import NOW, SUBJECT, T0


def texts(*certificates):
    return "".join(pem("CERTIFICATE", c.der) for c in certificates)


class Own:
    """How one's own certificates are asked about."""

    def __init__(self, w):
        self.w = w
        self.root, self.middle = w.ca.root, w.ca.middle
        self.settings = {"certificates": [texts(self.root)], "any_issuer": True,
                         "log_threshold": 0, "sct_threshold": 0, "use_current_time": True,
                         "identities": [{"subject": SUBJECT}]}
        self.plain = {"scts": [], "end": NOW, "issuer": None}

    def leaf(self, **knobs):
        return self.w.leaf(**{**self.plain, **knobs})

    def chain(self, *above, form="v0.2", leaf=None, **knobs):
        leaf = leaf or self.leaf()
        s = Signed(form, "sign", leaf.key, leaf)
        return bundle(s, chain=[leaf.der, *[c.der for c in above]], **knobs)

    def layer(self, text, **knobs):
        return offer(self.w, "sig", leaf=self.leaf(), entries=[], chain=text, **knobs)

    def case(self, name, reason, about, offered, **settings):
        return variant(self.w, name, reason, about, offered, go=UNASKED,
                       **{**self.settings, **settings})


def anchors(w):
    o = Own(w)
    both = [texts(w.ca.root, w.ca.middle)]
    yield o.case("good-own", "verified", "root and intermediate are ours", offer(w, leaf=o.leaf(), entries=[]),
                 certificates=both)
    yield o.case("good-own-two-texts", "verified", "in two texts", offer(w, leaf=o.leaf(), entries=[]),
                 certificates=[texts(w.new_ca("second ca").root), both[0]])
    yield o.case("good-own-chain", "verified", "the intermediate came with the bundle", o.chain(o.middle))
    yield o.case("good-own-legacy-chain", "verified", "the intermediate came in the chain's annotation",
                 o.layer(texts(o.middle)))
    yield o.case("good-own-legacy-chain-with-root", "verified", "and so did the root",
                 o.layer(texts(o.middle, o.root)))
    yield o.case("good-own-anchor", "verified", "the intermediate alone is the anchor",
                 offer(w, leaf=o.leaf(), entries=[]), certificates=[texts(w.ca.middle)])
    yield o.case("good-own-issuer", "verified", "an issuer in the certificate, which nobody asks for",
                 offer(w, leaf=o.leaf(issuer="https://any.example"), entries=[]), certificates=both)
    yield o.case("good-own-timestamp", "verified", "the time is a timestamp's, of an authority of one's own",
                 offer(w, leaf=o.leaf(end=T0 + 60), entries=[], stamps=[stamp(w.tsa)]), certificates=both,
                 timestamp_chains=[texts(w.tsa.leaf, w.tsa.middle, w.tsa.root)], time_threshold=1)


def broken(w):
    o = Own(w)
    both = [texts(w.ca.root, w.ca.middle)]
    evil = w.new_ca("evil own")
    name = "certificate_chain"
    yield o.case("own-intermediate-missing", name, "the intermediate is nowhere",
                 offer(w, leaf=o.leaf(), entries=[]))
    yield o.case("own-other-root", name, "issued by an authority that is not ours",
                 offer(w, leaf=o.leaf(ca=evil), entries=[]), certificates=both)
    yield o.case("own-chain-of-others", name, "the chain that came with it leads to another root",
                 o.chain(evil.middle, leaf=o.leaf(ca=evil)))
    yield o.case("own-legacy-chain-of-others", name, "the annotation brings another root",
                 offer(w, "sig", leaf=o.leaf(ca=evil), entries=[], chain=texts(evil.middle, evil.root)))
    yield o.case("own-legacy-chain-garbage", "certificate_malformed", "no certificates in the annotation",
                 o.layer("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
    yield o.case("own-legacy-chain-long", "chain_too_long", "eight certificates in the annotation",
                 o.layer(texts(o.middle) * 8))
    below = w.new_ca("own below")
    below.middle = o.leaf(common="a leaf")
    yield o.case("own-chain-below-a-leaf", name, "issued by the holder of a certificate, which comes with it",
                 o.chain(below.middle, o.middle, leaf=o.leaf(ca=below, common="another")))
    over = w.new_ca("ca", middle={"end": NOW - 1})
    yield o.case("own-intermediate-over", "certificate_time",
                 "the intermediate that came with it had ended a second before",
                 o.chain(over.middle, leaf=o.leaf(ca=over)), certificates=[texts(over.root)])
    yield o.case("own-anchor-over", "certificate_time", "the anchor had ended a second before",
                 o.chain(o.middle), certificates=[texts(w.new_ca("ca", root={"end": NOW - 1}).root)])
    yield o.case("own-subject", "identity_subject", "another name",
                 offer(w, leaf=o.leaf(san=[pki.uri(SUBJECT + "x")]), entries=[]), certificates=both)
    yield o.case("own-issuer-wanted", "identity_missing", "no issuer, where one is asked for",
                 offer(w, leaf=o.leaf(), entries=[]), certificates=both, any_issuer=None)
    yield o.case("own-no-time", "no_time", "no time, and now does not count",
                 offer(w, leaf=o.leaf(), entries=[]), certificates=both, use_current_time=None)
    yield o.case("own-timestamp-of-others", "timestamp_untrusted", "a timestamp of another authority",
                 offer(w, leaf=o.leaf(), entries=[], stamps=[stamp(w.tsa2)]), certificates=both,
                 timestamp_chains=[texts(w.tsa.leaf, w.tsa.middle, w.tsa.root)])
    key = w.pool("leaf p384", "p384")
    yield o.case("own-message-sha384-without-artifact", "artifact_needed",
                 "over the manifest, whose bytes are not known, by a P-384 key",
                 offer(w, content="message", leaf=o.leaf(key=key), entries=[]), certificates=both)
    yield o.case("own-no-certificates", "not_verified", "a text without certificates: the root does not load",
                 offer(w, leaf=o.leaf(), entries=[]), certificates=["-----\n"])
    yield o.case("own-leaf-as-anchor", "not_verified", "an anchor that is no CA: the root does not load",
                 offer(w, leaf=o.leaf(), entries=[]), certificates=[texts(o.leaf(common="leaf"))])


GROUPS = (anchors, broken)
