"""What the other commands of kubectl make of a refusal."""

import json

from lab import DENIED, golden_lines, refusal, same_request
from report import equal, test

POD = refusal("Pod default/web", *golden_lines())
DEPLOYMENT = refusal("Deployment default/web", *golden_lines("spec.template.spec."))
DEPLOYMENT_IMAGE = refusal("Deployment default/web", *golden_lines("spec.template.spec.")[:2])
IMAGE_PATCH = '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"nginx:1.27"}]}}}}'


@test("run")
def run(lab):
    lab.expect(lab.kubectl("run", "web", "--image=nginx:1.27"), 1,
               err="Error from server (Forbidden): " + DENIED
               + refusal("Pod default/web", *golden_lines()) + "\n")


@test("create deployment")
def create_deployment(lab):
    message = refusal("Deployment default/web",
                      *golden_lines("spec.template.spec.", name="nginx"))
    lab.expect(lab.kubectl("create", "deployment", "web", "--image=nginx:1.27"), 1,
               err=f"error: failed to create deployment: {DENIED}{message}\n")


@test("replace")
def replace(lab):
    lab.set_up("good-deployment.yaml")
    done = lab.kubectl("replace", "-f", "bad-deployment.yaml")
    lab.clear("deployment/web")
    lab.expect(done, 1, err="Error from server (Forbidden): "
               f'error when replacing "bad-deployment.yaml": {DENIED}{DEPLOYMENT}\n')


@test("patch")
def patch(lab):
    lab.set_up("good-deployment.yaml")
    done = lab.kubectl("patch", "deployment/web", "-p", IMAGE_PATCH)
    lab.clear("deployment/web")
    lab.expect(done, 1, err=f"Error from server (Forbidden): {DENIED}{DEPLOYMENT_IMAGE}\n")


@test("edit")
def edit(lab):
    lab.set_up("good-deployment.yaml")
    done = lab.kubectl("edit", "deployment/web",
                       environment={"EDITOR": "sed -i s,image:.registry.*,image:\\ nginx:1.27,"})
    lab.clear("deployment/web")
    # After the reason kubectl says where it has kept the edited text.
    text = same_request(done.err)
    want = f'error: deployments.apps "web" could not be patched: {DENIED}{DEPLOYMENT_IMAGE}\n'
    equal("standard error", text[:len(want)], want)
    equal("exit status", done.status, 1)


@test("apply of a workload of each kind that is bad")
def each_kind(lab):
    for kind, where, template in (
            ("ReplicaSet", "apps/v1", "spec.template.spec."),
            ("StatefulSet", "apps/v1", "spec.template.spec."),
            ("DaemonSet", "apps/v1", "spec.template.spec."),
            ("Job", "batch/v1", "spec.template.spec."),
            ("ReplicationController", "v1", "spec.template.spec."),
            ("PodTemplate", "v1", "template.spec.")):
        name = lab.manifest("bad-kind.json", _workload(kind, where))
        message = refusal(f"{kind} default/web", *golden_lines(template))
        lab.expect(lab.kubectl("create", "-f", name), 1, err="Error from server (Forbidden): "
                   f'error when creating "bad-kind.json": {DENIED}{message}\n')


def _workload(kind, version):
    template = {"metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "nginx:1.27"}]}}
    spec = {"template": template}
    if kind in ("ReplicaSet", "StatefulSet", "DaemonSet"):
        spec["selector"] = {"matchLabels": {"app": "web"}}
    if kind == "ReplicationController":
        spec["selector"] = {"app": "web"}
    if kind == "Job":
        template["spec"]["restartPolicy"] = "Never"
    head = {"apiVersion": version, "kind": kind, "metadata": {"name": "web"}}
    return json.dumps({**head, **(spec if kind == "PodTemplate" else {"spec": spec})})
