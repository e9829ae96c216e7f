"""The same repositories, asked for over HTTP: with and without the referrers API, and what can go wrong."""

import base64
import json
import os
import pty
import shutil
import ssl
import subprocess
import sys

from context import HOSTS, IMAGE, KEYS, Content, Skip, key, over, report
from harness import BIN, ROOT, Failed, Folder, assay, ends, equal, holds
from own import EXPECTED, check_text
from static_registry import Registry

sys.path.append(os.path.join(ROOT, "tests", "server"))
import certs  # noqa: E402

LOGIN = "robot:secret-word"


def folder(host):
    return os.path.join(Content.folder, host)


def ask(*args):
    # A proxy of the environment must not stand between.
    return assay("verify", *args, cwd=KEYS, env={"no_proxy": "*", "NO_PROXY": "*"})


@over([(host, repository) for host in HOSTS for repository in EXPECTED])
def test_every_repository(host, repository):
    with Registry(folder(host)) as r:
        result = ask("--plain-http", "-k", "p256.pub", "%s/%s:1" % (r.host, repository))
        check_text(result, r.host, repository)
        # The tag was resolved once; what follows goes by digest.
        equal("requests for the tag", sum(p.endswith("/manifests/1") for p in r.requests), 1)
        equal("requests for the referrers", sum("/referrers/" in p for p in r.requests), 1)


def test_a_tag_alone_is_resolved_by_one_request():
    with Registry(folder("with.example")) as r:
        ends(ask("--plain-http", r.host + "/app-unsigned:1"), 0, "%s/app-unsigned@%s\n" % (r.host, IMAGE), "")
        equal("requests", r.requests, ["/v2/app-unsigned/manifests/1"])


def test_a_tag_that_is_not_there():
    with Registry(folder("with.example")) as r:
        result = ask("--plain-http", "-k", "p256.pub", r.host + "/app-unsigned:9")
        ends(result, 1, "")
        holds("standard error", result.err, "assay verify: %s/app-unsigned:9: tag not resolved: " % r.host)
        result = ask("-o", "json", "--plain-http", r.host + "/app-unsigned:9")
        equal("registry", report(result)["registry"], "not_found")


def could_not(result, reason):
    """Exit 3, with that reason in the text; and nothing said of keys."""
    lines = result.lines()
    ends(result, 3, err="")
    equal("number of lines", len(lines), 2)
    holds("verdict", lines[1], "could not find out: %s: " % reason)


@over([("500", "registry_failed", "http_5xx"), ("503", "registry_failed", "http_5xx"),
       ("403", "registry_denied", "unauthorized"), ("429", "registry_failed", "rate_limited")])
def test_answers_that_say_nothing(status, reason, label):
    with Registry(folder("with.example"), status=int(status)) as r:
        image = "%s/app-signed-bundle@%s" % (r.host, IMAGE)
        result = ask("--plain-http", "-k", "p256.pub", image)
        could_not(result, reason)
        holds("verdict", result.out, "%s answered HTTP %s for " % (r.host, status))
        said = ask("-o", "json", "--plain-http", "-k", "p256.pub", image)
        ends(said, 3, err="")
        said = report(said)
        equal("result", said["result"], "unknown")
        equal("state", said["state"], "unavailable")
        equal("reason", said["reason"], reason)
        equal("registry", said["registry"], label)
        equal("candidates", said["candidates"], [])
        ends(ask("--plain-http", r.host + "/app-signed-bundle:1"), 3, "")


def test_a_registry_that_is_down():
    with Registry(folder("with.example")) as r:
        host = r.host
    result = ask("--plain-http", "-k", "p256.pub", "%s/app-signed-bundle@%s" % (host, IMAGE))
    could_not(result, "registry_failed")
    holds("verdict", result.out, host + " could not be reached for ")
    result = ask("--plain-http", host + "/app-signed-bundle:1")
    ends(result, 3, "")
    holds("standard error", result.err, "assay verify: %s/app-signed-bundle:1: tag not resolved: %s could not be "
                                        "reached for 1: " % (host, host))


def test_a_registry_that_never_answers():
    with Registry(folder("with.example"), hangs=True) as r:
        image = "%s/app-signed-bundle@%s" % (r.host, IMAGE)
        could_not(ask("--timeout", "300ms", "--plain-http", "-k", "p256.pub", image), "deadline")
        ends(ask("--timeout", "300ms", "--plain-http", r.host + "/app-signed-bundle:1"), 3, "")


def test_without_plain_http_nothing_is_said_in_clear():
    with Registry(folder("with.example")) as r:
        could_not(ask("-k", "p256.pub", "%s/app-signed-bundle@%s" % (r.host, IMAGE)), "registry_failed")
        equal("requests", r.requests, [])


def test_credentials_of_docker_config():
    with Folder() as f, Registry(folder("without.example"), login=LOGIN) as r:
        image = "%s/app-signed-bundle@%s" % (r.host, IMAGE)
        auth = base64.b64encode(LOGIN.encode()).decode()
        f.write("config.json", json.dumps({"auths": {r.host: {"auth": auth}}}))
        f.write("other.json", json.dumps({"auths": {"other.example": {"auth": auth}}}))
        there = os.path.join(f.path, "")
        ends(ask("--plain-http", "--docker-config", there + "config.json", "-k", "p256.pub", image), 0, err="")
        for more in ((), ("--docker-config", there + "other.json")):
            could_not(ask("--plain-http", *more, "-k", "p256.pub", image), "registry_denied")


def test_the_registries_file():
    with Folder() as f, Registry(folder("without.example")) as r:
        entry = {"host": r.host, "plainHttp": True, "allowPrivate": True}
        f.write("r.yaml", "apiVersion: assay.dev/v1\nkind: Registries\nspec:\n  registries:\n  - %s\n"
                % json.dumps(entry))
        file = os.path.join(f.path, "r.yaml")
        ends(ask("--registries", file, "-k", "p256.pub", "%s/app-signed-bundle@%s" % (r.host, IMAGE)), 0, err="")
        # What the file does not allow stays forbidden, also to the person at the command line.
        entry["allowPrivate"] = False
        f.write("r.yaml", "apiVersion: assay.dev/v1\nkind: Registries\nspec:\n  registries:\n  - %s\n"
                % json.dumps(entry))
        before = len(r.requests)
        result = ask("--registries", file, "-k", "p256.pub", "%s/app-signed-bundle@%s" % (r.host, IMAGE))
        could_not(result, "registry_failed")
        holds("verdict", result.out, "a loopback address")
        equal("requests", len(r.requests), before)


def test_signatures_in_another_registry():
    with Registry(folder("with.example")) as image, Registry(folder("without.example")) as elsewhere:
        result = ask("--plain-http", "-k", "p256.pub", "--signature-repository",
                     elsewhere.host + "/signatures/of-others", image.host + "/app-unsigned:1")
        ends(result, 0, err="")
        equal("requests to the image's registry", image.requests, ["/v2/app-unsigned/manifests/1"])


def test_a_ca_of_its_own():
    if not shutil.which("openssl"):
        raise Skip("openssl is not installed")
    with Folder() as f:
        authority = certs.Authority(f.path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.leaf("registry"))
        with Registry(folder("with.example"), context=context) as r:
            image = "%s/app-signed-bundle@%s" % (r.host, IMAGE)
            ends(ask("--ca", authority.certificate, "-k", "p256.pub", image), 0, err="")
            seen = len(r.requests)
            could_not(ask("-k", "p256.pub", image), "registry_failed")
            equal("requests without the CA", len(r.requests), seen)
            if not seen:
                raise Failed("the registry saw no request")


@over([("terminal",), ("pipe",)])
def test_a_progress_line_for_a_terminal_that_waits(kind):
    with Registry(folder("with.example"), hangs=True) as r:
        mine, its = pty.openpty() if kind == "terminal" else os.pipe()
        command = [BIN, "verify", "--plain-http", "--timeout", "2s", r.host + "/app-unsigned:1"]
        env = dict(os.environ, no_proxy="*", NO_PROXY="*")
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=its, env=env,
                              timeout=60, check=False)
        os.close(its)
        said = b""
        try:
            while chunk := os.read(mine, 4096):
                said += chunk
        except OSError:  # how a terminal says that the other side is gone
            pass
        os.close(mine)
        equal("exit code", done.returncode, 3)
        lines = said.decode().splitlines()
        waiting = ["assay verify: waiting for " + r.host] if kind == "terminal" else []
        equal("lines before the last", lines[:-1], waiting)
        holds("last line", lines[-1], "tag not resolved: %s did not answer for 1 within " % r.host)
