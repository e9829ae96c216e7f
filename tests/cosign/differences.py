"""Where `cosign verify` says something else than assay, and why that is so. Nothing else may differ."""

import dataclasses
import fnmatch
import threading

V2 = "cosign 2.5.0"
V3 = "cosign 3.1.1"


@dataclasses.dataclass
class Row:
    """All questions that fit one of the titles, patterns of "case (variant): question", and that assay answers so:
    cosign says the opposite, with these words if it is a no."""

    cosign: tuple
    assay: str
    titles: tuple
    words: str
    why: str
    but: str = ""  # a pattern of titles that do not fit all the same

    def fits(self, title, cosign, assay):
        """The pattern that fits, or None."""
        if cosign not in self.cosign or assay != self.assay:
            return None
        if self.but and fnmatch.fnmatchcase(title, self.but):
            return None
        return next((p for p in self.titles if fnmatch.fnmatchcase(title, p)), None)


ROWS = [
    Row((V2,), "yes", ("matrix (*, bundle-3): *", "* (bundle-3): *", "bundle *: *", "attested and signed (bundle-3, *): *"),
        "no signatures found", "cosign 2.5.0 reads no signatures in bundles"),
    Row((V2,), "yes", ("both formats (*, bundle-3): key of the bundle",),
        "no matching signatures", "cosign 2.5.0 reads no signatures in bundles: it sees the legacy one alone"),
    Row((V3,), "yes", ("both formats (*, bundle-3): key of the legacy signature",
                       "attested and signed (legacy-2, bundle-*): key of the signature"),
        "no matching attestations", "cosign 3.1.1 looks for legacy signatures only where there is no bundle"),
    Row((V2, V3), "yes", ("matrix (*, referrer-2): *", "* (referrer-2): *"), "no signatures found",
        "cosign sees legacy signatures in referrers only when told, version 3 never", but="*told of referrers"),
    Row((V2, V3), "yes", ("matrix (p384, legacy-3): its key", "matrix (p521, legacy-3): its key"), "no matching signatures",
        "cosign 3.1.1 signs with the hash of the curve, and both versions look for SHA-256 unless told"),
    Row((V3,), "yes", ("matrix (p384, bundle-3): its key", "matrix (p521, bundle-3): its key"), "no matching attestations",
        "cosign 3.1.1 signs with the hash of the curve, and looks for SHA-256"),
    Row((V2, V3), "yes", ("matrix (ed25519, legacy-3): its key",), "no matching signatures",
        "cosign 3.1.1 signs with Ed25519ph, and both versions look for pure Ed25519"),
    Row((V3,), "yes", ("matrix (ed25519, bundle-3): its key",), "no matching attestations",
        "cosign 3.1.1 signs with Ed25519ph, and looks for pure Ed25519"),
    Row((V3,), "no", ("attested (bundle-*): its key", "attested and signed (*, bundle-*): key of the attestation"), "",
        "cosign 3.1.1 takes any statement in a bundle for a signature, whatever its predicate"),
    Row((V2, V3), "no", ("legacy of another type: its key",), "", "cosign does not look at critical.type"),
    Row((V2, V3), "no", ("legacy behind many: the 65th",), "", "assay looks at 64 signatures of an image, cosign at 1000"),
]  # fmt: skip


class Table:
    def __init__(self):
        self.used = set()
        self.lock = threading.Lock()

    def problem(self, registry, title, cosign, answers):
        """None when assay and cosign agree and no row fits, or differ as a row says."""
        assay, verdict, words = answers
        for number, row in enumerate(ROWS):
            pattern = row.fits(title, cosign, assay)
            if pattern is None:
                continue
            if assay == verdict:
                return f"differs no longer, remove the row: {row.why}"
            if not words.startswith(row.words):
                return f"{cosign} says {words!r}, and the row {row.words!r}: {row.why}"
            with self.lock:
                self.used.add((registry, number, cosign, pattern))
            return None
        if assay == verdict:
            return None
        return f"assay says {assay}, {cosign} says {verdict}: {words or 'verified'}: differences.py has no row for this"

    def unused(self, registry):
        """A test for each pattern of each row: something fits it."""
        for number, row in enumerate(ROWS):
            for cosign in row.cosign:
                for pattern in row.titles:
                    used = (registry, number, cosign, pattern) in self.used
                    yield f"difference of {cosign}: {pattern}", None if used else "nothing fits it, remove it"
