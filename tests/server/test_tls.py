"""TLS: versions, ALPN, certificates of clients."""

import os
import ssl
import subprocess

from certs import Authority
from context import review, until


def versions(s, lowest, highest):
    context = s.tls()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = lowest
    context.maximum_version = highest
    return context


def test_old_versions_are_refused(t):
    s = t.server()
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        try:
            s.client(versions(s, version, version)).close()
            raise AssertionError(f"{version} was accepted")
        except (ssl.SSLError, ConnectionError):
            pass
    until("count", lambda: s.rejected("tls") == 2)


def test_new_versions(t):
    s = t.server()
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        with s.client(versions(s, version, version)) as c:
            assert c.sock.version() == name
            assert c.post(review()).response()["allowed"] is True
    assert s.rejected("tls") == 0


def chosen(s, *protocols):
    context = s.tls()
    context.set_alpn_protocols(list(protocols))
    with s.client(context) as c:
        assert c.post(review()).response()["allowed"] is True
        return c.sock.selected_alpn_protocol()


def test_alpn(t):
    """Never h2, which is not spoken here; a client that offers only that is told nothing."""
    s = t.server()
    assert chosen(s, "h2", "http/1.1") == "http/1.1"
    assert chosen(s, "http/1.1") == "http/1.1"
    assert chosen(s, "h2") is None
    assert chosen(s, "http/1.0", "h2") is None


def test_openssl_agrees(t):
    s = t.server()
    out = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{s.port}", "-alpn", "h2,http/1.1", "-CAfile",
         t.shared.ca.certificate, "-verify_return_error", "-servername", "localhost"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "ALPN protocol: http/1.1" in out, out
    assert "Verify return code: 0 (ok)" in out, out
    assert "New, TLSv1.3" in out, out


def test_plain_http_and_noise(t):
    s = t.server()
    for noise in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(3000), b"\x16\x03\x01"):
        sock = s.tcp()
        sock.sendall(noise)
        sock.close()
    until("count", lambda: s.rejected("tls") == 3)
    s.tcp().close()
    assert s.post(review()).response()["allowed"] is True
    assert s.rejected("tls") == 3, "a connection without a byte is no failure"


def client_context(s, cert=None, key=None):
    context = s.tls()
    if cert:
        context.load_cert_chain(cert, key)
    return context


def test_client_ca(t):
    ours = Authority(os.path.join(t.folder, "clients"), "client CA")
    theirs = Authority(os.path.join(t.folder, "others"), "another CA")
    s = t.server(client_ca=ours.certificate)
    with s.client(client_context(s, *ours.leaf("apiserver", usage="clientAuth"))) as c:
        for _ in range(3):
            assert c.post(review()).response()["allowed"] is True
    refused = 0
    for identity in ((None, None), theirs.leaf("stranger", usage="clientAuth"),
                     ours.leaf("web", usage="serverAuth"),
                     ours.leaf("old", usage="clientAuth", start="20200101000000Z",
                               end="20210101000000Z")):
        with s.client(client_context(s, *identity)) as c:
            answer = c.post(review())
            assert answer.status == 403, answer.status
            assert answer.body == (b"client certificate: none that the client CA of this server "
                                   b"signed\n"), answer.body
        refused += 1
        assert s.rejected("tls") == refused
    assert not [l for l in s.log() if l["msg"] == "admission decision"][3:]


def test_no_client_ca_asks_for_nothing(t):
    stranger = Authority(os.path.join(t.folder, "others"), "another CA")
    s = t.server()
    with s.client(client_context(s, *stranger.leaf("x", usage="clientAuth"))) as c:
        assert c.post(review()).response()["allowed"] is True
