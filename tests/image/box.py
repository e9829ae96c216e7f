"""The image as a container runtime would start it: its own files as a read-only root, UID 65532, /proc, and mounts.

A mount namespace and chroot, no runtime: what the program cannot do here it cannot do in a pod either. The network
is the machine's. Needs root.
"""

import os
import subprocess
import tarfile
import tempfile

USER = 65532
# The shell becomes the program, so that the child of the test is the program itself.
SCRIPT = """\
set -e
root=$1 shared=$2
shift 2
mount --bind "$root" "$root"
mount -t proc -o ro,nosuid,nodev,noexec proc "$root/proc"
mount --bind "$shared" "$root$shared"
mount -o remount,bind,ro "$root$shared"
mount -o remount,bind,ro "$root"
cd "$root"
exec chroot --userspec=%d:%d --groups= "$root" "$@"
""" % (USER, USER)


class Box:
    """layer: path of the image's layer. shared: a folder that is seen at the same path, read-only."""

    def __init__(self, layer, shared, hosts="", resolv=""):
        self.held = tempfile.TemporaryDirectory(prefix="assay-box-")
        self.root = os.path.join(self.held.name, "root")
        os.makedirs(self.root)
        with tarfile.open(layer) as archive:
            archive.extractall(self.root)
        # What a runtime adds before it starts a container.
        for folder in ("proc", shared.lstrip("/")):
            os.makedirs(os.path.join(self.root, folder))
        for name, text in (("hosts", hosts), ("resolv.conf", resolv)):
            with open(os.path.join(self.root, "etc", name), "w", encoding="ascii") as f:
                f.write(text)
        os.chmod(self.held.name, 0o755)
        self.shared = shared

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.held.cleanup()

    def argv(self, *arguments):
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", SCRIPT, "sh", self.root, self.shared,
                *arguments]

    def run(self, *arguments):
        return subprocess.run(self.argv("/assay", *arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, check=False, env={"PATH": os.environ["PATH"]})
