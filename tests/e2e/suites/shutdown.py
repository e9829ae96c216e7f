"""An instance ends while others serve: nothing is lost."""

import http.client
import json
import signal
import ssl

from balancer import Balancer
from processes import free_ports
from report import equal, eventually, test
from stream import Stream

# The drain of 5 s, the last answers, and a slow machine.
EXIT_SECONDS = 30


def ask(lab, server):
    """One review sent straight to an instance: (HTTP status, allowed, the Connection header)."""
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "00000000-0000-4000-8000-000000000001", "operation": "CREATE", "name": "web",
        "namespace": "default", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "dryRun": False,
        "userInfo": {"username": "lab"}, "object": lab.pod("web", "nginx:1.27"), "oldObject": None}}
    context = ssl.create_default_context(cafile=lab.authority.certificate)
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=10)
    try:
        connection.request("POST", "/validate?timeout=10s", json.dumps(review),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return (answer.status, json.loads(answer.read())["response"]["allowed"],
                (answer.getheader("Connection") or "").lower())
    finally:
        connection.close()


@test("SIGTERM to each of two instances in turn: no admission fails")
def terminate(lab):
    second = lab.new_server("second")
    second.start()
    balancer = Balancer(free_ports(1)[0])
    balancer.set_instances([lab.server, second])
    try:
        eventually("both instances", lambda: len(balancer.ready_ports()) == 2)
        lab.register(port=balancer.port)
        with Stream(lab) as stream:
            for leaving in (lab.server, second):
                leaving.process.send(signal.SIGTERM)
                eventually("/readyz says no", lambda s=leaving: s.get("/readyz")[0] == 503)
                equal("a review while it drains", ask(lab, leaving), (200, False, "close"))
                equal("/healthz while it drains", leaving.get("/healthz")[0], 200)
                equal("it ends by itself", leaving.process.wait(EXIT_SECONDS), True)
                equal("exit status", leaving.process.child.returncode, 0)
                stream.more()
                leaving.start()
                eventually("it is back", lambda s=leaving: s.port in balancer.ready_ports())
                stream.more()
        equal("both instances had connections", len(balancer.connections), 2)
    finally:
        lab.register()
        balancer.close()
        second.process.stop(9)
