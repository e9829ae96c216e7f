"""A Sigstore on loopback: mock Fulcio with its certificate log, mock Rekor v1, real Rekor v2, real timestamp authority.
And what is made of it: trusted roots, signing configurations, identity tokens."""

import base64
import dataclasses
import fcntl
import hashlib
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request

from processes import Process, free_ports, tail

START_SECONDS = 60
SINCE = {"start": "2020-01-01T00:00:00Z"}
ROOT_TYPE = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
CONFIG_TYPE = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
# An Ed25519 public key in DER is this and 32 bytes.
ED25519_PREFIX = bytes.fromhex("302a300506032b6570032100")


def b64(data):
    return base64.b64encode(data).decode()


def key_entry(url, spki, details, key_id):
    key = {"rawBytes": b64(spki), "keyDetails": details, "validFor": SINCE}
    return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": key, "logId": {"keyId": b64(key_id)}}


def p256_log(url, spki):
    return key_entry(url, spki, "PKIX_ECDSA_P256_SHA_256", hashlib.sha256(spki).digest())


def authority(url, chain):
    certificates = [{"rawBytes": b64(c)} for c in chain]
    return {"subject": {"organization": "lab", "commonName": "lab"}, "uri": url,
            "certChain": {"certificates": certificates}, "validFor": SINCE}  # fmt: skip


def certificates_of(pem):
    blocks = re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", pem, re.S)
    return [base64.b64decode("".join(block.split())) for block in blocks]


def pem(label, der):
    text = b64(der)
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


class Mock:
    """Fulcio, certificate log, Rekor v1."""

    def __init__(self, folder, name, paths):
        self.log = os.path.join(folder, name + ".log")
        self.process = Process.spawn([paths["node"], paths["mock"]], self.log, die_with_parent=True)
        said = json.loads(_wait_for(self, r"^(\{.*\})$"))
        self.url = said["url"]
        self.issuer, self.ct_key, self.log_key = (
            base64.b64decode(said[k]) for k in ("issuer", "ctLogKey", "logKey")
        )  # fmt: skip

    def ca(self):
        return authority(self.url, [self.issuer])

    def ct_log(self):
        return p256_log(self.url + "/ct", self.ct_key)

    def rekor(self):
        return p256_log(self.url, self.log_key)


class Rekor2:
    def __init__(self, folder, name, paths):
        self.log = os.path.join(folder, name + ".log")
        key = os.path.join(folder, name + ".pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
        spki = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True,
                              stdout=subprocess.PIPE).stdout  # fmt: skip
        assert spki.startswith(ED25519_PREFIX)
        http, grpc, metrics = free_ports(3)
        self.url = f"http://127.0.0.1:{http}"
        key_id = hashlib.sha256(b"127.0.0.1\n\x01" + spki[len(ED25519_PREFIX) :]).digest()
        self.entry = key_entry(self.url, spki, "PKIX_ED25519", key_id)
        self.process = Process.spawn(
            [paths["rekor"], "serve", "--http-address", "127.0.0.1", "--http-port", str(http),
             "--grpc-address", "127.0.0.1", "--grpc-port", str(grpc), "--http-metrics-port", str(metrics),
             "--hostname", "127.0.0.1", "--storage-dir", os.path.join(folder, name), "--signer-filepath", key,
             "--checkpoint-interval", "200ms", "--batch-max-age", "50ms"], self.log, die_with_parent=True)  # fmt: skip
        _wait_answer(self, self.url + "/healthz")


class Tsa:
    """Its key and its chain of three are made when it starts. It listens on port 2112, too, whatever it is told: one
    at a time on this machine."""

    def __init__(self, folder, name, paths):
        self.log = os.path.join(folder, name + ".log")
        self.lock = open(os.path.join(os.path.dirname(os.path.dirname(paths["timestamp"])), "lock-timestamp"), "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}/api/v1/timestamp"
        self.process = Process.spawn(
            [paths["timestamp"], "serve", "--host", "127.0.0.1", "--port", str(port), "--timestamp-signer", "memory",
             "--disable-ntp-monitoring"], self.log, die_with_parent=True)  # fmt: skip
        self.chain = certificates_of(_wait_answer(self, self.url + "/certchain").decode())

    def entry(self):
        return authority(self.url, self.chain)

    def stop(self):
        self.process.stop()
        self.lock.close()


def _stopped(server):
    server.process.stop()
    return RuntimeError(f"{type(server).__name__} does not start:\n{tail(server.log)}")


def _wait_for(server, pattern):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.process.alive():
        with open(server.log, encoding="utf-8", errors="replace") as f:
            said = re.search(pattern, f.read(), re.M)
        if said:
            return said[1]
        time.sleep(0.05)
    raise _stopped(server)


def _wait_answer(server, url):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.process.alive():
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                return reply.read()
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
    raise _stopped(server)


def token(issuer, subject, **claims):
    """An identity token. Nobody checks who signed it."""

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    now = int(time.time())
    said = {"iss": issuer, "sub": subject, "aud": "sigstore", "iat": now, "exp": now + 3600, **claims}
    return f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(said)}.{part('none')}"


@dataclasses.dataclass
class Root:
    """The same trust for every program."""

    path: str  # trusted root
    env: dict  # of cosign 2
    tsa_chain: str  # likewise; "" if there is none


class Sigstore:
    """All of it. `strangers` is a second mock, whose certificates and logs are none of ours."""

    def __init__(self, folder, paths):
        os.makedirs(folder)
        self.folder = folder
        self.started = []
        self.mock = self._start(Mock, "mock", paths)
        self.strangers = self._start(Mock, "strangers", paths)
        self.rekor2 = self._start(Rekor2, "rekor2", paths)
        other = self._start(Tsa, "other-tsa", paths)
        other.stop()
        self.other_tsa = other.entry()
        self.tsa = self._start(Tsa, "tsa", paths)

    def _start(self, kind, name, paths):
        try:
            self.started.append(kind(self.folder, name, paths))
        except BaseException:
            self.stop()
            raise
        return self.started[-1]

    def stop(self):
        for server in self.started:
            server.process.stop()

    def path(self, name):
        return os.path.join(self.folder, name)

    def _write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def trusted_root(self, name, ca=None, ct=None, rekor=None, rekor2=True, tsa=None, window=None):
        """What a verifier is told to trust: that of the mock, or of another one. `rekor` and `tsa` may be False: none.
        `window` is when the certificate authority counts."""
        ca, ct = (given or self.mock for given in (ca, ct))
        rekor = self.mock if rekor is None else rekor
        stamps = {None: [self.tsa.entry()], False: [], True: [self.other_tsa]}[tsa]
        logs = ([rekor.rekor()] if rekor else []) + ([self.rekor2.entry] if rekor2 else [])
        lists = {"tlogs": logs, "certificateAuthorities": [{**ca.ca(), "validFor": window or SINCE}],
                 "ctlogs": [ct.ct_log()], "timestampAuthorities": stamps}  # fmt: skip
        path = self._write(name + ".json", json.dumps({"mediaType": ROOT_TYPE, **lists}, indent=1))
        return Root(path, self._keys(name, ca, ct, rekor or self.strangers), self._tsa_chain(name, stamps))

    def signing_config(self, name, rekor=None, tsa=False):
        """NAME.json for cosign 3: rekor 1, 2 or None."""

        def service(url, version):
            return {"url": url, "majorApiVersion": version, "validFor": SINCE, "operator": "lab"}

        url = {1: self.mock.url, 2: self.rekor2.url, None: None}[rekor]
        config = {"mediaType": CONFIG_TYPE, "caUrls": [service(self.mock.url, 1)], "oidcUrls": [],
                  "rekorTlogUrls": [service(url, rekor)] if url else [],
                  "tsaUrls": [service(self.tsa.url, 1)] if tsa else [],
                  "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"}}  # fmt: skip
        return self._write(name + ".json", json.dumps(config, indent=1))

    def _keys(self, name, ca, ct, rekor):
        """Environment of cosign 2, which reads no trusted root for what is not in a bundle."""
        return {"SIGSTORE_ROOT_FILE": self._write(name + "-ca.pem", pem("CERTIFICATE", ca.issuer)),
                "SIGSTORE_REKOR_PUBLIC_KEY": self._write(name + "-log.pem", pem("PUBLIC KEY", rekor.log_key)),
                "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": self._write(name + "-ct.pem", pem("PUBLIC KEY", ct.ct_key))}  # fmt: skip

    def _tsa_chain(self, name, entries):
        """As --timestamp-certificate-chain of cosign 2 takes it; "" if there is none."""
        chain = [c["rawBytes"] for e in entries for c in e["certChain"]["certificates"]]
        text = "".join(pem("CERTIFICATE", base64.b64decode(c)) for c in chain)
        return self._write(name + "-tsa.pem", text) if text else ""

    def token(self, name, issuer, subject, **claims):
        return self._write(name + ".token", token(issuer, subject, **claims))
