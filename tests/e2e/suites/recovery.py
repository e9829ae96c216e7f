"""What was there before the webhook can still be run, repaired and removed. Each test runs twice: with the
chart's match conditions, which keep such requests from the server, and without, when the server decides."""

from lab import DENIED, golden_lines, refusal, same_request
from report import equal, test

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
PODS = "/api/v1/namespaces/default/pods"
MERGE = "application/merge-patch+json"
FINALIZER = "example.com/hold"
GOLDEN = "registry.internal.example.com/golden/web@sha256:" + "1a2b3c4d" * 8


def both(title):
    def register(function):
        for conditions in (True, False):
            words = "with" if conditions else "without"

            def run(lab, conditions=conditions):
                lab.need_registration(conditions)
                function(lab)
            test(f"{title}, {words} match conditions")(run)
        return function
    return register


@both("a bad Deployment that runs already can be scaled")
def scale(lab):
    lab.set_up("bad-deployment.yaml")
    scaled = lab.kubectl("scale", "deployment/web", "--replicas=3")
    patched = lab.kubectl("patch", "deployment/web", "-p", '{"spec":{"replicas":4}}')
    lab.clear("deployment/web")
    lab.expect(scaled, 0, "deployment.apps/web scaled\n")
    lab.expect(patched, 0, "deployment.apps/web patched\n")


@both("a bad workload that runs already can be labelled and annotated")
def label(lab):
    lab.set_up("bad-deployment.yaml")
    lab.set_up("bad-pod.yaml")
    labelled = lab.kubectl("label", "deployment/web", "pod/web", "team=shop")
    notes = lab.audit_annotations("web", "patch")
    annotated = lab.kubectl("annotate", "deployment/web", "pod/web", "note=seen")
    lab.clear("deployment/web", "pod/web")
    lab.expect(labelled, 0, "deployment.apps/web labeled\npod/web labeled\n")
    lab.expect(annotated, 0, "deployment.apps/web annotated\npod/web annotated\n")
    # So it is seen that the match conditions, or the server, are what lets it pass.
    equal("who decided", notes.get("decision"), None if lab.match_conditions else "allowed")


@both("a bad Deployment that runs already can be restarted")
def restart(lab):
    lab.set_up("bad-deployment.yaml")
    done = lab.kubectl("rollout", "restart", "deployment/web")
    lab.clear("deployment/web")
    lab.expect(done, 0, "deployment.apps/web restarted\n")


@both("a bad workload that runs already can be deleted")
def delete(lab):
    lab.set_up("bad-deployment.yaml")
    lab.expect(lab.kubectl("delete", "deployment/web"), 0, 'deployment.apps "web" deleted from default namespace\n')


@both("a finalizer can be taken from a bad Pod that is being deleted")
def finalizer(lab):
    pod = lab.pod("held", "nginx:1.27")
    pod["metadata"]["finalizers"] = [FINALIZER]
    equal("created", lab.create(pod, user="setup").status, 201)
    lab.api("DELETE", f"{PODS}/held", {"gracePeriodSeconds": 0})
    held = lab.api("GET", f"{PODS}/held")
    equal("it waits", "deletionTimestamp" in held.body.get("metadata", {}), True)
    done = lab.kubectl("patch", "pod/held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    lab.expect(done, 0, "pod/held patched\n")
    equal("it is gone", lab.api("GET", f"{PODS}/held").status, 404)


@both("even the images of a Deployment that is being deleted can be changed")
def change_while_deleting(lab):
    lab.set_up("bad-deployment.yaml")
    lab.api("PATCH", f"{DEPLOYMENTS}/web", {"metadata": {"finalizers": [FINALIZER]}}, user="setup",
            content_type=MERGE)
    lab.api("DELETE", f"{DEPLOYMENTS}/web")
    changed = lab.kubectl("set", "image", "deployment/web", "web=nginx:1.28")
    freed = lab.kubectl("patch", "deployment/web", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    lab.expect(changed, 0, "deployment.apps/web image updated\n")
    lab.expect(freed, 0, "deployment.apps/web patched\n")


@both("a bad Deployment that runs already cannot get another bad image")
def another_bad_image(lab):
    lab.set_up("bad-deployment.yaml")
    done = lab.kubectl("set", "image", "deployment/web", "web=nginx:1.28")
    lab.clear("deployment/web")
    message = refusal("Deployment default/web",
                      *golden_lines("spec.template.spec.", image="nginx:1.28", tag="1.28"))
    lab.expect(done, 1, err=f"error: failed to patch image update to pod template: {DENIED}{message}\n")


@both("of a bad Pod that runs already only the changed container is judged")
def only_the_changed(lab):
    pod = lab.pod("web", "nginx:1.27")
    pod["spec"]["containers"].append({"name": "side", "image": "busybox:1.36", "securityContext": {
        "readOnlyRootFilesystem": True, "runAsUser": 65532}})
    equal("created", lab.create(pod, user="setup").status, 201)
    better = lab.kubectl("set", "image", "pod/web", "side=" + GOLDEN)
    worse = lab.kubectl("set", "image", "pod/web", "side=busybox:1.37")
    lab.clear("pod/web")
    lab.expect(better, 0, "pod/web image updated\n")
    message = refusal("Pod default/web", *golden_lines(
        container="containers[1]", name="side", image="busybox:1.37", tag="1.37")[:2])
    lab.expect(worse, 1, err=f"error: failed to patch image update to pod template: {DENIED}{message}\n")


@both("a good ephemeral container can be put into a bad Pod that runs already")
def debug_old(lab):
    lab.set_up("bad-pod.yaml")
    body = lab.api("GET", f"{PODS}/web").body
    body["spec"]["ephemeralContainers"] = [{"name": "dbg", "image": GOLDEN, "securityContext": {
        "readOnlyRootFilesystem": True, "runAsUser": 65532}}]
    good = lab.api("PUT", f"{PODS}/web/ephemeralcontainers", body)
    body = lab.api("GET", f"{PODS}/web").body
    body["spec"]["ephemeralContainers"].append({"name": "dbg2", "image": "busybox:1.36"})
    bad = lab.api("PUT", f"{PODS}/web/ephemeralcontainers", body)
    lab.clear("pod/web")
    equal("good one", good.status, 200)
    equal("bad one", same_request(bad.body.get("message", "")), DENIED + refusal("Pod default/web", *golden_lines(
        container="ephemeralContainers[1]", name="dbg2", image="busybox:1.36", tag="1.36")))


@test("the server is down: labels, scaling, finalizers and deletion still work")
def server_down(lab):
    lab.need_registration(True)
    lab.set_up("bad-deployment.yaml")
    pod = lab.pod("held", "nginx:1.27")
    pod["metadata"]["finalizers"] = [FINALIZER]
    equal("created", lab.create(pod, user="setup").status, 201)
    lab.server.process.stop(9)
    try:
        lab.expect(lab.kubectl("label", "deployment/web", "pod/held", "team=shop"), 0,
                   "deployment.apps/web labeled\npod/held labeled\n")
        lab.expect(lab.kubectl("scale", "deployment/web", "--replicas=3"), 0, "deployment.apps/web scaled\n")
        lab.api("DELETE", f"{PODS}/held", {"gracePeriodSeconds": 0})
        lab.expect(lab.kubectl("patch", "pod/held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}'),
                   0, "pod/held patched\n")
        equal("the Pod is gone", lab.api("GET", f"{PODS}/held").status, 404)
        address = f"127.0.0.1:{lab.server.port}"
        lab.expect(lab.kubectl("create", "-f", "good-pod.yaml"), 1,
                   err='Error from server (InternalError): error when creating "good-pod.yaml": Internal error '
                       'occurred: failed calling webhook "images.assay.dev": failed to call webhook: Post '
                       f'"https://{address}/validate?timeout=10s": dial tcp {address}: connect: connection refused\n')
        lab.expect(lab.kubectl("delete", "deployment/web"), 0,
                   'deployment.apps "web" deleted from default namespace\n')
    finally:
        lab.server.start()
    good = lab.pod("web", GOLDEN, readOnlyRootFilesystem=True, runAsUser=65532)
    equal("afterwards", lab.create(good, dry_run=True).status, 201)
