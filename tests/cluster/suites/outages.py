"""Nobody answers: the registry, and then the webhook itself."""

from calls import no_call_fails
from changes import settled
from cluster import DENIED, DOCS_URL, NAMESPACE, REGISTRY, RELEASE, eventually
from replicas import admits, all_know
from report import holds, test

MIB = 1024 * 1024


@test("the registry is down: what is known is admitted and refused as before")
def known(c):
    """Known to each replica: the API server keeps its connections, and may have asked only one of them so far."""
    def change(calls):
        c.registry_process.stop(9)
        try:
            calls.more(60)
            for replica in c.replicas():
                holds(admits(c, replica, c.pod("app", c.images["app"])), "a replica does not admit what it knows")
        finally:
            c.start_registry()
    no_call_fails(c, "registry down", change, before=lambda: all_know(c, c.images["app"]))


@test("the registry is down: an image that nobody asked for is refused with 503, and admitted once it is back")
def unknown(c):
    all_know(c, c.new_image("before"))
    cold = c.pod("cold", c.new_image("cold"))
    c.registry_process.stop(9)
    try:
        done = c.apply(cold)
    finally:
        c.start_registry()
    c.expect(done, 1, err="\n".join([
        f'Error from server (ServiceUnavailable): error when creating "cold.yaml": {DENIED}'
        "assay: could not verify 1 image in Pod default/cold (try again; the manifest may be fine)",
        f'- signature-unavailable: spec.containers[0].image (container "web"): {REGISTRY} could not be reached for '
        f"sha256-{cold['spec']['containers'][0]['image'].rpartition(':')[2][:12]}\u2026.sig: connection refused",
        f'Platform team: see assay_registry_requests_total{{outcome="connect"}}; {DOCS_URL}#signature-unavailable '
        "(request ########)", ""]))
    eventually("the admission", lambda: c.create(cold).status == 201)


@test("the replicas stay within what they request and far within their limit")
def memory(c):
    for pod in c.replicas():
        resources = pod["spec"]["containers"][0]["resources"]
        request, limit = (int(resources[kind]["memory"].removesuffix("Mi")) for kind in ("requests", "limits"))
        resident, peak, charged = (n / MIB for n in c.memory(pod))
        print(f"     {pod['metadata']['name']}: {resident:.1f} MiB resident, {peak:.1f} at most, its cgroup "
              f"{charged:.1f}; requests {request}, limit {limit}", flush=True)
        holds(max(resident, charged) <= request, "more than it requests")
        holds(peak <= limit / 2, "more than half of its limit")


@test("no replica is left: Fail refuses, the release namespace recovers by itself")
def zero(c):
    replicas = c.replicas()
    c.must(c.kubectl("scale", f"deployment/{RELEASE}", "--replicas=0", "-n", NAMESPACE))
    try:
        nobody_answers(c, replicas)
    finally:
        c.must(c.kubectl("scale", f"deployment/{RELEASE}", "--replicas=2", "-n", NAMESPACE))
    settled(c)
    eventually("an admission", lambda: c.create(c.pod("good", c.images["app"])).status == 201)


def nobody_answers(c, replicas):
    eventually("replicas that are told to go", lambda: not c.replicas())
    for pod in replicas:
        c.kill(pod)
    slices = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
    eventually("no endpoint", lambda: not any(s.get("endpoints") for s in c.api(slices).body["items"]))
    good = c.pod("good", c.images["app"])
    eventually("a Service without endpoints", lambda: "refused" in c.create(good).body.get("message", ""))
    service = c.api(f"/api/v1/namespaces/{NAMESPACE}/services/{RELEASE}").body["spec"]["clusterIP"]
    c.expect(c.apply(good), 1, err=(
        'Error from server (InternalError): error when creating "good.yaml": Internal error occurred: failed calling '
        f'webhook "images.assay.dev": failed to call webhook: Post "https://{RELEASE}.{NAMESPACE}.svc:443/validate?'
        f'timeout=10s": dial tcp {service}:443: connect: connection refused\n'))


@test("the emergency command switches it off, and helm upgrade on again")
def emergency(c):
    bad = c.pod("bad", "nginx:1.27", user=None)
    c.must(c.kubectl("delete", "validatingwebhookconfiguration", RELEASE))
    try:
        eventually("an admission", lambda: c.create(bad).status == 201)
    finally:
        c.must(c.upgrade())
    eventually("a refusal", lambda: c.create(bad).status == 403)
