"""What the chart makes of its values is what the program takes, and the chart obeys its own policy."""

import os

import yaml
from chart import MAJORS, ROOT, Failed, contains, equal, find, modes, program, read
from mounted_pod import place

def test_policies_of_every_mode_load(t):
    for mode in modes():
        place(t, t.objects(mode))
        folder = t.path("root", "etc/assay/policies")
        result = program("lint", "--quiet", folder)
        equal(result.code, 0, f"{mode}: {result.text()}")
        contains(result.text(), "assay lint: 0 errors, 0 warnings", mode)
        os.rename(t.path("root"), t.path("root-" + mode))


def test_options_are_those_of_the_program(t):
    """Every option of the Pods stands in the program's help, and with a word that it takes."""
    told = {"serve": program("serve", "--help").out, "probe": program("probe", "--help").out}
    for mode in modes():
        found = t.objects(mode)
        pods = [find(found, "Deployment")["spec"]["template"]["spec"]] + [o["spec"] for o in found if o["kind"] == "Pod"]
        for pod in pods:
            command, *options = pod["containers"][0]["args"]
            for option in options:
                name = option.split("=")[0]
                if f" {name} " not in told[command]:
                    raise Failed(f"{mode}: assay {command} has no {name}")


def test_keys_from_values_and_config_map(t):
    policy = yaml.safe_load(find(t.objects("host-network"), "ConfigMap", "assay-policy")["data"]["golden-images.yaml"])
    equal(policy["spec"]["authorities"], {"release": {"key": {"file": "../../keys/release.pub"}},
                                          "emergency": {"key": {"file": "../../keys/emergency.pub"}}}, "authorities")
    policy = yaml.safe_load(find(t.objects("everything"), "ConfigMap", "assay-policy")["data"]["golden-images.yaml"])
    rule = [r for r in policy["spec"]["rules"] if r["name"] == "signed"][0]
    equal(rule["signature"], {"atLeast": {"count": 2, "of": ["backup", "release"]}}, "two of two")
    equal(sorted(policy["spec"]["authorities"]), ["backup", "release"], "authorities")


def test_the_dates_of_exceptions_stay_dates(t):
    for major in MAJORS:
        data = find(t.objects("everything", major=major), "ConfigMap", "assay-policy")["data"]
        contains(data["exceptions.yaml"], 'expires: "2099-12-31"', major)


SHIPPED = os.path.join(ROOT, "policies", "golden-images.yaml")
SAMPLES = os.path.join(ROOT, "tests", "samples")


def signed_image():
    """The digest of an image that the key of the shipped policy has signed: recorded, not ours."""
    deployment = yaml.safe_load(read(os.path.join(SAMPLES, "deployment-good.yaml")))
    return deployment["spec"]["template"]["spec"]["containers"][0]["image"]


def check(text, *arguments):
    result = program("check", "--policies", SHIPPED, "-o", "json", *arguments, "-", stdin=text)
    if not result.out:
        raise Failed(f"assay check: {result.text()}")
    return result.code, yaml.safe_load(result.out)


def outcome(report, rule):
    return sorted(r["result"] for r in report["results"] if r["rule"] == rule)


def test_the_chart_obeys_the_shipped_policy(t):
    """Our Deployment and the Pod of helm test, by the policy that we tell others to start with. The image has
    the digest of one whose signature is recorded."""
    name, _, digest = signed_image().partition("@")
    registry, _, repository = name.rpartition("/")
    for major in MAJORS:
        text = t.rendered("golden", "--set", f"image.registry={registry},image.repository={repository},image.digest={digest}",
                          major=major)
        code, report = check(text, "--registry-dir", os.path.join(SAMPLES, "registry"))
        equal(code, 0, f"{major}: {report}")
        summary = report["summary"]
        equal((summary["checked"], summary["fail"], summary["error"], summary["warn"]), (2, 0, 0, 0), f"{major}: {summary}")
        for rule in ("golden-image", "golden-user", "read-only-root", "signed"):
            equal(outcome(report, rule), ["pass", "pass"], f"{major}: {rule}")


def test_that_check_finds_what_is_wrong(t):
    """The test before would notice an image that nobody signed, and one without digest."""
    text = t.rendered("golden", "--set", "image.registry=registry.internal.example/golden,image.repository=unsigned")
    code, report = check(text, "--registry-dir", os.path.join(SAMPLES, "registry"))
    equal((code, outcome(report, "golden-image")), (1, ["pass", "pass"]), f"unsigned: {report}")
    equal(outcome(report, "signed"), ["fail", "fail"], "unsigned image")
    code, report = check(t.rendered("golden", "--set", "image.digest=", "--set", "image.tag=x"), "--offline")
    equal(code, 1, f"tag: {report}")
    equal({r["code"] for r in report["results"] if r["rule"] == "golden-image" and r["result"] == "fail"}, {"digest"}, "tag")


def test_the_chart_obeys_its_own_policy(t):
    """By the rules that the chart itself renders, the static ones; in another namespace, for its own is exempt."""
    found = t.objects("golden", "--set", "security.goldenImages.signature.enabled=false")
    policy = t.write(find(found, "ConfigMap", "assay-policy")["data"]["golden-images.yaml"], "golden-images.yaml")
    text = t.rendered("golden").replace("namespace: assay-system", "namespace: elsewhere")
    result = program("check", "--strict", "--policies", policy, "-", stdin=text)
    equal(result.code, 0, result.text())
    contains(result.out, "2 checked: 0 denied, 0 warned, 2 allowed", "summary")
