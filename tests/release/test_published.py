"""One whole release: what the registry has then, and who can verify it with what."""

import base64
import gzip
import io
import json
import os
import re
import subprocess
import tarfile

import yaml
from stage import BILLS, DIST, IMAGE, KEY_URL, ROOT, STATICS, Failed, equal, read, without_digests

CHART = os.path.join(ROOT, "deploy", "helm")


def repository(reference):
    return reference.partition("@")[0].partition("/")[2]


def package(s):
    """{path: bytes} of the released chart."""
    with tarfile.open(s.path("dist", f"assay-{s.version}.tgz")) as archive:
        return {m.name: archive.extractfile(m).read() for m in archive.getmembers()}


def tree():
    """What stands in the chart's folder of the tree, without the values of the tests, which .helmignore names."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "deploy/helm"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split()
    return {os.path.relpath(name, "deploy/helm"): read(os.path.join(ROOT, name)) for name in listed if "/ci/" not in name}


def test_says_what_it_does(s):
    place, said = s.published
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    image, chart = f"{place}/assay@DIGEST", f"{place}/charts/assay@DIGEST"
    equal([without_digests(line) for line in said.lines() if line != "building the image"], [
        f"version {s.version}, revision {revision}",
        "writing and looking over the bills of materials",
        f"packed: build/dist/assay-{s.version}.tgz",
        "obeys the shipped policy: every workload of the packed chart; its signature is not asked for yet",
        f"pushed: {image}", f"pushed: {chart}", f"signed: {image}, and the image of each platform", f"signed: {chart}",
        "attested: sbom-amd64.spdx.json", "attested: sbom-amd64.cdx.json",
        "attested: sbom-arm64.spdx.json", "attested: sbom-arm64.cdx.json",
        *[f"verified by assay: {image}"] * 3, f"verified by assay: {chart}",
        "verified by cosign: sbom-amd64.spdx.json, sbom-amd64.cdx.json, sbom-arm64.spdx.json, sbom-arm64.cdx.json of the image",
        "admitted by the shipped policy: every workload of the released chart",
        "refused with another key: the signature of the image",
        f"done: helm install assay oci://{place}/charts/assay --version {s.version}"], "lines")


def test_dist_has_all_and_no_private_key(s):
    _ = s.published
    names = sorted(os.listdir(s.path("dist")))
    bills = sorted(BILLS["cyclonedx"] + BILLS["spdxjson"])
    equal(names, [f"assay-{s.version}.tgz", "cosign.pub", "release.json", *bills], "build/dist")
    equal(read(s.path("dist", "cosign.pub")), read(s.public), "public key")
    for name in bills:
        equal(read(s.path("dist", name)), read(os.path.join(IMAGE, name)), name)
    told = json.loads(read(s.path("dist", "release.json")))["platforms"]
    equal(told, {f"linux/{arch}": digest for arch, digest in s.platforms().items()}, "release.json")


def test_image_is_the_one_that_was_built(s):
    image, _ = s.record()
    name = repository(image)
    digest, index = s.plain.manifest(name, s.version)
    equal(digest, s.digest(), "digest of the tag")
    equal(image.partition("@")[2], digest, "release.json")
    equal({e["platform"]["architecture"]: e["digest"] for e in index["manifests"]}, s.platforms(), "platforms")
    equal(sorted(s.platforms()), ["amd64", "arm64"], "platforms")
    for child in s.platforms().values():
        found, manifest = s.plain.manifest(name, child)
        equal(found, child, "digest of a platform")
        for part in [manifest["config"], *manifest["layers"]]:
            stored = s.plain.blob(name, part["digest"])
            equal(stored, read(os.path.join(IMAGE, "oci", "blobs", "sha256", part["digest"][7:])), part["mediaType"])


def test_chart_in_the_registry_is_the_package(s):
    _, chart = s.record()
    digest, manifest = s.plain.manifest(repository(chart), s.version)
    equal(chart.partition("@")[2], digest, "release.json")
    equal([layer["mediaType"] for layer in manifest["layers"]], ["application/vnd.cncf.helm.chart.content.v1.tar+gzip"], "layers")
    equal(s.plain.blob(repository(chart), manifest["layers"][0]["digest"]), read(s.path("dist", f"assay-{s.version}.tgz")), "package")


def test_chart_names_the_image_by_digest_and_nothing_else_changed(s):
    image, _ = s.record()
    files = {name.removeprefix("assay/"): data for name, data in package(s).items()}
    want = tree()
    equal(sorted(files), sorted(want), "files")
    for name in sorted(set(files) - {"values.yaml", "Chart.yaml"}):
        equal(files[name], want[name], name)
    values, before = (yaml.safe_load(f["values.yaml"]) for f in (files, want))
    place = s.published[0]
    before["image"].update(registry=place, repository="assay", digest=image.partition("@")[2])
    equal(values, before, "values")
    # Comments are what people read in `helm show values`.
    equal(files["values.yaml"].count(b"##"), want["values.yaml"].count(b"##"), "comments of values.yaml")


def test_chart_tells_image_and_key(s):
    image, _ = s.record()
    found, before = (yaml.safe_load(text) for text in (package(s)["assay/Chart.yaml"], read(os.path.join(CHART, "Chart.yaml"))))
    told = {name: yaml.safe_load(found["annotations"].pop("artifacthub.io/" + name)) for name in ("images", "signKey")}
    equal(found, before, "the rest of Chart.yaml")
    equal(told["images"], [{"name": "assay", "image": image, "platforms": ["linux/amd64", "linux/arm64"]}], "images")
    der = subprocess.run(["openssl", "pkey", "-pubin", "-in", s.public, "-outform", "DER"], check=True, capture_output=True).stdout
    fingerprint = subprocess.run(["sha256sum"], input=der, check=True, capture_output=True).stdout.decode().split()[0]
    equal(told["signKey"], {"fingerprint": fingerprint, "url": KEY_URL}, "signKey")


def test_package_has_no_time_of_day(s):
    _ = s.published
    data = read(s.path("dist", f"assay-{s.version}.tgz"))
    commit = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data))) as archive:
        members = archive.getmembers()
    equal({(m.mtime, m.uid, m.gid, m.mode) for m in members}, {(int(commit), 0, 0, 0o644)}, "times, owners and modes")
    equal(members[0].name, "assay/Chart.yaml", "first file")


def signed(s):
    """Image, chart, and the image of each platform."""
    image, chart = s.record()
    return [image, chart, *(f"{image.partition('@')[0]}@{digest}" for digest in s.platforms().values())]


def test_cosign_verifies_all(s):
    for image in signed(s):
        claims = json.loads(s.cosign("verify", "--allow-http-registry", "--insecure-ignore-tlog", "--key", s.public, image).fine())
        signatures = [c for c in claims if c["critical"]["type"] == "https://sigstore.dev/cosign/sign/v1"]
        equal([c["critical"]["image"]["docker-manifest-digest"] for c in signatures], [image.partition("@")[2]], "signed digest")
        other = s.cosign("verify", "--allow-http-registry", "--insecure-ignore-tlog", "--key", s.other, image)
        # What cosign says of bundles that none of the keys made.
        if other.code != 1 or "\nError: no matching attestations: failed to verify signature: " not in other.err:
            raise Failed(f"with another key: {other}")


def test_assay_verifies_all(s):
    for image in signed(s):
        out = s.assay("verify", "--plain-http", "--key", s.public, image).fine()
        equal(out.splitlines()[:2], [image, f"verified: signed by {s.public}"], "assay verify")
        other = s.assay("verify", "--plain-http", "--key", s.other, "-o", "json", image)
        equal((other.code, json.loads(other.out)["state"]), (1, "untrusted_key"), "another key")


def test_attestations_hold_the_bills_of_materials(s):
    image, _ = s.record()
    for kind, names in BILLS.items():
        out = s.cosign("verify-attestation", "--allow-http-registry", "--insecure-ignore-tlog", "--key", s.public, "--type", kind,
                       image).fine()
        statements = [json.loads(base64.b64decode(json.loads(line)["payload"])) for line in out.splitlines()]
        equal([t["subject"][0]["digest"] for t in statements], [{"sha256": image[-64:]}] * 2, f"subjects of type {kind}")
        found = sorted(json.dumps(t["predicate"], sort_keys=True) for t in statements)
        want = sorted(json.dumps(json.loads(read(s.path("dist", name))), sort_keys=True) for name in names)
        equal(found, want, f"predicates of type {kind}")


def rendered(s, major):
    """Objects of the released chart, installed as its users do: registry and key are all they give."""
    place, _ = s.published
    text = s.helm("template", "assay", f"oci://{place}/charts/assay", "--version", s.version, "--plain-http", "--namespace",
                  "assay-system", "--set", f"security.goldenImages.registries={{{place}/**}}", "--set-file",
                  f"security.goldenImages.signature.keys.release={s.public}", major=major).fine()
    return text, [o for o in yaml.safe_load_all(text) if o]


def test_released_chart_installs_with_two_inputs(s):
    image, _ = s.record()
    for major in ("4", "3"):
        objects = rendered(s, major)[1]
        used = {c["image"] for o in objects for c in (
            o["spec"]["template"]["spec"]["containers"] if o["kind"] == "Deployment" else o["spec"]["containers"] if o["kind"] == "Pod"
            else [])}  # fmt: skip
        equal(used, {image}, f"images, Helm {major}")


def test_released_pod_is_judged_by_the_policy_of_its_own_chart(s):
    text, objects = rendered(s, "4")
    policies = [o["data"]["golden-images.yaml"] for o in objects if o["kind"] == "ConfigMap" and "golden-images.yaml" in o["data"]]
    equal(len(policies), 1, "policies")
    registries = s.path("registries.json")
    with open(registries, "w", encoding="utf-8") as f:
        json.dump({"apiVersion": "assay.dev/v1", "kind": "Registries", "spec": {"registries": [
            {"host": s.plain.host, "allowPrivate": True, "plainHttp": True}]}}, f)
    # Its own namespace is exempt.
    text = text.replace("namespace: assay-system", "namespace: elsewhere")
    other = "".join("      " + line + "\n" for line in read(s.other).decode().splitlines())
    for name, policy, code in (("own", policies[0], 0), ("other", swapped(policies[0], other), 1)):
        with open(s.path(name + ".yaml"), "w", encoding="utf-8") as f:
            f.write(policy)
        done = s.assay("check", "--strict", "--policies", s.path(name + ".yaml"), "--registries", registries, "-o", "json", "-", stdin=text)
        equal(done.code, code, f"{name}: {done}")
        results = json.loads(done.out)["results"]
        signed = {(r["result"]) for r in results if r["rule"] == "signed"}
        equal(signed, {"fail" if code else "pass"}, f"{name}: signature")
        equal({r["result"] for r in results if r["rule"] not in ("", "signed")}, {"pass"}, f"{name}: the other rules")


def swapped(policy, key):
    """The policy with another public key."""
    found = re.sub(r"(?s) +-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----\n", lambda m: indented(m[0], key), policy)
    if found == policy:
        raise Failed(f"no key in the policy:\n{policy}")
    return found


def indented(old, key):
    width = len(old) - len(old.lstrip(" "))
    return "".join(" " * width + line.strip() + "\n" for line in key.splitlines())


def test_tree_is_left_as_it_was(s):
    _ = s.published
    values = yaml.safe_load(read(os.path.join(CHART, "values.yaml")))
    equal((values["image"]["registry"], values["image"]["digest"]), ("", ""), "deploy/helm/values.yaml")
    equal("artifacthub.io/images" in yaml.safe_load(read(os.path.join(CHART, "Chart.yaml")))["annotations"], False, "Chart.yaml")


def test_program_is_the_one_in_the_image(s):
    """What verified the release is what was released; and the other platform has the program of its own."""
    image, _ = s.record()
    name = repository(image)
    for arch, child in s.platforms().items():
        layer = s.plain.manifest(name, child)[1]["layers"][0]["digest"]
        with tarfile.open(fileobj=io.BytesIO(s.plain.blob(name, layer))) as archive:
            equal(archive.extractfile("assay").read() == read(os.path.join(STATICS[arch], "root", "assay")), True, f"program for {arch}")


def test_same_release_again_adds_nothing(s):
    place, _ = s.published
    image, chart = s.record()
    before = [s.plain.referrers(repository(r), r.partition("@")[2]) for r in signed(s)]
    said = s.again("--registry", place, "--plain-http", "--key", s.key, "--key-url", KEY_URL)
    said.fine()
    lines = [line for line in said.lines() if line.split(":")[0] in ("pushed", "there already", "signed", "attested")]
    equal(lines, [f"there already: {image}", f"there already: {chart}"], "lines")
    after = [s.plain.referrers(repository(r), r.partition("@")[2]) for r in signed(s)]
    equal([len(found) for found in before], [5, 1, 1, 1], "signatures and attestations of image, chart and platforms")
    equal(after, before, "referrers")
    equal(json.loads(read(os.path.join(DIST, "release.json"))), json.loads(read(s.path("dist", "release.json"))), "release.json")


def test_published_version_is_not_replaced(s):
    place, _ = s.published
    digest = s.record()[1]
    s.again("--registry", place, "--plain-http", "--key", s.key).refuses(
        f"{place}/charts/assay:{s.version} is another chart than this one: a published version is not replaced")
    equal(s.plain.manifest(repository(digest), s.version)[0], digest.partition("@")[2], "chart")
    other = s.plain.put_other_image("taken/assay", s.version)
    s.again("--registry", f"{s.plain.host}/taken", "--plain-http", "--key", s.key).refuses(
        f"{s.plain.host}/taken/assay:{s.version} is {other}, this image is {s.digest()}: a published version is not replaced")
    equal(s.plain.manifest("taken/assay", s.version)[0], other, "image")
    equal([r for r in s.plain.repositories() if r.startswith("taken/")], ["taken/assay"], "repositories")
