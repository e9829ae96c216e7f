"""Who gets to see credentials, and what happens when they do not suffice."""

import behaviours
import hostile
from context import expect


def login(t, **more):
    return t.registries(t.plain(credentials=t.login(), **more))


def nobody_else(t):
    assert not t.other.secrets(), [r.headers for r in t.other.secrets()]


def test_basic(t):
    first, second = t.ask(t.of("tag", "basic"), t.of("blob", "basic"), config=login(t))
    expect(first, "ok")
    expect(second, "ok")
    # Asked for once, then known.
    assert [("authorization" in r.headers) for r in t.registry.requests] == [False, True, True]
    assert second["requests"] == {"ok": 3, "foreign": 0}


def test_basic_without_credentials(t):
    answer = t.ask(t.of("tag", "basic"))
    expect(answer, "unauthorized",
           "HOST answered HTTP 401 for latest: no credentials for it are configured")
    assert answer["status"] == 401 and len(t.registry.requests) == 1


def test_credentials_of_another_port(t):
    config = t.registries(t.plain(credentials=t.login(t.other.host)))
    expect(t.ask(t.of("tag", "basic"), config=config), "unauthorized",
           "HOST answered HTTP 401 for latest: no credentials for it are configured")
    assert not t.registry.secrets()


def test_credentials_of_another_repository(t):
    config = t.registries(t.plain(credentials=t.login(t.registry.host + "/basi")))
    expect(t.ask(t.of("tag", "basic"), config=config), "unauthorized")
    assert not t.registry.secrets()


def test_credentials_of_this_repository(t):
    config = t.registries(t.plain(credentials=t.login(t.registry.host + "/basic")))
    expect(t.ask(t.of("tag", "basic"), config=config), "ok")


def test_basic_loop(t):
    answer = t.ask(t.of("tag", "basic-never"), config=login(t))
    expect(answer, "unauthorized", "HOST answered HTTP 401 for latest: the credentials configured "
                                   "for it do not suffice")
    assert len(t.registry.requests) == 2


def test_other_scheme(t):
    expect(t.ask(t.of("tag", "negotiate"), config=login(t)), "unauthorized",
           "HOST answered HTTP 401 for latest: it asks for neither a token nor a password")
    assert not t.registry.secrets()


def test_token(t):
    answers = t.ask(t.of("tag", "bearer"), t.of("blob", "bearer"), config=login(t))
    for answer in answers:
        expect(answer, "ok")
    tokens = [r for r in t.registry.requests if r.behaviour == "token"]
    assert len(tokens) == 1 and tokens[0].basic()
    assert tokens[0].path.endswith("?service=here&scope=repository%3Abearer%3Apull")
    assert len(t.registry.requests) == 4


def test_token_anonymous(t):
    expect(t.ask(t.of("tag", "bearer")), "ok")
    tokens = [r for r in t.registry.requests if r.behaviour == "token"]
    assert len(tokens) == 1 and "authorization" not in tokens[0].headers


def test_token_without_being_refused_first(t):
    """What one repository asked for is known for the next."""
    t.ask(t.of("tag", "bearer"), t.of("tag", "bearer/second"), config=login(t))
    refused = [r for r in t.registry.requests
               if r.behaviour == "bearer" and "authorization" not in r.headers]
    assert len(refused) == 1


def test_token_loop(t):
    answer = t.ask(t.of("tag", "bearer-never"), config=login(t))
    expect(answer, "unauthorized", "HOST answered HTTP 401 for latest: the credentials configured "
                                   "for it do not suffice")
    assert len(t.registry.requests) == 3


def test_token_loop_asks_anew_once_each_time(t):
    t.ask(*[t.of("tag", "bearer-never")] * 3, config=login(t))
    assert len(t.registry.requests) <= 3 + 2 * 4


def test_identity_token(t):
    config = t.config_json({t.registry.host: {"identitytoken": "idt/x"}})
    expect(t.ask(t.of("tag", "bearer"), config=t.registries(t.plain(credentials=config))), "ok")
    post = [r for r in t.registry.requests if r.method == "POST"]
    assert len(post) == 1 and b"scope=repository%3Abearer%3Apull" in post[0].body


def test_registry_token(t):
    config = t.config_json({t.registry.host: {"registrytoken": hostile.TOKEN}})
    expect(t.ask(t.of("tag", "bearer"), config=t.registries(t.plain(credentials=config))), "ok")
    assert len(t.registry.requests) == 1


def test_token_once_for_many(t):
    answers = t.ask(t.of("tag", "token-late"), config=login(t), threads=32)
    for answer in answers:
        expect(answer, "ok")
    assert t.registry.count("/token/") == 1


def test_token_failure_once_for_many(t):
    answers = t.ask(t.of("tag", "token-broken"), config=login(t), threads=16)
    for answer in answers:
        expect(answer, "http_5xx", "HOST could not be asked for latest: its token service "
                                   "http://HOST answered HTTP 500")
    assert t.registry.count("/token/") <= 16


# repository: (outcome, text)
TOKENS = {
    "token-garbage": ("invalid", "HOST could not be asked for latest: the answer of its token "
                                 "service is not valid JSON: .*"),
    "token-empty": ("invalid", "HOST could not be asked for latest: the answer of its token "
                               "service holds no token"),
    "token-newline": ("invalid", "HOST could not be asked for latest: the answer of its token "
                                 "service holds no token"),
    "token-broken": ("http_5xx", "HOST could not be asked for latest: its token service "
                                 "http://HOST answered HTTP 500"),
    "token-gone": ("http_4xx", "HOST could not be asked for latest: its token service "
                               "http://HOST answered HTTP 404"),
    "token-away": ("http_4xx", "HOST could not be asked for latest: its token service "
                               "http://HOST answered HTTP 307"),
    "token-endless": ("invalid", "HOST could not be asked for latest: its token service "
                                   "http://HOST: more bytes than are allowed"),
    "token-slow": ("timeout", "HOST could not be asked for latest: its token service "
                              "http://HOST did not answer in time"),
    "token-elsewhere": ("refused", "HOST wants a token for latest from "
                                   "http://auth.attacker.example: not asked, for it is neither of "
                                   "its site nor under tokenRealms in the registries file"),
    "token-file": ("refused", "HOST wants a token for latest: .*"),
}


def token_case(repository, outcome, text):
    def test(t):
        expect(t.ask(t.of("tag", repository), config=login(t), deadline=1500), outcome, text)
        nobody_else(t)
    return test


for _name, (_outcome, _text) in TOKENS.items():
    globals()["test_" + _name.replace("-", "_")] = token_case(_name, _outcome, _text)


def test_realm_by_name_is_another_site(t):
    """localhost is where the token service is, but the registry has another name."""
    def ask(realms):
        config = t.registries(t.plain(credentials=t.login(), **realms), t.plain(t.other))
        return t.ask(t.of("tag", "token-name"), config=config)

    port = t.other.host.split(":")[1]

    def answer(c, r):
        if r.bearer():
            return behaviours.good(c, r)
        return c.wants_token(f"http://localhost:{port}/v2/token/x")
    behaviours.BEHAVIOURS["token_name"] = answer
    expect(ask({}), "refused")
    assert not t.other.requests
    listed = {"tokenRealms": [f"localhost:{port}"], "allowedPrivateNetworks": ["127.0.0.0/8",
                                                                               "::1"]}
    expect(ask(listed), "ok")
    assert len(t.other.requests) == 1 and t.other.requests[0].basic()


def test_redirect_to_another_host_without_credentials(t):
    config = login(t, allowedPrivateNetworks=["127.0.0.0/8"])
    expect(t.ask(t.of("blob", "redirect-other"), config=config), "ok")
    assert len(t.other.requests) == 1
    nobody_else(t)


def test_redirect_to_another_host_that_asks_for_credentials(t):
    config = login(t, allowedPrivateNetworks=["127.0.0.0/8"])
    expect(t.ask(t.of("blob", "redirect-other-asks"), config=config), "unauthorized",
           r"HOST was asked for blob sha256:[0-9a-f]{12}…, redirected to http://HOST, which "
           "answered HTTP 401")
    assert len(t.other.requests) == 1
    nobody_else(t)


def test_redirect_on_the_same_host_keeps_credentials(t):
    expect(t.ask(t.of("blob", "redirect-same"), config=login(t)), "ok")


def test_mirror_gets_no_credentials_of_the_registry(t):
    config = t.registries(t.plain(credentials=t.login(), mirrors=[t.other.host + "/basic"]),
                          t.plain(t.other))
    # The mirror wants a password, and gets none; the registry is asked in its place.
    expect(t.ask(t.of("tag", "basic"), config=config), "ok")
    assert len(t.other.requests) == 1
    nobody_else(t)
