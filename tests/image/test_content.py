"""What is in the image, to the last file and key."""

import gzip
import hashlib
import json
import os
import re
import subprocess
import tarfile

from context import ROOT

FILES = [
    ("etc", "folder", 0o755),
    ("etc/ssl", "folder", 0o755),
    ("etc/ssl/certs", "folder", 0o755),
    ("assay", "file", 0o755),
    ("etc/ssl/certs/ca-certificates.crt", "file", 0o644),
]


def version():
    with open(os.path.join(ROOT, "VERSION"), encoding="utf-8") as f:
        return f.read().strip()


def test_holds_these_files_and_no_others(built):
    with tarfile.open(built.layer()) as archive:
        members = archive.getmembers()
    found = [(m.name, "folder" if m.isdir() else "file" if m.isreg() else "other", m.mode) for m in members]
    assert found == FILES, found
    assert {(m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0, "", "")}, members


def test_every_time_is_that_of_the_commit(built):
    with tarfile.open(built.layer()) as archive:
        times = {m.mtime for m in archive.getmembers()}
    assert len(times) == 1, times
    created = built.config()["created"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", created), created
    assert built.config()["config"]["Labels"]["org.opencontainers.image.created"] == created


def test_runs_as_a_number_with_one_entry_point(built):
    config = built.config()["config"]
    labels = config.pop("Labels")
    assert config == {"User": "65532:65532", "Entrypoint": ["/assay"], "WorkingDir": "/"}, config
    assert sorted(labels) == ["org.opencontainers.image." + name for name in (
        "created", "description", "documentation", "licenses", "revision", "title", "version")], labels
    assert labels["org.opencontainers.image.version"] == version(), labels


def test_is_for_the_architecture_of_its_program(built):
    config = built.config()
    assert (config["os"], config["architecture"]) == ("linux", "amd64"), config
    assert built.layout("index.json")["manifests"][0]["platform"] == {"os": "linux", "architecture": "amd64"}


def test_every_digest_and_size_is_right(built):
    top = built.layout("index.json")["manifests"]
    assert len(top) == 1
    manifest = built.manifest()
    named = [*top, manifest["config"], *manifest["layers"]]
    folder = os.path.join(built.image, "oci", "blobs", "sha256")
    assert sorted(os.listdir(folder)) == sorted(d["digest"][7:] for d in named)
    for d in named:
        data = built.blob(d["digest"])
        assert (len(data), hashlib.sha256(data).hexdigest()) == (d["size"], d["digest"][7:]), d
    unpacked = gzip.decompress(built.blob(manifest["layers"][0]["digest"]))
    assert built.config()["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(unpacked).hexdigest()]


def test_certificates_are_the_ones_of_debian(built):
    with tarfile.open(built.layer()) as archive:
        text = archive.extractfile("etc/ssl/certs/ca-certificates.crt").read().decode("ascii")
    count = text.count("-----BEGIN CERTIFICATE-----\n")
    assert 100 < count < 250 and count == text.count("-----END CERTIFICATE-----\n"), count


def test_pins_name_every_archive_that_is_linked(built):
    with open(os.path.join(built.static, "pins.json"), encoding="utf-8") as f:
        pins = json.load(f)
    assert sorted(p["source"] for p in pins) == sorted([
        "c-ares", "ca-certificates", "curl", "gcc-12", "glibc", "gmp", "gnutls28", "jansson", "libmicrohttpd",
        "libsodium", "libtasn1-6", "libyaml", "nettle"])
    for p in pins:
        assert re.fullmatch("[0-9a-f]{64}", p["dsc_sha256"]), p
        assert p["licence"], p


def test_is_small(built):
    for name, want in (("program", 6.0), ("image", 6.0), ("memory", 16.0)):
        m = re.search(rf"(?m)^{name} +(\S+) M(B|iB) \(target (\d+) M\2: (ok|MISSED)\)$", built.printed)
        assert m, built.printed
        assert float(m.group(3)) == want and float(m.group(1)) <= want and m.group(4) == "ok", m.group(0)
    assert os.path.getsize(built.program) <= 6_000_000


def test_bills_of_materials_name_every_library_and_its_hash(built):
    script = os.path.join(ROOT, "scripts", "sbom")
    paths = subprocess.run([script], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert paths == ["build/image/sbom-amd64.spdx.json", "build/image/sbom-amd64.cdx.json"], paths
    with open(os.path.join(built.static, "pins.json"), encoding="utf-8") as f:
        want = {p["source"]: (p["version"], p["dsc_sha256"]) for p in json.load(f)}
    spdx, cdx = (json.loads(open(os.path.join(ROOT, p), "rb").read()) for p in paths)
    first, *rest = spdx["packages"]
    assert first["checksums"] == [{"algorithm": "SHA256", "checksumValue": built.digest()[7:]}], first
    assert {p["name"]: (p["versionInfo"], p["checksums"][0]["checksumValue"]) for p in rest} == want
    linked = {r["relatedSpdxElement"][8:] for r in spdx["relationships"] if r["relationshipType"] == "STATIC_LINK"}
    assert linked == set(want) - {"ca-certificates"}, linked
    assert cdx["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": built.digest()[7:]}]
    assert {c["name"]: (c["version"], c["externalReferences"][0]["hashes"][0]["content"])
            for c in cdx["components"]} == want
