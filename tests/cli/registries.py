"""`assay check` and registries: what is asked, and what happens when nobody answers."""
import base64
import json
import os
import pty
import re
import socket
import ssl
import subprocess
import threading
import xml.etree.ElementTree

from harness import BIN, Failed, ends, equal, holds, policy
from signing import (DIRECT, HOST, IMAGE, PLACE, PLATFORM, SIGNED_POD, SUMMARY, UNSIGNED, Registry, check, down,
                     pinned, pod, registries, rows, signing, stage)


def test_live():
    with Registry() as r, stage(signing(host=r.host), a=pod(pinned("app-signed-legacy", r.host)),
                                b=pod(pinned("app-unsigned", r.host), "raw")) as d:
        flags = registries(d, r.host)
        ends(check(d, *flags, "a.yaml"), 0, SUMMARY % (1, 0, 0, 1) + "\n", "")
        out = check(d, *flags, "a.yaml", "b.yaml")
        ends(out, 1, err="")
        holds("text", out.out, "- " + UNSIGNED.replace(HOST, r.host) + "\n")


def test_live_each_image_once_in_a_run():
    with Registry() as r, stage(signing(host=r.host)) as d:
        for i in range(30):
            d.write("m/%d.yaml" % i, pod(pinned("app-signed-legacy", r.host), "p%d" % i))
        ends(check(d, *registries(d, r.host), "m"), 0, SUMMARY % (30, 0, 0, 30) + "\n", "")
        equal("requests", sorted(r.requests), sorted(set(r.requests)))
        equal("for the referrers", sum("/referrers/" in p for p in r.requests), 1)


def test_live_images_of_different_files_at_the_same_time():
    with Registry(meets=4) as r, stage(signing(host=r.host)) as d:
        for i in range(4):
            d.write("m/%d.yaml" % i, pod(pinned("x%d/app-signed-legacy" % i, r.host), "p%d" % i))
        ends(check(d, *registries(d, r.host), "m"), 0, SUMMARY % (4, 0, 0, 4) + "\n", "")


def test_live_without_the_registries_file():
    """A private address, and plain http, are for that file alone to allow, whatever a manifest names."""
    with Registry() as r, stage(signing(host=r.host), a=pod(pinned("app-signed-legacy", r.host))) as d:
        out = check(d, "a.yaml")
        ends(out, 3, err="")
        holds("text", out.out, "- signature-unavailable: %s%s was not asked for sha256-%s….sig: 127.0.0.1 is a loopback address, "
              "which only the registries file can allow\n" % (PLACE, r.host, IMAGE[7:19]))
        equal("requests", r.requests, [])


GONE = r'- signature-unavailable: spec\.containers\[0\]\.image \(container "c"\): %s could not be reached for [^\n]+\n'


def test_a_registry_that_is_down_is_3():
    host = down()
    with stage(signing(host=host), a=pod(pinned("app-signed-legacy", host))) as d:
        out = check(d, *registries(d, host), "a.yaml")
        ends(out, 3, err="")
        lines = out.lines()
        equal("head", lines[:2], ["a.yaml:1: Pod default/web: error",
                                  "assay: could not verify 1 image in Pod default/web (try again; the manifest may be fine)"])
        if not re.fullmatch(GONE % re.escape(host), lines[2] + "\n"):
            raise Failed("line %r" % lines[2])
        equal("tail", lines[3:], [PLATFORM + "#signature-unavailable", "", (
            "1 checked: 0 denied, 0 warned, 0 allowed, 1 not verified; 0 skipped; 1 signature could not be verified")])
        summary, found = rows(check(d, *registries(d, host), "-o", "json", "a.yaml"))
        equal("summary", summary, {"checked": 1, "pass": 1, "fail": 0, "warn": 0, "error": 1, "skip": 0})
        equal("row", (found[0]["result"], found[0]["code"]), ("error", "signature-unavailable"))
        out = check(d, *registries(d, host), "-o", "junit", "a.yaml")
        ends(out, 3, err="")
        case = xml.etree.ElementTree.fromstring(out.out).find("testsuite/testcase")
        equal("JUnit", [(c.tag, c.get("type")) for c in case], [("error", "signature-unavailable")])
        out = check(d, *registries(d, host), "-o", "github", "a.yaml")
        ends(out, 3, err="")
        holds("GitHub", out.out, "::error file=a.yaml,line=4,title=assay signature-unavailable::signature-unavailable: ")


def test_worse_things_beside_a_registry_that_is_down():
    host = down()
    with stage(signing(host=host), a=pod(pinned("app-signed-legacy", host)), b=pod("elsewhere.example/a:1"), c="kind: x: y\n") as d:
        flags = registries(d, host)
        equal("a violation", check(d, *flags, "a.yaml", "b.yaml").code, 1)
        equal("an unreadable file", check(d, *flags, "a.yaml", "b.yaml", "c.yaml").code, 2)


def test_a_registry_that_is_down_is_never_clean():
    """However the server would answer: it could not be verified. Only where a "no" is clean too, so is this."""
    host = down()
    with stage(a=pod(pinned("app-signed-legacy", host)), b=pod("elsewhere.example/a@" + IMAGE)) as d:
        flags = registries(d, host)
        for args, code, more in (
                ((), 3, {"on_error": "allow"}), (("--strict",), 3, {"on_error": "allow"}),
                ((), 0, {"mode": "warn"}), (("--strict",), 3, {"mode": "warn"}),
                ((), 0, {"mode": "audit"}), (("--strict",), 3, {"mode": "audit"})):
            d.write("p.yaml", signing(host=host, **more))
            out = check(d, *flags, *args, "a.yaml")
            equal("exit code with %s of %s" % (" ".join(args), more), out.code, code)
            holds("summary", out.out, "; 0 skipped; 1 signature could not be verified\n")
        d.write("p.yaml", signing(host=host, mode="warn"))
        equal("a finding beside it", check(d, *flags, "--strict", "a.yaml", "b.yaml").code, 1)
        d.write("p.yaml", signing(host=host, on_error="allow"))
        holds("text", check(d, *flags, "a.yaml").out, (
            "a.yaml:1: Pod default/web: warned\n"
            'Warning: assay: container "c": could not verify image (spec.containers[0].image)\n\n'))


def test_answers_that_say_nothing():
    for status, label in (("500", "http_5xx"), ("403", "unauthorized"), ("429", "rate_limited")):
        with Registry(status=int(status)) as r, stage(signing(host=r.host), a=pod(pinned("app-signed-legacy", r.host))) as d:
            out = check(d, *registries(d, r.host), "a.yaml")
            ends(out, 3, err="")
            holds("text", out.out, "- signature-unavailable: %s%s answered HTTP %s for " % (PLACE, r.host, status))
            holds("text", out.out, 'assay_registry_requests_total{outcome="%s"}' % label)


def test_the_timeout_ends_it():
    with Registry(hangs=True) as r, stage(signing(host=r.host)) as d:
        for i in range(20):
            d.write("m/%02d.yaml" % i, pod(pinned("x%d/app-signed-legacy" % i, r.host), "p%d" % i))
        out = check(d, *registries(d, r.host), "--timeout", "700ms", "m")
        ends(out, 3, err="assay check: option --timeout: 20 of 20 questions about signatures were not answered within 0.7 s\n")
        equal("summary", out.lines()[-1], "20 checked: 0 denied, 0 warned, 0 allowed, 20 not verified; 0 skipped; "
              "20 signatures could not be verified")
        reasons = {re.sub(r".*127\.0\.0\.1:\d+ ", "", line) for line in out.lines() if line.startswith("- ")}
        for reason in reasons:
            if not re.fullmatch(r"did not answer within 0\.\d s|was not asked within 0\.\d s: \d+ images are being looked up at once|"
                                r"did not answer for \S+ within [\d.]+ m?s|was not asked for \S+: (no time was left|as many requests as are allowed were under way.*)", reason):
                raise Failed("reason %r" % reason)


def said_to(kind, command, cwd):
    mine, its = pty.openpty() if kind == "terminal" else os.pipe()
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=its,
                          env={**os.environ, **DIRECT}, timeout=60, check=False)
    os.close(its)
    said = b""
    try:
        while chunk := os.read(mine, 4096):
            said += chunk
    except OSError:  # how a terminal says that the other side is gone
        pass
    os.close(mine)
    return done.returncode, said.decode().splitlines()


def test_a_progress_line_for_a_terminal_that_waits():
    with Registry(hangs=True) as r, stage(signing(host=r.host), a=pod(pinned("app-signed-legacy", r.host))) as d:
        command = [BIN, "check", "-p", "p.yaml", *registries(d, r.host), "--timeout", "1500ms", "a.yaml"]
        late = "assay check: option --timeout: 1 of 1 questions about signatures were not answered within 1.5 s"
        equal("terminal", said_to("terminal", command, d.path),
              (3, ["assay check: waiting for the registries of the images", late]))
        equal("pipe", said_to("pipe", command, d.path), (3, [late]))


# ---- the way to the registry: through a proxy, since loopback addresses are for the registries file alone ----

class Tunnel:
    """An HTTP proxy that leads every CONNECT to one port."""

    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.env = {"https_proxy": "http://127.0.0.1:%d" % self.socket.getsockname()[1], "no_proxy": "", "NO_PROXY": ""}

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.close()

    def accept(self):
        try:
            while True:
                threading.Thread(target=self.lead, args=self.socket.accept()[:1], daemon=True).start()
        except OSError:  # closed
            pass

    def lead(self, client):
        head = more = client.recv(4096)
        while more and b"\r\n\r\n" not in head:
            more = client.recv(4096)
            head += more
        if not more:
            return
        server = socket.create_connection(self.target)
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        threading.Thread(target=self.copy, args=(server, client), daemon=True).start()
        self.copy(client, server)

    @staticmethod
    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:  # one side hung up
            pass


def certificate(folder, name):
    """Its own CA: a certificate and its key for one name."""
    both = [os.path.join(folder, "tls." + end) for end in ("crt", "key")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", "/CN=test", "-addext", "subjectAltName=DNS:" + name, "-out", both[0], "-keyout", both[1]],
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return both


def test_ca_and_credentials_of_whatever_registry_the_policies_name():
    login = "robot:secret-word"
    with stage(a=SIGNED_POD) as d:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate(d.path, HOST))
        auth = base64.b64encode(login.encode()).decode()
        d.write("config.json", json.dumps({"auths": {HOST: {"auth": auth}}}))
        d.write("other.json", json.dumps({"auths": {"other.example": {"auth": auth}}}))
        with Registry(login=login, context=context) as r, Tunnel(r.server_address[1]) as tunnel:
            for args, code, said in (
                    (("--ca", "tls.crt", "--docker-config", "config.json"), 0, None),
                    (("--ca", "tls.crt", "--docker-config", "other.json"), 3, "with.example answered HTTP 401"),
                    (("--ca", "tls.crt"), 3, "with.example answered HTTP 401"),
                    (("--docker-config", "config.json"), 3, "with.example could not be reached over TLS")):
                out = check(d, *args, "a.yaml", env=tunnel.env)
                ends(out, code, err="")
                if said:
                    holds("reason", out.out, "- signature-unavailable: %s%s for " % (PLACE, said))


# ---- usage ----

def refused(result, text):
    ends(result, 2, "", "assay check: %s\n" % text)


def test_ways_to_registries_that_exclude_each_other():
    with stage(a=SIGNED_POD) as d:
        registries(d, HOST)
        for flag, value in (("--registries", "r.yaml"), ("--registry-dir", "."), ("--docker-config", "c"), ("--ca", "c")):
            refused(check(d, "--offline", flag, value, "a.yaml"), "option --offline: no registry is asked: drop --registries, "
                    "--registry-dir, --docker-config and --ca")
        for flag, value in (("--registries", "r.yaml"), ("--docker-config", "c"), ("--ca", "c")):
            refused(check(d, "--registry-dir", ".", flag, value, "a.yaml"), "option --registry-dir: with recorded content no "
                    "registry is asked: drop --registries, --docker-config and --ca")
        for flag in ("--docker-config", "--ca"):
            refused(check(d, "--registries", "r.yaml", flag, "c", "a.yaml"), "option --registries: it says how to reach each "
                    "registry: put credentials and caFile there instead of --docker-config and --ca")


def test_files_of_the_way_that_cannot_be_used():
    """Said before anything is checked, also when nothing would be asked."""
    with stage(policy("{name: a, readOnlyRootFilesystem: {}}"), a=SIGNED_POD) as d:
        refused(check(d, "--registry-dir", "absent", "a.yaml"),
                'option --registry-dir: recorded registry content "absent": no such folder')
        refused(check(d, "--ca", "a.yaml", "a.yaml"), "option --ca: the file holds no certificate: want PEM")
        refused(check(d, "--ca", "absent", "a.yaml"), 'option --ca: cannot read "absent": no such file or directory')
        refused(check(d, "--docker-config", "absent", "a.yaml"),
                'option --docker-config: cannot read "absent": no such file or directory')
        registries(d, HOST, hots="x")
        out = check(d, "--registries", "r.yaml", "a.yaml")
        ends(out, 2, "")
        holds("standard error", out.err, 'unknown key "hots"')
        holds("standard error", out.err, "assay check: registries not loaded: 1 error\n")
