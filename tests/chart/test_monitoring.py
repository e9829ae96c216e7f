"""Alerts and dashboard: valid PromQL, about metrics that exist, and alerts that fire when they should."""

import json
import os
import re
import shutil
import urllib.request

import yaml
from chart import HERE, MAJORS, ROOT, Failed, Skip, equal, find, read, run
from test_server import serving

# Metrics of the API server, as version 1.35.4 prints them, and of Prometheus itself.
FOREIGN = {"apiserver_admission_webhook_rejection_count", "apiserver_admission_webhook_fail_open_count",
           "apiserver_admission_webhook_admission_duration_seconds_bucket", "up"}
NAME = re.compile(r"\b(?:assay_|process_|apiserver_)[a-z_]+\b|\bup(?=\{)")
SERIES = re.compile(r"^([a-z_]+)(?:\{(.*)\})? ", re.M)


def promtool(*arguments):
    path = os.path.join(ROOT, "build", "tools", "bin", "promtool")
    if not os.access(path, os.X_OK):
        path = shutil.which("promtool")
    if path is None:
        raise Skip("no promtool: scripts/deps test installs it")
    return run(path, *arguments)


def alerts(t, *arguments, major="helm4"):
    return find(t.objects("everything", *arguments, major=major), "PrometheusRule")["spec"]


def dashboard(t):
    return json.loads(find(t.objects("everything"), "ConfigMap", "assay-dashboard")["data"]["assay.json"])


def queries(board):
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def page(t):
    """{metric: {label: values}} of a running server."""
    with serving(t, t.objects("everything")) as (_, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    out = {}
    for name, labels in SERIES.findall(text):
        values = out.setdefault(name, {})
        for label, value in re.findall(r'([a-z_]+)="([^"]*)"', labels):
            values.setdefault(label, set()).add(value)
    return out


def check_names(where, expression, known):
    for name in set(NAME.findall(expression)):
        if name not in known and name not in FOREIGN:
            raise Failed(f"{where}: there is no metric {name}: {expression}")
    # Labels and their values, where the metric has all of them from the start.
    for name, selector in re.findall(r"\b(assay_[a-z_]+)\{([^}]*)\}", expression):
        for label, operator, value in re.findall(r'([a-z_]+)(=~|!~|!=|=)"([^"]*)"', selector):
            if label == "job":
                continue
            if label not in known[name]:
                raise Failed(f"{where}: {name} has no label {label}")
            if operator in ("=", "!=") and value not in known[name][label]:
                raise Failed(f"{where}: {name} has no {label}=\"{value}\"")


def check_grouping(where, expression, known):
    """Labels behind `by` are labels of the metric, or of every scraped one."""
    for labels, inner in re.findall(r"by \(([^)]*)\) \((?:rate|increase)?\(?(assay_[a-z_]+)", expression):
        for label in (one.strip() for one in labels.split(",")):
            if label not in known[inner] and label != "le":
                raise Failed(f"{where}: {inner} has no label {label}")


def test_alerts_are_valid_rules(t):
    for major in MAJORS:
        path = t.write(yaml.safe_dump(alerts(t, major=major)), major, "rules.yaml")
        result = promtool("check", "rules", path)
        equal(result.code, 0, f"{major}: {result.text()}")
        equal("SUCCESS: 7 rules found" in result.text(), True, f"{major}: {result.text()}")


def test_alerts_fire_when_they_should(t):
    spec = alerts(t)
    t.write(yaml.safe_dump(spec), "rules.yaml")
    version = read(os.path.join(ROOT, "VERSION")).strip()
    t.write(read(os.path.join(HERE, "alerts.yaml")).replace("vVERSION", "v" + version), "alerts.yaml")
    result = promtool("test", "rules", t.path("alerts.yaml"))
    equal(result.code, 0, result.text())
    tested = set(re.findall(r"alertname: (\w+)", read(os.path.join(HERE, "alerts.yaml"))))
    equal(tested, {r["alert"] for g in spec["groups"] for r in g["rules"]}, "alerts that are tested")


def test_alerts_and_dashboard_name_existing_metrics(t):
    known = page(t)
    for group in alerts(t)["groups"]:
        for rule in group["rules"]:
            check_names(rule["alert"], rule["expr"], known)
    count = 0
    for title, expression in queries(dashboard(t)):
        check_names(title, expression, known)
        check_grouping(title, expression, known)
        count += 1
    equal(count > 20, True, f"{count} queries of the dashboard")


def test_a_wrong_metric_is_noticed(t):
    known = page(t)
    for expression, why in (("rate(assay_admission_requests[5m])", "there is no metric assay_admission_requests"),
                            ('assay_rule_evaluations_total{result="denied"}', 'has no result="denied"'),
                            ('assay_rule_evaluations_total{name="x"}', "has no label name")):
        try:
            check_names("test", expression, known)
        except Failed as e:
            equal(why in str(e), True, str(e))
        else:
            raise Failed(f"not noticed: {expression}")


def test_queries_of_the_dashboard_are_valid(t):
    rules = [{"record": f"dashboard:query{i}", "expr": expression.replace("$job", ".*").replace("$__rate_interval", "5m")}
             for i, (_, expression) in enumerate(queries(dashboard(t)))]
    path = t.write(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), "rules.yaml")
    result = promtool("check", "rules", path)
    equal(result.code, 0, result.text())
    equal(f"SUCCESS: {len(rules)} rules found" in result.text(), True, result.text())


def test_the_dashboard_can_be_laid_out(t):
    board = dashboard(t)
    ids = [p["id"] for p in board["panels"]]
    equal(len(ids), len(set(ids)), "panels with an id of their own")
    taken = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        equal(at["x"] + at["w"] <= 24, True, f"{panel['title']} fits")
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        equal(cells & taken, set(), f"{panel['title']} covers another panel")
        taken |= cells


def test_every_alert_says_what_to_do(t):
    version = read(os.path.join(ROOT, "VERSION")).strip()
    for rule in alerts(t)["groups"][0]["rules"]:
        equal(rule["annotations"]["runbook_url"], f"https://assay.dev/docs/v{version}/operations#{rule['alert'].lower()}",
              rule["alert"])
        equal(rule["labels"]["severity"] in ("critical", "warning"), True, rule["alert"])
        equal(sorted(rule["annotations"]), ["description", "runbook_url", "summary"], rule["alert"])


def test_no_alert_about_replicas_with_one(t):
    names = {r["alert"] for r in alerts(t, "--set", "replicaCount=1")["groups"][0]["rules"]}
    equal("AssayReplicas" in names, False, "AssayReplicas")


def test_the_monitor_selects_the_service(t):
    found = t.objects("everything")
    monitor, service = find(found, "ServiceMonitor")["spec"], find(found, "Service")
    wanted = monitor["selector"]["matchLabels"]
    equal({k: service["metadata"]["labels"].get(k) for k in wanted}, wanted, "labels")
    equal(monitor["endpoints"][0]["port"] in [p["name"] for p in service["spec"]["ports"]], True, "port")
