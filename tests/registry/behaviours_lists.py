"""What a hostile registry does when asked what refers to an image: see behaviours.py."""

from behaviours import behaviour
from hostile import BLOB, GOOD, INDEX, MANIFEST, SUBJECT, descriptor, digest, index


@behaviour
def garbage(c, r):
    c.reply(200, b"<html>not what you asked for", "text/html")


@behaviour
def wrong_types(c, r):
    c.reply(200, b'{"schemaVersion":2,"manifests":[{"mediaType":1}]}', INDEX)


@behaviour
def no_index(c, r):
    c.reply(200, GOOD, MANIFEST)


@behaviour
def many(c, r):
    items = [descriptor(i, "application/vnd.example.noise") for i in range(9999)]
    c.reply(200, index(items + [descriptor(77777)]), INDEX)


@behaviour
def dense(c, r):
    """As many values as fit into the bytes that are allowed."""
    item = '{"mediaType":"x","size":1,"digest":"sha256:' + "5a" * 32 + '","annotations":{%s}}'
    item %= ",".join(f'"{i}":""' for i in range(100))
    body = '{"schemaVersion":2,"manifests":[' + ",".join([item] * 4400) + "]}"
    c.reply(200, body.encode(), INDEX)


@behaviour
def denser(c, r):
    body = '{"schemaVersion":2,"manifests":[' + ",".join(["1"] * 2000000) + "]}"
    c.reply(200, body.encode(), INDEX)


@behaviour
def page_loop(c, r):
    c.reply(200, index([descriptor(1)]), INDEX, [("Link", f'<{r.path}>; rel="next"')])


@behaviour
def pages(c, r):
    page = int(r.path.split("page=")[1]) if "page=" in r.path else 0
    link = f'</v2/pages/referrers/{SUBJECT}?page={page + 1}>; rel="next"'
    c.reply(200, index([descriptor(page)]), INDEX, [("Link", link)] if page < 2 else [])


@behaviour
def one_wrong(c, r):
    wrong = dict(descriptor(9), mediaType="")
    c.reply(200, index([descriptor(1), wrong, descriptor(2)]), INDEX)


@behaviour
def large_pages(c, r):
    page = int(r.path.split("page=")[1]) if "page=" in r.path else 0
    noise = dict(descriptor(page), annotations={"n": "x" * (3 << 19)})
    link = f'</v2/large-pages/referrers/{SUBJECT}?page={page + 1}>; rel="next"'
    c.reply(200, index([noise]), INDEX, [("Link", link)])


@behaviour
def web_page(c, r):
    c.reply(200, b"<html>log in, please</html>", "text/html; charset=utf-8")


@behaviour
def cut_silently(c, r):
    c.raw(b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n" + BLOB[:-1])
    return False


@behaviour
def page_elsewhere(c, r):
    link = f'<{c.server.other.url}/v2/good/referrers/{SUBJECT}>; rel="next"'
    c.reply(200, index([descriptor(1)]), INDEX, [("Link", link)])


@behaviour
def page_breaks(c, r):
    if "page=" in r.path:
        return c.error(500)
    return c.reply(200, index([descriptor(1)]), INDEX, [("Link", f'<{r.path}?page=1>; rel=next')])


@behaviour
def no_api(c, r):
    if r.kind == "referrers":
        c.reply(404, b"404 page not found\n", "text/plain")
    elif r.name == SUBJECT.replace(":", "-"):
        c.reply(200, index([descriptor(5)]), INDEX)
    else:
        c.error(404)


@behaviour
def no_api_none(c, r):
    if r.kind == "referrers":
        c.reply(404, b"404 page not found\n", "text/plain")
    else:
        c.error(404)


@behaviour
def no_api_broken(c, r):
    if r.kind == "referrers":
        c.error(404)
    else:
        c.error(500)


@behaviour
def gateway(c, r):
    """Something before the registry answers for it."""
    c.reply(404, b"<html>not found", "text/html")
