"""`assay serve`: its start and its end. What it does between is for the server tests."""
import os
import signal
import subprocess
import time

from harness import BAD, BIN, GOOD, PINNED, Failed, Folder, assay, ends, equal, holds
from probing import certificate, free_port

LISTEN = ("--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")


def test_policies_that_do_not_load():
    with Folder() as d:
        crt, key = certificate(d.path, "server")
        d.write("bad.yaml", "apiVersion: assay.dev/v1\nkind: Policie\n")
        out = d.assay("serve", "-p", "bad.yaml", "--tls-cert", crt, "--tls-key", key, *LISTEN)
        out.err = "".join(line for line in out.err.splitlines(True) if not line.startswith("{"))
        ends(out, 2, out="", err=(
            'bad.yaml:1:1: missing key "metadata" in the document: want a map with a name\n'
            'bad.yaml:1:1: missing key "spec" in the document: want a map\n'
            "bad.yaml:2:7: kind: got Policie (a string), want Policy or Exception\n"
            "assay serve: policies: 3 errors\n"))


def said(out):
    """The one line of the program itself; log lines are JSON."""
    lines = [line for line in out.err.splitlines() if not line.startswith("{")]
    equal("lines that are no log", len(lines), 1)
    return lines[0]


def test_certificates_that_do_not_load():
    with Folder() as d:
        d.write("p.yaml", PINNED)
        crt, _key = certificate(d.path, "server")
        _crt, other = certificate(d.path, "other")
        for args, want in ((("--tls-cert", "absent", "--tls-key", other), "absent"), (("--tls-cert", crt, "--tls-key", other), crt),
                           (("--tls-cert", crt, "--tls-key", "p.yaml"), "p.yaml")):
            out = d.assay("serve", "-p", "p.yaml", *args, *LISTEN)
            ends(out, 2, out="")
            holds("error", said(out), want)


def test_addresses_that_are_none():
    with Folder() as d:
        d.write("p.yaml", PINNED)
        crt, key = certificate(d.path, "server")
        out = d.assay("serve", "-p", "p.yaml", "--tls-cert", crt, "--tls-key", key, "--listen", "nowhere", "--metrics-listen",
                      "127.0.0.1:0")
        ends(out, 2, out="")
        equal("error", said(out), "assay serve: address 'nowhere': no port; want HOST:PORT or :PORT")


def wait_ready(process, url, ca):
    for _ in range(500):
        if process.poll() is not None:
            raise Failed("the server ended with %d: %s" % (process.returncode, process.stderr.read()))
        if assay("probe", "--url", url, "--ca", ca).code == 0:
            return
        time.sleep(0.02)
    raise Failed("the server is not ready")


def test_probe_of_a_real_server_and_a_clean_end():
    with Folder() as d:
        crt, key = certificate(d.path, "server")
        for name, text in (("p.yaml", PINNED), ("good.yaml", GOOD), ("bad.yaml", BAD)):
            d.write(name, text)
        port, plain = free_port(), free_port()
        env = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
        with subprocess.Popen([BIN, "serve", "-p", "p.yaml", "--tls-cert", crt, "--tls-key", key, "--listen",
                               "127.0.0.1:%d" % port, "--metrics-listen", "127.0.0.1:%d" % plain, "--drain", "0s"],
                              cwd=d.path, env=env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            try:
                wait_ready(process, "http://127.0.0.1:%d" % plain, crt)
                out = d.assay("probe", "--url", "https://127.0.0.1:%d" % port, "--ca", crt, "--expect-allow", "good.yaml",
                              "--expect-deny", "bad.yaml")
                ends(out, 0, err="", out="bad.yaml: refused as expected: assay: 1 violation in Pod default/web\n"
                     "good.yaml: admitted as expected\n")
                process.send_signal(signal.SIGTERM)
                _, log = process.communicate(timeout=20)
            finally:
                if process.poll() is None:
                    process.kill()
        equal("exit code", (process.returncode, log[-2000:] if process.returncode else ""), (0, ""))
