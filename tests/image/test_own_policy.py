"""The image obeys the policy that we ship: pushed to a registry, signed, and run as its configuration says."""

import json
import os
import shutil
import socket
import subprocess

import context
from docker_registry import DockerRegistry
from report import Skipped

KEYS = os.path.join(context.ROOT, "tests", "sigstore", "keys")
SHIPPED = os.path.join(context.ROOT, "policies", "golden-images.yaml")
PLACEHOLDER = "registry.internal.example/golden/"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def assay(built, *arguments):
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return subprocess.run([built.program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          env=env, timeout=120)


def pod(image, config, **changes):
    user, group = (int(n) for n in config["User"].split(":"))
    security = {"runAsUser": user, "runAsGroup": group, "readOnlyRootFilesystem": True, **changes}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "assay", "namespace": "assay"}, "spec": {
        "containers": [{"name": "assay", "image": image, "securityContext": security}]}}


def test_is_admitted_by_the_policy_we_ship(built):
    folder = os.path.join(built.folder, "own-policy")
    os.makedirs(folder)
    try:
        registry = DockerRegistry(os.path.join(folder, "registry"), free_port())
    except Skipped as e:
        raise context.Skip(str(e)) from e
    with registry as r:
        target = f"http://{r.host}/golden/assay:1"
        done = subprocess.run([os.path.join(context.ROOT, "scripts", "image"), "--push", target], check=True, capture_output=True, text=True)
        image = f"{r.host}/golden/assay@{built.digest()}"
        assert done.stdout == image + "\n", done.stdout
        resolved = assay(built, "verify", "--plain-http", f"{r.host}/golden/assay:1")
        assert (resolved.returncode, resolved.stdout) == (0, image + "\n"), resolved
        judge(built, r, folder, image)


def judge(built, registry, folder, image):
    policies = os.path.join(folder, "policies")
    os.makedirs(os.path.join(policies, "keys"))
    with open(SHIPPED, encoding="utf-8") as f:
        text = f.read()
    assert PLACEHOLDER in text and "keys/release.pub" in text
    context.write(os.path.join(policies, "golden.yaml"), text.replace(PLACEHOLDER, f"{registry.host}/golden/"))
    shutil.copy(os.path.join(KEYS, "p256.pub"), os.path.join(policies, "keys", "release.pub"))
    registries = os.path.join(folder, "registries.yaml")
    context.write(registries, json.dumps({"apiVersion": "assay.dev/v1", "kind": "Registries", "spec": {
        "registries": [{"host": registry.host, "plainHttp": True, "allowPrivate": True}]}}))

    def check(name, manifest):
        path = os.path.join(folder, name + ".json")
        context.write(path, json.dumps(manifest))
        return assay(built, "check", "--strict", "--policies", os.path.join(policies, "golden.yaml"), "--registries", registries, path)

    config = built.config()["config"]
    unsigned = check("unsigned", pod(image, config))
    assert unsigned.returncode == 1 and "has no cosign signature" in unsigned.stdout, unsigned
    registry.sign(image, os.path.join(KEYS, "p256.key"))
    done = check("own", pod(image, config))
    assert done.returncode == 0, done
    other = check("other-user", pod(image, config, runAsUser=0))
    assert other.returncode == 1 and "runAsUser (container \"assay\"): got 0; want 65532" in other.stdout, other
