"""The chart's README: its table of values is made of the comments of values.yaml."""

import os
import re
import shlex

import yaml
from chart import CHART, MAJORS, Failed, equal, read

README = os.path.join(CHART, "README.md")
TABLE = re.compile(r"(<!-- generated: values\.yaml -->\n)(.*?)(<!-- end -->)", re.S)
SECTION = re.compile(r"^ *## @section (.+)$")
PARAM = re.compile(r"^ *## @param (\S+) (.+)$")


def documented():
    """[(section, [(path, text)])] in the order of the file."""
    out = []
    for number, line in enumerate(read(os.path.join(CHART, "values.yaml")).split("\n"), 1):
        section, param = SECTION.match(line), PARAM.match(line)
        if section:
            out.append((section.group(1), []))
        elif param:
            out[-1][1].append(param.groups())
        elif "@" in line and line.lstrip().startswith("##"):
            raise Failed(f"values.yaml:{number}: neither @section nor @param: {line.strip()}")
    return out


def at(values, path):
    for key in path.split("."):
        if not isinstance(values, dict) or key not in values:
            raise Failed(f"values.yaml documents {path}, which is not there")
        values = values[key]
    return values


def leaves(values, path=""):
    for key, below in values.items():
        if isinstance(below, dict) and below:
            yield from leaves(below, f"{path}{key}.")
        else:
            yield path + key


def shown(value):
    if value in ("", None, {}, []):
        return {"": '`""`'}.get(value, "null") if not isinstance(value, (dict, list)) else f"`{value}`"
    text = yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("\n").removesuffix("\n...")
    return f"`{text}`"


def table():
    values = yaml.safe_load(read(os.path.join(CHART, "values.yaml")))
    lines = []
    for section, params in documented():
        lines += [f"### {section}", "", "| value | default | meaning |", "|---|---|---|"]
        lines += [f"| `{path}` | {shown(at(values, path))} | {text.replace('|', chr(92) + '|')} |" for path, text in params]
        lines.append("")
    return "\n".join(lines)


def test_every_value_is_documented_once(t):
    values = yaml.safe_load(read(os.path.join(CHART, "values.yaml")))
    paths = [path for _, params in documented() for path, _ in params]
    equal(len(paths), len(set(paths)), "paths documented")
    for leaf in leaves(values):
        covering = [p for p in paths if leaf == p or leaf.startswith(p + ".")]
        equal(len(covering), 1, f"descriptions of {leaf}")


def test_the_table_of_values_is_current(t):
    text = read(README)
    new = TABLE.sub(lambda m: m.group(1) + table() + m.group(3), text)
    equal(len(TABLE.findall(text)), 1, "tables in README.md")
    if t.update and new != text:
        with open(README + ".new", "w", encoding="utf-8") as f:
            f.write(new)
        os.replace(README + ".new", README)
    elif new != text:
        raise Failed("the table in deploy/helm/README.md is not that of values.yaml: tests/chart/run --update")


def test_values_is_short_enough_to_be_read(t):
    lines = read(os.path.join(CHART, "values.yaml")).count("\n")
    equal(lines <= 300, True, f"values.yaml has {lines} lines, at most 300")


def test_alerts_of_the_readme_are_those_of_the_chart(t):
    rules = read(os.path.join(CHART, "templates", "prometheusrule.yaml"))
    told = set(re.findall(r"^\| `(Assay\w+)` \|", read(README), re.M))
    equal(told, set(re.findall(r"- alert: (\w+)", rules)), "alerts")


def test_the_command_that_installs_renders(t):
    """As it stands in the README, with the image that a release would have filled in."""
    command = re.search(r"^(helm install (?:.*\\\n)*.*)\n", read(README), re.M).group(1)
    words = shlex.split(command.replace("\\\n", " "))
    equal(words[:4], ["helm", "install", "assay", "deploy/helm"], "command")
    options = [w.replace("=cosign.pub", "=tests/sigstore/keys/p256.pub") for w in words[4:]
               if w not in ("--wait", "--create-namespace")]
    for major in MAJORS:
        result = t.helm(major, "template", "assay", "deploy/helm", *options, "--set", "image.digest=sha256:" + 64 * "a")
        equal(result.code, 0, f"{major}: {result.err}")
        equal("kind: ValidatingWebhookConfiguration" in result.out, True, f"{major}: webhook")
