"""The image of both platforms: one index, an image a platform, and how the program for arm64 was made."""

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile

import context
from context import ROOT
from docker_registry import DockerRegistry
from report import Skipped
from test_again import copy_sources, revision
from test_content import FILES
from test_own_policy import assay, free_port
from test_program import identity

INDEX = "application/vnd.oci.image.index.v1+json"
TOOLS = "aarch64-linux-gnu-"


class Platforms:
    """build/image-platforms, made of the program in build/static and that in build/static-arm64."""

    def __init__(self, built):
        self.out, self.printed = built.both, built.printed_both
        self.static = built.static + "-arm64"
        self.program = os.path.join(self.static, "root", "assay")
        self.env = dict(os.environ, OUT=self.out)
        self.top = self.read("oci", "index.json")["manifests"]
        self.index = self.blob(self.top[0]["digest"])

    def path(self, *parts):
        return os.path.join(self.out, *parts)

    def bytes(self, digest):
        with open(self.path("oci", "blobs", "sha256", digest.removeprefix("sha256:")), "rb") as f:
            return f.read()

    def blob(self, digest):
        return json.loads(self.bytes(digest))

    def read(self, *parts):
        with open(self.path(*parts), encoding="utf-8") as f:
            return json.load(f)

    def child(self, arch):
        return next(e["digest"] for e in self.index["manifests"] if e["platform"]["architecture"] == arch)

    def layer(self, arch):
        return self.path("oci", "blobs", "sha256", self.blob(self.child(arch))["layers"][0]["digest"][7:])


platforms = functools.cache(Platforms)


def test_one_index_names_both(built):
    p = platforms(built)
    assert [(e["mediaType"], sorted(e)) for e in p.top] == [(INDEX, ["annotations", "digest", "mediaType", "size"])], p.top
    assert [e["platform"] for e in p.index["manifests"]] == [
        {"architecture": "amd64", "os": "linux"}, {"architecture": "arm64", "os": "linux"}], p.index
    assert p.printed.splitlines()[1] == f"digest   {p.top[0]['digest']}", p.printed
    assert re.findall(r"(?m)^platform (.*)$", p.printed) == [
        f"linux/{arch} {p.child(arch)}" for arch in ("amd64", "arm64")], p.printed


def test_every_digest_and_size_of_it_is_right(built):
    p = platforms(built)
    named = [*p.top, *p.index["manifests"]]
    for entry in p.index["manifests"]:
        manifest = p.blob(entry["digest"])
        named += [manifest["config"], *manifest["layers"]]
    assert sorted(os.listdir(p.path("oci", "blobs", "sha256"))) == sorted({d["digest"][7:] for d in named})
    for d in named:
        data = p.bytes(d["digest"])
        assert (len(data), hashlib.sha256(data).hexdigest()) == (d["size"], d["digest"][7:]), d


def test_amd64_is_the_image_that_is_built_alone(built):
    assert platforms(built).child("amd64") == built.digest()


def test_arm64_differs_in_nothing_but_its_program(built):
    p = platforms(built)
    with tarfile.open(p.layer("arm64")) as archive:
        found = [(m.name, "folder" if m.isdir() else "file" if m.isreg() else "other", m.mode) for m in archive.getmembers()]
        program = archive.extractfile("assay").read()
    assert found == FILES, found
    with open(p.program, "rb") as f:
        assert program == f.read()
    mine, other = (p.blob(p.blob(p.child(arch))["config"]["digest"]) for arch in ("arm64", "amd64"))
    assert (mine.pop("architecture"), other.pop("architecture")) == ("arm64", "amd64")
    mine.pop("rootfs"), other.pop("rootfs")
    assert mine == other, mine


def test_arm64_is_small(built):
    printed = platforms(built).printed.partition("platform linux/arm64")[2]
    for name in ("program", "image"):
        m = re.search(rf"(?m)^{name} +(\S+) MB \(target 6 MB: ok\)$", printed)
        assert m and float(m.group(1)) <= 6, printed
    assert re.search(r"(?m)^memory   not measured: this machine is x86_64$", printed), printed


def test_bills_of_materials_of_each_platform(built):
    p = platforms(built)
    done = subprocess.run([os.path.join(ROOT, "scripts", "sbom")], cwd=ROOT, env=p.env, check=True, capture_output=True, text=True)
    names = [f"sbom-{arch}.{kind}.json" for arch in ("amd64", "arm64") for kind in ("spdx", "cdx")]
    assert done.stdout.split() == [f"build/image-platforms/{name}" for name in names], done.stdout
    listed = {}
    for arch in ("amd64", "arm64"):
        first, *rest = p.read(f"sbom-{arch}.spdx.json")["packages"]
        assert first["checksums"][0]["checksumValue"] == p.child(arch)[7:], first
        assert first["comment"].startswith(f"linux/{arch}, revision "), first
        assert p.read(f"sbom-{arch}.cdx.json")["metadata"]["component"]["hashes"][0]["content"] == p.child(arch)[7:]
        listed[arch] = {e["name"]: (e["versionInfo"], e["checksums"][0]["checksumValue"]) for e in rest}
    assert listed["arm64"] == listed["amd64"] and len(listed["arm64"]) == 13, listed
    of_gmp = next(e["comment"] for e in p.read("sbom-arm64.spdx.json")["packages"] if e["name"] == "gmp")
    assert re.match(r"from the Debian package libgmp-dev \S+ of arm64, SHA-256 [0-9a-f]{64}$", of_gmp), of_gmp


def test_registry_gets_the_index_and_both_images(built):
    p = platforms(built)
    folder = os.path.join(built.folder, "both")
    os.makedirs(folder)
    try:
        registry = DockerRegistry(os.path.join(folder, "registry"), free_port())
    except Skipped as e:
        raise context.Skip(str(e)) from e
    with registry as r:
        done = subprocess.run([os.path.join(ROOT, "scripts", "image"), "--push", f"http://{r.host}/golden/assay:1"], env=p.env,
                              check=True, capture_output=True, text=True)
        assert done.stdout == f"{r.host}/golden/assay@{p.top[0]['digest']}\n", done.stdout
        for reference, want in ((":1", p.top[0]["digest"]), ("@" + p.child("arm64"), p.child("arm64"))):
            r.sign(f"{r.host}/golden/assay@{want}", os.path.join(ROOT, "tests", "sigstore", "keys", "p256.key"))
            key = os.path.join(ROOT, "tests", "sigstore", "keys", "p256.pub")
            said = assay(built, "verify", "--plain-http", "--key", key, f"{r.host}/golden/assay{reference}")
            assert said.returncode == 0 and said.stdout.splitlines()[0] == f"{r.host}/golden/assay@{want}", said


# ---- the program for arm64 ---------------------------------------------------------------


def readelf(p, *flags):
    return subprocess.run(["readelf", "-W", *flags, p.program], check=True, capture_output=True, text=True).stdout


def test_arm64_program_is_static_and_hardened(built):
    p = platforms(built)
    head, dynamic, segments = readelf(p, "-h"), readelf(p, "-d"), readelf(p, "-l")
    assert re.search(r"Type: +DYN ", head) and re.search(r"Machine: +AArch64\n", head), head
    assert "Flags: NOW PIE" in dynamic and "(NEEDED)" not in dynamic and "TEXTREL" not in dynamic, dynamic
    assert "INTERP" not in segments and "GNU_RELRO" in segments, segments
    loads = re.findall(r"(?m)^  (LOAD|GNU_STACK) +0x\w+ 0x\w+ 0x\w+ 0x\w+ 0x\w+ ([RWE ]{3})", segments)
    assert ("GNU_STACK", "RW ") in loads and not [f for _, f in loads if "W" in f and "E" in f], loads
    assert ".symtab" not in readelf(p, "-S") and ".debug_info" not in readelf(p, "-S")
    assert identity(readelf(p, "-n")) == identity(subprocess.run(
        ["readelf", "-n", p.static + "/assay.debug"], check=True, capture_output=True, text=True).stdout)


def functions(p):
    """{name: text} of the disassembly."""
    text = subprocess.run([TOOLS + "objdump", "-d", "--no-show-raw-insn", p.static + "/assay"], check=True, capture_output=True,
                          text=True).stdout
    return {m[1]: m[2] for m in re.finditer(r"(?m)^\w+ <([^>]+)>:\n((?:.+\n)+)", text)}


def test_arm64_program_signs_return_addresses_and_guards_its_stack(built):
    """Return addresses also in the libraries that are built here; those of Debian's archives as Debian made them."""
    found = functions(platforms(built))
    ours, libraries = "policy_|review_|registry_|workload_|manifest_|cmd_", ("curl_|Curl_", "gnutls_|_gnutls_")
    for prefix, least in ((ours, 5), *((prefix, 50) for prefix in libraries)):
        n = sum("paciasp" in text for name, text in found.items() if re.match(prefix, name))
        assert n >= least, f"{n} functions that begin with {prefix} sign their return address"
    for prefix, least in (("curl_|Curl_", 10), ("gnutls_|_gnutls_", 50), ("ares_", 5), ("MHD_", 5), (ours + "|main", 3)):
        n = sum("<__stack_chk_fail>" in text for name, text in found.items() if re.match(prefix, name))
        assert n >= least, f"{n} guarded functions begin with {prefix}"
    assert any("<ares_getaddrinfo>" in text for name, text in found.items() if re.match("curl_|Curl_", name))


def test_arm64_program_is_the_same_from_another_folder(built):
    p = platforms(built)
    there = os.path.join(built.folder, "arm64", "folder")
    copy_sources(there)
    env = dict(os.environ, REVISION=revision(built), TZ="Asia/Kathmandu", LANG="C", OUT="build/elsewhere")
    command = ["scripts/static", "--arch", "arm64", *(["--newest"] if built.newest else [])]
    done = subprocess.run(command, cwd=there, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    with open(p.program, "rb") as a, open(os.path.join(there, "build", "elsewhere", "root", "assay"), "rb") as b:
        assert a.read() == b.read(), "two builds of the program for arm64 differ"
    shutil.rmtree(there)


def test_same_index_from_the_same_programs(built):
    p = platforms(built)
    out = os.path.join(built.folder, "index")
    with tarfile.open(p.layer("arm64")) as archive:
        seconds = archive.getmembers()[0].mtime
    env = dict(os.environ, OUT=out, SOURCE_DATE_EPOCH=str(seconds),
               REVISION=built.config()["config"]["Labels"]["org.opencontainers.image.revision"])
    command = [os.path.join(ROOT, "scripts", "image"), "--no-measure", "--program", built.program, "--program", p.program,
               "--certificates", os.path.join(built.static, "ca-certificates.crt")]
    subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    with open(os.path.join(out, "assay.oci.tar"), "rb") as a, open(p.path("assay.oci.tar"), "rb") as b:
        assert a.read() == b.read(), "two archives differ"


def test_unknown_platform_is_refused(built):
    for wanted, name in (("linux/arm64,linux/riscv64", "linux/riscv64"), ("amd64", "amd64")):
        text = f"image: PLATFORMS: '{name}' is unknown: want linux/amd64 or linux/arm64\n"
        done = subprocess.run([os.path.join(ROOT, "scripts", "image")], env=dict(os.environ, PLATFORMS=wanted, OUT=built.folder),
                              capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (1, text), done
