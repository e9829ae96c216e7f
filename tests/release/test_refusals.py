"""What stops a release before anything is built."""

import os
import re
import shutil
import subprocess

from stage import ROOT, STATICS, equal, read

PLACE = ("--registry", "registry.example/golden")


def test_options(s):
    for place in ("registry.example", "https://registry.example/golden", "registry.example/Golden", "registry.example/golden/",
                  "registry.example/golden:1"):  # fmt: skip
        s.again("--registry", place, "--key", s.key).refuses(f"option --registry: '{place}': want HOST[:PORT]/PATH, without a scheme")
    s.again(*PLACE).refuses("no option --key: nothing would be signed; say --unsigned if that is wanted")
    s.again(*PLACE, "--key", "/nowhere/cosign.key").refuses("option --key: '/nowhere/cosign.key' is not there")
    s.again(*PLACE, "--key", s.key, env={"COSIGN_PASSWORD": None}).refuses(
        "COSIGN_PASSWORD is not set: cosign would ask for the password of the key")


def test_help_names_every_option(s):
    text = s.again("--help").fine()
    for word in ("--key FILE", "--key-url URL", "--unsigned", "--ca FILE", "--plain-http", "--built", "--newest", "--allow-dirty",
                 "--allow-untagged", "--dry-run", "COSIGN_PASSWORD", "COSIGN, HELM"):  # fmt: skip
        equal(word in text, True, word)


def test_missing_programs(s):
    for name in ("cosign", "helm"):
        s.again(*PLACE, "--key", s.key, env={name.upper(): "/nowhere/" + name}).refuses(
            f"{name} is not there: put it into the PATH, or its path into {name.upper()}; tests/lab/{name} installs one")


class Tree:
    """A repository of its own with what the script looks at, one commit."""

    def __init__(self, s):
        self.s = s
        self.root = s.path("tree")
        shutil.rmtree(self.root, ignore_errors=True)
        for name in ("scripts", "deploy", "policies"):
            shutil.copytree(os.path.join(ROOT, name), os.path.join(self.root, name))
        for name in ("VERSION", ".gitignore"):
            shutil.copy(os.path.join(ROOT, name), self.root)
        self.git("init", "-q", "-b", "main")
        self.commit()

    def git(self, *words):
        who = ["-c", "user.name=tests", "-c", "user.email=tests@example.com", "-c", "tag.gpgSign=false", "-c", "commit.gpgSign=false"]
        return subprocess.run(["git", *who, *words], cwd=self.root, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-qm", "x", "--allow-empty")

    def edit(self, name, old, new):
        path = os.path.join(self.root, name)
        text = read(path).decode()
        equal(text.count(old), 1, f"'{old}' in {name}")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))

    def refuses(self, text, *options):
        self.s.release("--built", *PLACE, "--key", self.s.key, *options, root=self.root).refuses(text)


NOT_BUILT = "option --built: build/image/oci is not there: run make image first"


def test_versions(s):
    t = Tree(s)
    for key in ("version", "appVersion"):
        t.edit("deploy/helm/Chart.yaml", f"\n{key}: {s.version}\n", f"\n{key}: 9.9.9\n")
        t.refuses(f"deploy/helm/Chart.yaml: {key} is 9.9.9, VERSION says {s.version}", "--allow-dirty")
        t.git("checkout", "-q", ".")
    t.git("tag", "v9.9.9")
    t.refuses(f"the commit has the tag v9.9.9, VERSION says {s.version}", "--allow-untagged")
    t.git("tag", f"v{s.version}")
    t.refuses(NOT_BUILT)


def test_tree(s):
    t = Tree(s)
    t.refuses(f"the commit has no tag: git tag -s v{s.version}, or say --allow-untagged")
    t.refuses(NOT_BUILT, "--allow-untagged")
    t.edit("policies/golden-images.yaml", "mode: deny\n", "mode: audit\n")
    t.refuses("the tree has changes that are in no commit: policies/golden-images.yaml: commit them, or say --allow-dirty",
              "--allow-untagged")
    for n in range(4):
        with open(os.path.join(t.root, f"new-{n}"), "w", encoding="ascii"):
            pass
    t.refuses("the tree has changes that are in no commit: policies/golden-images.yaml, new-0, new-1 and 2 more: commit them, or say "
              "--allow-dirty", "--allow-untagged")  # fmt: skip
    t.refuses(NOT_BUILT, "--allow-untagged", "--allow-dirty")


def test_image_of_another_commit_or_version(s):
    t = Tree(s)
    os.makedirs(os.path.join(t.root, "build"))
    shutil.copytree(os.path.join(ROOT, "build", "image"), os.path.join(t.root, "build", "image"))
    mine = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    t.refuses(f"build/image is of revision {mine}, want {t.git('rev-parse', 'HEAD')}", "--allow-untagged")
    t.edit("VERSION", s.version, "9.9.9")
    for key in ("version", "appVersion"):
        t.edit("deploy/helm/Chart.yaml", f"\n{key}: {s.version}\n", f"\n{key}: 9.9.9\n")
    t.commit()
    t.refuses(f"build/image is of version {s.version}, want 9.9.9", "--allow-untagged")


def with_image(s, *edits):
    """A tree with these edits and an image of its commit, made of the programs that are built."""
    t = Tree(s)
    for edit in edits:
        t.edit(*edit)
    t.commit()
    programs = []
    for static in STATICS.values():
        there = os.path.join(t.root, "build", os.path.basename(static))
        shutil.copytree(static, there, ignore=shutil.ignore_patterns("obj", "*.debug", "*.stripped"))
        programs += ["--program", os.path.join(there, "root", "assay")]
    s.run(os.path.join(t.root, "scripts", "image"), "--no-measure", *programs, "--certificates",
          os.path.join(t.root, "build", "static", "ca-certificates.crt"), cwd=t.root).fine()
    return t


def test_chart_that_cannot_be_filled_in(s):
    """A dry run in a tree where the values have no digest to fill in."""
    t = with_image(s, ("deploy/helm/values.yaml", '\n  digest: ""\n', "\n"))
    t.refuses("deploy/helm/values.yaml: image.digest is there 0 times: want once", "--allow-untagged", "--dry-run")


def test_policy_that_our_own_pods_break(s):
    """Found before the push, for a published version cannot be taken back."""
    t = with_image(s, ("policies/golden-images.yaml", "      user: 65532\n", "      user: 1000\n"))
    s.release("--built", "--registry", f"{s.plain.host}/breaks", "--plain-http", "--key", s.key, "--allow-untagged", root=t.root).refuses(
        "the packed chart does not obey the shipped policy: golden-image: pass; golden-user: fail; read-only-root: pass")
    equal([r for r in s.plain.repositories() if r.startswith("breaks/")], [], "repositories")


def test_policy_that_admits_any_key(s):
    """That another key is refused is asked, too: a policy without signatures is no proof."""
    t = with_image(s, ("policies/golden-images.yaml", "    signature: {anyOf: [release]}\n", "    image: {digest: required}\n"))
    place = f"{s.plain.host}/any-key"
    s.release("--built", "--registry", place, "--plain-http", "--key", s.key, "--allow-untagged", root=t.root).refuses(
        "with another key the shipped policy does not refuse for the signature alone: "
        "golden-image: pass; golden-user: pass; read-only-root: pass; signed: pass")  # fmt: skip


def test_workflow_calls_what_is_there(s):
    """The workflow of the forge has never run; at least its calls name scripts and options that exist."""
    text = read(os.path.join(ROOT, ".github", "workflows", "release.yaml")).decode()
    calls = re.findall(r"(?m)(scripts/[a-z]+)((?: --[a-z-]+)*)", text)
    equal({"scripts/image", "scripts/sbom", "scripts/scan", "scripts/release"} <= {name for name, _ in calls}, True, str(calls))
    for name, options in calls:
        told = s.run(os.path.join(ROOT, name), "--help").out if options else ""
        equal([o for o in options.split() if f"\n  {o} " not in told], [], f"{name}: unknown options")
