"""One variant: a candidate, the root and policy it is judged by, and the reason that must come out."""

import json

from offer import DIGEST, Signed, bundle, entry, layer
from world import ISSUER, NOW, SUBJECT

# What the reference client, sigstore-go, says of a variant.
SAME = "same"  # accepts the good and rejects the broken
UNASKED = "-"  # not a bundle, or a policy that its command line cannot express


class Variant:
    def __init__(self, name, reason, about, offered, root, go, settings):
        self.name, self.reason, self.about = name, reason, about
        self.offered, self.root, self.go, self.settings = offered, root, go, settings

    def case(self):
        """The form of tests/unit/sig_case.h."""
        out = {
            "reason": self.reason, "digest": DIGEST, "now": NOW, "root": [self.root],
            "identities": [{"issuer": ISSUER, "subject": SUBJECT}],
            "log_threshold": 1, "sct_threshold": 1, "accept_message": True,
        }
        out.update(self.settings)
        if "certificates" in out:  # of one's own, in the place of the trusted root
            del out["root"]
        if isinstance(self.offered, dict) and "blob" in self.offered:
            out["layer"] = self.offered
        elif isinstance(self.offered, str):
            out["bundle"] = self.offered
        else:
            out["bundle"] = dump(self.offered)
        return {k: v for k, v in out.items() if v is not None}


def dump(tree):
    return json.dumps(tree, separators=(",", ":"), ensure_ascii=False)


def variant(w, name, reason, about, offered, root=None, go=None, **settings):
    tree = root if root is not None else w.trusted_root()
    text = tree if isinstance(tree, str) else dump(tree)
    if isinstance(offered, dict) and "blob" in offered:
        go = UNASKED
    if go is None:
        who = settings.get("identities", [{"issuer": "", "subject": ""}])
        simple = len(who) == 1 and set(who[0]) == {"issuer", "subject"}
        go = SAME if simple and not set(settings) - {"identities"} else UNASKED
    return Variant(name, reason, about, offered, text, go, settings)


def good(w, name, about, offered, **more):
    return variant(w, name, "verified", about, offered, **more)


def edit(tree, change):
    """The tree after change(tree), for lambdas."""
    change(tree)
    return tree


def certificate(w, leaf=None):
    return w.leaf(**leaf) if isinstance(leaf, dict) else leaf or w.leaf()


def sign(w, form="v0.3", content="sign", leaf=None, **signed):
    c = certificate(w, leaf)
    return Signed(form, content, c.key, c, **signed)


def offer(w, form="v0.3", content="sign", leaf=None, entries=None, stamps=(), signed=None, **knobs):
    """The usual candidate, a bundle with one entry of the first log, but for the knobs."""
    s = sign(w, form, content, leaf, **(signed or {}))
    made = [entry(w.rekor1)] if entries is None else entries
    make = layer if form in ("sig", "att") else bundle
    return make(s, made, stamps, **knobs)


def log(tree, number=0):
    return tree["verificationMaterial"]["tlogEntries"][number]


def proof(tree, number=0):
    return log(tree, number)["inclusionProof"]
