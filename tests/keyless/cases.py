"""The cases: generators of questions. A case with variants runs once for each of them."""

from scene import (ATTESTATIONS, BUNDLES, FORMS, ISSUER, LEGACY, NO_LOG, OTHER_ISSUER, OTHER_SUBJECT, PREDICATES, STAMPED,
                   SUBJECT, YES, Identity, escaped, flipped, no)  # fmt: skip

SIGNED = [f for f in FORMS if f not in ("bundle-2", "bundle-no-log")]
EXACT = "^" + escaped(SUBJECT) + "$"
NOT_SUBJECT = no(f'none by "ci": subject: got "{SUBJECT}", want "{OTHER_SUBJECT}"')
NOT_ISSUER = no(f'none by "ci": issuer: got "{ISSUER}", want "{OTHER_ISSUER}"')
NOT_THEN = no("certificate: the authority, says the trusted root, was not valid at ")
NO_ENTRY = no("no log entry, where one is wanted")
NO_STAMP = no("no timestamp, where one is wanted")
UNPROMISED = "log entry: the log has not signed its promise"


def not_matching(what, got):
    return no(f'none by "ci": {what}: got "{got}", want one that matches ')


def variants(*lists, everywhere=False):
    """Each combination of one of each list; `everywhere`: in both registries."""
    made = [()]
    for items in lists:
        made = [(*m, i) for m in made for i in items]

    def mark(function):
        function.variants = made
        function.everywhere = everywhere
        return function
    return mark


# ---- who ----


@variants(SIGNED, everywhere=True)
def case_signed(s, form):
    image = s.at(s.image())
    s.sign(form, image)
    yield s.ask("its identity", image, form, YES)
    yield s.ask("another subject", image, form, NOT_SUBJECT, who=Identity(subject=OTHER_SUBJECT))
    yield s.ask("another issuer", image, form, NOT_ISSUER, who=Identity(issuer=OTHER_ISSUER))


@variants(["legacy-2", "legacy-3", "bundle-rekor1", "bundle-rekor2"])
def case_expressions(s, form):
    image = s.at(s.image())
    s.sign(form, image)
    any_issuer = "https://[a-z]+\\.lab\\.example"

    def ask(name, want, subject, issuer=escaped(ISSUER)):
        return s.ask(name, image, form, want, who=Identity(subject, issuer, regex=True))
    yield ask("the whole", YES, EXACT)
    yield ask("without anchors, the whole", YES, escaped(SUBJECT))
    yield ask("of both", YES, "https://git\\.lab\\.example/acme/.+@refs/heads/(main|release)", any_issuer)
    yield ask("a part, not anchored", not_matching("subject", SUBJECT), "acme/app")
    yield ask("the beginning", not_matching("subject", SUBJECT), "^https://git\\.lab\\.example/acme/")
    yield ask("a part of the issuer", not_matching("issuer", ISSUER), EXACT, "lab\\.example")
    yield ask("another branch", not_matching("subject", SUBJECT), "https://git\\.lab\\.example/acme/.+@refs/heads/release")
    yield ask("a dot that is none", YES, EXACT.replace("\\.", "."))


@variants(["legacy-3", "bundle-rekor2"])
def case_two_signers(s, form):
    image = s.at(s.image())
    for subject, issuer in ((SUBJECT, ISSUER), (OTHER_SUBJECT, OTHER_ISSUER)):
        s.sign(form, image, subject, issuer)
    yield s.ask("the first", image, form, YES)
    yield s.ask("the second", image, form, YES, who=Identity(OTHER_SUBJECT, OTHER_ISSUER))
    # What two signers say is not one signature of both.
    yield s.ask("subject of one, issuer of the other", image, form, no('none by "ci": '), who=Identity(SUBJECT, OTHER_ISSUER))


@variants(["legacy-2", "bundle-rekor1"])
def case_repository_of_the_workflow(s, form):
    image = s.at(s.image())
    s.sign(form, image)
    yield s.ask("its own", image, form, YES, who=Identity(repository="acme/app"))
    yield s.ask("another", image, form, no('extension github-workflow-repository: got "acme/app", want "acme/other"'), who=Identity(repository="acme/other"))


def case_unsigned(s):
    yield s.ask("image", s.at(s.image()), "legacy-3", no("has no cosign signature"))


# ---- whom one trusts ----


@variants(["legacy-2", "legacy-3", "bundle-rekor1", "bundle-rekor2"])
def case_strangers(s, form):
    image = s.at(s.image())
    s.sign(form, image)
    yield s.ask("certificate authority", image, form, no("certificate: no chain to the authority"), root="other-ca")
    yield s.ask("certificate log", image, form, no("certificate: seen by logs that the trusted root does not have"), root="other-ct")
    yield s.ask("no log of the signature", image, form, no("an entry of a log that is not trusted"), root="other-logs")
    yield s.ask("authority that had ended", image, form, NOT_THEN, root="ca-ended")
    yield s.ask("authority that had not begun", image, form, NOT_THEN, root="ca-later")


@variants(["legacy-3-tsa", "bundle-rekor1-tsa", "bundle-rekor2"])
def case_stranger_of_the_time(s, form):
    image = s.at(s.image())
    s.sign(form, image)
    yield s.ask("timestamp authority", image, form, no("timestamp: its signer is of no trusted authority"), root="other-tsa", authority=STAMPED)


# ---- log and time ----


def case_without_log(s):
    image, form = s.at(s.image()), "bundle-no-log"
    s.sign(form, image)
    yield s.ask("a log entry wanted", image, form, NO_ENTRY)
    yield s.ask("none wanted", image, form, YES, cosign=("--insecure-ignore-tlog",), authority={**NO_LOG, **STAMPED})


def case_rekor2_without_timestamp(s):
    """Such a log tells no time: nothing says that the certificate was valid."""
    subject, form = s.image(), "bundle-rekor2"
    s.sign(form, s.at(subject))
    bundle = s.bundle(subject)
    bundle["verificationMaterial"]["timestampVerificationData"] = {}
    s.replace_bundles(subject, bundle)
    yield s.ask("its identity", s.at(subject), form, no("nothing trusted tells when it was made"), stamps=False)
    yield s.ask("a timestamp wanted", s.at(subject), form, NO_STAMP, stamps=True, authority=STAMPED)


@variants(BUNDLES)
def case_no_log_entry(s, form):
    subject = s.image()
    s.sign(form, s.at(subject))
    bundle = s.bundle(subject)
    bundle["verificationMaterial"]["tlogEntries"] = []
    s.replace_bundles(subject, bundle)
    yield s.ask("its identity", s.at(subject), form, NO_ENTRY)


@variants(["bundle-rekor1", "bundle-rekor1-tsa"])
def case_no_timestamp(s, form):
    """The log tells the time: a timestamp is wanted only where somebody says so."""
    subject = s.image()
    s.sign(form, s.at(subject))
    bundle = s.bundle(subject)
    bundle["verificationMaterial"]["timestampVerificationData"] = {}
    s.replace_bundles(subject, bundle)
    yield s.ask("none wanted", s.at(subject), form, YES, stamps=False)
    yield s.ask("one wanted", s.at(subject), form, NO_STAMP, stamps=True, authority=STAMPED)


@variants(BUNDLES)
def case_parts_of_another(s, form):
    """What another signature of the same image by the same identity has: everything fits but the signature that it is about."""
    wants = {"tlogEntries": "a log entry of another signature", "certificate": "a log entry of another key or certificate",
             "timestampVerificationData": "timestamp: of other content"}  # fmt: skip
    for part, words in wants.items():
        if part == "timestampVerificationData" and not FORMS[form].tsa:
            continue
        subject = s.image(part.lower())
        for _ in range(2):
            s.sign(form, s.at(subject))
        bundle, other = s.bundles(subject)
        bundle["verificationMaterial"][part] = other["verificationMaterial"][part]
        s.replace_bundles(subject, bundle)
        yield s.ask(part, s.at(subject), form, no(words))


@variants(["legacy-3", "bundle-rekor2"])
def case_age(s, form):
    """Of what was signed a moment ago; cosign has no such thing."""
    image = s.at(s.image())
    s.sign(form, image)
    yield s.ask("young", image, form, YES, authority={"maxSignatureAge": "1h"}, versions=())


def case_age_without_time(s):
    """A key needs no time, but an age does."""
    private, public = s.tools.key_pair("age")
    image = s.at(s.image())
    s.sign_with_key(1, False, private, image)
    yield s.ask("young", image, "bundle-rekor1", YES, key=public, authority={"maxSignatureAge": "1h"}, versions=())
    subject = s.image("v2")
    s.sign_with_key(2, True, private, s.at(subject))
    (bundle,) = s.bundles(subject)
    bundle["verificationMaterial"]["timestampVerificationData"] = {}
    s.replace_bundles(subject, bundle)
    yield s.ask("of unknown age", s.at(subject), "bundle-rekor2", no("nothing trusted tells when it was made, want at most 1 h ago"), key=public,
                authority={"maxSignatureAge": "1h"}, versions=())  # fmt: skip


@variants(["legacy-3", "bundle-rekor2"])
def case_several_roots(s, form):
    """Any of them may have what a signature needs; also when each has a part of it."""
    image = s.at(s.image())
    s.sign(form, image)
    for first, second in (("other-ca", "all"), ("other-ca", "other-logs"), ("other-ct", "other-logs")):
        yield s.ask(f"{first}, {second}", image, form, YES, root=first, more_roots=(s.roots[second],), versions=())
    yield s.ask("other-logs twice", image, form, no("an entry of a log that is not trusted"), root="other-logs",
                more_roots=(s.roots["other-logs-too"],), versions=())  # fmt: skip


# ---- keys ----


@variants(["rekor1", "rekor1-tsa", "rekor2-tsa"])
def case_key(s, log):
    """A signature by key, logged: whoever wants the log entry, gets it."""
    rekor, tsa, form = int(log[5]), log.endswith("tsa"), "bundle-" + log.removesuffix("-tsa")
    (private, public), (_, other) = s.tools.key_pair("one"), s.tools.key_pair("other")
    image = s.at(s.image())
    s.sign_with_key(rekor, tsa, private, image)
    logged = {"transparencyLog": {"threshold": 1}}

    def ask(name, want, key=public, **more):
        return s.ask(name, image, form, want, key=key, stamps=False, **more)
    yield ask("logged", YES, authority=logged)
    yield ask("log not asked", YES, cosign=("--insecure-ignore-tlog",))
    yield ask("another key", no('none by key "ci"'), other, authority=logged)
    yield ask("another log", no("an entry of a log that is not trusted"), root="other-logs", authority=logged)
    yield s.ask("an identity", image, form, no("made by a key, where an identity is wanted"))


@variants(["legacy-3", "bundle-rekor1"])
def case_key_wanted(s, form):
    """Signed by an identity, where a key is wanted."""
    _, public = s.tools.key_pair("one")
    image = s.at(s.image())
    s.sign(form, image)
    yield s.ask("key", image, form, no("by the holder of a certificate, none by key "), key=public)


# ---- tampered ----


@variants(BUNDLES)
def case_of_another_image(s, form):
    one, two = s.image(), s.image("v2")
    s.sign(form, s.at(two))
    s.put_bundle(one, s.bundle(two))
    yield s.ask("its identity", s.at(one), form, no("none of this image: a good signature of sha256:"))
    yield s.ask("the other image", s.at(two), form, YES)


@variants(LEGACY)
def case_legacy_of_another_image(s, form):
    one, two = s.image(), s.image("v2")
    s.sign(form, s.at(two))
    s.put_legacy(one, s.legacy(two))
    yield s.ask("its identity", s.at(one), form, no("none of this image: a good signature of sha256:"))


@variants(BUNDLES)
def case_tampered(s, form):
    """Of a bundle that replaces the good one."""
    def entry(b):
        return b["verificationMaterial"]["tlogEntries"][0]

    def checkpoint(b):
        note = entry(b)["inclusionProof"]["checkpoint"]
        lines = note["envelope"].split("\n")
        note["envelope"] = "\n".join([*lines[:2], flipped(lines[2]), *lines[3:]])

    changes = {
        "signature": ("a log entry of another signature", lambda b: b["dsseEnvelope"]["signatures"][0].update(
            sig=flipped(b["dsseEnvelope"]["signatures"][0]["sig"]))),
        "certificate": ("certificate: ", lambda b: b["verificationMaterial"]["certificate"].update(
            rawBytes=flipped(b["verificationMaterial"]["certificate"]["rawBytes"]))),
        "body": ("log entry: ", lambda b: entry(b).update(canonicalizedBody=flipped(entry(b)["canonicalizedBody"]))),
        "root of the checkpoint": ("checkpoint: the signature of the log does not hold", checkpoint),
    }  # fmt: skip
    if FORMS[form].rekor == 1:
        changes["promise"] = (UNPROMISED, lambda b: entry(b)["inclusionPromise"].update(
            signedEntryTimestamp=flipped(entry(b)["inclusionPromise"]["signedEntryTimestamp"])))  # fmt: skip
        changes["time of the log"] = (UNPROMISED, lambda b: entry(b).update(integratedTime=str(int(entry(b)["integratedTime"]) + 1)))
    for name, (words, change) in changes.items():
        subject = s.image("tampered-" + name.replace(" ", "-"))
        s.sign(form, s.at(subject))
        bundle = s.bundle(subject)
        change(bundle)
        s.replace_bundles(subject, bundle)
        yield s.ask(name, s.at(subject), form, no(words))


@variants(LEGACY)
def case_legacy_tampered(s, form):
    def annotation(name, old, new):
        def change(layer):
            notes = layer["annotations"]
            assert old in notes[name], (name, notes[name])
            notes[name] = notes[name].replace(old, new, 1)
        return change

    def signature(layer):
        notes = layer["annotations"]
        notes["dev.cosignproject.cosign/signature"] = flipped(notes["dev.cosignproject.cosign/signature"])

    def no_log(layer):
        del layer["annotations"]["dev.sigstore.cosign/bundle"]

    def no_certificate(layer):
        del layer["annotations"]["dev.sigstore.cosign/certificate"]

    changes = {
        "signature": ("a log entry of another signature", signature),
        "no log entry": (NO_ENTRY[1], no_log),
        "no certificate": ("made by a key, where an identity is wanted", no_certificate),
        "time of the log": (UNPROMISED, annotation("dev.sigstore.cosign/bundle", '"integratedTime":1', '"integratedTime":2')),
    }  # fmt: skip
    for name, (words, change) in changes.items():
        subject = s.image("tampered-" + name.replace(" ", "-"))
        s.sign(form, s.at(subject))
        manifest = s.legacy(subject)
        change(manifest["layers"][0])
        s.put_legacy(subject, manifest)
        yield s.ask(name, s.at(subject), form, no(words))


# ---- attestations ----


@variants(ATTESTATIONS)
def case_attested(s, form):
    image = s.at(s.image())
    s.attest(form, "spdxjson", image)
    yield s.ask("its type", image, form, YES, attestation="spdxjson")
    yield s.ask("another type", image, form, no("has no attestation of type vuln"), attestation="vuln")
    yield s.ask("another subject", image, form, NOT_SUBJECT, attestation="spdxjson", who=Identity(subject=OTHER_SUBJECT))
    yield s.ask("as a signature", image, form, no("has no cosign signature"))


@variants(list(PREDICATES))
def case_predicate(s, kind):
    for form in ("legacy-3", "bundle-rekor2"):
        image = s.at(s.image(form))
        s.attest(form, kind, image)
        yield s.ask(form, image, form, YES, attestation=kind)


@variants(["legacy-2", "legacy-3", "bundle-rekor1"])
def case_signed_not_attested(s, form):
    image = s.at(s.image())
    s.sign(form, image)
    yield s.ask("its identity", image, form, no("has no attestation of type spdx"), attestation="spdxjson")


@variants(["legacy-3", "bundle-rekor2"])
def case_attested_by_another(s, form):
    """The signature is ours, the attestation is somebody else's."""
    image = s.at(s.image())
    s.sign(form, image)
    s.attest(form, "vuln", image, OTHER_SUBJECT)
    yield s.ask("attestation by us", image, form, no(f'subject: got "{OTHER_SUBJECT}"'), attestation="vuln")
    yield s.ask("attestation by them", image, form, YES, attestation="vuln", who=Identity(OTHER_SUBJECT))
    yield s.ask("signature by us", image, form, YES)
    yield s.ask("signature by them", image, form, NOT_SUBJECT, who=Identity(OTHER_SUBJECT))


@variants(["legacy-3", "bundle-rekor1"])
def case_attested_twice(s, form):
    image = s.at(s.image())
    for kind in ("spdxjson", "slsaprovenance1"):
        s.attest(form, kind, image)
    for kind in ("spdxjson", "slsaprovenance1"):
        yield s.ask(kind, image, form, YES, attestation=kind)
    yield s.ask("vuln", image, form, no("has no attestation of type vuln"), attestation="vuln")
