"""Probes and metrics."""

import shutil
import socket
import subprocess

from context import BAD, Skip, review, until

TEXT = "text/plain; charset=utf-8"


def test_probes(t):
    s = t.server()
    for path in ("/healthz", "/readyz", "/readyz?x=y"):
        answer = s.admin(path)
        assert (answer.status, answer.body) == (200, b"ok\n"), path
        assert answer.headers["content-type"] == TEXT
    for path in ("/readyz?verbose", "/readyz?verbose=1"):
        lines = s.admin(path).body.decode().split("\n")
        assert lines[0].startswith("[+]policies ok sha256=") and len(lines[0]) == 86, lines
        assert lines[1].startswith("[+]certificate ok not_after=20"), lines
        assert lines[2:] == ["[+]serving ok", "[+]reload ok", "ok", ""], lines


def test_head_and_others(t):
    s = t.server()
    for path in ("/healthz", "/readyz", "/metrics"):
        answer = s.admin(path, method="HEAD")
        assert (answer.status, answer.body) == (200, b""), path
        assert int(answer.headers["content-length"]) > 0
        answer = s.admin(path, method="POST")
        assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD", answer.headers
    answer = s.admin("/validate")
    assert answer.status == 404
    assert answer.body == b"path: unknown, there are /healthz, /readyz and /metrics\n"


def promtool(page):
    if not shutil.which("promtool"):
        raise Skip("promtool is not installed (Debian package prometheus)")
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == 0 and done.stdout + done.stderr == b"", done


def test_metrics_pass_promtool(t):
    s = t.server()
    promtool(s.admin("/metrics").body)
    s.post(review())
    s.post(review(obj=BAD))
    s.post("x")
    promtool(s.admin("/metrics").body)


def test_metrics(t):
    s = t.server()
    for name in ('assay_admission_requests_total{resource="cronjobs",operation="UPDATE",'
                 'outcome="error",dry_run="true"}',
                 'assay_admission_request_duration_seconds_count{outcome="denied"}',
                 'assay_rule_evaluations_total{rule="image",result="skip"}',
                 'assay_log_messages_total{level="error"}',
                 'assay_admission_rejected_connections_total{reason="slow"}'):
        assert s.metric(name) == 0, f"{name} starts at 0"
    s.post(review())
    s.post(review(obj=BAD))
    s.post(review(obj=BAD, kind={"group": "x", "version": "v1", "kind": "X"},
                  resource={"group": "x", "version": "v1", "resource": "xs"}))
    requests = 'assay_admission_requests_total{resource="%s",operation="CREATE",outcome="%s",' \
        'dry_run="false"}'
    assert s.metric(requests % ("pods", "allowed")) == 1
    assert s.metric(requests % ("pods", "denied")) == 1
    assert s.metric(requests % ("other", "allowed")) == 1
    assert s.metric('assay_admission_request_duration_seconds_count{outcome="allowed"}') == 2
    assert s.metric('assay_admission_request_duration_seconds_bucket{outcome="denied",le="+Inf"}') == 1
    assert s.metric('assay_rule_evaluations_total{rule="image",result="fail"}') == 1
    assert s.metric('assay_rule_evaluations_total{rule="image",result="pass"}') == 1
    assert s.metric("assay_policies") == 1
    assert s.metric("assay_config_last_reload_successful") == 1
    assert s.metric("process_resident_memory_bytes") > 1 << 20
    assert s.metric("process_open_fds") > 5
    assert s.metric('assay_log_messages_total{level="info"}') >= 6


def test_openmetrics(t):
    s = t.server()
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    answer = s.admin("/metrics", headers={"Accept": accept})
    assert answer.headers["content-type"] == \
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    page = answer.body.decode()
    assert page.endswith("# EOF\n")
    assert "# TYPE assay_admission_requests counter\nassay_admission_requests_total{" in page
    plain = s.admin("/metrics")
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE assay_admission_requests_total counter\n" in plain.body.decode()
    assert "# EOF" not in plain.body.decode()


def test_hanging_clients_do_not_starve_probes(t):
    s = t.server()
    hanging = []
    for i in range(1000):
        sock = socket.create_connection(("127.0.0.1", s.metrics_port), timeout=30)
        if i % 2:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost:")
        hanging.append(sock)
        if i % 100 == 99:
            assert s.admin("/healthz").status == 200
            assert s.admin("/readyz").status == 200
    assert s.post(review()).response()["allowed"] is True
    for sock in hanging:
        sock.close()
    until("idle", lambda: s.metric("process_open_fds") < 100)


def test_requests_on_one_connection(t):
    s = t.server()
    sock = socket.create_connection(("127.0.0.1", s.metrics_port), timeout=30)
    for _ in range(3):
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        data = b""
        while not data.endswith(b"ok\n"):
            data += sock.recv(4096)
        assert data.startswith(b"HTTP/1.1 200 "), data
    sock.close()
