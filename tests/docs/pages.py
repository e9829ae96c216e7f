#!/usr/bin/python3
"""Are the pages of docs/ true? What they show loads, what they type runs, what they list is all there is.

Blocks of a page say what they are: `yaml policy` and `yaml exception` load without an error or a warning, `yaml registries` is
taken as --registries, `yaml values` has keys and values that the chart knows, `yaml theirs` belongs to another
product and only has to be YAML. `text`, `json` and blocks without a word (commands and queries) are the rest.

Commands run in a folder of their own: with the policies and samples of the repository, the recorded registry of the
samples in the place of the network, and files named as the pages name those of their readers.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import textwrap

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHART = ROOT / "deploy" / "helm"
# Pages with checks of their own.
ELSEWHERE = ("codes.md", "advisories.md")
KINDS = {"", "text", "json", "yaml policy", "yaml exception", "yaml registries", "yaml values", "yaml theirs"}
BLOCK = re.compile(r"^( *)```(.*)\n((?:.*\n)*?)\1```$", re.M)
NOWHERE = "http://127.0.0.1:1"
DIGEST = "12ceacf070864741e10e42872d56e7ea86bc418752f8d1bf01a3576e98fdb352"
IMAGE = "registry.internal.example/golden/web"
PLACEHOLDERS = {"IMAGE@sha256:DIGEST": IMAGE + "@sha256:" + DIGEST, "IMAGE:TAG": IMAGE + ":1", "NEW.pub": "release.pub", "DIR": "mine"}
# Without a server, a proxy or a cluster there is nothing to see.
NOT_RUN = ("serve", "probe")
PLAIN = """apiVersion: assay.dev/v1
kind: Policy
metadata: {name: plain}
spec:
  mode: deny
  onError: deny
  match: {resources: [pods, workloads], operations: [CREATE, UPDATE]}
  rules:
  - {name: read-only-root, readOnlyRootFilesystem: {}}
"""


class Place:
    """The folder in which commands run."""

    def __init__(self, program, folder):
        self.program = os.path.abspath(program)
        self.folder = pathlib.Path(folder)
        for name in ("policies", "tests"):
            (self.folder / name).symlink_to(ROOT / name)
        shutil.copytree(ROOT / "policies" / "keys", self.folder / "keys")
        shutil.copytree(ROOT / "policies" / "trust", self.folder / "trust")
        shutil.copytree(ROOT / "policies" / "keys", self.folder / "mine" / "keys")
        shutil.copy(ROOT / "policies" / "golden-images.yaml", self.folder / "mine")
        shutil.copy(ROOT / "policies" / "keys" / "release.pub", self.folder / "release.pub")
        shutil.copy(ROOT / "tests" / "samples" / "deployment-good.yaml", self.folder / "deployment.yaml")
        for name in ("config.json", "internal.json"):
            self.write(name, '{"auths": {}}')
        self.certificate()
        self.write("registries.yaml", "apiVersion: assay.dev/v1\nkind: Registries\nspec: {credentials: config.json}\n")

    def certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=docs", "-days", "2", "-keyout", "tls.key", "-out", "tls.crt"], cwd=self.folder,
                       stderr=subprocess.DEVNULL, check=True)
        shutil.copy(self.folder / "tls.crt", self.folder / "ca.pem")

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return name

    def run(self, arguments, stdin=None, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
        env.update(HTTPS_PROXY=NOWHERE, https_proxy=NOWHERE, NO_PROXY="", no_proxy="", **more)
        done = subprocess.run([self.program, *arguments], cwd=self.folder, env=env, input=stdin or "", capture_output=True,
                              text=True, check=False)
        return done.returncode, done.stdout + done.stderr


def blocks(text):
    """(what it is, its text) of each block, those in lists too; generated ones are looked at elsewhere."""
    text = re.sub(r"<!-- generated: .*?<!-- end -->", "", text, flags=re.S)
    return [(info, textwrap.dedent(body)) for _, info, body in BLOCK.findall(text)]


# ---- blocks of YAML ----


def loads(place, check, where, *texts):
    names = [place.write("block-%d.yaml" % i, t) for i, t in enumerate(texts)]
    # Exceptions that a page shows have an end: it is judged as before it.
    status, out = place.run(["lint", "-q", "--now", "2026-12-01T00:00:00Z", *names])
    check(status == 0 and out == "assay lint: 0 errors, 0 warnings\n", "%s does not load: %s" % (where, out))


def registries(place, check, where, text):
    place.write("block.yaml", text)
    place.write("plain.yaml", PLAIN)
    status, out = place.run(["check", "-p", "plain.yaml", "--registries", "block.yaml", "deployment.yaml"])
    check(status == 0, "%s is no registries file: %s" % (where, out))


def is_of(value, schema):
    """Enough of JSON Schema for the chart's."""
    if "anyOf" in schema:
        return any(is_of(value, s) for s in schema["anyOf"])
    if "enum" in schema and value not in schema["enum"]:
        return False
    kinds = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None)}
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if wanted and not any(isinstance(value, kinds.get(w, object)) for w in wanted):
        return False
    return "pattern" not in schema or re.search(schema["pattern"], str(value)) is not None


def below(schema, key):
    """The schema of a key; None if there is no such key."""
    if key in schema.get("properties", {}):
        return schema["properties"][key]
    for pattern, found in schema.get("patternProperties", {}).items():
        if re.search(pattern, key):
            return found
    more = schema.get("additionalProperties", True)
    return None if more is False else {} if more is True else more


def values(check, where, tree, schema, path=""):
    for key, value in tree.items():
        found = below(schema, key)
        check(found is not None, "%s: the chart has no value %s%s" % (where, path, key))
        if found is None:
            continue
        # An unquoted date arrives as one, and as text in Helm.
        value = value.isoformat() if hasattr(value, "isoformat") else value
        check(is_of(value, found), "%s: %s%s cannot be %r" % (where, path, key, value))
        if isinstance(value, dict):
            values(check, where, value, found, path + key + ".")


def yaml_blocks(place, check, name, text, schema):
    policy = (ROOT / "policies" / "golden-images.yaml").read_text()
    for number, (info, body) in enumerate(blocks(text), 1):
        where = "%s: block %d (%s)" % (name, number, info or "no word")
        check(info in KINDS, where + ": a block of unknown kind")
        if info == "yaml policy":
            loads(place, check, where, body)
        elif info == "yaml exception":
            loads(place, check, where, policy, body)
        elif info == "yaml registries":
            registries(place, check, where, body)
        elif info == "yaml values":
            values(check, where, yaml.safe_load(body), schema)
        elif info == "yaml theirs":
            check(all(yaml.safe_load_all(body)), where + ": an empty document")
        elif info == "json":
            json.loads(body)


# ---- commands ----


def command_lines(text):
    """Commands of blocks without a word, and those in back quotes; continued lines are one."""
    found = []
    for info, body in blocks(text):
        if not info:
            found += body.replace("\\\n", " ").splitlines()
    plain = BLOCK.sub("", re.sub(r"<!-- generated: .*?<!-- end -->", "", text, flags=re.S))
    return found + [c.replace("\\|", "|") for c in re.findall(r"`([a-z][^`\n]*)`", plain)]


def pipeline(line):
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|")
    lexer.whitespace_split = True
    parts = [[]]
    for word in lexer:
        if word == "|":
            parts.append([])
        else:
            parts[-1].append(word)
    return [p for p in parts if p]


def assay(place, check, where, words, piped):
    words = [PLACEHOLDERS.get(w, w) for w in words]
    # In running text a command may be named without all of its arguments.
    is_whole = "--policies" in words if words[0] == "check" else len(words) > 1 or words[0] in ("version", "rules")
    if not is_whole or words[0] in NOT_RUN or any(w.isupper() or w == "..." for w in words):
        return False
    sample = (ROOT / "tests" / "samples" / "deployment-good.yaml").read_text()
    asked = any(w in ("--registries", "--docker-config", "--ca", "--offline") for w in words)
    more = {} if asked or words[0] not in ("check", "verify") else {"ASSAY_REGISTRY_DIR": "tests/samples/registry"}
    status, out = place.run(words, sample if piped else None, **more)
    # A folder with bad samples is refused; where no registry can be reached, that is what has to be said.
    no_network = asked and "--offline" not in words
    right = {3} if no_network else {1} if words[-1] == "tests/samples" else {0}
    check(status in right, "%s: exit code %d of: assay %s\n%s" % (where, status, " ".join(words), out))
    return True


def helm(check, where, words, schema):
    for option, value in zip(words, words[1:]):
        if option not in ("--set", "--set-file", "--set-string"):
            continue
        found = schema
        for key in value.split("=")[0].split("."):
            found = below(found, key) if found is not None else None
        check(found is not None, "%s: the chart has no value of %s" % (where, value))
    for word in words:
        check(not word.startswith("deploy/") or (ROOT / word).exists(), "%s: there is no %s" % (where, word))


def commands(place, check, name, text, schema):
    ran = 0
    for line in command_lines(text):
        if not re.search(r"(^|\| *)(assay|helm) ", line):
            continue
        for i, words in enumerate(pipeline(line)):
            if words[0] == "assay":
                ran += assay(place, check, name, words[1:], i > 0)
            elif words[0] == "helm":
                helm(check, name, words, schema)
    return ran


# ---- what a page must have all of ----


def alerts(check):
    rules = (CHART / "templates" / "prometheusrule.yaml").read_text()
    text = (ROOT / "docs" / "operations.md").read_text()
    wanted = re.findall(r"- alert: (\w+)", rules)
    sections = dict(re.findall(r"^## (Assay\w+)\n((?:(?!^#).*\n)*)", text, re.M))
    check(wanted and list(sections) == wanted, "docs/operations.md: sections %s; the alerts are %s" % (list(sections), wanted))
    for alert, section in sections.items():
        for part in ("**Means.**", "**Look.**", "**Do.**"):
            check(part in section, "docs/operations.md: %s has no %s" % (alert, part))
    for anchor in re.findall(r"runbook_url: \S+ \$docs \S+#(\w+)|\$docs \}\}#(\w+)", rules):
        check("".join(anchor) in [a.lower() for a in sections], "docs/operations.md: no section for #%s" % "".join(anchor))


def table_keys(text):
    """What stands in back quotes in the first column of the table that is headed "key", without what it is below of."""
    table = re.search(r"^\| key \|.*\n\|[-|]*\n((?:\|.*\n)*)", text, re.M)
    cells = [row.split("|")[1] for row in table.group(1).splitlines()] if table else []
    return {key.rpartition(".")[2] for cell in cells for key in re.findall(r"`([^`]*)`", cell)}


def keys(check):
    """Every key of a file that a page is about stands in its table, and no other."""
    for page, source, elsewhere in (
            ("registries.md", "oci/registries_file.c",
             {"apiVersion", "kind", "spec", "registries", "certFile", "keyFile", "connect", "request"}),
            ("exceptions.md", "policy/load_exception.c", {"match"})):
        known = set(re.findall(r'\{"(\w+)", DECODE_(?:REQUIRED|OPTIONAL)', (ROOT / source).read_text())) - elsewhere
        found = table_keys((ROOT / "docs" / page).read_text())
        check(known and found == known, "docs/%s: the table of keys differs from %s in %s" % (page, source, sorted(found ^ known)))


def metrics_in_blocks(check, name, text, known):
    for info, body in blocks(text):
        if info:
            continue
        for metric in set(re.findall(r"\b(assay_[a-z_]+)\b", body)):
            bare = re.sub(r"_(?:total|bucket|sum|count)$", "", metric)
            check(bare in known or metric in known, "%s: no metric %s" % (name, metric))


OURS = re.compile(r"^## (?:Assay|The server|assay) .*\n((?:(?!^## ).*\n)*)", re.M)


def said(check, literals):
    """Messages that troubleshooting.md calls Assay's own are in the sources, piece by piece."""
    text = (ROOT / "docs" / "troubleshooting.md").read_text()
    sections = OURS.findall(text)
    check(len(sections) == 3, "docs/troubleshooting.md: three sections about what Assay says are wanted")
    for section in sections:
        for cell in re.findall(r"^\| (`.*?) \|", section, re.M):
            for phrase in re.findall(r"`([^`]*)`", cell):
                for piece in re.split(r"\.\.\.|[\",:]|\d+", phrase):
                    piece = piece.strip()
                    check(not piece or piece in literals, "docs/troubleshooting.md: no message has: " + piece)


def quick_start(place, check, text):
    """The block of README that says where the program is, typed after `make` into a shell that has never heard of it."""
    (found,) = [body for _, body in blocks(text) if "export PATH=" in body]
    check(found.startswith("make\n"), "README.md: the quick start does not build first")
    (place.folder / "build").mkdir()
    (place.folder / "build" / "assay").symlink_to(place.program)
    done = subprocess.run(["bash", "-c", found.removeprefix("make\n")], cwd=place.folder, env={"PATH": "/usr/bin:/bin"},
                          capture_output=True, text=True, check=False)
    check(done.returncode == 1 and done.stdout.endswith("\n6 checked: 4 denied, 0 warned, 2 allowed; 0 skipped\n"),
          "README.md: the quick start ends with exit code %d: %s" % (done.returncode, done.stdout + done.stderr))


def check_pages(check, program, files):
    schema = json.loads((CHART / "values.schema.json").read_text())
    known = set(re.findall(r'"(assay_[a-z_]+)"', (ROOT / "webhook" / "metrics.def").read_text()))
    ran = 0
    with tempfile.TemporaryDirectory(prefix="assay-docs-") as folder:
        place = Place(program, folder)
        for page in sorted((ROOT / "docs").glob("*.md")):
            name = "docs/" + page.name
            text = page.read_text()
            if page.name not in ELSEWHERE:
                yaml_blocks(place, check, name, text, schema)
                metrics_in_blocks(check, name, text, known)
            if page.name != "advisories.md":
                ran += commands(place, check, name, text, schema)
        readme = (ROOT / "README.md").read_text()
        ran += commands(place, check, "README.md", readme, schema)
        quick_start(place, check, readme)
    check(ran >= 10, "only %d commands of the pages were run" % ran)
    alerts(check)
    keys(check)
    said(check, re.sub(r'"\s*"', "", "".join(files.values())).replace('\\"', '"'))
