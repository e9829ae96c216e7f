"""TLS, mirrors, proxies: the ways to a registry."""

import os
import re
import subprocess

import hostile
from context import expect


def leaf(t, name):
    """tests/registry/run made them once for all tests."""
    return [os.path.join(t.certs.folder, name + end) for end in (".crt", ".key")]


def tls(t, **more):
    server = t.server(hostile.tls_context(*leaf(t, "localhost"), **more), other=t.other)
    return server, {"host": server.host, "allowPrivate": True}


def test_tls_unknown_authority(t):
    server, entry = tls(t)
    expect(t.ask(t.of("tag", "good", server), config=t.registries(entry)), "tls",
           "HOST could not be reached over TLS for latest: .*certificate.*")
    assert not server.requests


def test_tls_own_authority(t):
    server, entry = tls(t)
    entry["caFile"] = t.certs.certificate
    expect(t.ask(t.of("tag", "good", server), config=t.registries(entry)), "ok")


def test_tls_wrong_name(t):
    server, entry = tls(t)
    port = server.host.split(":")[1]
    entry.update(host=f"ip6-localhost:{port}", caFile=t.certs.certificate)
    question = f"manifest ip6-localhost:{port}/good latest"
    answer = t.ask(question, config=t.registries(entry))
    assert answer["outcome"] in ("tls", "connect"), answer
    assert not server.requests


def test_tls_client_certificate(t):
    cert, key = leaf(t, "client")
    server, entry = tls(t, client_ca=t.certs.certificate)
    entry["caFile"] = t.certs.certificate
    without = t.ask(t.of("tag", "good", server), config=t.registries(entry))
    assert without["outcome"] in ("tls", "connect", "invalid"), without
    assert not server.requests
    entry["clientCertificate"] = {"certFile": cert, "keyFile": key}
    expect(t.ask(t.of("tag", "good", server), config=t.registries(entry)), "ok")


def test_tls_plain_server(t):
    entry = {"host": t.registry.host, "allowPrivate": True}
    expect(t.ask(t.of("tag", "good"), config=t.registries(entry)), "tls",
           "HOST could not be reached over TLS for latest: .*")
    assert not t.registry.requests


def test_tls_redirect_to_plain_http(t):
    server, entry = tls(t)
    entry.update(caFile=t.certs.certificate, allowedPrivateNetworks=["127.0.0.0/8"])
    expect(t.ask(t.of("tag", "redirect-plain", server), config=t.registries(entry, t.plain(t.other))),
           "refused", "HOST redirects latest to http://HOST: not followed: it is not https")
    assert not t.other.requests


def test_mirror_first(t):
    config = t.registries(t.plain(mirrors=[t.other.host]), t.plain(t.other))
    expect(t.ask(t.of("tag", "good"), config=config), "ok")
    assert len(t.other.requests) == 1 and not t.registry.requests


def test_mirror_prefix(t):
    config = t.registries(t.plain(mirrors=[t.other.host + "/good"]), t.plain(t.other))
    expect(t.ask(t.of("tag", "broken"), config=config), "ok")
    assert t.other.requests[0].path == "/v2/good/broken/manifests/latest"


def mirror_falls_back(prefix, question="tag"):
    def test(t):
        config = t.registries(t.plain(mirrors=[t.other.host + "/" + prefix]), t.plain(t.other))
        expect(t.ask(t.of(question, "good"), config=config), "ok")
        assert t.other.requests and t.registry.requests
    return test


for _prefix in ("broken", "no-api-none", "endless", "redirect-loop", "silent"):
    globals()["test_mirror_" + _prefix.replace("-", "_")] = mirror_falls_back(_prefix)
globals()["test_mirror_wrong_digest"] = mirror_falls_back("wrong-digest", "manifest")


def test_mirror_and_registry_fail(t):
    config = t.registries(t.plain(mirrors=[t.other.host + "/teapot"]), t.plain(t.other))
    expect(t.ask(t.of("tag", "broken"), config=config), "http_5xx",
           "HOST answered HTTP 500 for latest; before it HOST answered HTTP 418 for latest")


def test_mirror_without_referrers(t):
    config = t.registries(t.plain(mirrors=[t.other.host + "/no-api-none"]), t.plain(t.other))
    answer = t.ask(t.of("referrers", "good"), config=config)
    expect(answer, "ok")
    assert len(answer["items"]) == 3 and not answer["by_tag_schema"]


def proxied(t, env, **more):
    entry = {"host": "registry.example", "plainHttp": True, **more}
    return t.ask("manifest registry.example/good latest", config=t.registries(entry),
                 options=["--environment"], env={"no_proxy": "", **env})


def test_proxy(t):
    answer = proxied(t, {"http_proxy": t.other.url})
    expect(answer, "ok")
    assert t.other.requests[0].path == "http://registry.example/v2/good/manifests/latest"


def test_proxy_off(t):
    answer = proxied(t, {"http_proxy": t.other.url}, proxy=False, timeouts={"request": "900ms"})
    assert answer["outcome"] in ("connect", "timeout")
    assert not t.other.requests


def test_proxy_not_for_this_name(t):
    env = {"http_proxy": t.other.url, "no_proxy": "x.example, .example"}
    answer = proxied(t, env, timeouts={"request": "900ms"})
    assert answer["outcome"] in ("connect", "timeout")
    assert not t.other.requests


def test_proxy_upper_case_http_is_not_read(t):
    answer = proxied(t, {"HTTP_PROXY": t.other.url}, timeouts={"request": "900ms"})
    assert answer["outcome"] in ("connect", "timeout")
    assert not t.other.requests


def test_proxy_is_not_asked_for_the_metadata_address(t):
    entry = {"host": "169.254.169.254", "plainHttp": True}
    answer = t.ask("manifest 169.254.169.254/good latest", config=t.registries(entry),
                   options=["--environment"], env={"http_proxy": t.other.url, "no_proxy": ""})
    expect(answer, "refused", r"169\.254\.169\.254 was not asked for latest: its address is "
                              "a link-local address")
    assert not t.other.requests


def test_configuration_errors_are_all_listed(t):
    path = t.registries({"host": "bad host"}, {"hosst": "x", "plainHttp": "yes"})
    done = subprocess.run([t.tool, "--registries", path], input="", text=True, check=False,
                          capture_output=True)
    name = re.escape(path)
    lines = done.stderr.splitlines()
    assert done.returncode == 2 and len(lines) == 4, lines
    for line, pattern in zip(lines, (
            r':5:14: spec\.registries\[0\]\.host: "bad host" is no host: .*',
            r':6:5: missing key "host" in spec\.registries\[1\]: want the host of the registry',
            r':6:6: unknown key "hosst" in spec\.registries\[1\]: did you mean "host"\?',
            r':6:33: spec\.registries\[1\]\.plainHttp: got "yes" \(a string\), want true or false')):
        assert re.fullmatch(name + pattern, line), line
