"""The volumes of the server's Pod, laid out below a folder of the test."""

import os

import yaml
from chart import CI, ROOT, decoded, find, read

KEYS = os.path.join(ROOT, "tests", "sigstore", "keys")


def place(t, found):
    """Puts what the server's Pod mounts where it would be, below the test's folder; returns its arguments."""
    top = t.path("root")
    spec = find(found, "Deployment")["spec"]["template"]["spec"]
    container = spec["containers"][0]
    volumes = {v["name"]: v for v in spec["volumes"]}
    for mount in container["volumeMounts"]:
        for name, data in contents(found, volumes[mount["name"]]).items():
            path = t.path("root", mount["mountPath"].lstrip("/"), name)
            with open(path, "wb") as f:
                f.write(data.replace(b"/etc/assay/", top.encode() + b"/etc/assay/"))
    return [a.replace("=/etc/assay", f"={top}/etc/assay") for a in container["args"]], top


def contents(found, volume):
    """File names and contents of a volume; of what is not the chart's, something that fits."""
    if "secret" in volume:
        secret = [o for o in found if o["kind"] == "Secret"
                  and o["metadata"]["name"] == volume["secret"]["secretName"]]
        data = decoded(secret[0]) if secret else FOREIGN[volume["secret"]["secretName"]]()
        items = volume["secret"].get("items")
    else:
        name = volume["configMap"]["name"]
        maps = [o for o in found if o["kind"] == "ConfigMap" and o["metadata"]["name"] == name]
        data = {k: v.encode() for k, v in maps[0]["data"].items()} if maps else FOREIGN[name]()
        items = volume["configMap"].get("items")
    return {i["path"]: data[i["key"]] for i in items} if items else data


def key(name):
    return read(os.path.join(KEYS, name + ".pub")).encode()


def example_ca():
    return yaml.safe_load(read(os.path.join(CI, "existing-secret-values.yaml")))["tls"]["caBundle"].encode()


def nothing():
    return {"tls.crt": b"", "tls.key": b""}


# Objects that values files name and somebody else makes.
FOREIGN = {
    "image-keys": lambda: {"release.pub": key("p256"), "emergency.pub": key("ed25519")},
    "team-policies": lambda: {"team.yaml": POLICY.encode()},
    "registry-credentials": lambda: {".dockerconfigjson": b'{"auths": {"registry.internal.example:5000": {"auth": "YTpi"}}}'},
    "internal-ca": lambda: {"ca.crt": example_ca()},
    "mirror-client": lambda: {"tls.crt": example_ca(), "tls.key": b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"},
    "assay-tls": nothing,
    "assay-cert-manager-tls": nothing,
    "webhook-certificate": nothing,
}

POLICY = """\
apiVersion: assay.dev/v1
kind: Policy
metadata: {name: team}
spec:
  mode: audit
  onError: deny
  match: {resources: [pods, workloads], operations: [CREATE, UPDATE]}
  rules:
  - {name: non-root, runAs: {nonRoot: required}}
"""
