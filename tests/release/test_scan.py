"""What scripts/scan finds in an image or a bill of materials with which something is wrong, each a copy of the real ones."""

import gzip
import hashlib
import io
import itertools
import json
import os
import shutil
import tarfile

from stage import IMAGE, SCRIPTS, STATIC, STATICS, Failed, equal, read

GOOD = "none of 6 patterns"


class Copy:
    """A copy of build/image and of what is looked at in build/static, one platform of which is to be spoilt."""

    def __init__(self, s, arch="amd64"):
        self.s, self.arch = s, arch
        self.image, first = s.path("scan", "image"), s.path("scan", "static")
        self.first, self.static = first, first + STATICS[arch].removeprefix(STATIC)
        shutil.rmtree(s.path("scan"), ignore_errors=True)
        shutil.copytree(IMAGE, self.image)
        for static in STATICS.values():
            there = first + static.removeprefix(STATIC)
            os.makedirs(os.path.join(there, "root"))
            for name in ("assay.map", "pins.json", "root/assay"):
                shutil.copy(os.path.join(static, name), os.path.join(there, name))

    def blob(self, name):
        return read(os.path.join(self.image, "oci", "blobs", "sha256", name[7:]))

    def put(self, data):
        name = hashlib.sha256(data).hexdigest()
        with open(os.path.join(self.image, "oci", "blobs", "sha256", name), "wb") as f:
            f.write(data)
        return {"digest": "sha256:" + name, "size": len(data)}

    def edit_image(self, config=None, member=None, more=()):
        """config: called with the configuration. member: called with each entry of the layer. more: (entry, data) to add."""
        path = os.path.join(self.image, "oci", "index.json")
        top = json.loads(read(path))
        index = json.loads(self.blob(top["manifests"][0]["digest"]))
        child = next(e for e in index["manifests"] if e["platform"]["architecture"] == self.arch)
        manifest = json.loads(self.blob(child["digest"]))
        tree = json.loads(self.blob(manifest["config"]["digest"]))
        if config:
            config(tree["config"])
        manifest["config"].update(self.put(json.dumps(tree).encode()))
        if member or more:
            manifest["layers"][0].update(self.put(self.layer(manifest["layers"][0]["digest"], member, more)))
        child.update(self.put(json.dumps(manifest).encode()))
        top["manifests"][0].update(self.put(json.dumps(index).encode()))
        with open(path, "w", encoding="utf-8") as f:
            json.dump(top, f)
        digest = child["digest"][7:]
        self.edit_bills(lambda b: b["packages"][0]["checksums"][0].update(checksumValue=digest),
                        lambda b: b["metadata"]["component"]["hashes"][0].update(content=digest))  # fmt: skip

    def layer(self, name, member, more):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=io.BytesIO(self.blob(name))) as old, tarfile.open(fileobj=buffer, mode="w") as new:
            for entry in old.getmembers():
                data = old.extractfile(entry) if entry.isreg() else None
                if member:
                    member(entry)
                new.addfile(entry, data)
            for entry, data in more:
                entry.size = len(data)
                new.addfile(entry, io.BytesIO(data))
        return gzip.compress(buffer.getvalue(), compresslevel=1)

    def edit_bills(self, spdx=None, cdx=None):
        for edit, kind in ((spdx, "spdx"), (cdx, "cdx")):
            path = os.path.join(self.image, f"sbom-{self.arch}.{kind}.json")
            tree = json.loads(read(path))
            if edit:
                edit(tree)
            with open(path, "w", encoding="utf-8") as f:
                json.dump(tree, f)

    def scan(self):
        return self.s.run(os.path.join(SCRIPTS, "scan"), *self.s.newest, env={"OUT": self.image, "STATIC_OUT": self.first})

    def finds(self, *texts):
        """Exit code 1 and exactly these findings, all of the one platform."""
        done = self.scan()
        equal((done.code, done.err), (1, ""), "scan")
        found = [line for line in done.out.splitlines() if line.startswith("FOUND ")]
        equal(sorted(found), sorted(f"FOUND linux/{self.arch} {text}" for text in texts), "findings")


def entry(name, **more):
    info = tarfile.TarInfo(name)
    info.mode = 0o644
    for key, value in more.items():
        setattr(info, key, value)
    return info


def test_good(s):
    done = Copy(s).scan()
    lines = done.fine().splitlines()
    checks = [["scan", f"linux/{arch}", name] for arch in STATICS for name in (
        "files", "config", "secrets", "sbom", "linked", "licences")]  # fmt: skip
    equal([line.split()[:3] for line in lines[:-1]], checks, str(done))
    for n, arch in enumerate(STATICS):
        equal(lines[6 * n:6 * n + 4], [
            f"scan  linux/{arch} files     5, owned by root, none setuid or writable by others",
            f"scan  linux/{arch} config    runs as 65532:65532, no environment",
            f"scan  linux/{arch} secrets   " + GOOD,
            f"scan  linux/{arch} sbom      13 sources with their pinned versions and hashes, in SPDX and CycloneDX"], "lines")
    equal(lines[-1], "scan  advisory  no data base of known vulnerabilities can be asked offline: give build/image/sbom-*.json to a scanner",
          "what was not looked at")  # fmt: skip


def test_files(s):
    changes = {"assay": {"mode": 0o6777, "uid": 65532}, "etc": {"mode": 0o2755}, "etc/ssl": {"mode": 0o777},
               "etc/ssl/certs": {"gid": 5}, "etc/ssl/certs/ca-certificates.crt": {"name": "elsewhere.crt"}}  # fmt: skip

    def change(e):
        for key, value in changes[e.name].items():
            setattr(e, key, value)

    c = Copy(s)
    c.edit_image(member=change, more=[
        (entry("bin/sh", mode=0o4755), b"x"), (entry("fine-mode", mode=0o664), b"x"),
        (entry("x", type=tarfile.SYMTYPE, linkname="assay"), b"")])  # fmt: skip
    only = "is not one of assay, etc/ssl/certs/ca-certificates.crt"
    c.finds("file assay: is setuid or setgid (mode 6777)", "file assay: is writable by others than its owner (mode 6777)",
            "file assay: belongs to 65532:0, not to root", "file etc: is setuid or setgid (mode 2755)",
            "file etc/ssl: is writable by others than its owner (mode 777)", "file etc/ssl/certs: belongs to 0:5, not to root",
            "file etc/ssl/certs/ca-certificates.crt: is missing", f"file elsewhere.crt: {only}", f"file bin/sh: {only}",
            "file bin/sh: is setuid or setgid (mode 4755)", f"file fine-mode: {only}",
            "file fine-mode: is writable by others than its owner (mode 664)", "file x: is neither a file nor a folder")  # fmt: skip


def test_configuration(s):
    for change, text in (
        ({"User": "root"}, "configuration: user is 'root': want two numbers other than 0"),
        ({"User": "65532"}, "configuration: user is '65532': want two numbers other than 0"),
        ({"User": "0:65532"}, "configuration: user is '0:65532': want two numbers other than 0"),
        ({"Env": ["A=1"]}, "configuration: has Env: want none"),
        ({"Volumes": {"/data": {}}}, "configuration: has Volumes: want none"),
    ):  # fmt: skip
        c = Copy(s)
        c.edit_image(config=lambda tree, change=change: tree.update(change))
        c.finds(text)


def encrypted():
    """A key as cosign keeps it, but of nobody."""
    line = "-----{} ENCRYPTED SIGSTORE PRIVATE " + "KEY-----\n"
    return (line.format("BEGIN") + ("eyJrZGYiOnsibmFtZSI6InNjcnlwdCIs" * 2 + "\n") * 3 + line.format("END")).encode()


def test_secrets(s):
    # Put together here, so that no scanner takes this file for one that holds secrets.
    token = "gh" + "p_" + "a1B2" * 9
    samples = [
        (encrypted(), "a private key"),
        (s.run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout").fine().encode(), "a private key"),
        (("AK" + "IA" + "Z" * 16).encode(), "an access key"),
        (token.encode(), "a token of a forge"),
        (b'{"auths": {"registry.example": {"auth": "dXNlcjpwYXNz"}}}', "credentials of a registry"),
        (b"https://user:" + b"passw0rd@registry.example/v2/", "a password in a URL"),
        (b".".join([b"ey" + b"JhbGciOiJFUzI1NiJ9abc", b"ey" + b"JzdWIiOiJhc3NheSJ9abc", b"c2lnbmF0dXJlb2Zzb21l"]), "a signed token"),
    ]
    c = Copy(s)
    c.edit_image(more=[(entry(f"notes-{i}"), b"text before\n" + data + b"\ntext after") for i, (data, _) in enumerate(samples)])
    only = "is not one of assay, etc/ssl/certs/ca-certificates.crt"
    c.finds(*(f"file notes-{i}: holds {kind}" for i, (_, kind) in enumerate(samples)),
            *(f"file notes-{i}: {only}" for i in range(len(samples))))  # fmt: skip
    c = Copy(s, "arm64")
    c.edit_image(config=lambda tree: tree["Labels"].update(note=token))
    c.finds("configuration: holds a token of a forge")


def spdx_of(tree, name):
    return next(p for p in tree["packages"] if p["name"] == name)


def cdx_of(tree, name):
    return next(c for c in tree["components"] if c["name"] == name)


def test_bills(s):
    pins = {p["source"]: p for p in json.loads(read(os.path.join(STATIC, "pins.json")))}
    version, right = pins["curl"]["version"], pins["curl"]["dsc_sha256"]
    wrong = "0" * 64
    arches = itertools.cycle(STATICS)
    for spdx, cdx, texts in (
        (lambda b: spdx_of(b, "curl").update(versionInfo="1"), None, [f"SPDX: curl has version 1, pinned is {version}"]),
        (lambda b: spdx_of(b, "curl")["checksums"][0].update(checksumValue=wrong), None,
         [f"SPDX: curl has source hash {wrong}, pinned is {right}"]),
        (None, lambda b: cdx_of(b, "curl")["externalReferences"][0]["hashes"][0].update(content=wrong),
         [f"CycloneDX: curl has source hash {wrong}, pinned is {right}"]),
        (None, lambda b: b["components"].remove(cdx_of(b, "curl")),
         ["CycloneDX: curl is pinned, and not listed", "linked libcurl.a: CycloneDX does not list curl"]),
        (lambda b: spdx_of(b, "curl").update(name="libfoo"), None,
         ["SPDX: curl is pinned, and not listed", "SPDX: libfoo is listed, and nothing pins it",
          "libfoo: is listed, and nothing of it was linked", "linked libcurl.a: SPDX does not list curl"]),
        (lambda b: spdx_of(b, "curl").update(licenseDeclared="NOASSERTION"), lambda b: cdx_of(b, "nettle").update(licenses=[]),
         ["SPDX: curl has no licence", "CycloneDX: nettle has no licence"]),
        (lambda b: b["packages"][0]["checksums"][0].update(checksumValue=wrong), None,
         [f"SPDX: is of the image sha256:{wrong}, which this is not: run scripts/sbom again"]),
    ):  # fmt: skip
        c = Copy(s, next(arches))
        c.edit_bills(spdx, cdx)
        c.finds(*texts)


def test_linked(s):
    c = Copy(s, "arm64")
    with open(os.path.join(c.static, "assay.map"), "a", encoding="utf-8") as f:
        f.write("LOAD /usr/lib/x86_64-linux-gnu/libz.a\n")
    c.finds("linked libz.a: scripts/scan does not know which source package it is of")
    c = Copy(s)
    path = os.path.join(c.static, "assay.map")
    text = read(path).decode(errors="replace")
    with open(path, "w", encoding="utf-8") as f:
        f.write("".join(line for line in text.splitlines(True) if not line.startswith("LOAD ") or "libsodium.a" not in line))
    c.finds("libsodium: is listed, and nothing of it was linked")
    if not s.newest:
        c = Copy(s, "arm64")
        shutil.copy(os.path.join(STATIC, "root", "assay"), os.path.join(c.static, "root", "assay"))
        gcc = next(p for p in json.loads(read(os.path.join(SCRIPTS, "static.json"))) if p["source"] == "gcc-12")
        want = gcc["arm64"]["compiler_version"].removesuffix("cross1")
        c.finds(f"gcc-12: the program was not compiled by the pinned {want}: ['  [     0]  GCC: (Debian {gcc['version']}) 12.2.0']")


def test_nothing_to_look_at(s):
    for name, of in (("assay.map", "static"), ("sbom-amd64.cdx.json", "image"), ("oci/index.json", "image")):
        c = Copy(s)
        os.remove(os.path.join(getattr(c, of), name))
        done = c.scan()
        if done.code != 1 or not done.err.startswith("scan: ") or not done.err.endswith(
                f"{name} is not there: run scripts/image and scripts/sbom first\n"):  # fmt: skip
            raise Failed(f"{name}: {done}")
