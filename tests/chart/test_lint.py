"""helm lint --strict, and what the two majors print of it."""

import re

import yaml
from chart import CHART, MAJORS, ROOT, Failed, contains, equal, modes, objects, read, values


def test_lint_of_every_values_file(t):
    for major in MAJORS:
        for mode in modes():
            result = t.helm(major, "lint", "--strict", CHART, "-f", values(mode), "-n", "assay-system")
            if result.code:
                raise Failed(f"{major} lint of {mode}:\n{result.text()}")
            contains(result.text(), "1 chart(s) linted, 0 chart(s) failed", f"{major} lint of {mode}")
            if re.search(r"\[(WARNING|ERROR)\]", result.text()):
                raise Failed(f"{major} lint of {mode}:\n{result.text()}")


def test_lint_without_values(t):
    """As a repository of charts lints it: the required inputs are not its business."""
    for major in MAJORS:
        result = t.helm(major, "lint", "--strict", CHART)
        contains(result.text(), "1 chart(s) linted, 0 chart(s) failed", major)
        equal(result.code, 0, major)


def test_package(t):
    for major in MAJORS:
        result = t.helm(major, "package", CHART, "-d", t.path(major, ""))
        equal(result.code, 0, f"{major} package: {result.text()}")
        shown = t.helm(major, "show", "chart", t.path(major, "assay-" + read(ROOT + "/VERSION").strip() + ".tgz"))
        equal(yaml.safe_load(shown.out)["name"], "assay", "name of the package")


def test_versions_are_those_of_the_program(t):
    chart = yaml.safe_load(read(CHART + "/Chart.yaml"))
    version = read(ROOT + "/VERSION").strip()
    equal(chart["version"], version, "version of the chart")
    equal(chart["appVersion"], version, "appVersion of the chart")
    contains(chart["annotations"]["artifacthub.io/links"], f"/v{version}\n", "link to the documentation")


def test_kubernetes_older_than_match_conditions_is_refused(t):
    for major in MAJORS:
        result = t.helm(major, "template", "assay", CHART, "-f", values("golden"), "--kube-version", "1.27.16")
        contains(result.text(), "chart requires kubeVersion: >=1.28.0-0 which is incompatible with Kubernetes v1.27.16",
                 major)
        oldest = t.helm(major, "template", "assay", CHART, "-f", values("golden"), "--kube-version", "1.28.0-eks-1")
        equal(len(objects(oldest.out)) > 0, True, f"{major} renders for 1.28: {oldest.err}")
