"""The three ways to a certificate."""

import base64
import datetime

import yaml
from chart import MAJORS, contains, decoded, equal, find, read, values
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

HOST = "assay.assay-system"


def verify_pair(secret, days):
    """A leaf for the Service by a CA of its own."""
    data = decoded(secret)
    leaf = x509.load_pem_x509_certificate(data["tls.crt"])
    ca = x509.load_pem_x509_certificate(data["ca.crt"])
    key = load_pem_private_key(data["tls.key"], None)
    equal(key.public_key().public_numbers(), leaf.public_key().public_numbers(), "key of the leaf")
    equal(isinstance(key.curve, ec.SECP256R1), True, "P-256")
    ca.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, ec.ECDSA(leaf.signature_hash_algorithm))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    equal(names.get_values_for_type(x509.DNSName), [f"{HOST}.svc", HOST, f"{HOST}.svc.cluster.local"], "names")
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    equal(ExtendedKeyUsageOID.SERVER_AUTH in usage, True, "usage")
    equal(ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca, True, "CA")
    equal(leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca, False, "leaf is a CA")
    equal((leaf.not_valid_after - leaf.not_valid_before).days, days, "days of validity")
    noted = int(secret["metadata"]["annotations"]["assay.dev/tls-not-after"])
    end = leaf.not_valid_after.replace(tzinfo=datetime.timezone.utc).timestamp()
    equal(abs(noted - end) <= 5, True, f"noted end {noted} beside {end}")
    return data


def bundle_of(webhook):
    return base64.b64decode(webhook["webhooks"][0]["clientConfig"]["caBundle"])


def test_helm_makes_one_certificate_for_all_three_places(t):
    for major in MAJORS:
        found = t.objects("golden", "--set", "tls.validityDays=30", major=major)
        secret = find(found, "Secret")
        data = verify_pair(secret, 30)
        equal(sorted(data), ["ca-bundle.crt", "ca.crt", "tls.crt", "tls.key"], "keys of the Secret")
        equal(data["ca-bundle.crt"], data["ca.crt"], "bundle of a first install")
        equal(bundle_of(find(found, "ValidatingWebhookConfiguration")), data["ca-bundle.crt"], "bundle of the webhook")
        contains(t.rendered("golden", major=major), "# Rendered without a cluster: this certificate is a new one", major)


def test_the_private_key_of_the_ca_is_nowhere(t):
    """Only the leaf's key is in the Secret, and it is not the CA's."""
    data = decoded(find(t.objects("golden"), "Secret"))
    keys = {name: data[name].count(b"PRIVATE KEY-----") for name in data}
    equal(keys, {"ca-bundle.crt": 0, "ca.crt": 0, "tls.crt": 0, "tls.key": 2}, "lines about private keys")
    equal("PRIVATE KEY" in t.rendered("golden"), False, "private key in the clear")


def test_cert_manager_with_its_own_ca(t):
    for major in MAJORS:
        found = t.objects("cert-manager", major=major)
        webhook = find(found, "ValidatingWebhookConfiguration")
        leaf = find(found, "Certificate", "assay")
        equal(webhook["metadata"]["annotations"], {"cert-manager.io/inject-ca-from": "assay-system/assay"}, "annotation")
        equal("caBundle" in webhook["webhooks"][0]["clientConfig"], False, "bundle")
        equal(leaf["spec"]["issuerRef"]["name"], find(found, "Issuer", "assay-ca")["metadata"]["name"], "issuer")
        equal(find(found, "Certificate", "assay-ca")["spec"]["isCA"], True, "CA")
        equal([o["kind"] for o in found if o["kind"] == "Secret"], [], "Secrets of ours")
        mounted = find(found, "Deployment")["spec"]["template"]["spec"]["volumes"][0]["secret"]["secretName"]
        equal(mounted, leaf["spec"]["secretName"], "mounted Secret")


def test_cert_manager_with_an_issuer_that_is_there(t):
    found = t.objects("cert-manager-issuer")
    equal([o["metadata"]["name"] for o in found if o["kind"] in ("Issuer", "Certificate")], ["assay"], "objects")
    spec = find(found, "Certificate")["spec"]
    equal(spec["issuerRef"], {"name": "internal", "kind": "ClusterIssuer", "group": "cert-manager.io"}, "issuer")
    equal((spec["duration"], spec["renewBefore"]), ("2160h", "720h"), "times")


def test_existing_secret(t):
    given = yaml.safe_load(read(values("existing-secret")))["tls"]["caBundle"]
    found = t.objects("existing-secret")
    equal(bundle_of(find(found, "ValidatingWebhookConfiguration")).decode(), given, "bundle")
    equal([o["kind"] for o in found if o["kind"] == "Secret"], [], "Secrets of ours")
    pod = find(found, "Deployment")["spec"]["template"]
    equal(pod["spec"]["volumes"][0]["secret"]["secretName"], "webhook-certificate", "mounted Secret")
    equal("checksum/tls" in pod["metadata"]["annotations"], False, "checksum of what is not known")
