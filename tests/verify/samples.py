"""What real cosign 2.5 and 3.1 wrote, recorded from registries with and without the referrers API."""

import json
import os
import tempfile

from context import ROOT, SHARED, Skip, over, report
from harness import assay, ends, equal, holds

SAMPLES = os.path.join(SHARED, "samples", "sigstore")
REGISTRIES = {"with": "with-referrers-api", "without": "without-referrers-api"}


def images():
    """The index and the images in it, by the names of tests/sigstore/replay.txt."""
    with open(os.path.join(SAMPLES, "oci-layout", "index.json"), encoding="utf-8") as f:
        index = json.load(f)["manifests"][0]["digest"]
    with open(os.path.join(SAMPLES, "oci-layout", "blobs", *index.split(":")), encoding="utf-8") as f:
        found = {m["platform"]["architecture"]: m["digest"] for m in json.load(f)["manifests"]}
    return dict(found, index=index)


def expected():
    """(registry/repository, image, question) -> state and sorted "format:reason", without what `assay verify`
    does not look at: the tag .att."""
    out = {}
    with open(os.path.join(ROOT, "tests", "sigstore", "replay.txt"), encoding="utf-8") as f:
        for line in f:
            if not line.strip() or line[0] == "#" or line.startswith("conformance/"):
                continue
            what, said = line.rstrip("\n").split(": ", 1)
            place, image, question = what.split(" ")
            state, *candidates = said.split(" ")
            kept = [c for c in candidates if c != "none" and not c.startswith("legacy-att:")]
            if question in ("signature", "stranger"):
                out[place, image, question] = state, kept
    return out


def cases():
    return sorted(expected()) if os.path.isdir(SAMPLES) else [()]


def key_of(repository, question):
    own = repository.split("-")[1] if repository.startswith("alg") else "cosign"
    stranger = "p256" if "p256" not in repository else "cosign"
    return os.path.join(SAMPLES, "keys", (own if question == "signature" else stranger) + ".pub")


def ask(place, digest, *more):
    registry, repository = place.split("/")
    with tempfile.TemporaryDirectory() as folder:
        # The folders of the samples are not named like hosts.
        os.symlink(os.path.join(SAMPLES, "registry", REGISTRIES[registry]),
                   os.path.join(folder, registry + ".example"))
        image = "%s.example/%s" % (registry, repository)
        return assay("verify", "--registry-dir", folder, *more, image + digest)


def statements(place, digest):
    """How many referrers say of themselves that they are statements, but no signatures: they are not fetched."""
    registry, repository = place.split("/")
    folder = os.path.join(SAMPLES, "registry", REGISTRIES[registry], repository, "manifests")
    count = 0
    for name in os.listdir(folder):
        if not name.startswith("sha256:"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            manifest = json.load(f)
        if manifest.get("subject", {}).get("digest") == digest:
            kind = manifest.get("annotations", {}).get("dev.sigstore.bundle.predicateType")
            count += kind is not None and kind != "https://sigstore.dev/cosign/sign/v1"
    return count


def unfetched(candidates, seen):
    """What of the candidates was not seen and may be a statement."""
    rest = list(candidates)
    for c in seen:
        if c in rest:
            rest.remove(c)
    return [c for c in rest if c.startswith("bundle-")]


@over(cases)
def test_what_cosign_wrote(place=None, image=None, question=None):
    if not place:
        raise Skip("%s is not there" % os.path.relpath(SAMPLES, ROOT))
    state, candidates = expected()[place, image, question]
    digest = images()[image]
    key = key_of(place.split("/")[1], question)
    skipped = statements(place, digest)
    # Of the tag .att, and of statements that are no signatures, nothing is seen: the states of their candidates are
    # never louder than "unsigned" to the key that made them, and "somebody else" to a stranger.
    if len(candidates) == skipped:
        state = "unsigned"
    result = ask(place, "@" + digest, "-o", "json", "-k", key)
    ends(result, 0 if state == "verified" else 1, err="")
    said = report(result)
    equal("state", said["state"], state)
    found = sorted("%s:%s" % (c["format"], c["reason"]) for c in said["candidates"])
    seen = [c for c in found if c != "none:predicate_type"]
    equal("statements", len(found) - len(seen), skipped)
    rest = unfetched(candidates, seen)
    equal("candidates", sorted(seen + rest), sorted(candidates))
    equal("not fetched", len(rest), skipped)


@over(lambda: [("with/app",), ("without/app",)] if os.path.isdir(SAMPLES) else [()])
def test_a_tag_of_cosign_is_pinned(place=None):
    if not place:
        raise Skip("%s is not there" % os.path.relpath(SAMPLES, ROOT))
    pinned = "%s.example/app@%s" % (place.split("/")[0], images()["index"])
    ends(ask(place, ":multi"), 0, pinned + "\n", "")
    result = ask(place, ":multi", "-k", os.path.join(SAMPLES, "keys", "cosign.pub"))
    ends(result, 0, err="")
    equal("pin", result.lines()[0], pinned)
    holds("verdict", result.lines()[1], "verified: signed by ")
