"""The programs of the tests: cosign 2 and 3, the registries, and the assay under test."""

import json
import os
import re
import subprocess
import sys
import threading
import urllib.request

import registries
import tools

LAB = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lab", "sigstore")
# How cosign says that it looked and found nothing that counts. Whatever else it says is no verdict.
COSIGN_NO = re.compile(r"^(no signatures found|no matching signatures|no matching attestations|none of the attestations matched)")
POLICY = """\
apiVersion: assay.dev/v1
kind: Policy
metadata: {name: images}
spec:
  mode: deny
  onError: deny
  match: {resources: [pods], operations: [CREATE, UPDATE]}
  authorities: AUTHORITIES
  rules: RULES
"""


def installed():
    """Paths of all programs; installs them first when they are missing. tools.Missing says why that fails."""
    paths = tools.installed()
    for attempt in (1, 2):
        where = subprocess.run([LAB, "--where"], stdout=subprocess.PIPE, text=True, check=False)
        if where.returncode == 0:
            return {**paths, **dict(line.split("=", 1) for line in where.stdout.split())}
        if attempt == 1:
            _install()
    raise tools.Missing(f"{LAB} says that it is done, but something is missing")


def _install():
    said = ""
    with subprocess.Popen([LAB], stderr=subprocess.PIPE, text=True) as running:
        for line in running.stderr:
            print(line, end="", file=sys.stderr, flush=True)
            said = line.strip() or said
    if running.returncode != 0:
        raise tools.Missing(said.removeprefix("lab: "))


class Registry(registries.Registry):
    def delete_manifest(self, repository, name):
        url = f"http://{self.host}/v2/{repository}/manifests/{name}"
        with urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=30):
            pass


class Programs(tools.Tools):
    """Also signing configurations, which cases look up: configs[version of Rekor, a timestamp?]."""

    def __init__(self, folder, paths, sigstore):
        super().__init__(folder, paths)
        self.lock = threading.Lock()
        os.makedirs(self.path("tokens"))
        os.makedirs(self.path("asked"))
        self.configs = {
            (rekor, tsa): sigstore.signing_config(f"config-{rekor}-{tsa}", rekor, tsa)
            for rekor, tsa in ((1, False), (1, True), (2, True), (None, True))
        }

    def key_pair(self, name):
        """Paths of the private and the public half."""
        prefix = self.path("tokens", name)
        with self.lock:
            if not os.path.exists(prefix + ".pub"):
                self.cosign("3", "generate-key-pair", "--output-key-prefix", prefix)
        return prefix + ".key", prefix + ".pub"

    def predicate(self, kind, content):
        path = self.path(registries.digest(kind.encode())[7:19] + ".json")
        with self.lock:
            if not os.path.exists(path):
                with open(path, "w", encoding="utf-8") as f:
                    json.dump(content, f)
        return path

    # ---- the same question to each ----

    def cosign_says(self, version, q):
        """("yes", "") or ("no", its words)."""
        argv = [self.cosign_of[version], *(["verify-attestation", "--type", q.attestation] if q.attestation else ["verify"]),
                *(["--key", q.key] if q.key else q.who.cosign()), *q.cosign]  # fmt: skip
        stamps = q.form.tsa if q.stamps is None else q.stamps
        if version == "3":
            argv += ["--trusted-root", q.root.path, *(["--use-signed-timestamps"] if stamps else [])]
        elif q.form.bundle:
            argv += ["--trusted-root", q.root.path, "--new-bundle-format"]
        elif stamps and q.root.tsa_chain:
            argv += ["--timestamp-certificate-chain", q.root.tsa_chain]
        done = self.run(*argv, q.image, env=q.root.env if version == "2" else None)
        said = done.stderr.rpartition("error during command execution: ")[2].strip()
        if done.returncode == 0:
            assert done.stdout.strip(), f"{' '.join(argv)}: verified, and names nothing"
            return "yes", ""
        assert COSIGN_NO.match(said), f"{' '.join(argv)} {q.image}: no verdict: exit {done.returncode}: {said}"
        return "no", said

    def assay_says(self, q, number, registries_file):
        """("yes", ""), ("no", its message) or ("unknown", its message): a Pod of the image, judged by one rule."""
        rule = {"attestation": {"type": ATTESTATION_TYPES.get(q.attestation, q.attestation), "anyOf": ["ci"]}}
        if not q.attestation:
            rule = {"signature": {"anyOf": ["ci"]}}
        trusted = {"trustedRoot": {"file": q.root.path}}
        if q.more_roots:
            trusted = {"trustedRoots": [{"file": root.path} for root in (q.root, *q.more_roots)]}
        authority = {"key": {"file": q.key}, **trusted} if q.key else {"keyless": {**q.who.policy(), **trusted}}
        authority |= q.authority
        policy, pod = (self.path("asked", f"{number}.{kind}") for kind in ("yaml", "json"))
        with open(policy, "w", encoding="utf-8") as f:
            f.write(POLICY.replace("AUTHORITIES", json.dumps({"ci": authority}))
                    .replace("RULES", json.dumps([{"name": "asked", **rule}])))  # fmt: skip
        with open(pod, "w", encoding="utf-8") as f:
            json.dump({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
                       "spec": {"containers": [{"name": "c", "image": q.image}]}}, f)  # fmt: skip
        done = self.run(tools.ASSAY, "check", "-p", policy, "--registries", registries_file, "-o", "json", pod)
        if done.returncode not in (0, 1, 3):
            raise AssertionError(f"assay check: exit {done.returncode}: {done.stderr.strip()}")
        found = json.loads(done.stdout)["results"]
        messages = "; ".join(r["message"] for r in found if r.get("result") in ("fail", "error"))
        return {0: "yes", 1: "no", 3: "unknown"}[done.returncode], messages


# What a policy calls the types of cosign; others by their own URI
ATTESTATION_TYPES = {"spdxjson": "spdx"}
