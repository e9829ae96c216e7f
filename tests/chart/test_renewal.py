"""Certificates of mode helm over several upgrades: what `lookup` finds decides. The API is a stub that holds
what the render before made; the real thing is the cluster tier's."""

from chart import CHART, MAJORS, NAMESPACE, Failed, contains, decoded, equal, find, objects, values
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from stub_api import StubApi
from test_tls import bundle_of

SECRET_PATH = f"/api/v1/namespaces/{NAMESPACE}/secrets/assay-tls"


class Cluster:
    """A stub with the Secret and the webhook of the last render in it."""

    def __init__(self, t, major, api):
        self.t, self.major, self.api = t, major, api
        self.kubeconfig = t.write(api.kubeconfig(), major, "kubeconfig")

    def template(self, *arguments):
        return self.t.helm(self.major, "template", "assay", CHART, "-n", NAMESPACE, "-f", values("golden"),
                           "--dry-run=server", "--disable-openapi-validation", "--kubeconfig", self.kubeconfig, *arguments)

    def render(self, *arguments):
        result = self.template(*arguments)
        if result.code:
            raise Failed(f"{self.major}: {result.text()}")
        return result.out

    def upgrade(self, *arguments):
        """Renders, and keeps what came of it; returns (Secret's contents, webhook's bundle, checksum)."""
        found = objects(self.render(*arguments))
        secret, webhook = find(found, "Secret"), find(found, "ValidatingWebhookConfiguration")
        for made in (secret, webhook):
            owner = {"meta.helm.sh/release-name": "assay", "meta.helm.sh/release-namespace": NAMESPACE}
            made["metadata"].setdefault("annotations", {}).update(owner)  # as Helm does when it makes an object
            self.api.put(made)
        self.secret = secret
        annotations = find(found, "Deployment")["spec"]["template"]["metadata"]["annotations"]
        return decoded(secret), bundle_of(webhook), annotations["checksum/tls"]


def each(t, function):
    for major in MAJORS:
        with StubApi() as api:
            function(Cluster(t, major, api))


def certificates(pem):
    return [part + b"-----END CERTIFICATE-----" for part in pem.strip().split(b"-----END CERTIFICATE-----")[:-1]]


def signed_by(leaf, bundle):
    """Which of the bundle's certificates have signed the leaf."""
    leaf = x509.load_pem_x509_certificate(leaf)
    out = []
    for i, pem in enumerate(certificates(bundle)):
        ca = x509.load_pem_x509_certificate(pem.strip())
        try:
            ca.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, ec.ECDSA(leaf.signature_hash_algorithm))
            out.append(i)
        except Exception:  # noqa: BLE001: whatever says no
            pass
    return out


def test_an_upgrade_keeps_the_certificate(t):
    def kept(cluster):
        first = cluster.upgrade()
        equal(cluster.upgrade(), first, f"{cluster.major}: second upgrade")
        equal(cluster.upgrade("--set", "replicaCount=3"), first, f"{cluster.major}: with other values")
        asked = cluster.api.asked(SECRET_PATH)
        equal((asked[0], asked[-1]), (404, 200), f"{cluster.major}: answers about the Secret")

    each(t, kept)


def test_renewal_overlaps(t):
    """In its last days: a new CA and leaf, and the CA before in the bundle, so that every replica is trusted."""

    def renewed(cluster):
        old, _, old_sum = cluster.upgrade("--set", "tls.validityDays=30,tls.renewBeforeDays=10")
        new, bundle, new_sum = cluster.upgrade("--set", "tls.validityDays=30,tls.renewBeforeDays=31")
        equal(old_sum != new_sum, True, f"{cluster.major}: checksum changes")
        equal(bundle, new["ca-bundle.crt"], f"{cluster.major}: bundle of the webhook")
        equal(len(certificates(bundle)), 2, f"{cluster.major}: CAs in the bundle")
        equal(signed_by(new["tls.crt"], bundle), [0], f"{cluster.major}: the new leaf")
        equal(signed_by(old["tls.crt"], bundle), [1], f"{cluster.major}: the leaf before")
        equal(cluster.upgrade("--set", "tls.validityDays=30,tls.renewBeforeDays=10"), (new, bundle, new_sum),
              f"{cluster.major}: the next upgrade changes nothing")
        third, bundle, _ = cluster.upgrade("--set", "tls.renewBeforeDays=36500")
        equal((len(certificates(bundle)), signed_by(third["tls.crt"], bundle), signed_by(new["tls.crt"], bundle),
               signed_by(old["tls.crt"], bundle)), (2, [0], [1], []), f"{cluster.major}: two CAs, never three")

    each(t, renewed)


def test_a_secret_that_was_deleted(t):
    """Replicas still have the files: the CA that the API server trusts stays in the bundle."""

    def restored(cluster):
        old, _, _ = cluster.upgrade()
        cluster.api.remove(cluster.secret)
        new, bundle, _ = cluster.upgrade()
        equal((signed_by(new["tls.crt"], bundle), signed_by(old["tls.crt"], bundle)), ([0], [1]), cluster.major)

    each(t, restored)


def test_a_secret_that_is_not_whole_is_made_anew(t):
    def restored(cluster):
        old, _, _ = cluster.upgrade()
        del cluster.secret["data"]["tls.key"]
        cluster.api.put(cluster.secret)
        new, bundle, _ = cluster.upgrade()
        equal((sorted(new), signed_by(new["tls.crt"], bundle), signed_by(old["tls.crt"], bundle)),
              (["ca-bundle.crt", "ca.crt", "tls.crt", "tls.key"], [0], [1]), cluster.major)

    each(t, restored)


def test_with_a_cluster_nothing_is_said_of_new_certificates(t):
    each(t, lambda cluster: equal("Rendered without a cluster" in cluster.render(), False, cluster.major))


def test_without_rights_to_look_it_is_not_a_new_certificate(t):
    """An API server that does not tell must not be taken for one that has none."""

    def refused(cluster):
        cluster.upgrade()
        cluster.api.forbid(SECRET_PATH)
        result = cluster.template()
        equal(result.code, 1, f"{cluster.major}: {result.text()}")
        equal("kind:" in result.out, False, f"{cluster.major}: rendered")
        contains(result.err, "Forbidden", cluster.major)

    each(t, refused)
