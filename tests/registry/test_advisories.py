"""What went wrong in other clients of registries, replayed on the wire. docs/advisories.md lists them all."""

import base64
import json

import behaviours
import hostile
from context import expect

MUCH = 1 << 30
REFERRERS = r"referrers of sha256:5a5a5a5a5a5a…"
BLOB = r"blob sha256:[0-9a-f]{12}…"


def answers(t, function, *questions, **options):
    """The answers of a repository that behaves like this."""
    name = "advisory-" + function.__name__
    behaviours.BEHAVIOURS[name.replace("-", "_")] = function
    return t.ask(*(t.of(q, name) for q in questions), **options)


def good_as_well(t, *questions):
    """The same questions of a registry as it should be."""
    for answer in t.ask(*(t.of(q, "good") for q in questions), t.of("tag", "good"))[:-1]:
        expect(answer, "ok")


# ---- CVE-2023-46737: no end of attestations ----


def test_cve_2023_46737_endless_pages_of_referrers(t):
    def endless_pages(c, r):
        page = int(r.path.split("page=")[1]) if "page=" in r.path else 0
        link = f"<{r.path.split('?')[0]}?page={page + 1}>; rel=\"next\""
        c.reply(200, hostile.index([hostile.descriptor(page)]), hostile.INDEX, [("Link", link)])

    answer = answers(t, endless_pages, "referrers")
    expect(answer, "ok")
    assert answer["truncated"] and len(t.registry.requests) == 8
    assert [int(i, 16) for i in answer["items"]] == list(range(8))
    good_as_well(t, "referrers")


def test_cve_2023_46737_endless_pages_of_nothing(t):
    def empty_pages(c, r):
        c.reply(200, hostile.index([]), hostile.INDEX, [("Link", f'<{r.path}x>; rel="next"')])

    answer = answers(t, empty_pages, "referrers")
    expect(answer, "ok")
    assert answer["truncated"] and not answer["items"] and len(t.registry.requests) == 8


def test_cve_2023_46737_more_referrers_than_are_looked_at(t):
    def crowd(c, r):
        c.reply(200, hostile.index([hostile.descriptor(i) for i in range(5000)]), hostile.INDEX)

    answer = answers(t, crowd, "referrers")
    expect(answer, "ok")
    assert answer["truncated"] and len(answer["items"]) == 64 and len(t.registry.requests) == 1


# ---- CVE-2024-29902, CVE-2024-29903: no end of bytes; t.ask() holds the memory of each answer to a bound ----


def test_cve_2024_29902_size_of_the_descriptor(t):
    answer = t.ask(f"blob {t.registry.host}/good {hostile.digest(hostile.BLOB)} {MUCH} 65536")
    expect(answer, "too_large", f"not asked: the blob has {MUCH} bytes by its descriptor, and at most 65536 are "
                                "allowed")
    assert not t.registry.requests
    good_as_well(t, "blob")


def announces(c, r):
    """A length that nobody will send."""
    c.raw(b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % MUCH)
    c.raw(b"x" * 65536)
    c.wait(20)
    return False


def pours(c, r):
    """No length, and no end."""
    c.raw(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not c.server.closing.is_set():
        c.raw(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    return False


def test_cve_2024_29902_content_length(t):
    blob, tag = answers(t, announces, "blob", "tag")
    expect(blob, "content", f"HOST sent a wrong answer for {BLOB}: the size is not the one that was announced")
    expect(tag, "too_large", "HOST sent too much for latest: more bytes than are allowed")
    good_as_well(t, "blob", "tag")


def test_cve_2024_29902_bytes_while_they_come(t):
    blob, tag = answers(t, pours, "blob", "tag")
    expect(blob, "content", f"HOST sent a wrong answer for {BLOB}: the size is not the one that was announced")
    expect(tag, "too_large", "HOST sent too much for latest: more bytes than are allowed")


def test_cve_2024_29903_a_list_without_end(t):
    for function in (announces, pours):
        expect(answers(t, function, "referrers"), "too_large",
               f"HOST sent too much for {REFERRERS}: more bytes than are allowed")
    good_as_well(t, "referrers")


def test_cve_2024_29903_arrays_of_an_index(t):
    """Small values that become large ones, within the bytes that are allowed."""
    for number, item in enumerate(("0", "{}", "[]", '""')):
        def dense(c, r, item=item):
            many = (item + ",") * ((3 << 20) // (len(item) + 1))
            c.reply(200, f'{{"schemaVersion":2,"manifests":[{many}{item}]}}'.encode(), hostile.INDEX)

        dense.__name__ = f"dense-{number}"
        expect(answers(t, dense, "referrers"), "content",
               f"HOST sent a wrong answer for {REFERRERS}: (too |manifests\\[0\\]).*")


# ---- CVE-2022-47633, CVE-2023-33959: two answers for one tag ----


def test_cve_2022_47633_the_digest_is_of_the_body(t):
    """The registry says in its header the digest of something signed, and sends something else."""
    other = json.dumps({"schemaVersion": 2, "mediaType": hostile.MANIFEST, "config": hostile.EMPTY, "layers": [],
                        "annotations": {"malicious": "yes"}}).encode()

    def two_faced(c, r):
        c.reply(200, other, hostile.MANIFEST, [("Docker-Content-Digest", hostile.digest(hostile.GOOD))])

    tag, manifest = answers(t, two_faced, "tag", "manifest")
    expect(tag, "ok")
    assert "sha256:" + tag["sha256"] == hostile.digest(other)
    expect(manifest, "invalid", r"HOST sent a wrong answer for sha256:[0-9a-f]{12}…: its digest is "
                                rf"sha256:{hostile.digest(other)[7:19]}…")
    good_as_well(t, "tag", "manifest")


def test_cve_2023_33959_one_question_for_one_tag(t):
    """Were the tag asked about twice, the second answer would be another one."""
    def swaps(c, r):
        first = len([q for q in c.server.requests if q.path == r.path]) <= 1
        c.reply(200, hostile.GOOD if first else hostile.GOOD + b" ", hostile.MANIFEST)

    answer = answers(t, swaps, "tag")
    expect(answer, "ok")
    assert "sha256:" + answer["sha256"] == hostile.digest(hostile.GOOD) and len(t.registry.requests) == 1


# ---- sigstore-js 85c58380: credentials for a host whose name is part of another one ----


def part_of(host):
    name, port = host.split(":")
    return [name, f"{name}:{port[:-1]}", host[1:], "x" + host, f"a.{host}", f"{name}.example:{port}", "0.0.1"]


def test_sigstore_js_85c58380_credentials_by_the_whole_host(t):
    both = base64.b64encode(f"{hostile.USER}:{hostile.PASSWORD}".encode()).decode()
    entries = {name: {"auth": both} for name in part_of(t.registry.host)}
    config = t.registries(t.plain(credentials=t.config_json(entries)))
    expect(t.ask(t.of("tag", "basic"), config=config), "unauthorized",
           "HOST answered HTTP 401 for latest: no credentials for it are configured")
    assert not t.registry.secrets() and len(t.registry.requests) == 1
    entries[t.registry.host] = {"auth": both}
    config = t.registries(t.plain(credentials=t.config_json(entries)))
    expect(t.ask(t.of("tag", "basic"), config=config), "ok")


def test_sigstore_js_85c58380_a_realm_that_only_contains_the_host(t):
    host = t.registry.host.split(":")[0]
    config = t.registries(t.plain(credentials=t.login()))
    for number, realm in enumerate((f"http://{host}.attacker.example/token", f"http://attacker.example/{host}",
                                    f"http://{host}@attacker.example/token",
                                    f"http://attacker.example?{t.registry.host}/token",
                                    f"http://x{host}/token")):
        def asks(c, r, realm=realm):
            return c.wants_token(realm)

        asks.__name__ = f"asks-{number}"
        expect(answers(t, asks, "tag", config=config), "refused", "HOST wants a token for latest.*")
    assert not t.registry.secrets() and not t.other.requests
