"""Where cosign says something else than assay, and why that is so. Nothing else may differ."""

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

    def fits(self, title, cosign, assay):
        """The pattern that fits, or None."""
        if cosign not in self.cosign or assay != self.assay:
            return None
        return next((p for p in self.titles if fnmatch.fnmatchcase(title, p)), None)


ROWS = [
    Row((V2, V3), "no", ("expressions (*): a part, not anchored", "expressions (*): the beginning",
                         "expressions (*): a part of the issuer"), "",
        "an expression of cosign may fit any part of an identity, one of assay must fit the whole"),
    Row((V2,), "no", ("strangers (legacy-*): authority that had ended", "strangers (legacy-*): authority that had not begun"), "",
        "cosign 2.5.0 is given the certificate of the authority, and no time at which it counts"),
    Row((V3,), "no", ("tampered (bundle-rekor2): body",), "",
        "of Rekor v2 cosign 3.1.1 makes the body anew from the bundle, and does not look at the one that is in it"),
    Row((V3,), "no", ("attested (bundle-*): as a signature", "attested by another (bundle-rekor2): signature by them"), "",
        "cosign 3.1.1 takes any statement in a bundle for a signature, whatever its predicate"),
    Row((V2, V3), "yes", ("attested (legacy-3-tsa): its type",), "unable to verify RFC3161 timestamp bundle",
        "of legacy attestations cosign 3.1.1 has the signature timestamped, and both versions look for one of the envelope"),
]  # fmt: skip


class Table:
    def __init__(self):
        self.used = set()
        self.lock = threading.Lock()

    def problem(self, title, cosign, answers):
        """None when assay and cosign agree and no row fits, or differ as a row says."""
        assay, verdict, words = answers
        for number, row in enumerate(ROWS):
            pattern = row.fits(title, cosign, assay)
            if pattern is None:
                continue
            if assay == verdict:
                return f"differs no longer, remove the row: {row.why}"
            if row.words not in words:
                return f"{cosign} says {words!r}, and the row {row.words!r}: {row.why}"
            with self.lock:
                self.used.add((number, cosign, pattern))
            return None
        if assay == verdict:
            return None
        return f"assay says {assay}, {cosign} says {verdict}: {words or 'verified'}: differences.py has no row for this"

    def unused(self):
        """A test for each pattern of each row: something fits it."""
        for number, row in enumerate(ROWS):
            for cosign in row.cosign:
                for pattern in row.titles:
                    used = (number, cosign, pattern) in self.used
                    yield f"difference of {cosign}: {pattern}", None if used else "nothing fits it, remove it"
