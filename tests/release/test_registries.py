"""Where and how: TLS and passwords, older cosign and Helm, without a key, without a push, a registry that is down."""

import base64
import json
import os

from registry import PASSWORD, USER
from stage import BILLS, DIST, KEY_URL, equal, read, without_digests


def login(s, password=PASSWORD):
    folder = s.path("docker")
    os.makedirs(folder, exist_ok=True)
    token = base64.b64encode(f"{USER}:{password}".encode()).decode()
    with open(os.path.join(folder, "config.json"), "w", encoding="ascii") as f:
        json.dump({"auths": {s.guarded.host: {"auth": token}}}, f)


def logout(s):
    os.remove(s.path("docker", "config.json"))


def test_with_tls_and_password(s):
    place = f"{s.guarded.host}/golden"
    login(s)
    said = s.again("--registry", place, "--ca", s.authority.certificate, "--key", s.key)
    logout(s)
    said.fine()
    equal(said.lines()[-1], f"done: helm install assay oci://{place}/charts/assay --version {s.version}", "last line")
    equal(s.guarded.manifest("golden/assay", s.version)[0], s.digest(), "image")


def test_by_the_older_cosign_and_helm(s):
    place = f"{s.plain.host}/older"
    said = s.again("--registry", place, "--plain-http", "--key", s.key, "--key-url", KEY_URL,
                   env={"COSIGN": s.programs["cosign2"], "HELM": s.programs["helm3"]})  # fmt: skip
    said.fine()
    equal(said.lines()[-1], f"done: helm install assay oci://{place}/charts/assay --version {s.version}", "last line")
    # cosign 2 puts signatures and attestations below tags.
    for suffix, count in (("sig", 1), ("att", 4)):
        layers = s.plain.manifest("older/assay", s.digest().replace(":", "-") + "." + suffix)[1]["layers"]
        equal(len(layers), count, suffix)


def test_a_registry_that_cannot_be_asked(s):
    place = f"{s.guarded.host}/refused"
    text = f"assay verify: exit code 3: assay verify: {place}/assay:{s.version}: tag not resolved: {s.guarded.host} "
    s.again("--registry", place, "--key", s.key).refuses(
        text + f"could not be reached over TLS for {s.version}: server certificate verification failed")
    s.again("--registry", place, "--ca", s.authority.certificate, "--key", s.key).refuses(
        text + f"answered HTTP 401 for {s.version}: no credentials for it are configured")
    s.again("--registry", place, "--plain-http", "--key", s.key).refuses(text + f"answered HTTP 400 for {s.version}")
    down = s.again("--registry", "localhost:1/golden", "--plain-http", "--key", s.key)
    down.refuses(f"assay verify: exit code 3: assay verify: localhost:1/golden/assay:{s.version}: tag not resolved: "
                 f"localhost:1 could not be reached for {s.version}: connection refused")
    equal([r for r in s.guarded.repositories() if r.startswith("refused/")], [], "repositories")


def test_unsigned_pushes_and_says_so(s):
    place = f"{s.plain.host}/unsigned"
    said = s.again("--registry", place, "--plain-http", "--unsigned", env={"COSIGN_PASSWORD": None})
    said.fine()
    equal([without_digests(line) for line in said.lines()[4:]], [
        f"pushed: {place}/assay@DIGEST", f"pushed: {place}/charts/assay@DIGEST",
        f"done: helm install assay oci://{place}/charts/assay --version {s.version} (not signed yet)"], "lines")
    record = json.loads(read(os.path.join(DIST, "release.json")))
    for image in (record["image"], record["chart"]):
        done = s.assay("verify", "--plain-http", "--key", s.public, "-o", "json", image)
        equal((done.code, json.loads(done.out)["state"]), (1, "unsigned"), image)


def test_dry_run_pushes_nothing(s):
    before = s.plain.repositories()
    said = s.again("--registry", f"{s.plain.host}/dry", "--plain-http", "--dry-run", env={"COSIGN_PASSWORD": None})
    said.fine()
    equal(said.lines()[-1], f"would be pushed: {s.plain.host}/dry/assay@{s.digest()} and {s.plain.host}/dry/charts/assay:{s.version}",
          "last line")  # fmt: skip
    equal(s.plain.repositories(), before, "repositories")
    equal(sorted(os.listdir(DIST)), [f"assay-{s.version}.tgz", *sorted(BILLS["cyclonedx"] + BILLS["spdxjson"])], "build/dist")


def test_the_password_of_the_key_is_wrong(s):
    place = f"{s.plain.host}/password"
    s.again("--registry", place, "--plain-http", "--key", s.key, env={"COSIGN_PASSWORD": "guessed"}).refuses(
        "cosign public-key: exit code 1: Error: decrypt: encrypted: decryption failed")
    equal([r for r in s.plain.repositories() if r.startswith("password/")], [], "repositories")
