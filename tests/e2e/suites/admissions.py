"""What is admitted, with which warnings, and what the audit log and the server's log say of it."""

import json

from lab import DENIED, policy, refusal, golden_lines, same_request
from report import equal, holds, test

GOLDEN = "registry.internal.example.com/golden/web@sha256:" + "1a2b3c4d" * 8
KINDS = ("pod", "deployment.apps", "replicaset.apps", "statefulset.apps", "daemonset.apps", "job.batch",
         "cronjob.batch", "replicationcontroller", "podtemplate")
WARNINGS = "".join(f'Warning: assay: container "web": {brief} (spec.containers[0].{field})\n' for brief, field in (
    ("image is not from an allowed registry", "image"),
    ("image is not pinned by digest", "image"),
    ("root filesystem is not read-only", "securityContext.readOnlyRootFilesystem"),
    ("runs as another user than allowed", "securityContext.runAsUser")))


@test("a good workload of each kind is created without a word")
def good(lab):
    done = lab.kubectl("apply", "-f", "good.yaml")
    again = lab.kubectl("apply", "-f", "good.yaml")
    lab.clear("-f", "good.yaml")
    lab.expect(done, 0, "".join(f"{kind}/web created\n" for kind in KINDS))
    lab.expect(again, 0, "".join(f"{kind}/web unchanged\n" for kind in KINDS))


@test("a good Pod takes a good ephemeral container")
def good_debug(lab):
    lab.set_up("good-pod.yaml")
    body = lab.api("GET", "/api/v1/namespaces/default/pods/web").body
    body["spec"]["ephemeralContainers"] = [{
        "name": "dbg", "image": GOLDEN, "securityContext": {"readOnlyRootFilesystem": True, "runAsUser": 65532}}]
    answer = lab.api("PUT", "/api/v1/namespaces/default/pods/web/ephemeralcontainers", body)
    lab.clear("pod/web")
    equal("HTTP status, warnings", (answer.status, answer.warnings), (200, []))
    # It was the server that let it pass, not a rule that kept it from the server.
    uid = lab.audit_annotations("web", "update", "ephemeralcontainers").get("review-uid")
    decision = lab.server.decision("the ephemeral container", lambda d: d["uid"] == uid)
    equal("decision", (decision["decision"], decision["operation"]), ("allowed", "UPDATE"))


@test("mode warn: the Pod is created and each violation is a warning")
def warn(lab):
    lab.use_policy(policy("warn"))
    try:
        lab.expect(lab.kubectl("apply", "-f", "bad-pod.yaml"), 0, "pod/web created\n", WARNINGS)
        lab.clear("pod/web")
        lab.expect(lab.kubectl("create", "--dry-run=server", "-f", "bad-pod.yaml"), 0,
                   "pod/web created (server dry run)\n", WARNINGS)
        lab.expect(lab.kubectl("create", "--dry-run=server", "-f", "good-pod.yaml"), 0,
                   "pod/web created (server dry run)\n")
        lab.create(lab.pod("audit-warned", "nginx:1.27"), dry_run=True)
        notes = lab.audit_annotations("audit-warned")
        equal("decision", (notes.get("decision"), notes.get("rules")),
              ("warned", "registry,digest,read-only-root-filesystem,run-as-user"))
    finally:
        lab.clear("pod/web")
        lab.use_policy(policy("golden"))


@test("an exception admits its container, and the audit log names it")
def exception(lab):
    lab.use_policy(policy("exception"))
    try:
        pod = lab.pod("excepted-1", GOLDEN, runAsUser=65532)
        answer = lab.create(pod, dry_run=True)
        equal("HTTP status, warnings", (answer.status, answer.warnings), (201, []))
        notes = lab.audit_annotations("excepted-1")
        equal("decision", (notes.get("decision"), notes.get("exceptions")), ("allowed", "ex-0042"))
        pod["metadata"]["name"] = "other-1"
        answer = lab.create(pod, dry_run=True)
        equal("another name: HTTP status", answer.status, 403)
    finally:
        lab.use_policy(policy("golden"))


@test("the audit log has what was decided and why, joined to the server's log")
def audit(lab):
    answer = lab.create(lab.pod("audit-denied", "nginx:1.27"))
    equal("HTTP status", answer.status, 403)
    notes = lab.audit_annotations("audit-denied")
    uid = notes.get("review-uid", "")
    equal("annotations", notes, {
        "decision": "denied", "rules": "registry,digest,read-only-root-filesystem,run-as-user",
        "policy-sha256": lab.server.policy_sha256(), "review-uid": uid})
    holds(f"(request {uid[:8]})" in answer.body["message"], f"{uid} is not the message's: {answer.body['message']}")
    line = lab.server.decision("the refusal", lambda d: d["uid"] == uid)
    got = {k: line.get(k) for k in ("level", "semantic", "decision", "dry_run", "operation", "kind", "namespace",
                                       "name", "user", "rules", "violations", "policy_sha256")}
    equal("the line", got, {
        "level": "info", "semantic": True, "decision": "denied", "dry_run": False, "operation": "CREATE",
        "kind": "Pod", "namespace": "default", "name": "audit-denied", "user": "lab-admin",
        "rules": ["registry", "digest", "read-only-root-filesystem", "run-as-user"], "violations": 4,
        "policy_sha256": lab.server.policy_sha256()})


@test("the audit log has what was admitted")
def audit_allowed(lab):
    pod = lab.pod("audit-allowed", GOLDEN, readOnlyRootFilesystem=True, runAsUser=65532)
    equal("HTTP status", lab.create(pod, dry_run=True).status, 201)
    notes = lab.audit_annotations("audit-allowed")
    equal("annotations but the uid", {k: v for k, v in notes.items() if k != "review-uid"},
          {"decision": "allowed", "policy-sha256": lab.server.policy_sha256()})
    equal("length of the uid", len(notes.get("review-uid", "")), 36)


@test("a Pod in a system namespace is not judged")
def system_namespace(lab):
    pod = lab.pod("web", "nginx:1.27", "kube-system")
    equal("HTTP status", lab.create(pod, dry_run=True).status, 201)


@test("a mirror Pod is not judged when a node writes it, and is when somebody else does")
def mirror(lab):
    pod = lab.pod("web-node-1", "nginx:1.27")
    pod["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "0123456789abcdef"}
    pod["spec"]["nodeName"] = "node-1"
    by_node = lab.create(pod, dry_run=True, user="node")
    equal("by the node", (by_node.status, by_node.body.get("message")), (201, None))
    by_admin = lab.create(pod, dry_run=True)
    equal("by an administrator", same_request(by_admin.body.get("message", "")),
          DENIED + refusal("Pod default/web-node-1", *golden_lines()))


@test("init containers are judged first, and the Pod's own default counts")
def init_containers(lab):
    pod = lab.pod("web", GOLDEN, readOnlyRootFilesystem=True)
    pod["spec"]["securityContext"] = {"runAsUser": 65532}
    pod["spec"]["initContainers"] = [{"name": "init", "image": "busybox:1.36"}]
    name = lab.manifest("init.json", json.dumps(pod))
    lines = golden_lines(container="initContainers[0]", name="init", image="busybox:1.36", tag="1.36")[:3]
    lab.expect(lab.kubectl("create", "-f", name), 1, err="Error from server (Forbidden): "
               f'error when creating "init.json": {DENIED}{refusal("Pod default/web", *lines)}\n')
