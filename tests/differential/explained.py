"""Where assay and the reference (sigstore-go) answer differently, and why that is right. Nothing else may differ.

LENIENT: assay accepts, the reference rejects. STRICT: assay rejects, the reference accepts. A row holds for the jobs whose
description fits its pattern, with these words of who rejects: the reference's text, or assay's reason and text.
"""

import dataclasses
import re


@dataclasses.dataclass
class Row:
    words: str  # regular expression, found in the reference's text, or in assay's "reason: text"
    done: str  # regular expression, found in what was done to the good job
    why: str
    rare: bool = False  # the usual jobs have none of these
    used: int = 0

    def fits(self, said, done):
        return bool(re.search(self.words, said)) and bool(re.search(self.done, done))


LENIENT = [
    Row(r"^trusted root: .*unknown field", "unknown|rename|retype",
        "of a trusted root unknown fields are ignored: later versions of the format add some"),
    Row(r"^trusted root: (unsupported tlog hash algorithm|.*invalid value for enum field hashAlgorithm)", "hashAlgorithm",
        "how a log hashes its leaves is said by the kind of log: the field is not used"),
    Row(r"^trusted root: .*invalid value for enum field keyDetails", "keyDetails",
        "a log with a kind of key that is not known counts for nothing, and the other logs of the root count"),
    Row(r"^trusted root: failed to parse public key", r"publicKey\.rawBytes",
        "a log whose key cannot be read counts for nothing, and the other logs of the root count"),
    Row(r"^trusted root: .*google\.protobuf\.Timestamp", r"window|validFor",
        "a year 0, or more than nine digits of a fraction, in the operator's own file"),
    Row(r"^trusted root: failed to parse certificate", r"certificates\[\]\.rawBytes",
        "a certificate in the operator's own file that GnuTLS reads, and Go does not"),
    Row(r"^failed to verify log inclusion: parse \"http", r"baseUrl",
        "of the place of a log only the host is read, for a checkpoint must name it", rare=True),
    Row(r"threshold not met for verified log entry integrated timestamps|entry body is not a recognizable Rekor",
        r"append verificationMaterial\.tlogEntries",
        "an entry of a log that is not trusted is left out; the reference's client wants a log's time as soon as any entry "
        "promises one"),
    Row(r"you must specify at least one of WithObserverTimestamps", "^(key-|suite-managed-key)",
        "a signature by key needs no time; the reference's client does not start without one"),
    Row(r"not enough verified log entries|ECDSA verification failure", r"(signedEntryTimestamp|signedTimestamp): der long tag 0x02",
        "a number in more bytes than it needs: GnuTLS reads the same two numbers of an ECDSA signature"),
    Row(r"signature on checkpoint did not verify", r"note one more signature hint",
        "lines of a checkpoint that name another key than the log's are ignored, wherever they stand"),
    Row(r"malformed note", r"note one more signature (name|space|dash)",
        "lines of a checkpoint that are not the log's are ignored, malformed ones too"),
    Row(r"could not verify envelope: accepted signatures do not match", r"keyid",
        "what an envelope says of its key is signed by nobody and not used", rare=True),
    Row(r"granted with modifications", r"signedTimestamp: der value tag 0x02",
        "a timestamp that is granted with modifications is granted: what was changed is in the signed part", rare=True),
    Row(r"nil value in transaction log entry", r"logId",
        "an entry that names no log is one of a log that is not trusted: left out"),
    Row(r"signed timestamps: error (parsing response into Timestamp: (asn1: syntax error|x509: invalid|ber2der)|"
        r"while verifying signature: pkcs7: cannot decrypt data)", r"signedTimestamp: (der|flip)",
        "what a timestamp lists of hashes and certificates beside the signed part is not used where GnuTLS does not need it",
        rare=True),
    Row(r"integrated time outside certificate validity", r"integratedTime",
        "a time that no promise of the log covers is not used, neither for nor against"),
]  # fmt: skip

STRICT = [
    Row(r"^(base64|input|log_body|log_checkpoint): .*base64: ", "",
        "base64 is read strictly: the reference takes missing padding, the other alphabet, new lines, stray bits, and spaces "
        "behind a line of a checkpoint"),
    Row(r'^(field_unknown: .*unknown field "|input: .*: missing$|input: .*0 bytes, want|certificate_chain: |log_checkpoint_origin: )',
        r"rename .* snake",
        "names of fields count in the one spelling that Sigstore writes, not in that of the protocol's source"),
    Row(r"^field_range: ", "", "a number is digits, from 0 to 2^63-1, also where nobody reads it"),
    Row(r"^field_type: .*got null", "null", "null is no value"),
    Row(r'^media_type: .*"application/vnd\.dev\.sigstore\.bundle\.v0\.1\+json"', "",
        "no version of the format has this media type"),
    Row(r"^log_kind: ", r"kindVersion|raw",
        "an entry must be of the kind that it is announced as: the reference looks at the body alone"),
    Row(r"^log_(checkpoint_origin|checkpoint_root|proof): ", r"kindVersion",
        "an entry announced as one of Rekor v2 is judged as one, and any other as one of v1: by index, checkpoint and its origin"),
    Row(r"^field_type: .*\.algorithm: got integer", r"algorithm", "what a value is called is its name, not its number"),
    Row(r"^(log_proof|log_body[a-z_]*|log_kind): ",
        r"canonicalizedBody|^(mini-rekor2|rekor2|suite-rekor2|suite-bundle-with-sct)[^:]*: raw",
        "of Rekor v2 the reference makes the body anew from the bundle, and does not look at the one that is in it"),
    Row(r"^log_(promise|promise_time|proof|checkpoint[a-z_]*|body[a-z_]*|unknown): ",
        r"^(mini-two-logs|mini-two-logs-both-versions): |append|tlogEntries twice",
        "every entry of a trusted log must hold, also where another one would be enough"),
    Row(r"^log_checkpoint_root: ", r"treeSize|rootHash",
        "size and root of a proof must be those of the checkpoint, also where the promise of the log would be enough"),
    Row(r"^log_checkpoint_signature: ", r"note one more signature (signature|short)",
        "a line of a checkpoint that names the log's key must be the log's"),
    Row(r"^log_promise_time: ", r"tlogs\[\]\.publicKey\.validFor",
        "of a log that tells no time, the key must count at the time that the timestamps tell"),
    Row(r"^log_(promise|proof|checkpoint)_missing: ", "",
        "every entry must have the promise or proof that the version of the bundle demands"),
    Row(r"^log_proof_hashes: ", "", "a hash of a proof has 32 bytes, and there are at most 63", rare=True),
    Row(r"^(certificate_malformed|chain_too_long): .*x509CertificateChain", "",
        "a chain of a bundle is short and made of certificates, also where only the first is used"),
    Row(r"^timestamp_[a-z]+: ", r"signedTimestamp: (der |flip|cut|more)",
        "a timestamp is read strictly, also where the authority's signature does not reach"),
    Row(r"^field_missing: .*signedTimestamp", r"signedTimestamp", "a timestamp that is none is an error, also beside good ones"),
    Row(r"^input: trusted root: .*(logId: not the SHA-256 of the key|keyId: \d+ bytes, want 32)", "",
        "a log is named by the hash of its key, also one that is not asked"),
    Row(r"^input: trusted root: .*: ends before it starts", "", "a time of validity that holds nothing is a mistake of the operator"),
    Row(r"^input: trusted root: .*: not a certificate( authority)?\b", "",
        "every certificate above the first must be one of an authority, also in a chain that is not used"),
    Row(r"^input: trusted root: .*: not a public key that we can use|^input: .*not a point", r"publicKey\.rawBytes",
        "a key that is announced as of a known kind must be one"),
    Row(r"^input: trusted root: .*items, at most ", "many", "a trusted root has limits"),
    Row(r"^input: trusted root: .*(got [a-z]+, want|: missing$|\d+ bytes, want)", "",
        "what a log or authority must have must be there and of its type, also where it is not used", rare=True),
    Row(r"^(certificate_chain|timestamp_chain): ", r"Authorities\[\]\.certChain",
        "a certificate in the operator's own file that GnuTLS does not take for an issuer, and Go does"),
]  # fmt: skip


def explain(table, said, done):
    """The row, or None."""
    for row in table:
        if row.fits(said, done):
            row.used += 1
            return row
    return None
