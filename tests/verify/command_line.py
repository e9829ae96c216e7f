"""What the command lines refuse, with which words."""

import os

from context import Content, IMAGE, KEYS, VECTORS, verify
from harness import Folder, assay, ends, holds

PINNED = "with.example/app-unsigned@" + IMAGE


def refused(result, text):
    ends(result, 2, "", "assay verify: %s\n" % text)


def test_no_image_and_two_images():
    refused(verify(), "name one image, as registry.example/app@sha256:..., got 0")
    refused(verify("a:1", "b:1"), "name one image, as registry.example/app@sha256:..., got 2")


def test_a_digest_without_a_key():
    refused(verify(PINNED), 'image "%s": --key FILE, --certificate-identity ID or --policy PATH is missing: it '
            'names whose signature counts' % PINNED)


def test_images_that_are_none():
    refused(verify("With.example/App:1"), 'image "With.example/App:1": upper case in the repository path')
    image = "with.example/app@sha512:" + "a" * 128
    refused(verify("-k", "p256.pub", image),
            'image "%s": its digest is no pin: want sha256: and 64 lower-case hex digits' % image)


def test_keys_that_are_none():
    refused(verify("-k", "p256.key", PINNED),
            'option --key "p256.key": key: block "PRIVATE KEY" is a private key: give the public one')
    refused(verify("-k", "rsa1024.pub", PINNED),
            'option --key "rsa1024.pub": key: RSA of 1024 bits: want 2048 to 8192')
    refused(verify("-k", "absent.pub", PINNED),
            'option --key: cannot read "absent.pub": no such file or directory')
    refused(verify(*["--key=p256.pub"] * 65, PINNED), "option --key: 65 keys, want at most 64")


def test_annotations_that_are_none():
    for text in ("team", "=infra", ""):
        refused(verify("-k", "p256.pub", "-a", text, PINNED), 'option --annotation "%s": want KEY=VALUE' % text)


def test_signature_repositories_that_are_none():
    why = "want a repository without tag and digest"
    for text in ("with.example/sigs:1", "with.example/sigs@" + IMAGE):
        refused(verify("-k", "p256.pub", "--signature-repository", text, PINNED),
                'option --signature-repository "%s": %s' % (text, why))
    refused(verify("-k", "p256.pub", "--signature-repository", "with.example/Sigs", PINNED),
            'option --signature-repository "with.example/Sigs": upper case in the repository path')


def test_recorded_content_excludes_what_is_for_registries():
    text = ("option --registry-dir: with recorded content no registry is asked: drop --registries, "
            "--plain-http, --docker-config and --ca")
    for more in (["--registries", "r.yaml"], ["--plain-http"], ["--docker-config", "c.json"], ["--ca", "c.pem"]):
        refused(verify(*more, "with.example/app:1"), text)


def test_the_registries_file_excludes_options_of_one_registry():
    text = ("option --registries: it says how to reach each registry: put plainHttp, credentials and caFile "
            "there instead of --plain-http, --docker-config and --ca")
    for more in (["--plain-http"], ["--docker-config", "c.json"], ["--ca", "c.pem"]):
        refused(assay("verify", "--registries", "r.yaml", *more, "with.example/app:1"), text)


def test_files_that_cannot_be_used():
    with Folder() as f:
        f.write("r.yaml", "apiVersion: assay.dev/v1\nkind: Registries\nspec:\n  registries:\n  - hots: a.example\n")
        result = f.assay("verify", "--registries", "r.yaml", "with.example/app:1")
        ends(result, 2, "")
        holds("standard error", result.err, 'r.yaml:5:5: ')
        holds("standard error", result.err, 'assay verify: registries not loaded: ')
        f.write("c.json", '{"credsStore": "desktop"}')
        result = f.assay("verify", "--docker-config", "c.json", "with.example/app:1")
        ends(result, 2, "")
        holds("standard error", result.err, 'assay verify: option --docker-config: "c.json": credsStore: ')
        f.write("ca.pem", "no certificate\n")
        refused(f.assay("verify", "--ca", "ca.pem", "with.example/app:1"),
                "option --ca: the file holds no certificate: want PEM")
        refused(f.assay("verify", "--registry-dir", "absent", "with.example/app:1"),
                'option --registry-dir: recorded registry content "absent": no such folder')


def test_texts_of_files_do_not_reach_the_terminal_raw():
    with Folder() as f:
        with open(os.path.join(KEYS, "p256.pub"), encoding="utf-8") as source:
            f.write("a\x1b[31m.pub", source.read())
        result = f.assay("verify", "-k", "a\x1b[31m.pub", "--registry-dir", Content.folder, PINNED)
        ends(result, 1, err="")
        holds("standard output", result.out, "key a\\x1b[31m.pub (ecdsa-p256, ")


def test_both_commands_are_in_the_help():
    listed = assay("--help").out
    holds("help", listed, "  verify         say who signed an image")
    holds("help", listed, "  verify-bundle  verify one Sigstore bundle")
    for command in ("verify", "verify-bundle"):
        ends(assay(command, "--help"), 0, err="")


# ---- verify-bundle ----

def bundle(*args, cwd=VECTORS):
    return assay("verify-bundle", *args, cwd=cwd)


def refused_bundle(result, text):
    ends(result, 2, "", "assay verify-bundle: %s\n" % text)


def test_bundle_options():
    key = ["--key", os.path.join(KEYS, "p256.pub")]
    identity = ["--certificate-identity", "i", "--certificate-oidc-issuer", "u"]
    refused_bundle(bundle(*key, IMAGE), "option --bundle FILE is missing: it names the bundle")
    refused_bundle(bundle("--bundle", "b", IMAGE),
                   "option --key FILE or --certificate-identity ID is missing: it names who must have signed")
    refused_bundle(bundle("--bundle", "b", *key), "arguments: want one, a file or a digest sha256:<64 hex>")
    refused_bundle(bundle("--bundle", "b", *key, IMAGE, IMAGE),
                   "arguments: want one, a file or a digest sha256:<64 hex>")
    refused_bundle(bundle("--bundle", "b", *identity, IMAGE),
                   "option --trusted-root FILE is missing: it names the authorities that are believed; "
                   "'cosign trusted-root create' writes one")
    for half in (identity[2:], ["--certificate-identity", "", *identity[2:]]):
        refused_bundle(bundle("--bundle", "b", *half, IMAGE),
                       "option --certificate-identity ID is missing: an issuer alone vouches for anybody")
    for half in (identity[:2], [*identity[:2], "--certificate-oidc-issuer", ""]):
        refused_bundle(bundle("--bundle", "b", *half, IMAGE),
                       "option --certificate-oidc-issuer URL is missing: anybody can run an issuer that vouches for "
                       "an identity")
    for more in (identity, identity[:2], identity[2:]):
        refused_bundle(bundle("--bundle", "b", *key, *more, IMAGE),
                       "option --key: give either a key or an identity, not both")
    refused_bundle(bundle("--bundle", "absent", *key, IMAGE),
                   'option --bundle: cannot read "absent": no such file or directory')
    refused_bundle(bundle("--bundle", "good-message.json", *key, "sha256:12"),
                   'artifact: cannot read "sha256:12": no such file or directory')
