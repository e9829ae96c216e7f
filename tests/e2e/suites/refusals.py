"""What a person reads when kubectl is refused: all of standard output, standard error and exit status."""

import json
import re

from lab import DENIED, golden_lines, refusal, same_request
from report import equal, holds, test

POD = refusal("Pod default/web", *golden_lines())
DEPLOYMENT = refusal("Deployment default/web", *golden_lines("spec.template.spec."))


@test("apply of a bad Pod")
def apply_pod(lab):
    lab.expect(lab.kubectl("apply", "-f", "bad-pod.yaml"), 1, err="Error from server (Forbidden): "
               f'error when creating "bad-pod.yaml": {DENIED}{POD}\n')


@test("create of a bad Pod")
def create_pod(lab):
    lab.expect(lab.kubectl("create", "-f", "bad-pod.yaml"), 1, err="Error from server (Forbidden): "
               f'error when creating "bad-pod.yaml": {DENIED}{POD}\n')


@test("apply --dry-run=server of a bad Pod")
def dry_run(lab):
    done = lab.kubectl("apply", "--dry-run=server", "-f", "bad-pod.yaml")
    lab.expect(done, 1, err="Error from server (Forbidden): "
               f'error when creating "bad-pod.yaml": {DENIED}{POD}\n')
    request = re.search(r"\(request ([0-9a-f]{8})\)", done.err).group(1)
    decision = lab.server.decision("the dry run", lambda d: d["uid"].startswith(request))
    equal("dry_run of the log", decision["dry_run"], True)


@test("apply --server-side of a bad Pod")
def server_side(lab):
    lab.expect(lab.kubectl("apply", "--server-side", "-f", "bad-pod.yaml"), 1,
               err=f"Error from server (Forbidden): {DENIED}{POD}\n")


@test("apply of a bad Deployment")
def apply_deployment(lab):
    lab.expect(lab.kubectl("apply", "-f", "bad-deployment.yaml"), 1, err="Error from server (Forbidden): "
               f'error when creating "bad-deployment.yaml": {DENIED}{DEPLOYMENT}\n')


@test("apply of a bad CronJob")
def apply_cron_job(lab):
    message = refusal("CronJob default/web", *golden_lines("spec.jobTemplate.spec.template.spec."))
    lab.expect(lab.kubectl("apply", "-f", "bad-cronjob.yaml"), 1, err="Error from server (Forbidden): "
               f'error when creating "bad-cronjob.yaml": {DENIED}{message}\n')


@test("create of a bad Pod with generateName: the name that it would have got")
def generate_name(lab):
    done = lab.kubectl("create", "-f", "bad-generate-name.yaml")
    name = re.search(r"in Pod default/(web-[a-z0-9]{5})\n", done.err)
    holds(name, f"no generated name in:\n{done.err}")
    message = refusal(f"Pod default/{name.group(1)}", *golden_lines())
    lab.expect(done, 1, err="Error from server (Forbidden): "
               f'error when creating "bad-generate-name.yaml": {DENIED}{message}\n')


@test("apply of a file with a good and a bad Pod: the good one is created")
def mixed(lab):
    message = refusal("Pod default/web-bad", *golden_lines())
    lab.expect(lab.kubectl("apply", "-f", "mixed.yaml"), 1, "pod/web-good created\n",
               f'Error from server (Forbidden): error when creating "mixed.yaml": {DENIED}{message}\n')
    lab.clear("pod/web-good")


@test("apply of an update that turns a good Deployment bad")
def update(lab):
    lab.expect(lab.kubectl("apply", "-f", "good-deployment.yaml"), 0, "deployment.apps/web created\n")
    done = lab.kubectl("apply", "-f", "bad-deployment.yaml")
    lab.clear("deployment/web")
    # The second line is the patch that kubectl sent, whose order is kubectl's own affair.
    lines = same_request(done.err).splitlines()
    holds(lines[1].startswith('{"metadata":{"annotations":{'), f"not a patch: {lines[1]}")
    equal("standard error", "\n".join(lines[:1] + lines[2:]),
          "Error from server (Forbidden): error when applying patch:\n"
          "to:\n"
          'Resource: "apps/v1, Resource=deployments", GroupVersionKind: "apps/v1, Kind=Deployment"\n'
          'Name: "web", Namespace: "default"\n'
          f'for: "bad-deployment.yaml": error when patching "bad-deployment.yaml": {DENIED}{DEPLOYMENT}')
    equal("standard output", done.out, "")
    equal("exit status", done.status, 1)


@test("debug with a bad ephemeral container: that container alone is named")
def debug(lab):
    lab.set_up("bad-pod.yaml")
    done = lab.kubectl("debug", "web", "--image=busybox:1.36", "-c", "dbg", "--attach=false", "--profile=general")
    lab.clear("pod/web")
    message = refusal("Pod default/web", *golden_lines(
        container="ephemeralContainers[0]", name="dbg", image="busybox:1.36", tag="1.36"))
    # kubectl adds a paragraph about rights of its own.
    equal("standard error", same_request(done.err).split("\n\n")[0].rstrip("\n"),
          f"Error from server (Forbidden): {DENIED}{message}")
    equal("exit status", done.status, 1)


@test("set image of a Pod")
def set_image_pod(lab):
    lab.set_up("good-pod.yaml")
    done = lab.kubectl("set", "image", "pod/web", "web=nginx:1.27")
    lab.clear("pod/web")
    message = refusal("Pod default/web", *golden_lines()[:2])
    lab.expect(done, 1, err=f"error: failed to patch image update to pod template: {DENIED}{message}\n")


@test("set image of a Deployment")
def set_image_deployment(lab):
    lab.set_up("good-deployment.yaml")
    done = lab.kubectl("set", "image", "deployment/web", "web=nginx:1.27")
    lab.clear("deployment/web")
    message = refusal("Deployment default/web", *golden_lines("spec.template.spec.")[:2])
    lab.expect(done, 1, err=f"error: failed to patch image update to pod template: {DENIED}{message}\n")


@test("a Status for programs: code, reason and one cause for each violation")
def status(lab):
    answer = lab.create(lab.pod("web", "nginx:1.27"), dry_run=True)
    equal("HTTP status", answer.status, 403)
    equal("code, reason", (answer.body["code"], answer.body["reason"]), (403, "Forbidden"))
    equal("message", same_request(answer.body["message"]), DENIED + POD)
    details = answer.body["details"]
    equal("kind, name", (details.get("kind"), details.get("name")), ("Pod", "web"))
    causes = [f"{c['reason']} {c['field']} {c['message']}" for c in details["causes"]]
    at = "spec.containers[0]."
    equal("causes", "\n".join(causes), "\n".join((
        f"FieldValueForbidden {at}image golden-images/golden-image: "
        'got "nginx:1.27" (docker.io); want registry.internal.example.com/golden/**',
        f'FieldValueForbidden {at}image golden-images/golden-image: got tag "1.27"; want ...@sha256:<64 hex>',
        f"FieldValueRequired {at}securityContext.readOnlyRootFilesystem golden-images/read-only-root: "
        "not set; want true",
        f"FieldValueRequired {at}securityContext.runAsUser golden-images/non-root: "
        "not set (pod default also not set); want 65532")))


@test("twelve violations: ten lines and how many more; the Status has them all")
def many(lab):
    pod = lab.pod("web", "nginx:1.27")
    pod["spec"]["containers"] += [{"name": n, "image": "nginx:1.27"} for n in ("two", "three")]
    answer = lab.create(pod, dry_run=True)
    lines = [line for i, name in enumerate(("web", "two", "three"))
             for line in golden_lines(container=f"containers[{i}]", name=name)]
    want = refusal("Pod default/web", *lines).split("\n")
    want[11:13] = ["\u2026 and 2 more: assay check -f FILE lists all"]
    equal("message", same_request(answer.body["message"]), DENIED + "\n".join(want))
    equal("causes", len(answer.body["details"]["causes"]), 12)


HOSTILE = {
    "NUL": ("a\0b:1", r"a\x00b:1"),
    "ESC": ("a\x1b[31mb:1", r"a\x1b[31mb:1"),
    "newline": ("a\n- registry: all is well:1", r"a\x0a- registry: all is well:1"),
    "tab and quotation mark": ('a\t"b\\:1', r'a\x09\"b\\:1'),
    "C1 control": ("a\u009b31mb:1", r"a\x9b31mb:1"),
    "right-to-left override": ("a\u202eb:1", r"a\u202eb:1"),
    "zero width space": ("a\u200bb:1", r"a\u200bb:1"),
}


def hostile(title, image, shown):
    @test(f"an image name with {title} is shown escaped")
    def show(lab):
        name = lab.manifest("hostile.json", json.dumps(lab.pod("web", image)))
        done = lab.kubectl("create", "-f", name)
        equal("exit status", done.status, 1)
        raw = sorted({c for c in done.err if (c < " " and c != "\n") or "\x7f" <= c <= "\x9f"
                      or c in "\u202e\u200b"})
        equal("raw characters that move a terminal", raw, [])
        lines = done.err.splitlines()
        equal("first line", lines[0], "Error from server (Forbidden): "
              f'error when creating "hostile.json": {DENIED}assay: 3 violations in Pod default/web')
        head = '- image-reference: spec.containers[0].image (container "web"): got "'
        holds(lines[1].startswith(f'{head}{shown}"'), f"got {lines[1]}\nwant {head}{shown}\"")
        equal("lines", len(lines), 5)


for words, (given, escaped) in HOSTILE.items():
    hostile(words, given, escaped)
