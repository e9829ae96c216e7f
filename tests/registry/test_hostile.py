"""Each way in which a registry can misbehave, and what becomes of it."""

import hostile
from context import expect

MANIFEST = r"sha256:[0-9a-f]{12}…"
BLOB = "blob " + MANIFEST
REFERRERS = r"referrers of sha256:5a5a5a5a5a5a…"


def test_good(t):
    manifest, tag, blob, referrers = t.ask(
        *(t.of(what, "good") for what in ("manifest", "tag", "blob", "referrers")))
    for answer in (manifest, tag):
        expect(answer, "ok")
        assert answer["media_type"] == hostile.MANIFEST and answer["status"] == 200
        assert "sha256:" + answer["sha256"] == hostile.digest(hostile.GOOD)
    expect(blob, "ok")
    assert blob["bytes"] == len(hostile.BLOB)
    expect(referrers, "ok")
    assert len(referrers["items"]) == 3 and not referrers["truncated"]
    assert not referrers["by_tag_schema"]
    # One connection served all, and nothing but the four questions was sent.
    assert t.registry.connections == 1 and len(t.registry.requests) == 4
    assert referrers["requests"] == {"ok": 4, "foreign": 0}
    accept = t.registry.requests[0].headers["accept"]
    assert accept == ", ".join([
        "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json"])


# name: (question, repository, outcome, text)
ONE_ANSWER = {
    "wrong_digest": ("manifest", "wrong-digest", "invalid",
                     f"HOST sent a wrong answer for {MANIFEST}: its digest is {MANIFEST}"),
    "wrong_digest_blob": ("blob", "wrong-digest", "content",
                          f"HOST sent a wrong answer for {BLOB}: its digest is {MANIFEST}"),
    "longer": ("blob", "longer", "content", f"HOST sent a wrong answer for {BLOB}: "
               "the size is not the one that was announced"),
    "longer_chunked": ("blob", "longer-chunked", "content", f"HOST sent a wrong answer for {BLOB}: "
                       "the size is not the one that was announced"),
    "shorter": ("blob", "shorter", "content", f"HOST sent a wrong answer for {BLOB}: "
                "the size is not the one that was announced"),
    "shorter_chunked": ("blob", "shorter-chunked", "content",
                        f"HOST sent a wrong answer for {BLOB}: "
                        "the size is not the one that was announced"),
    "cut": ("tag", "cut", "connect", "HOST could not be reached for latest: the connection broke "
            "after 2 tries in SECONDS s"),
    "announces_much": ("tag", "announces-much", "too_large",
                       "HOST sent too much for latest: more bytes than are allowed"),
    "announces_much_blob": ("blob", "announces-much", "content",
                            f"HOST sent a wrong answer for {BLOB}: "
                            "the size is not the one that was announced"),
    "endless": ("tag", "endless", "too_large",
                "HOST sent too much for latest: more bytes than are allowed"),
    "endless_blob": ("blob", "endless", "content", f"HOST sent a wrong answer for {BLOB}: "
                     "the size is not the one that was announced"),
    "endless_referrers": ("referrers", "endless", "too_large",
                          f"HOST sent too much for {REFERRERS}: more bytes than are allowed"),
    "endless_error": ("tag", "endless-error", "http_4xx", "HOST answered HTTP 418 for latest"),
    "endless_headers": ("tag", "endless-headers", "content",
                        "HOST sent a wrong answer for latest: its headers are too long"),
    "gzipped": ("manifest", "gzipped", "invalid",
                f"HOST sent a wrong answer for {MANIFEST}: its digest is {MANIFEST}"),
    "no_http": ("tag", "no-http", "invalid",
                "HOST sent a wrong answer for latest: not HTTP as expected: .*"),
    "missing": ("referrers", "gateway", "ok", ""),
    "not_found": ("tag", "no-api-none", "not_found", "HOST answered HTTP 404 for latest"),
    "forbidden": ("tag", "forbidden", "unauthorized",
                  "HOST answered HTTP 403 for latest: no credentials for it are configured"),
    "teapot": ("tag", "teapot", "http_4xx", "HOST answered HTTP 418 for latest"),
    "broken": ("tag", "broken", "http_5xx", "HOST answered HTTP 500 for latest"),
    "busy": ("tag", "busy", "http_5xx",
             "HOST answered HTTP 503 for latest after 2 tries in SECONDS s"),
    "busy_once": ("tag", "busy-once", "ok", ""),
    "limited": ("tag", "limited", "rate_limited",
                "HOST answered HTTP 429 for latest after 2 tries in SECONDS s"),
    "limited_once": ("tag", "limited-once", "ok", ""),
    "limited_date": ("tag", "limited-date", "ok", ""),
    "limited_long": ("tag", "limited-long", "rate_limited", "HOST answered HTTP 429 for latest"),
    "reset": ("tag", "reset", "connect", "HOST could not be reached for latest: the connection "
              "broke after 2 tries in SECONDS s"),
    "reset_once": ("tag", "reset-once", "ok", ""),
    "redirect_loop": ("tag", "redirect-loop", "refused", "HOST redirects latest to http://HOST: "
                      "not followed: more than 3 redirects"),
    "redirect_four": ("tag", "redirect-four", "refused", "HOST redirects latest to http://HOST: "
                      "not followed: more than 3 redirects"),
    "redirect_three": ("tag", "redirect-three", "ok", ""),
    "redirect_nowhere": ("tag", "redirect-nowhere", "http_4xx",
                         "HOST answered HTTP 302 for latest without a Location"),
    "redirect_file": ("tag", "redirect-file", "refused",
                      "HOST redirects latest: not followed: .*"),
    "redirect_user": ("blob", "redirect-user", "refused",
                      f"HOST redirects {BLOB}: not followed: .*"),
    "redirect_metadata": ("tag", "redirect-metadata", "refused",
                          r"HOST was not asked for latest, redirected to http://169\.254\.169\.254,:"
                          r" 169\.254\.169\.254 is a link-local address, which only the registries "
                          "file can allow"),
    "redirect_metadata_mapped": ("tag", "redirect-metadata-mapped", "refused",
                                 r"HOST was not asked for latest, redirected to http://\[.*\],: "
                                 r".*169\.254\.169\.254 is a link-local address, which only the "
                                 "registries file can allow"),
    "redirect_metadata_number": ("tag", "redirect-metadata-number", "refused",
                                 "HOST was not asked for latest, redirected to .*: "
                                 r"169\.254\.169\.254 is a link-local address, which only the "
                                 "registries file can allow"),
    "redirect_private": ("tag", "redirect-private", "refused",
                         r"HOST was not asked for latest, redirected to http://10\.11\.12\.13,: "
                         r"10\.11\.12\.13 is a private address, which only the registries file can "
                         "allow"),
    "referrers_garbage": ("referrers", "garbage", "invalid",
                          f"HOST sent a wrong answer for {REFERRERS}: not valid JSON: .*"),
    "referrers_wrong_types": ("referrers", "wrong-types", "ok", ""),
    "referrers_no_index": ("referrers", "no-index", "content",
                           f"HOST sent a wrong answer for {REFERRERS}: .*"),
    "referrers_no_api_broken": ("referrers", "no-api-broken", "http_5xx",
                                f"HOST answered HTTP 500 for {REFERRERS}"),
    "referrers_forbidden": ("referrers", "forbidden", "unauthorized",
                            f"HOST answered HTTP 403 for {REFERRERS}: no credentials for it are "
                            "configured"),
}


def one_answer(row):
    question, repository, outcome, text = row

    def test(t):
        answer = t.ask(t.of(question, repository))
        expect(answer, outcome, text)
        assert not t.other.requests
        if outcome == "ok" and question != "referrers":
            assert answer["bytes"] > 0
    return test


for _name, _row in ONE_ANSWER.items():
    globals()["test_" + _name] = one_answer(_row)


def timeout(question, repository):
    def test(t):
        expect(t.ask(t.of(question, repository), deadline=700), "timeout",
               r"HOST did not answer for .* within 0\.[5-9] s")
    return test


for _question, _repository in (("tag", "silent"), ("blob", "slow"), ("tag", "slow-headers"),
                               ("referrers", "silent")):
    globals()[f"test_timeout_{_repository.replace('-', '_')}_{_question}"] = timeout(
        _question, _repository)


def test_request_timeout_of_the_file(t):
    config = t.registries(t.plain(timeouts={"request": "300ms"}))
    answer = t.ask(t.of("tag", "silent"), config=config, deadline=20000)
    expect(answer, "timeout", r"HOST did not answer for latest within 0\.[3-9] s")
    assert answer["elapsed_ms"] < 10000


def test_deadline_passed_already(t):
    expect(t.ask(t.of("tag", "good"), deadline=0), "timeout",
           "HOST was not asked for latest: no time was left")
    assert not t.registry.requests


def test_left_alone_after_retry_after(t):
    first, second = t.ask(t.of("tag", "limited-long"), t.of("tag", "good"))
    expect(first, "rate_limited")
    expect(second, "rate_limited",
           "HOST was not asked for latest: it wants to be left alone for (59|60).[0-9] s")
    assert len(t.registry.requests) == 1


def test_blob_larger_than_allowed(t):
    name = f"{t.registry.host}/good"
    answer = t.ask(f"blob {name} {hostile.digest(hostile.BLOB)} 70000 65536")
    expect(answer, "too_large", "not asked: the blob has 70000 bytes by its descriptor, and at "
                                "most 65536 are allowed")
    assert not t.registry.requests


def test_no_server(t):
    server = t.server()
    server.stop()
    config = t.registries(t.plain(server))
    expect(t.ask(t.of("tag", "good", server), config=config), "connect",
           "HOST could not be reached for latest: connection refused")


def test_no_such_name(t):
    config = t.registries({"host": "registry.invalid", "plainHttp": True})
    expect(t.ask("manifest registry.invalid/x latest", config=config), "connect",
           "registry.invalid could not be reached for latest: its name is not known")


def test_private_address_not_configured(t):
    config = t.registries({"host": t.registry.host, "plainHttp": True})
    answer = t.ask(t.of("tag", "good"), config=config)
    expect(answer, "refused", r"HOST was not asked for latest: 127\.0\.0\.1 is a loopback address, "
                              "which only the registries file can allow")
    assert answer["label"] == "invalid" and not t.registry.requests


def test_private_network_configured(t):
    config = t.registries({"host": t.registry.host, "plainHttp": True,
                           "allowedPrivateNetworks": ["127.0.0.0/24"]})
    expect(t.ask(t.of("tag", "good"), config=config), "ok")


def test_unlisted_host_is_https_only(t):
    config = t.registries({"host": "elsewhere.example"})
    answer = t.ask(t.of("tag", "good"), config=config)
    expect(answer, "refused")
    assert answer["requests"]["foreign"] == 1 and not t.registry.requests


# ---- referrers ----


def test_referrers_ten_thousand(t):
    answer = t.ask(t.of("referrers", "many"))
    expect(answer, "ok")
    assert len(answer["items"]) == 64 and answer["truncated"]


def test_referrers_ten_thousand_of_another_kind(t):
    answer = t.ask(t.of("referrers", "many") + " application/vnd.example.signature")
    expect(answer, "ok")
    assert [int(i, 16) for i in answer["items"]] == [77777] and not answer["truncated"]


def test_referrers_as_dense_as_can_be(t):
    """Within the memory that context.py allows: a part of the list, or none of it."""
    answer = t.ask(t.of("referrers", "dense"))
    expect(answer, "ok")
    assert len(answer["items"]) == 64 and answer["truncated"]
    answer = t.ask(t.of("referrers", "denser"))
    expect(answer, "content", f"HOST sent a wrong answer for {REFERRERS}: too .*")


def test_referrers_that_are_malformed_hide_no_others(t):
    """The registry repeats what was pushed: one that is no descriptor is left out, and the list says so."""
    answer = t.ask(t.of("referrers", "one-wrong"))
    expect(answer, "ok")
    assert [int(i, 16) for i in answer["items"]] == [1, 2] and answer["truncated"]


def test_referrers_all_pages_are_not_larger_than_one(t):
    answer = t.ask(t.of("referrers", "large-pages"))
    expect(answer, "too_large", f"HOST sent too much for {REFERRERS}: more bytes than are allowed")
    assert len(answer["items"]) == 2 and answer["truncated"] and len(t.registry.requests) == 3


def test_a_web_page_is_no_answer(t):
    """What stands before a registry says so with status 200: that tells nothing of what the registry holds."""
    expect(t.ask(t.of("blob", "web-page")), "invalid", f"HOST sent a wrong answer for {BLOB}: .*")
    expect(t.ask(t.of("referrers", "web-page")), "invalid", f"HOST sent a wrong answer for {REFERRERS}: .*")


def test_a_body_cut_without_a_length(t):
    expect(t.ask(t.of("blob", "cut-silently")), "invalid", f"HOST sent a wrong answer for {BLOB}: "
           "the size is not the one that was announced")


def test_referrers_paging_loop(t):
    answer = t.ask(t.of("referrers", "page-loop"))
    expect(answer, "ok")
    assert len(answer["items"]) == 8 and answer["truncated"]
    assert len(t.registry.requests) == 8


def test_referrers_three_pages(t):
    answer = t.ask(t.of("referrers", "pages"))
    expect(answer, "ok")
    assert [int(i, 16) for i in answer["items"]] == [0, 1, 2] and not answer["truncated"]


def test_referrers_page_on_another_host(t):
    answer = t.ask(t.of("referrers", "page-elsewhere"))
    expect(answer, "refused", f"HOST sent a Link for {REFERRERS} to another host: not followed")
    assert len(answer["items"]) == 1 and answer["truncated"] and not t.other.requests


def test_referrers_page_breaks(t):
    answer = t.ask(t.of("referrers", "page-breaks"))
    expect(answer, "http_5xx", f"HOST answered HTTP 500 for {REFERRERS}")
    assert len(answer["items"]) == 1 and answer["truncated"]


def test_referrers_by_tag_schema(t):
    first, second = t.ask(t.of("referrers", "no-api"), t.of("referrers", "no-api"))
    for answer in (first, second):
        expect(answer, "ok")
        assert [int(i, 16) for i in answer["items"]] == [5] and answer["by_tag_schema"]
    # That there is no API was remembered.
    assert t.registry.count("/referrers/") == 1 and t.registry.count("/manifests/") == 2


def test_referrers_none(t):
    answers = t.ask(t.of("referrers", "no-api-none"), t.of("referrers", "no-api-none"))
    for answer in answers:
        expect(answer, "ok")
        assert not answer["items"] and answer["by_tag_schema"]
    assert t.registry.count("/referrers/") == 1


def test_referrers_gateway_is_not_remembered(t):
    t.ask(t.of("referrers", "gateway"), t.of("referrers", "gateway"))
    assert t.registry.count("/referrers/") == 2


# ---- many at once ----


def test_host_limit(t):
    config = t.registries(t.plain(maxConcurrent=2))
    answers = t.ask(t.of("tag", "late"), config=config, threads=12)
    assert len(answers) == 12
    for answer in answers:
        expect(answer, "ok")
    assert t.registry.most == 2, t.registry.most


def test_host_limit_waits_no_longer_than_the_deadline(t):
    config = t.registries(t.plain(maxConcurrent=1))
    answers = t.ask(t.of("tag", "silent"), config=config, threads=4, deadline=600)
    for answer in answers:
        expect(answer, "timeout", "HOST (did not answer for latest within SECONDS s|was not asked for "
               "latest: as many requests as are allowed were under way for SECONDS s)")
