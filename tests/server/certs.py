"""Throw-away certificates for servers and clients, made with the openssl command."""

import os
import subprocess


def openssl(*arguments):
    subprocess.run(("openssl",) + arguments, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Authority:
    """A CA with ca.crt in its folder, and NAME.crt and NAME.key for each leaf."""

    def __init__(self, folder, name="test CA"):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.certificate = os.path.join(folder, "ca.crt")
        self.key = os.path.join(folder, "ca.key")
        new_key(self.key)
        openssl("req", "-x509", "-new", "-key", self.key, "-out", self.certificate, "-days", "30",
                "-subj", "/CN=" + name)

    def leaf(self, name, usage="serverAuth", days=30, start=None, end=None):
        """Paths of a certificate and its key. start and end: YYYYMMDDHHMMSSZ."""
        base = os.path.join(self.folder, name)
        new_key(base + ".key")
        openssl("req", "-new", "-key", base + ".key", "-out", base + ".csr", "-subj", "/CN=" + name)
        with open(base + ".ext", "w", encoding="ascii") as f:
            f.write(f"subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage={usage}\n")
        if start:
            self._sign_between(base, start, end)
        else:
            openssl("x509", "-req", "-in", base + ".csr", "-CA", self.certificate, "-CAkey",
                    self.key, "-CAcreateserial", "-days", str(days), "-extfile", base + ".ext",
                    "-out", base + ".crt")
        return base + ".crt", base + ".key"

    def _sign_between(self, base, start, end):
        config = base + ".cnf"
        with open(config, "w", encoding="ascii") as f:
            f.write(f"[ca]\ndefault_ca=x\n[x]\ndatabase={base}.db\nserial={base}.srl\n"
                    f"new_certs_dir={self.folder}\ndefault_md=sha256\npolicy=p\n"
                    "[p]\ncommonName=supplied\n")
        with open(base + ".db", "w", encoding="ascii"):
            pass
        with open(base + ".srl", "w", encoding="ascii") as f:
            f.write("1000\n")
        openssl("ca", "-batch", "-config", config, "-in", base + ".csr", "-cert", self.certificate,
                "-keyfile", self.key, "-startdate", start, "-enddate", end, "-extfile",
                base + ".ext", "-notext", "-out", base + ".crt")


def new_key(path):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
