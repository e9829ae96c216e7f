"""What keeps the server from starting is said, all of it, with exit code 2; and its log."""

import os
import re
import signal
import socket
import subprocess

from certs import openssl

from context import BAD, policy, review, until


def refused_start(s):
    s.spawn()
    assert s.wait() == 2
    with open(s.log_path, encoding="utf-8") as f:
        return f.read()


def test_bad_policies(t):
    bad = policy().replace("mode: deny", "mode: refuse").replace("onError: deny", "onEror: deny")
    text = refused_start(t.server(policies=bad, start=False))
    assert len(re.findall(r"policy\.yaml:\d+:\d+: ", text)) == 3, text
    assert "onError" in text and "mode" in text, text


def test_no_policies(t):
    text = refused_start(t.server(policies=None, start=False))
    assert "polic" in text, text


def test_certificate_and_key_of_different_pairs(t):
    _, other = t.shared.ca.leaf("pair-" + os.path.basename(t.folder))
    text = refused_start(t.server(key=other, start=False))
    assert f"certificate {t.shared.cert}: private key {other} belongs to another one" in text, text


def test_no_certificate(t):
    text = refused_start(t.server(cert="/nonexistent/tls.crt", start=False))
    assert "/nonexistent/tls.crt" in text and "no such file" in text.lower(), text


def test_certificate_in_the_future(t):
    cert, key = t.shared.ca.leaf("future-" + os.path.basename(t.folder), start="29980101000000Z",
                                 end="29990101000000Z")
    text = refused_start(t.server(cert=cert, key=key, start=False))
    assert f"certificate {cert}: not valid before 2998-01-01T00:00:00Z" in text, text


def test_everything_at_once(t):
    """Bad policies, a missing certificate and two bad addresses: all of it in one run."""
    text = refused_start(t.server(policies=policy().replace("mode: deny", "mode: refuse"),
                                  cert="/nonexistent/tls.crt", start=False, listen="localhost",
                                  metrics_listen="::1:443"))
    assert re.search(r"policy\.yaml:\d+:\d+: ", text), text
    assert "assay serve: policies: 1 error\n" in text, text
    assert "/nonexistent/tls.crt" in text, text
    assert "assay serve: address 'localhost': no port; want HOST:PORT or :PORT\n" in text, text
    assert "assay serve: address '::1:443': an IPv6 host needs brackets\n" in text, text


def test_encrypted_key(t):
    key = os.path.join(t.folder, "encrypted.key")
    openssl("ec", "-in", t.shared.key, "-aes256", "-passout", "pass:secret", "-out", key)
    text = refused_start(t.server(key=key, start=False))
    assert f"certificate {t.shared.cert} with private key {key}: Decryption has failed." in text, text


def test_closed_standard_descriptors(t):
    """Their numbers go to no socket, where log lines would be sent as answers."""
    s = t.server(start=False)
    port, metrics_port = free_ports()
    s.argv[s.argv.index("--listen") + 1] = f"127.0.0.1:{port}"
    s.argv[s.argv.index("--metrics-listen") + 1] = f"127.0.0.1:{metrics_port}"
    s.child = subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"] + s.argv)
    s.port, s.metrics_port = port, metrics_port
    until("ready", lambda: s.died() or is_ready(s))
    for fd in range(3):
        assert os.readlink(f"/proc/{s.child.pid}/fd/{fd}") == "/dev/null"
    with s.client() as c:
        for _ in range(20):
            assert c.post(review(obj=BAD)).response()["allowed"] is False
    s.signal(signal.SIGTERM)
    assert s.wait() == 0


def free_ports():
    """Two that nobody uses now."""
    socks = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [sock.getsockname()[1] for sock in socks]
    for sock in socks:
        sock.close()
    return ports


def is_ready(s):
    try:
        return s.admin("/readyz").status == 200
    except OSError:
        return False


def test_few_descriptors(t):
    """A hard limit below what the connections need: there are fewer, and new ones are still served."""
    s = t.server(start=False)
    s.argv = ["prlimit", "--nofile=160:160"] + s.argv
    s.start()
    warning = next(line for line in s.log() if line["msg"].startswith("file descriptors: "))
    assert warning["msg"] == ("file descriptors: 160 are allowed, 4480 would be needed; at most 80 "
                              "connections"), warning
    idle = [s.tcp() for _ in range(200)]
    for _ in range(5):
        assert s.post(review()).response()["allowed"] is True
    for sock in idle:
        sock.close()
    assert s.post(review()).response()["allowed"] is True
    assert not [line for line in s.log() if "cannot accept" in line["msg"]]


def test_port_in_use(t):
    first = t.server()
    text = refused_start(t.server(listen=f"127.0.0.1:{first.port}", start=False))
    assert f"listen on 127.0.0.1:{first.port}: Address already in use" in text, text


def test_bad_address(t):
    for address, why in (("localhost", "no port; want HOST:PORT or :PORT"),
                         ("1.2.3.4:99999", "no port; want HOST:PORT or :PORT"),
                         ("::1:443", "an IPv6 host needs brackets"),
                         ("localhost:8443", "want an IP address and a port, not a name")):
        text = refused_start(t.server(listen=address, start=False))
        assert f"address '{address}': {why}" in text, text


def test_every_address(t):
    """":0" listens on IPv4 and, where there is any, IPv6."""
    s = t.server(listen=":0", metrics_listen=":0")
    assert s.post(review()).response()["allowed"] is True
    assert s.admin("/readyz").status == 200


def test_one_thread(t):
    s = t.server(threads=1)
    for _ in range(5):
        assert s.post(review()).response()["allowed"] is True


# ---- the log ----

def test_decision_line(t):
    s = t.server()
    s.post(review(obj=BAD, uid="u-1", dryRun=True))
    line = s.decision("u-1")
    sha = line.pop("policy_sha256")
    assert re.fullmatch("[0-9a-f]{64}", sha)
    assert line.pop("duration_ms") > 0 and line.pop("ts") > 1.7e9
    line.pop("v", None)
    assert line == {
        "level": "info", "msg": "admission decision", "semantic": True, "uid": "u-1",
        "decision": "denied", "dry_run": True, "operation": "CREATE", "kind": "Pod",
        "namespace": "shop", "name": "web", "user": "system:serviceaccount:ci:deployer",
        "rules": ["registry", "digest", "read-only-root-filesystem"], "violations": 3,
        "images": ["nginx:1.27"]}, line


def test_allowed_only_when_asked(t):
    s = t.server(log_allowed=None)
    s.post(review(uid="u-1"))
    s.post(review(obj=BAD, uid="u-2"))
    s.decision("u-2")
    assert not [line for line in s.log() if line.get("uid") == "u-1"]
    debug = t.server(log_allowed=None, log_level="debug")
    debug.post(review(uid="u-1"))
    assert debug.decision("u-1")["level"] == "debug"


def test_unread_log_loses_lines_not_reviews(t):
    """Standard error is a pipe that nobody reads."""
    s = t.server(start=False)
    read_end, write_end = os.pipe()
    s.log_path = os.path.join(s.folder, "pipe")
    os.symlink(f"/proc/self/fd/{write_end}", s.log_path)
    del s.argv[s.argv.index("--listen"):s.argv.index("--listen") + 2]
    s.argv += ["--listen", "127.0.0.1:0"]
    s.spawn()
    os.close(write_end)
    text = b""
    while b'"serving"' not in text:
        text += os.read(read_end, 65536)
    s.port = int(re.search(rb'"port":(\d+)', text).group(1))
    s.metrics_port = int(re.search(rb'"metrics_port":(\d+)', text).group(1))
    with s.client() as c:
        for _ in range(900):
            assert c.post(review(obj=BAD, name="x" * 250)).response()["allowed"] is False
    os.close(read_end)
    for _ in range(20):
        assert s.post(review()).response()["allowed"] is True
    until("lost lines are counted", lambda: s.metric("assay_log_messages_lost_total") > 0)
    s.signal(signal.SIGTERM)
    assert s.wait() == 0
    os.unlink(s.log_path)
