"""A case folder of tests/cases as a request to a real API server, and its answer compared."""

import json
import os
import re
from urllib.parse import quote

import yaml

from lab import DENIED, WEBHOOK
from report import Failed, equal

SHOWN_LINES = 10
HOLD = "example.com/hold"


class Loader(yaml.SafeLoader):
    """Dates stay text, as in the program."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def meaning(policy):
    """Equal for policies that differ only in comments and spelling."""
    return json.dumps(list(yaml.load_all(policy, Loader)), sort_keys=True)


class Case:
    """policy.yaml, object.yaml, expect.yaml and perhaps old.yaml and now."""

    def __init__(self, title, folder):
        self.title = title
        self._folder = folder
        self.expect = self._yaml("expect.yaml") or {}
        self.policy = self._text("policy.yaml")

    def _text(self, name):
        path = os.path.join(self._folder, name)
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as f:
            return f.read()

    def _yaml(self, name):
        text = self._text(name)
        return None if text is None else yaml.load(text, Loader)

    def not_applicable(self):
        """Why this cannot be tried with an API server; None when it can."""
        if self._text("now") is not None:
            return "the case sets the clock"
        if self.policy is None or self._text("object.yaml") is None:
            return "the case is not about a policy and an object"
        return None

    def policy_meaning(self):
        return meaning(self.policy)

    def objects(self):
        """(object, old object or None)"""
        return self._yaml("object.yaml"), self._yaml("old.yaml")


class NotLaidOut(Failed):
    """The API server does not even take old.yaml."""


class Requests:
    """Sends objects to an API server so that nothing of them stays."""

    def __init__(self, lab):
        self._lab = lab
        self._kinds = {}
        self._namespaces = set()

    def send(self, new, old):
        """The answer to CREATE, or to UPDATE of `old`."""
        namespace = new["metadata"].get("namespace", "default")
        self._need_namespace(namespace)
        path = self._path(new, namespace)
        query = "?dryRun=All&fieldValidation=Strict"
        if old is None:
            return self._lab.api("POST", path + query, new)
        name = f"{path}/{quote(old['metadata']['name'])}"
        try:
            stored = self._lay_out(path, name, old)
            new = json.loads(json.dumps(new))
            for field in ("deletionTimestamp", "deletionGracePeriodSeconds"):
                new["metadata"].pop(field, None)
                if field in stored["metadata"]:
                    new["metadata"][field] = stored["metadata"][field]
            ephemeral = new.get("spec", {}).get("ephemeralContainers") \
                != old.get("spec", {}).get("ephemeralContainers")
            return self._lab.api("PUT", name + ("/ephemeralcontainers" if ephemeral else "") + query, new)
        finally:
            self._remove(name)

    def _lay_out(self, path, name, old):
        old = json.loads(json.dumps(old))
        deleting = old["metadata"].pop("deletionTimestamp", None)
        old["metadata"].pop("deletionGracePeriodSeconds", None)
        if deleting:
            old["metadata"].setdefault("finalizers", [HOLD])
        containers = old.get("spec", {}).pop("ephemeralContainers", None) if old["kind"] == "Pod" else None
        done = self._lab.api("POST", path, old, user="setup")
        if done.status == 201 and containers:
            done.body["spec"]["ephemeralContainers"] = containers
            done = self._lab.api("PUT", name + "/ephemeralcontainers", done.body, user="setup")
        if done.status == 201 and deleting:
            self._lab.api("DELETE", name, {"gracePeriodSeconds": 0}, user="setup")
            done = self._lab.api("GET", name)
        if done.status not in (200, 201):
            raise NotLaidOut(f"old.yaml could not be laid out: {done.body.get('message')}")
        return done.body

    def _remove(self, name):
        self._lab.api("PATCH", name, {"metadata": {"finalizers": None}}, user="setup",
                      content_type="application/merge-patch+json")
        self._lab.api("DELETE", name, {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}, user="setup")

    def _need_namespace(self, namespace):
        if namespace not in self._namespaces:
            self._lab.api("POST", "/api/v1/namespaces", {
                "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, user="setup")
            self._namespaces.add(namespace)

    def _path(self, thing, namespace):
        version = thing["apiVersion"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if version not in self._kinds:
            listed = self._lab.api("GET", root)
            self._kinds[version] = {r["kind"]: r for r in (listed.body or {}).get("resources", [])
                                    if "/" not in r["name"]}
        resource = self._kinds[version].get(thing["kind"])
        if resource is None:
            raise Failed(f"the API server has no {version} {thing['kind']}: mark the case with `apiserver: reason`")
        return f"{root}/namespaces/{quote(namespace)}/{resource['name']}" if resource["namespaced"] \
            else f"{root}/{resource['name']}"


MESSAGE_BYTES = 4096


def run(requests, case):
    """Sends the case and compares the answer with expect.yaml."""
    if "apiserver" in case.expect:
        _try_claim(requests, case)
        return
    answer = requests.send(*case.objects())
    message = _message(answer)
    if message and WEBHOOK not in message:
        raise Failed(f"the API server itself refused it: {message}\n"
                     "mark the case with `apiserver: reason` if that is as it should be")
    warnings = _compare_verdict(case, answer, message)
    equal("warnings", "\n".join(warnings), "\n".join(case.expect.get("warnings") or []))
    if message:
        _compare_message(case, message)


def _try_claim(requests, case):
    """The case says that its object never arrives like this: so the API server refuses it by itself. Or
    it does arrive, and only the lines are told otherwise than to a reader of a file."""
    try:
        answer = requests.send(*case.objects())
    except NotLaidOut:
        return
    message = _message(answer)
    if message and WEBHOOK not in message:
        return
    _compare_verdict(case, answer, message)
    if message:
        _compare_header(case, message)
        size = len(message[len(DENIED):].encode())
        if size > MESSAGE_BYTES:
            raise Failed(f"the message has {size} bytes; the limit is {MESSAGE_BYTES}")


def _message(answer):
    return (answer.body or {}).get("message", "") if answer.status >= 400 else ""


def _compare_verdict(case, answer, message):
    """Returns the server's warnings."""
    warnings = [w for w in answer.warnings if w.startswith("assay: ")]
    got = _verdict(answer.status, warnings, message)
    if got != case.expect["verdict"]:
        raise Failed(f"verdict: got {got}; want {case.expect['verdict']}\n{message}" + "\n".join(warnings))
    return warnings


def _verdict(status, warnings, message):
    if status in (200, 201):
        return "warn" if warnings else "allow"
    if not message.startswith(DENIED):
        raise Failed(f"no verdict: {status} {message}")
    return "error" if status == 503 else "deny"


def _compare_message(case, message):
    lines = message[len(DENIED):].split("\n")
    want = case.expect.get("violations") or []
    if len(want) > SHOWN_LINES:
        more = f"\u2026 and {len(want) - SHOWN_LINES} more: assay check -f FILE lists all"
        want = want[:SHOWN_LINES] + [more]
    equal("violations", "\n".join(lines[1:-1]), "\n".join(want))
    mend = case.expect.get("mend")
    if mend and not lines[-1].startswith(f"Fix it: {mend} ; "):
        raise Failed(f"the last line does not mend it with `{mend}`: {lines[-1]}")
    if not re.search(r" \(request [0-9a-f]{8}\)$", lines[-1]):
        raise Failed(f"the last line names no request: {lines[-1]}")
    _compare_header(case, message)


def _compare_header(case, message):
    got = message[len(DENIED):].split("\n")[0]
    want = case.expect.get("header")
    if want and not re.fullmatch(re.escape(want).replace(r"\*", "[a-z0-9]{5}"), got):
        raise Failed(f"header: got {got}; want {want}")
