"""The mini-Sigstore: its authorities and logs, and the trusted root that names them."""

import calendar

import pki
import tsa
from der import moment
from keys import DETAILS, Pool
from rekor import Log, b64

# When everything is signed; a certificate lives from a minute before it to nine after.
T0 = calendar.timegm((2026, 6, 1, 12, 0, 0))
LOGGED = T0 + 10
STAMPED = T0 + 5
NOW = T0 + 30 * 86400
YEAR = 365 * 86400
START, END = T0 - YEAR, T0 + 9 * YEAR
ISSUER = "https://accounts.mini.example"
SUBJECT = "https://git.mini.example/acme/app/.ci/build.yml@refs/heads/main"


def rfc3339(unix_s, fraction=""):
    return moment(unix_s).strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def window(start=START, end=None):
    out = {"start": rfc3339(start)}
    if end is not None:
        out["end"] = end if isinstance(end, str) else rfc3339(end)
    return out


def raw_list(ders):
    return {"certificates": [{"rawBytes": b64(d)} for d in ders]}


class Ca:
    """Root and intermediate that issue leaves. `direct`: the root does."""

    def __init__(self, pool, label, root=None, middle=None, direct=False):
        span = {"start": START, "end": END}
        self.root = pki.authority(pool(label + " root"), label + " root", **{**span, **(root or {})})
        self.middle = None
        if not direct:
            self.middle = pki.authority(
                pool(label + " middle"), label + " intermediate",
                **{**span, "above": self.root, **(middle or {})},
            )

    @property
    def issuer(self):
        return self.middle or self.root

    def chain(self):
        return ([self.middle.der] if self.middle else []) + [self.root.der]


class World:
    def __init__(self):
        self.pool = pool = Pool()
        self.ca = Ca(pool, "ca")
        self.ct = pki.CtLog(pool("ct"))
        self.ct2 = pki.CtLog(pool("ct second"))
        self.ct_rsa = pki.CtLog(pool("rsa", "rsa2048"))
        self.rekor1 = Log(pool("rekor1"), "rekor.mini.example", 1)
        self.rekor1b = Log(pool("rekor1b"), "rekor-b.mini.example", 1)
        self.rekor2 = Log(pool("rekor2", "ed25519"), "log2026.mini.example", 2)
        self.rekor2p = Log(pool("rekor2p"), "log2026-p256.mini.example", 2)
        self.tsa = tsa.Tsa(pool, "tsa", START, END)
        self.tsa2 = tsa.Tsa(pool, "tsa2", START, END)

    @staticmethod
    def twin(log):
        """The same log under another id."""

        class Twin(Log):
            id = b"another id of the same log......"

        return Twin(log.key, log.host, log.version)

    def new_ca(self, label="ca", **knobs):
        """The same authorities, with the same keys and names, but for the knobs."""
        return Ca(self.pool, label, **knobs)

    def new_tsa(self, label="tsa", start=START, end=END, **knobs):
        return tsa.Tsa(self.pool, label, start, end, **knobs)

    @staticmethod
    def log_instance(log, **public):
        """A tlogs[] or ctlogs[] entry; rekor.Log and pki.CtLog alike."""
        key = {"rawBytes": b64(log.key.spki), "keyDetails": DETAILS[log.key.kind],
               "validFor": window()}
        key.update(public)
        return {
            "baseUrl": "https://" + getattr(log, "host", "ct.mini.example"),
            "hashAlgorithm": "SHA2_256",
            "publicKey": key,
            "logId": {"keyId": b64(log.id if isinstance(log, Log) else log.key.id)},
        }

    @staticmethod
    def authority(ders, uri="https://ca.mini.example", **span):
        return {
            "subject": {"organization": "mini-sigstore", "commonName": "mini"},
            "uri": uri,
            "certChain": raw_list(ders),
            "validFor": window(**span),
        }

    def trusted_root(self, ca=None, tsas=None):
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.log_instance(x)
                      for x in (self.rekor1, self.rekor1b, self.rekor2, self.rekor2p)],
            "certificateAuthorities": [self.authority((ca or self.ca).chain())],
            "ctlogs": [self.log_instance(x) for x in (self.ct, self.ct2, self.ct_rsa)],
            "timestampAuthorities": [
                self.authority(t.chain(), f"https://{t.label}.mini.example")
                for t in (tsas or (self.tsa, self.tsa2))
            ],
        }

    def leaf(self, key=None, ca=None, start=T0 - 60, end=T0 + 540, san=(), issuer=ISSUER,
             extensions=None, scts=None, sct_value=None, sct_at=-1, signer=None, forged_by=None,
             hash_=None, common=None, issuer_name=None, issuer_spki=None):
        """A certificate of Fulcio's kind. san: general names, () for the usual one, None for none. scts:
        functions (tbs, issuer's SPKI) -> bytes; sct_value: the whole value of the extension."""
        ca = ca or self.ca
        key = key or self.pool("leaf")
        over = signer or ca.issuer.key
        usual = {
            "usage": pki.key_usage(0),
            "purpose": pki.purposes(pki.CODE_SIGNING),
            "subject_id": pki.subject_id(key.spki),
            "issuer_id": pki.issuer_id(ca.issuer.key.spki),
            "san": None if san is None else pki.names(*(san or [pki.uri(SUBJECT)])),
            "issuer1": pki.fulcio(1, issuer) if issuer else None,
            "issuer8": pki.fulcio(8, issuer) if issuer else None,
        }
        usual.update(extensions or {})
        listed = [e for e in usual.values() if e]

        def body(extra=()):
            at = sct_at % (len(listed) + 1)
            return pki.tbs(
                key, pki.name(common), issuer_name or ca.issuer.subject, over, start, end,
                listed[:at] + list(extra) + listed[at:], serial, hash_,
            )

        serial = next(pki.serials)
        scts = [self.sct()] if scts is None else scts
        spki = issuer_spki or ca.issuer.key.spki
        made = [s(body(), spki) for s in scts]
        extra = [pki.sct_extension(pki.sct_list(made))] if made else []
        if sct_value is not None:
            extra = sct_value(made)
        der = pki.signed(body(extra), over, hash_, forged_by)
        return pki.Certificate(der, key, pki.name(common))

    def sct(self, log=None, at_ms=None, **knobs):
        """A function that makes the SCT, for leaf(scts=...). Milliseconds that are no whole second, so that
        whoever loses them fails."""
        at_ms = (T0 - 30) * 1000 + 123 if at_ms is None else at_ms
        return lambda body, spki: (log or self.ct).sct(body, spki, at_ms, **knobs)
