"""What people read after an installation."""

from chart import CHART, MAJORS, NAMESPACE, Failed, contains, equal, read, values
from stub_api import StubApi


def notes(t, major, mode, *arguments, api=None):
    """NOTES of a dry run against the stub."""
    config = t.write(api.kubeconfig(), major, "kubeconfig")
    result = t.helm(major, "install", "assay", CHART, "-n", NAMESPACE, "-f", values(mode), "--dry-run=server",
                    "--disable-openapi-validation", "--kubeconfig", config, *arguments)
    if result.code:
        raise Failed(f"{major}, {mode}: {result.text()}")
    return result.out.rpartition("NOTES:\n")[2]


def every(t, mode, *arguments):
    for major in MAJORS:
        with StubApi() as api:
            yield major, notes(t, major, mode, *arguments, api=api)


def test_notes_of_an_ordinary_installation(t):
    for major, text in every(t, "golden"):
        for part in ("all namespaces but assay-system, kube-system, kube-public, kube-node-lease.\n", "  mode:   deny\n",
                     "  images: registry.internal.example/golden/**\n",
                     "  rules:  registry, digest, run-as, read-only-root, signed (1 of 1 keys)\n",
                     "  certificate: made by Helm, until 20", "Try it; this is refused:\n", "--dry-run=server\n",
                     "Test: helm test assay -n assay-system\n",
                     "  kubectl delete validatingwebhookconfiguration assay\n",
                     "Uninstalling with Helm 3: run that command first", "/codes\n", "/metrics"):
            contains(text, part, major)
        equal("WARNING" in text, False, f"{major}: warnings in\n{text}")


def test_notes_are_short(t):
    for mode in ("golden", "warn", "host-network"):
        for major, text in every(t, mode, "--set", "image.digest="):
            lines = text.strip("\n").count("\n") + 1
            equal(lines <= 30, True, f"{major}, {mode}: {lines} lines")


def test_warnings(t):
    for major, text in every(t, "warn", "--set", "image.digest="):
        for part in ("WARNING: one replica: nobody judges while it restarts.\n",
                     "WARNING: failurePolicy Ignore: whatever the webhook does not answer in time is admitted.\n",
                     "WARNING: the server's own image is not pinned by digest: set image.digest.\n",
                     "Try it; this is admitted with a warning:\n"):
            contains(text, part, major)
        equal("/metrics" in text, False, f"{major}: metrics that are off")


def test_who_makes_the_certificate(t):
    for major, text in every(t, "existing-secret"):
        contains(text, "  certificate: yours, Secret webhook-certificate\n", major)


def test_a_client_dry_run_warns_of_the_certificate(t):
    """Helm 4 only: Helm 3 asks a cluster for its version even then."""
    result = t.helm("helm4", "install", "assay", CHART, "-n", NAMESPACE, "-f", values("golden"), "--dry-run=client")
    equal(result.code, 0, result.text())
    contains(result.out, "WARNING: rendered without a cluster: the certificate changes at each render.", "helm4")


def test_the_emergency_command_is_the_same_everywhere(t):
    command = "kubectl delete validatingwebhookconfiguration assay\n"
    contains(read(CHART + "/README.md"), command, "README.md")
    for major, text in every(t, "golden", "--set", "fullnameOverride=gate"):
        contains(text, "kubectl delete validatingwebhookconfiguration gate\n", major)
