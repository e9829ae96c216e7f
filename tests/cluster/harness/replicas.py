"""Questions to one replica, past Service and API server, which keeps its connections and may ask the same for long."""

import http.client
import json
import socket
import ssl
import uuid

from cluster import NAMESPACE, RELEASE, eventually

ANSWER_SECONDS = 30


def _review(pod):
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": str(uuid.uuid4()), "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": "CREATE",
        "namespace": pod["metadata"]["namespace"], "name": pod["metadata"]["name"], "dryRun": True,
        "userInfo": {"username": "lab"}, "object": pod}}


def ask(cluster, replica, pod):
    """What that replica has to say of the Pod: the response of its AdmissionReview."""
    context = ssl.create_default_context(cadata=cluster.authorities())
    port = replica["spec"]["containers"][0]["ports"][0]["containerPort"]
    with socket.create_connection((replica["status"]["podIP"], port), ANSWER_SECONDS) as plain:
        with context.wrap_socket(plain, server_hostname=f"{RELEASE}.{NAMESPACE}.svc") as secure:
            connection = http.client.HTTPConnection(RELEASE)
            connection.sock = secure
            connection.request("POST", "/validate?timeout=10s", json.dumps(_review(pod)),
                               {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())["response"]


def admits(cluster, replica, pod):
    try:
        return ask(cluster, replica, pod)["allowed"]
    except (OSError, http.client.HTTPException):
        return False


def all_know(cluster, image):
    """Each replica has a verdict on the image, and with one that is new none leaves the registry alone."""
    pod = cluster.pod("known", image)
    for replica in cluster.replicas():
        name = replica["metadata"]["name"]
        eventually(f"{name} admits {image}", lambda r=replica: admits(cluster, r, pod))
