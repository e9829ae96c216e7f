"""New policies and certificates are taken while the server runs; bad ones change nothing."""

from lab import DENIED, golden_lines, policy, refusal, same_request
from report import equal, eventually, holds, test
from stream import Stream

RELOADED = "assay_config_last_reload_successful"


def said(lab):
    answer = lab.create(lab.pod("web", "nginx:1.27"), dry_run=True)
    return same_request(answer.body.get("message", ""))


@test("a swapped ConfigMap is what the next apply is judged by")
def reload_policy(lab):
    lab.need_registration(True)
    lab.use_policy(policy("relaxed"))
    try:
        message = refusal("Pod default/web", golden_lines()[2])
        lab.expect(lab.kubectl("apply", "-f", "bad-pod.yaml"), 1, err="Error from server (Forbidden): "
                   f'error when creating "bad-pod.yaml": {DENIED}{message}\n')
        equal(RELOADED, lab.server.metric(RELOADED), 1)
    finally:
        lab.use_policy(policy("golden"))
    equal("afterwards", said(lab), DENIED + refusal("Pod default/web", *golden_lines()))


@test("a policy that does not load changes nothing, and it shows")
def bad_reload(lab):
    before = lab.server.policy_sha256()
    lab.policies.swap({"policy.yaml": policy("broken")})
    try:
        eventually("the failed reload", lambda: lab.server.metric(RELOADED) == 0)
        equal("policy hash", lab.server.policy_sha256(), before)
        equal("what is said", said(lab), DENIED + refusal("Pod default/web", *golden_lines()))
        status, text = lab.server.get("/readyz?verbose")
        equal("/readyz", status, 200)
        told = "last reload failed: policies: "
        holds(told in text and "policy.yaml:" in text, f"/readyz?verbose does not tell what is wrong: {text}")
    finally:
        lab.policies.swap({"policy.yaml": policy("golden")})
    eventually("the good policy again", lambda: lab.server.metric(RELOADED) == 1)


@test("a new certificate is used for new connections, and no admission fails meanwhile")
def rotate(lab):
    old = lab.server.certificate(lab.authority)
    with Stream(lab) as stream:
        lab.tls.swap(lab.new_pair("server-2"))
        eventually("the new certificate", lambda: lab.server.certificate(lab.authority) != old)
        stream.more()
        # A registration of its own makes the API server dial anew: it meets the new certificate.
        lab.register()
        stream.more()
    equal(RELOADED, lab.server.metric(RELOADED), 1)


@test("a certificate and a key that do not belong together change nothing, and it shows")
def bad_pair(lab):
    old = lab.server.certificate(lab.authority)
    good = lab.new_pair("server-3")
    lab.tls.swap({"tls.crt": good["tls.crt"], "tls.key": lab.new_pair("server-4")["tls.key"]})
    try:
        eventually("the failed reload", lambda: lab.server.metric(RELOADED) == 0)
        equal("the certificate is the old one", lab.server.certificate(lab.authority) == old, True)
        equal("what is said", said(lab), DENIED + refusal("Pod default/web", *golden_lines()))
        status, text = lab.server.get("/readyz?verbose")
        equal("/readyz", status, 200)
        holds("last reload failed: certificate: " in text, f"/readyz?verbose does not tell what is wrong: {text}")
    finally:
        lab.tls.swap(good)
    eventually("the good pair", lambda: lab.server.metric(RELOADED) == 1)
    equal("the certificate is a new one", lab.server.certificate(lab.authority) != old, True)
