"""Keys and registries change while the server runs."""

from stage import admitted, policy, refused, review, until

RELOADED = "assay_config_last_reload_successful"


def verdict(t, s, name="app-signed-bundle"):
    return s.post(review(t.image(name))).response()["allowed"]


def test_another_key_changes_the_verdict(t):
    s = t.signing_server()
    admitted(s.post(review(t.image("app-signed-bundle"))))
    refused(s.post(review(t.image("app-other-key"))), 403)
    t.key("other", server=s)
    until("the other key", lambda: verdict(t, s, "app-other-key"))
    refused(s.post(review(t.image("app-signed-bundle"))), 403)
    t.key("p256", server=s)
    until("the first key", lambda: verdict(t, s))
    refused(s.post(review(t.image("app-other-key"))), 403)


def test_a_key_outside_the_policies(t):
    """A key file that is in no folder of policies is watched too."""
    t.key("p256", "../release.pub")
    s = t.signing_server(policy(authorities={"release": "../release.pub"}))
    admitted(s.post(review(t.image("app-signed-bundle"))))
    t.key("other", "../release.pub", server=s)
    until("the other key", lambda: not verdict(t, s))


def test_a_bad_key_changes_nothing(t):
    s = t.signing_server()
    t.key("rsa1024", server=s)
    until("noticed", lambda: s.metric(RELOADED) == 0)
    admitted(s.post(review(t.image("app-signed-bundle"))))
    t.key("p256", server=s)
    until("mended", lambda: s.metric(RELOADED) == 1)


def test_registries(t):
    s = t.signing_server(registries=t.registries_file("other.example"))
    refused(s.post(review(t.image("app-signed-bundle"))), 403)
    t.registries_file(t.registry.host)
    until("the registry is known", lambda: verdict(t, s))


def test_credentials_that_the_registries_file_names(t):
    """Tokens of cloud registries end after hours: whoever renews the file need not tell the server."""
    name = t.login("first")
    s = t.signing_server(registries=t.registries_file(t.registry.host, credentials=name))
    admitted(s.post(review(t.image("app-signed-bundle"))))
    t.login("second")
    until("the second password", lambda: verdict(t, s, "app-signed-legacy"))
    assert s.metric(RELOADED) == 1


def test_bad_registries_change_nothing(t):
    s = t.signing_server()
    admitted(s.post(review(t.image("app-signed-bundle"))))
    t.registries_file(text="apiVersion: assay.dev/v1\nkind: Registries\nspec:\n  registriez: []\n")
    until("noticed", lambda: s.metric(RELOADED) == 0)
    ready = s.admin("/readyz")
    assert ready.status == 200, ready.body
    assert b"[-]last reload failed: registries: " in ready.body, ready.body
    assert b"registries.yaml:4:3: " in ready.body, ready.body
    line = until("logged", lambda: s.find("registries error"))
    assert "registries.yaml:4:3: " in line["problem"], line
    admitted(s.post(review(t.image("app-signed-legacy"))))
    t.registries_file(t.registry.host)
    until("mended", lambda: s.metric(RELOADED) == 1)
