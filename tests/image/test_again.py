"""Built twice, in another folder, at another time of day and with other habits: the same digest."""

import json
import os
import shutil
import subprocess
import tarfile

from context import ROOT


def copy_sources(target):
    """What a clone has, from the working tree."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True).stdout
    for name in listed.decode().split("\0"):
        if name and not name.startswith("tests/") and os.path.isfile(os.path.join(ROOT, name)):
            os.makedirs(os.path.join(target, os.path.dirname(name)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, name), os.path.join(target, name))


def revision(built):
    done = subprocess.run([built.program, "version", "-o", "json"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["revision"]


def test_program_is_the_same_from_another_folder(built):
    there = os.path.join(built.folder, "another", "folder")
    copy_sources(there)
    env = dict(os.environ, REVISION=revision(built), TZ="Asia/Kathmandu", LANG="C", OUT="build/elsewhere")
    command = ["sh", "-c", 'umask 077; exec scripts/static "$@"', "sh", *(["--newest"] if built.newest else [])]
    done = subprocess.run(command, cwd=there, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    with open(built.program, "rb") as a, open(os.path.join(there, "build", "elsewhere", "root", "assay"), "rb") as b:
        assert a.read() == b.read(), "two builds of the program differ"


def test_image_is_the_same_from_the_same_program(built):
    out = os.path.join(built.folder, "image")
    command = [os.path.join(ROOT, "scripts", "image"), "--no-measure", "--program", built.program, "--certificates",
               os.path.join(built.static, "ca-certificates.crt")]
    with tarfile.open(built.layer()) as archive:
        seconds = archive.getmembers()[0].mtime
    env = dict(os.environ, OUT=out, TZ="Asia/Kathmandu", SOURCE_DATE_EPOCH=str(seconds),
               REVISION=built.config()["config"]["Labels"]["org.opencontainers.image.revision"])
    done = subprocess.run(["sh", "-c", 'umask 077; exec "$@"', "sh", *command], env=env, capture_output=True, text=True,
                          check=True)
    assert f"digest   {built.digest()}\n" in done.stdout, done.stdout
    with open(os.path.join(out, "assay.oci.tar"), "rb") as a, open(os.path.join(built.image, "assay.oci.tar"), "rb") as b:
        assert a.read() == b.read(), "two archives differ"
