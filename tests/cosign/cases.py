"""The cases: generators of questions. A case with variants runs once for each of them."""

import base64

import registries
import tools
from stage import (ANNOTATION, ANOTHER_DIGEST, ATTESTATIONS, ATTESTED, FORMS, NO_ANSWER, UNSIGNED, WRONG, YES, flipped,
                   not_ours)  # fmt: skip

EXPERIMENTAL = {"cosign": ("--experimental-oci11",), "env": {"COSIGN_EXPERIMENTAL": "1"}, "versions": ("2",)}
# cosign 3.1.1 signs with the hash that belongs to the curve, cosign 2.5.0 finds it when told.
CURVE_HASH = {"p384": "sha384", "p521": "sha512"}


def variants(*lists):
    """Each combination of one of each list."""
    made = [()]
    for items in lists:
        made = [(*m, i) for m in made for i in items]

    def mark(function):
        function.variants = made
        return function
    return mark


def all_ways(s, name, image, key, want, form, several=False, **more):
    """As users ask, and where cosign 2 must be told of the format, told so. Of several referrers it looks at one alone,
    the first of the list, which has any order: then it is not asked."""
    yield s.ask(name, image, key, want, **more)
    if form.startswith("referrer") and not several:
        yield s.ask(name + ", told of referrers", image, key, want, **{**more, **EXPERIMENTAL})


@variants(tools.KEYS, FORMS)
def case_matrix(s, key, form):
    image = s.at(s.image())
    s.sign(form, key, image)
    yield from all_ways(s, "its key", image, key, YES, form)
    if key in CURVE_HASH and form == "legacy-3":
        yield s.ask("its key, told the hash", image, key, YES, versions=("2",),
                    cosign=("--signature-digest-algorithm=" + CURVE_HASH[key],))  # fmt: skip
    yield s.ask("another key of its type", image, key + "-other", not_ours(form))


def case_unsigned(s):
    yield s.ask("image", s.at(s.image()), "p256", UNSIGNED)
    yield s.ask("no such digest", s.at({"digest": registries.digest(b"nothing")}), "p256", UNSIGNED)
    yield s.ask("no such repository", s.at({"digest": registries.digest(b"nothing")}, "t/none"), "p256", UNSIGNED)


@variants(FORMS)
def case_docker_manifest(s, form):
    image = s.at(s.image(docker=True))
    s.sign(form, "p256", image)
    yield from all_ways(s, "its key", image, "p256", YES, form)


def case_no_registry(s):
    """Not being able to ask is no verdict. cosign has none of its own for that."""
    yield s.ask("nothing listens", "127.0.0.1:1/app@" + s.image()["digest"], "p256", NO_ANSWER, versions=())


# ---- several signatures ----


@variants(FORMS)
def case_several_keys(s, form):
    image = s.at(s.image())
    signers = ("p256", "rsa2048", "p256-by-2")
    for key in signers:
        s.sign(form, key, image)
    for key in signers:
        yield from all_ways(s, "key " + key, image, key, YES, form, several=True)
    yield s.ask("a fourth key", image, "p256-other", not_ours(form))


@variants(["legacy-2", "legacy-3"], ["bundle-3"])
def case_both_formats(s, legacy, bundle):
    image = s.at(s.image())
    s.sign(legacy, "p256", image)
    s.sign(bundle, "rsa2048", image)
    yield s.ask("key of the legacy signature", image, "p256", YES)
    yield s.ask("key of the bundle", image, "rsa2048", YES)
    yield s.ask("another key", image, "p256-other", not_ours("legacy"))


@variants(FORMS)
def case_signed_again(s, form):
    image = s.at(s.image())
    for _ in range(2):
        s.sign(form, "p256", image)
    yield from all_ways(s, "its key", image, "p256", YES, form)


def case_signed_again_by_the_other_version(s):
    image = s.at(s.image())
    for form in FORMS:
        s.sign(form, "p256", image)
    yield s.ask("its key", image, "p256", YES)


# ---- attestations ----


@variants(ATTESTATIONS)
def case_attested(s, form):
    image = s.at(s.image())
    s.attest(form, "p256", image)
    want = ATTESTED if form.startswith("bundle") else UNSIGNED
    yield s.ask("its key", image, "p256", want)
    yield s.ask("another key", image, "p256-other", want)


@variants(["legacy-2", "bundle-3"], ATTESTATIONS)
def case_attested_and_signed(s, form, attestation):
    image = s.at(s.image())
    s.attest(attestation, "rsa2048", image)
    s.sign(form, "p256", image)
    yield s.ask("key of the signature", image, "p256", YES)
    # The signature says no louder than a statement that is no signature.
    yield s.ask("key of the attestation", image, "rsa2048", not_ours(form))


# ---- an index ----


def _index(s):
    children = []
    for architecture in ("amd64", "arm64"):
        child = s.image(architecture, architecture=architecture)
        children.append({**child, "platform": {"architecture": architecture, "os": "linux"}})
    return s.registry.put_index(s.repository, "v1", children), children[0]


@variants(FORMS)
def case_index_signed(s, form):
    index, child = _index(s)
    s.sign(form, "p256", s.at(index))
    yield from all_ways(s, "index", s.at(index), "p256", YES, form)
    yield s.ask("child", s.at(child), "p256", UNSIGNED)


@variants(FORMS)
def case_child_signed(s, form):
    index, child = _index(s)
    s.sign(form, "p256", s.at(child))
    yield s.ask("index", s.at(index), "p256", UNSIGNED)
    yield from all_ways(s, "child", s.at(child), "p256", YES, form)


@variants(FORMS)
def case_index_signed_with_its_children(s, form):
    index, child = _index(s)
    s.sign(form, "p256", s.at(index), "--recursive")
    yield from all_ways(s, "index", s.at(index), "p256", YES, form)
    yield from all_ways(s, "child", s.at(child), "p256", YES, form)


# ---- what was tampered with, or made by hand ----


@variants(["legacy-2", "legacy-3"])
def case_legacy_payload_changed(s, form):
    image = s.image()
    s.sign(form, "p256", s.at(image))
    payload, signature = s.legacy(image)[0]
    s.put_legacy(image, (payload.replace(b'"optional":null', b'"optional":{"a":"b"}'), signature))
    yield s.ask("its key", s.at(image), "p256", not_ours("legacy"))


@variants(["legacy-2", "legacy-3"])
def case_legacy_signature_changed(s, form):
    image = s.image()
    s.sign(form, "p256", s.at(image))
    payload, signature = s.legacy(image)[0]
    s.put_legacy(image, (payload, flipped(signature)))
    yield s.ask("its key", s.at(image), "p256", not_ours("legacy"))


@variants(["legacy-2", "legacy-3"])
def case_legacy_of_another_image(s, form):
    image, other = s.image(), s.image("v2")
    s.sign(form, "p256", s.at(other))
    s.put_legacy(image, *s.legacy(other))
    yield s.ask("its key", s.at(image), "p256", ANOTHER_DIGEST)
    yield s.ask("the other image", s.at(other), "p256", YES)


def case_legacy_by_hand(s):
    """What openssl signs counts like what cosign signs, if the payload is one of cosign's."""
    image = s.image()
    payload = s.claims(image)
    s.put_legacy(image, (payload, base64.b64encode(s.raw_signature("rsa2048", payload)).decode()))
    yield s.ask("its key", s.at(image), "rsa2048", YES)


def case_legacy_of_another_type(s):
    image = s.image()
    payload = s.claims(image, "atomic container signature")
    s.put_legacy(image, (payload, base64.b64encode(s.raw_signature("rsa2048", payload)).decode()))
    yield s.ask("its key", s.at(image), "rsa2048", (1, "bad_signature", "claim_type"))


def case_legacy_without_claims(s):
    """The bare manifest, signed: what a person with openssl would do."""
    image = s.image()
    payload = registries.dump({"docker-manifest-digest": image["digest"]})
    s.put_legacy(image, (payload, base64.b64encode(s.raw_signature("rsa2048", payload)).decode()))
    yield s.ask("its key", s.at(image), "rsa2048", (1, "bad_signature", "claims"))


def case_legacy_spoilt_ones_first(s):
    image = s.image()
    payload = s.claims(image)
    good = base64.b64encode(s.raw_signature("rsa2048", payload)).decode()
    s.put_legacy(image, (payload, ""), (payload, "no base64"), (payload, flipped(good)), (payload, good))
    yield s.ask("its key", s.at(image), "rsa2048", YES)


def case_legacy_behind_many(s):
    """64 are looked at."""
    image = s.image()
    payload = s.claims(image)
    good = base64.b64encode(s.raw_signature("rsa2048", payload)).decode()
    s.put_legacy(image, *[(payload, flipped(good))] * 64, (payload, good))
    yield s.ask("the 65th", s.at(image), "rsa2048", not_ours("legacy"))
    other = s.image("v2")
    payload = s.claims(other)
    good = base64.b64encode(s.raw_signature("rsa2048", payload)).decode()
    s.put_legacy(other, *[(payload, flipped(good))] * 63, (payload, good))
    yield s.ask("the 64th", s.at(other), "rsa2048", YES)


def case_bundle_payload_changed(s):
    image = s.image()
    other = s.image("v2")
    s.sign("bundle-3", "p256", s.at(other))
    bundle = s.bundle(other)
    payload = base64.b64decode(bundle["dsseEnvelope"]["payload"])
    payload = payload.replace(other["digest"][7:].encode(), image["digest"][7:].encode())
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    s.put_bundle(image, bundle)
    yield s.ask("its key", s.at(image), "p256", WRONG)


def case_bundle_signature_changed(s):
    image, other = s.image(), s.image("v2")
    s.sign("bundle-3", "p256", s.at(other))
    bundle = s.bundle(other)
    entry = bundle["dsseEnvelope"]["signatures"][0]
    entry["sig"] = flipped(entry["sig"])
    s.put_bundle(other, bundle)
    s.put_bundle(image, bundle)
    yield s.ask("its key", s.at(image), "p256", WRONG)


def case_bundle_of_another_image(s):
    image, other = s.image(), s.image("v2")
    s.sign("bundle-3", "p256", s.at(other))
    s.put_bundle(image, s.bundle(other))
    yield s.ask("its key", s.at(image), "p256", ANOTHER_DIGEST)
    yield s.ask("the other image", s.at(other), "p256", YES)


def case_bundle_put_by_hand(s):
    """Proof that put_bundle() lays a bundle where it is found: the others with it differ in one thing each."""
    image = s.image()
    s.sign("bundle-3", "p256", s.at(image))
    s.put_bundle(image, s.bundle(image))
    yield s.ask("its key", s.at(image), "p256", YES)


def case_bundle_with_another_hint(s):
    """Whose key it is is said by nobody who can be believed."""
    image, other = s.image(), s.image("v2")
    s.sign("bundle-3", "p256", s.at(other))
    bundle = s.bundle(other)
    bundle["verificationMaterial"]["publicKey"]["hint"] = base64.b64encode(bytes(32)).decode()
    s.put_bundle(image, bundle)
    yield s.ask("its key", s.at(image), "p256", ANOTHER_DIGEST)


# ---- annotations, places, tags ----


@variants(FORMS)
def case_annotations(s, form):
    image = s.at(s.image())
    s.sign(form, "p256", image, "-a", "team=infra", "-a", "env=prod")

    def ask(name, want, *options):
        return all_ways(s, name, image, "p256", want, form, options=options)
    yield from ask("none asked", YES)
    yield from ask("one asked", YES, "-a", "team=infra")
    yield from ask("both asked", YES, "-a", "team=infra", "-a", "env=prod")
    yield from ask("another value", ANNOTATION, "-a", "team=web")
    yield from ask("another name", ANNOTATION, "-a", "owner=infra")
    yield from ask("one right, one wrong", ANNOTATION, "-a", "team=infra", "-a", "env=test")


@variants(FORMS)
def case_annotations_of_two_signatures(s, form):
    """Both must stand in one signature."""
    image = s.at(s.image())
    s.sign(form, "p256", image, "-a", "team=infra")
    s.sign(form, "p256", image, "-a", "env=prod")
    yield from all_ways(s, "first", image, "p256", YES, form, several=True, options=("-a", "team=infra"))
    yield from all_ways(s, "second", image, "p256", YES, form, several=True, options=("-a", "env=prod"))
    yield from all_ways(s, "both", image, "p256", ANNOTATION, form, several=True,
                        options=("-a", "team=infra", "-a", "env=prod"))  # fmt: skip


@variants(["legacy-2", "legacy-3", "bundle-3"])
def case_signatures_elsewhere(s, form):
    """COSIGN_REPOSITORY of cosign, --signature-repository of assay."""
    image = s.at(s.image())
    elsewhere = f"{s.registry.host}/{s.repository}/signatures"
    env = {"COSIGN_REPOSITORY": elsewhere}
    s.sign(form, "p256", image, env=env)
    there = {"assay": ("--signature-repository", elsewhere), "env": env}
    yield s.ask("there", image, "p256", YES, **there)
    yield s.ask("there, another key", image, "p256-other", not_ours(form), **there)
    yield s.ask("beside the image", image, "p256", UNSIGNED)


@variants(FORMS)
def case_copied(s, form):
    image = s.image()
    s.sign(form, "p256", s.at(image))
    for version, name in tools.VERSIONS.items():
        to = f"{s.repository}/copy-{version}"
        s.tools.cosign(version, "copy", s.tag("v1"), s.tag("v1", to))
        # `cosign copy` leaves referrers behind, and lays the image itself below their tag.
        yield s.ask("by " + name, s.at(image, to), "p256", YES if form.startswith("legacy") else UNSIGNED)


@variants(["legacy-2", "legacy-3", "bundle-3"])
def case_tags(s, form):
    signed, unsigned = s.image(), s.image("v2")
    s.sign(form, "p256", s.at(signed))
    yield s.ask("signed", s.tag("v1"), "p256", YES, pinned=s.at(signed))
    yield s.ask("unsigned", s.tag("v2"), "p256", UNSIGNED, pinned=s.at(unsigned))
    yield s.ask("moved", s.tag("v1"), "p256-other", not_ours(form), pinned=s.at(signed))


@variants(["2", "3"])
def case_attached(s, version):
    """`cosign generate`, signed with openssl, `cosign attach signature`: the way without cosign's keys."""
    image = s.at(s.image())
    payload = s.tools.cosign(version, "generate", image).encode()
    files = s.tools.path("raw", s.repository.replace("/", "-"))
    with open(files + ".payload", "wb") as f:
        f.write(payload)
    with open(files + ".sig", "wb") as f:
        f.write(base64.b64encode(s.raw_signature("rsa2048", payload)))
    s.tools.cosign(version, "attach", "signature", "--payload", files + ".payload", "--signature", files + ".sig", image)
    yield s.ask("its key", image, "rsa2048", YES)
    yield s.ask("another key", image, "rsa2048-other", not_ours("legacy"))
