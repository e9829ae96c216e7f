"""Log entries that must not count: promise, proof, checkpoint, windows, thresholds."""

import base64

from good import keyed
from keys import pem
from offer import entry, stamp
from rekor import Witness, b64, signature_line, tree
from variant import UNASKED, edit, offer, sign, variant
from world import LOGGED, START, T0, window


def flip(text, at=-1):
    data = bytearray(base64.b64decode(text))
    data[at] ^= 1
    return b64(bytes(data))


def logged(w, name, reason, about, number=1, go=None, stamps=None, root=None, settings=None, **knobs):
    """A candidate whose only entry has the knobs; log 1 has promises, log 2 needs a timestamp."""
    of = {1: w.rekor1, 2: w.rekor2, "p": w.rekor2p}[number]
    if stamps is None:
        stamps = [] if number == 1 and knobs.get("promise", True) else [stamp(w.tsa)]
    offered = offer(w, entries=[entry(of, **knobs)], stamps=stamps)
    return variant(w, name, reason, about, offered, root=root, go=go, **(settings or {}))


def promises(w):
    def case(name, about, go=None, reason="log_promise", **knobs):
        return logged(w, name, reason, about, go=go, **knobs)

    yield case("promise-forged", "another key promises", promise_signer=w.pool("stranger"))
    yield case("promise-other-time", "promises another time",
               promise_edit=lambda p: p.update(integratedTime=LOGGED + 1))
    yield case("promise-other-index", "promises another index",
               promise_edit=lambda p: p.update(logIndex=p["logIndex"] + 1))
    yield case("promise-proof-index", "promises the index of the proof",
               promise_edit=lambda p: p.update(logIndex=4))
    yield case("promise-other-log", "promises inclusion in another log",
               promise_edit=lambda p: p.update(logID=w.rekor1b.id.hex()))
    yield case("promise-other-body", "promises another body",
               promise_edit=lambda p: p.update(body=b64(b"{}")))
    yield case("promise-garbage", "no signature at all",
               edit=lambda e: e["inclusionPromise"].update(signedEntryTimestamp=b64(b"garbage")))

    def promised(e):
        sig = w.rekor2.promise(base64.b64decode(e["canonicalizedBody"]), LOGGED, int(e["logIndex"]))
        e.update(inclusionPromise={"signedEntryTimestamp": b64(sig)}, integratedTime=str(LOGGED))

    yield variant(w, "promise-rekor2-time", "no_time",
                  "Rekor v2 with a good promise of a time, which counts for nothing",
                  offer(w, entries=[entry(w.rekor2, edit=promised)]))
    yield case("promise-time-zero", "promises no time", reason="log_promise_time", integrated=0)
    yield case("promise-time-huge", "promises the last second of all", reason="log_promise_time",
               integrated=(1 << 63) - 1)
    yield variant(w, "promise-rekor2-without-proof", "log_proof_missing",
                  "Rekor v2 in version 0.1: a good promise, which counts for nothing, and no proof",
                  offer(w, "v0.1", entries=[entry(w.rekor2, proof=False, edit=promised)],
                        stamps=[stamp(w.tsa)]))
    yield case("promise-time-altered", "the time altered after the promise: an expired certificate",
               edit=lambda e: e.update(integratedTime=str(LOGGED - 5)))
    yield variant(w, "promise-v0.1-forged", "log_promise", "version 0.1, no proof, another key promises",
                  offer(w, "v0.1", entries=[entry(w.rekor1, proof=False,
                                                  promise_signer=w.pool("stranger"))]))
    yield variant(w, "promise-legacy-forged", "log_promise", "a legacy layer: another key promises",
                  offer(w, "sig", entries=[entry(w.rekor1, promise_signer=w.pool("stranger"))]))
    yield variant(w, "promise-forged-proof-good", "log_promise",
                  "a forged promise beside a good proof and a good timestamp",
                  offer(w, entries=[entry(w.rekor1, promise_signer=w.pool("stranger"))],
                        stamps=[stamp(w.tsa)]))


def proofs(w):
    def case(name, about, change=None, reason="log_proof", number=1, **knobs):
        if change:
            knobs["edit"] = lambda e: change(e["inclusionProof"])
        return logged(w, name, reason, about, number, **knobs)

    def hashes(change):
        return lambda p: p.update(hashes=change(p["hashes"]))

    for number in (1, 2):
        at = f"rekor{number}"
        yield case(f"proof-{at}-hash", "a bit of a hash altered",
                   hashes(lambda h: [flip(h[0])] + h[1:]), number=number)
        yield case(f"proof-{at}-hash-missing", "the last hash is missing", hashes(lambda h: h[:-1]),
                   number=number)
        yield case(f"proof-{at}-hash-more", "a hash too many",
                   hashes(lambda h: h + [b64(b"h" * 32)]), number=number)
        yield case(f"proof-{at}-hashes-swapped", "two hashes swapped",
                   hashes(lambda h: [h[1], h[0]] + h[2:]), number=number)
        yield case(f"proof-{at}-none", "no hashes in a tree of seven", hashes(lambda h: []),
                   number=number)
        yield case(f"proof-{at}-other-body", "a proof of another body", tree_of=b"{}", number=number)
        yield case(f"proof-{at}-large-hash", "a bit of a hash in a tree of 300",
                   hashes(lambda h: h[:-1] + [flip(h[-1], 0)]), number=number, size=300, index=171)
    yield case("proof-index", "another index", lambda p: p.update(logIndex="5"))
    yield case("proof-index-beyond", "an index beyond the tree", lambda p: p.update(logIndex="7"))
    yield case("proof-index-omitted", "no index is index 0", lambda p: p.pop("logIndex"))
    yield logged(w, "proof-rekor2-index", "log_proof", "Rekor v2: another index of the entry", 2,
                 edit=lambda e: e.update(logIndex="5"))
    yield logged(w, "proof-rekor2-index-beyond", "log_proof", "Rekor v2: an index beyond the tree", 2,
                 edit=lambda e: e.update(logIndex="7"))
    yield case("proof-root", "another root hash than the checkpoint's",
               lambda p: p.update(rootHash=flip(p["rootHash"])), "log_checkpoint_root")
    yield case("proof-root-empty", "no root hash", lambda p: p.pop("rootHash"), "log_checkpoint_root")
    yield case("proof-size", "another size than the checkpoint's",
               lambda p: p.update(treeSize="8"), "log_checkpoint_root",
               go="accepts: takes the size from the proof, which fits by chance")
    yield case("proof-size-omitted", "no tree size", lambda p: p.pop("treeSize"), "log_checkpoint_root")
    root, path = tree(b"{}", 7, 4)

    def own_tree(p):
        p.update(rootHash=b64(root), hashes=[b64(h) for h in path])

    yield case("proof-own-root", "a proof of one's own, a checkpoint of the log", own_tree,
               "log_checkpoint_root")
    bare = {"promise": False, "stamps": [stamp(w.tsa)]}
    yield case("proof-only-hash", "no promise: a bit of a hash altered",
               hashes(lambda h: [flip(h[0])] + h[1:]), **bare)


def checkpoints(w):
    def case(name, reason, about, number=1, go=None, **knobs):
        return logged(w, f"checkpoint-{name}", reason, about, number, go, checkpoint=knobs)

    other = w.pool("stranger")
    signature = "log_checkpoint_signature"
    for number in (1, 2, "p"):
        at = f"rekor{number}" if number != "p" else "rekor2-p256"
        key = w.pool("stranger ed", "ed25519") if number == 2 else other
        yield case(f"{at}-forged", signature, "another key signs", number,
                   lines=lambda g, t: [g.line(t, signer=key)])
        yield case(f"{at}-forged-beside", signature, "a good line, then a forged one of the same key",
                   number, lines=lambda g, t: [g.line(t), g.line(t, signer=key)],
                   go=None if number == 1 else "accepts: looks at the first of them")
        yield case(f"{at}-unknown-key", signature, "only a key that is not the log's", number,
                   lines=lambda g, t: [g.line(t, hint=b"none", signer=key)])
        yield case(f"{at}-witness-only", signature, "only a witness has signed", number,
                   lines=lambda g, t: [Witness(w.pool("witness", "ed25519")).line(t, T0)])
    yield case("rekor2-other-name", signature, "the log's key under another name", 2,
               lines=lambda g, t: [g.line(t, name="evil.mini.example")])
    yield case("rekor2-name-as-expression", signature,
               "a name that the log's would match as an expression; sigstore-js e66d99f0", 2,
               lines=lambda g, t: [g.line(t, name="log2026xmini.example")])
    yield case("rekor2-other-origin", "log_checkpoint_origin", "another origin", 2,
               origin="evil.mini.example")
    yield case("rekor2-origin-and-name", "log_checkpoint_origin", "another origin and name", 2,
               origin="evil.mini.example", lines=lambda g, t: [g.line(t, name="evil.mini.example")])
    yield case("rekor2-origin-with-port", "log_checkpoint_origin", "the origin has a port", 2,
               origin=w.rekor2.host + ":443")
    yield case("rekor2-origin-longer", "log_checkpoint_origin", "the origin goes on behind the host", 2,
               origin=w.rekor2.host + ".evil.example")
    bad = "log_checkpoint"
    for name, about, change in (
        ("no-origin", "the first line is empty", lambda t: "\n" + t.split("\n", 1)[1]),
        ("no-size", "the size is missing", lambda t: drop(t, 1)),
        ("no-root", "the root is missing", lambda t: drop(t, 2)),
        ("size-sign", "a size with a sign", lambda t: t.replace("\n7\n", "\n+7\n")),
        ("size-zero", "a size with a leading zero", lambda t: t.replace("\n7\n", "\n07\n")),
        ("size-space", "a space before the size", lambda t: t.replace("\n7\n", "\n 7\n")),
        ("size-overflow", "a size of 2^64 and seven",
         lambda t: t.replace("\n7\n", f"\n{(1 << 64) + 7}\n")),
        ("size-word", "a size that is no number", lambda t: t.replace("\n7\n", "\nseven\n")),
        ("root-short", "a root of 31 bytes",
         lambda t: "\n".join(t.split("\n")[:2] + [b64(b"r" * 31), ""])),
        ("empty-extension", "an empty line among the extensions", lambda t: t + "\nmore\n"),
        ("root-space", "a space behind the root", lambda t: t.replace("=\n", "= \n", 1)),
    ):
        yield case(name, bad, about + ", validly signed", text=change,
                   go="accepts: takes it" if name in LENIENT else None)
    for name, about, change in (
        ("empty-line-more", "a second empty line before the signatures",
         lambda n: n.replace("\n\n", "\n\n\n")),
        ("no-empty-line", "no empty line", lambda n: n.replace("\n\n", "\n")),
        ("no-signature", "no signature line", lambda n: n.split("\n\n")[0] + "\n\n"),
        ("no-final-newline", "no newline at the end", lambda n: n[:-1]),
        ("hyphen", "a hyphen in the place of the dash", lambda n: n.replace("\u2014", "-")),
        ("line-without-name", "a signature line without name",
         lambda n: n.replace("\u2014 rekor.mini.example ", "\u2014 ")),
        ("line-base64", "a signature that is no base64", lambda n: n[:-5] + "?" + n[-4:]),
        ("line-hint-only", "a signature line of four bytes",
         lambda n: n + signature_line("x.example", b"abcd", b"")),
        ("line-short", "a signature line of three bytes",
         lambda n: n + signature_line("x.example", b"abc", b"")),
        ("text-behind", "text behind the signatures", lambda n: n + "more\n"),
        ("nul", "a NUL in the text", lambda n: n.replace("rekor.mini.example -", "rekor.mini.example\0-", 1)),
    ):
        yield case(name, signature if name == "no-signature" else bad, about, note=change)
    for name, about, change in (
        ("text-altered", "the origin altered", lambda n: n.replace("26057", "26058", 1)),
        ("extension-altered", "an extension line altered", lambda n: n.replace("Timestamp: 1", "Timestamp: 2")),
        ("line-altered", "a bit of the signature altered",
         lambda n: n[: n.rindex(" ") + 1] + flip(n[n.rindex(" ") + 1 : -1]) + "\n"),
    ):
        yield case(name, signature, about, note=change)
    yield logged(w, "checkpoint-other-size", "log_checkpoint_root", "a checkpoint of the log for another size",
                 go="accepts: compares the root alone",
                 edit=lambda e: e["inclusionProof"]["checkpoint"].update(
                     envelope=w.rekor1.note(8, base64.b64decode(e["inclusionProof"]["rootHash"]))))
    yield logged(w, "checkpoint-rekor2-other-size", "log_proof",
                 "Rekor v2: a checkpoint of the log for another size", 2,
                 edit=lambda e: e["inclusionProof"]["checkpoint"].update(
                     envelope=w.rekor2.note(70, base64.b64decode(e["inclusionProof"]["rootHash"]))))
    yield logged(w, "checkpoint-of-other-log", signature, "a checkpoint of another known log",
                 edit=lambda e: e["inclusionProof"]["checkpoint"].update(
                     envelope=w.rekor1b.note(7, base64.b64decode(e["inclusionProof"]["rootHash"]))))


LENIENT = ("size-zero", "empty-extension")


def drop(text, number):
    lines = text.split("\n")
    del lines[number]
    return "\n".join(lines[: max(3, len(lines))])


def logs(w):
    yield variant(w, "log-none", "log_missing", "no entry", offer(w, entries=[]))
    yield variant(w, "log-none-but-timestamp", "log_missing", "no entry, but a good timestamp",
                  offer(w, entries=[], stamps=[stamp(w.tsa)]))
    without = edit(w.trusted_root(), lambda r: r["tlogs"].pop(0))
    yield logged(w, "log-unknown", "log_unknown", "a log that the root does not have", root=without)
    yield variant(w, "log-unknown-legacy", "log_unknown", "legacy: a log that the root does not have",
                  offer(w, "sig"), root=without)
    yield logged(w, "log-id-short", "log_unknown", "the first 31 bytes of the log's id",
                 edit=lambda e: e.update(logId={"keyId": b64(w.rekor1.id[:31])}))
    yield logged(w, "log-id-missing", "log_unknown", "no id of the log",
                 edit=lambda e: e.pop("logId"))
    yield logged(w, "log-id-of-other", "log_promise", "the id of another known log",
                 edit=lambda e: e.update(logId={"keyId": b64(w.rekor1b.id)}))
    for name, span in (("over", window(START, LOGGED - 1)), ("not-begun", window(LOGGED + 1))):
        yield logged(w, f"log-key-{name}", "log_promise_time", f"logged when the log's key was {name}",
                     root=edit(w.trusted_root(), lambda r: r["tlogs"][0]["publicKey"].update(
                         validFor=span)))
    yield variant(
        w, "log-key-keyed-proof-over", "log_promise_time",
        "by key, a proof only and no time, and the log's key is over by now",
        keyed(w, [entry(w.rekor2)]), keys_inline=[pem("PUBLIC KEY", w.pool("leaf").spki)], identities=[],
        sct_threshold=0, root=edit(w.trusted_root(), lambda r: r["tlogs"][2]["publicKey"].update(
            validFor=window(START, T0))), go=UNASKED,
    )
    for name, span in (("over", window(START, T0)), ("not-begun", window(T0 + 60))):
        for log, at in ((w.rekor1, 0), (w.rekor2, 2)):
            yield variant(
                w, f"log-key-rekor{at or 1}-proof-{name}", "log_promise_time",
                f"a proof only, and at the timestamp's time the log's key was {name}",
                offer(w, entries=[entry(log, promise=False)], stamps=[stamp(w.tsa)]),
                root=edit(w.trusted_root(), lambda r: r["tlogs"][at]["publicKey"].update(validFor=span)),
                go="accepts: does not look")
    key = w.pool("rsa", "rsa2048")

    def pkcs1(r):
        r["tlogs"][0]["publicKey"].update(rawBytes=b64(key.pkcs1), keyDetails="PKCS1_RSA_PKCS1V5")

    yield logged(w, "log-key-unusable", "log_unknown", "a log whose key cannot be used",
                 root=edit(w.trusted_root(), pkcs1), go=UNASKED)
    yield logged(w, "log-key-other", "log_promise", "the root has another key under the log's id; CVE-2023-47122",
                 root=edit(w.trusted_root(), lambda r: r["tlogs"][0]["publicKey"].update(
                     rawBytes=b64(w.pool("stranger").spki))))
    two = {"log_threshold": 2}
    yield logged(w, "log-threshold", "log_threshold", "one log, two wanted", settings=two)
    yield variant(w, "log-threshold-one-log", "log_threshold", "two entries of one log for a threshold of two; sigstore-go dbb07e6",
                  offer(w, entries=[entry(w.rekor1), entry(w.rekor1, index=5)]), **two)
    twin = w.twin(w.rekor1)
    both = edit(w.trusted_root(), lambda r: r["tlogs"].append(w.log_instance(twin)))
    yield variant(w, "log-threshold-two-ids", "log_threshold", "one log under two ids, two wanted",
                  offer(w, entries=[entry(w.rekor1), entry(twin)]), root=both, **two)
    yield variant(w, "log-threshold-unknown", "log_threshold", "a good log and an unknown one, two wanted",
                  offer(w, entries=[entry(w.rekor1b), entry(w.rekor1)]), root=without, **two)
    yield variant(w, "log-second-forged", "log_promise",
                  "a good entry and a forged one of a known log",
                  offer(w, entries=[entry(w.rekor1), entry(w.rekor1b, promise_signer=w.pool("stranger"))]),
                  go="accepts: counts the good ones")
    yield variant(w, "log-second-other-signature", "log_body_signature",
                  "a good entry and a good one of another signature of the same key",
                  offer(w, entries=[entry(w.rekor1), entry(w.rekor1b, of=sign(w, leaf=w.leaf()))]),
                  go=None)


GROUPS = (promises, proofs, checkpoints, logs)
