"""The good jobs that are mutated, and the jobs that come of it."""

import base64
import copy
import dataclasses
import hashlib
import json
import os
import random
import re
import datetime

import mutations

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OURS = os.path.join(HERE, "bundles")
CONFORMANCE = os.path.join(os.path.dirname(ROOT), "shared", "conformance")
BEACON = ("https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
          "extremely-dangerous-oidc-beacon.yml@refs/heads/main")  # fmt: skip
GITHUB = "https://token.actions.githubusercontent.com"
GENERALIZED_TIME = re.compile(rb"\x18\x0f(\d{14})Z")


@dataclasses.dataclass
class Job:
    name: str
    bundle: str  # text of the JSON
    root: str
    artifact: str  # a path or sha256:HEX
    key: str  # a path, or ""
    identity: str
    issuer: str
    done: str = ""  # to the good one

    def moment(self):
        """Seconds since 1970 at which it was signed; the logs and authorities were a second early or late."""
        material = json.loads(self.bundle)["verificationMaterial"]
        for stamp in (material.get("timestampVerificationData") or {}).get("rfc3161Timestamps") or []:
            found = GENERALIZED_TIME.findall(base64.b64decode(stamp["signedTimestamp"]))
            if found:
                when = datetime.datetime.strptime(found[-1].decode(), "%Y%m%d%H%M%S")
                return int(when.replace(tzinfo=datetime.timezone.utc).timestamp())
        return max((int(e.get("integratedTime", 0)) for e in material.get("tlogEntries", [])), default=0)


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def ours():
    """Made by make-bundles."""
    for name, told in json.loads(read(OURS, "jobs.json")).items():
        artifact = told["artifact"] if told["artifact"].startswith("sha256:") else os.path.join(OURS, told["artifact"])
        yield Job(name, read(OURS, told["bundle"]), read(OURS, told["root"]), artifact,
                  os.path.join(OURS, told["key"]) if told["key"] else "", told["identity"], told["issuer"])  # fmt: skip


def conformance():
    """The cases of the public suite that must verify, where it is."""
    folder = os.path.join(CONFORMANCE, "bundle-verify")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        case = os.path.join(folder, name)
        if name.endswith("_fail") or not os.path.isdir(case):
            continue

        def of(file, default, case=case):
            path = os.path.join(case, file)
            return path if os.path.exists(path) else default

        root = of("trusted_root.json", os.path.join(CONFORMANCE, "public-good-2025.trusted_root.json"))
        identity, issuer = of("identity", ""), of("issuer", "")
        yield Job("suite-" + name, read(case, "bundle.sigstore.json"), read(root),
                  of("artifact", os.path.join(folder, "a.txt")), of("key.pub", ""),
                  read(identity).strip() if identity else BEACON, read(issuer).strip() if issuer else GITHUB)  # fmt: skip


class Corpus:
    """`seed` and a number make one job, always the same of the same good ones."""

    def __init__(self, good, seed):
        self.good = good
        self.seed = seed
        self.bundles = [json.loads(j.bundle) for j in good]
        self.roots = [json.loads(j.root) for j in good]
        self.moments = [j.moment() for j in good]

    def job(self, number):
        rng = random.Random(f"{self.seed}:{number}")
        which = rng.randrange(len(self.good))
        job = dataclasses.replace(self.good[which], name=f"{number:06d}")
        for _ in range(200):
            if self._mutate(job, which, rng):
                job.done = f"{self.good[which].name}: {job.done}"
                return job
        raise AssertionError(f"{self.good[which].name}: nothing can be changed")

    def _mutate(self, job, which, rng):
        kind = rng.random()
        if kind < 0.06:
            job.done = self._argument(job, rng)
        elif kind < 0.11:
            job.done, job.bundle = mutations.raw(job.bundle, rng)
        elif kind < 0.26:
            tree = copy.deepcopy(self.roots[which])
            job.done = self._change(tree, mutations.ROOT, self.roots, rng, self.moments[which])
            job.root = json.dumps(tree)
        else:
            tree = copy.deepcopy(self.bundles[which])
            job.done = self._change(tree, mutations.BUNDLE, self.bundles, rng, None)
            job.bundle = json.dumps(tree)
        return job.done

    def _change(self, tree, kinds, others, rng, moment):
        """One change, now and then another on top of it."""
        done = []
        for _ in range(1 if rng.random() < 0.85 else 2):
            kind = rng.choice(kinds)
            try:
                more = (moment,) if kind is mutations.near else ()
                done.append(kind(tree, rng, others, *more))
            except (TypeError, ValueError, AttributeError):
                # The second change may meet what the first has left.
                done.append(None)
        done = [d for d in done if d]
        return " + ".join(done)

    def _argument(self, job, rng):
        """Of what is asked of the bundle."""
        other = rng.choice(self.good)
        how = rng.choice(("digest", "artifact", "identity", "issuer", "key", "root", "by digest", "identity longer"))
        if how == "digest":
            job.artifact = "sha256:" + hashlib.sha256(str(rng.random()).encode()).hexdigest()
        elif how == "by digest" and not job.artifact.startswith("sha256:"):
            with open(job.artifact, "rb") as f:
                job.artifact = "sha256:" + hashlib.sha256(f.read()).hexdigest()
        elif how == "artifact":
            job.artifact = other.artifact
        elif how == "identity":
            job.identity = rng.choice((other.identity, job.identity[:-1], job.identity.upper(), ".*"))
        elif how == "identity longer":
            job.identity = rng.choice((job.identity + "x", " " + job.identity))
        elif how == "issuer":
            job.issuer = rng.choice((other.issuer, job.issuer[:-1], job.issuer + "/", job.issuer.upper()))
        elif how == "key":
            job.key = other.key
        elif how == "root":
            job.root = other.root
        else:
            return ""
        return "argument " + how
