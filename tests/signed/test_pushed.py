"""What somebody pushed beside an image is never "could not find out", and one bad entry of a list hides no others.

Whoever may push to a repository decides what its lists hold. Were one of these rows an answer that cannot be
used, `onError: allow` would admit what nobody signed, and `deny` would refuse what is signed.
"""

import json

from stage import admitted, policy, refused, review

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def descriptor(**more):
    return {"mediaType": MANIFEST, "digest": "sha256:" + "ab" * 32, "size": 100,
            "artifactType": "application/vnd.acme.note", **more}


# What a registry that repeats what was pushed puts into its list of referrers, before the others.
LISTED = {
    "an empty media type": descriptor(mediaType=""),
    "many annotations": descriptor(annotations={f"{i:x}": "" for i in range(20001)}),
    "a NUL in an annotation": descriptor(annotations={"a\0b": "x"}),
    "more than fits into memory": descriptor(annotations={f"{i:x}": "" for i in range(350000)}),
    "a bundle of 4 MiB": descriptor(artifactType=BUNDLE, size=4 << 20),
    "a list of 4 MiB and more": descriptor(annotations={"a": "x" * (4 << 20)}),
}
# Rows whose list cannot be read at all: then only the other place of signatures is left.
HIDES = ("many annotations", "a NUL in an annotation", "more than fits into memory", "a list of 4 MiB and more")


def listed(t, row):
    """The registry's list of referrers begins with this one."""
    content = t.registry.RequestHandlerClass.content

    def answer(handler):
        if "/referrers/" not in handler.path:
            content(handler)
            return
        folder = handler.server.folder + handler.path.split("?")[0].removeprefix("/v2")
        try:
            with open(folder, encoding="utf-8") as f:
                others = json.load(f)["manifests"]
        except FileNotFoundError:
            others = []
        body = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [LISTED[row], *others]}
        handler.reply(200, json.dumps(body).encode(), INDEX)

    t.registry.RequestHandlerClass = type("Handler", (t.registry.RequestHandlerClass,), {"content": answer})


def layers_with_type(t, media_type):
    """A .sig manifest that was pushed with this type. There is no other."""
    content = t.registry.RequestHandlerClass.content

    def answer(handler):
        if handler.path.endswith(".sig"):
            handler.reply(200, json.dumps({"schemaVersion": 2}).encode(), media_type)
        else:
            content(handler)

    t.registry.RequestHandlerClass = type("Handler", (t.registry.RequestHandlerClass,), {"content": answer})


def judge(t, on_error, seen):
    s = t.signing_server(policy(on_error=on_error))
    for name in ("app-unsigned", "app-other-key"):
        message = refused(s.post(review(t.image(name))), 403)
        assert "could not" not in message.split("\n")[0], message
    answer = s.post(review(t.image(seen)))
    assert "warnings" not in admitted(answer), answer.response()


def rows(of):
    for row in of:
        for on_error in ("allow", "deny"):
            yield row, on_error


def test_beside_a_signature(t):
    for row, on_error in rows(LISTED):
        stock = t.registry.RequestHandlerClass
        listed(t, row)
        # A signature at the tag counts whatever the list holds, and one in the list unless the whole cannot be read.
        judge(t, on_error, "app-signed-legacy")
        if row not in HIDES:
            judge(t, on_error, "app-signed-bundle")
        t.registry.RequestHandlerClass = stock


def test_types_of_any_length(t):
    for on_error in ("allow", "deny"):
        for media_type in ("x/" + "y" * 70000, "text/html", ""):
            stock = t.registry.RequestHandlerClass
            layers_with_type(t, media_type)
            judge(t, on_error, "app-signed-bundle")
            t.registry.RequestHandlerClass = stock
