"""A throw-away certificate authority, made with the openssl command."""

import os
import subprocess


def _openssl(*arguments):
    subprocess.run(("openssl",) + arguments, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def new_key(path):
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)


class Authority:
    """A CA in a folder of its own: ca.crt and ca.key, and NAME.crt and NAME.key for each leaf."""

    def __init__(self, folder, name="lab CA"):
        self.folder = folder
        self.certificate = os.path.join(folder, "ca.crt")
        self._key = os.path.join(folder, "ca.key")
        if not os.path.exists(self.certificate):
            os.makedirs(folder, exist_ok=True)
            new_key(self._key)
            _openssl("req", "-x509", "-new", "-key", self._key, "-out", self.certificate,
                     "-days", "30", "-subj", "/CN=" + name)

    def leaf(self, name, alternatives=("DNS:localhost", "IP:127.0.0.1")):
        """Returns the paths of a new certificate for a server and of its key."""
        base = os.path.join(self.folder, name)
        new_key(base + ".key")
        _openssl("req", "-new", "-key", base + ".key", "-out", base + ".csr", "-subj", "/CN=" + name)
        with open(base + ".ext", "w", encoding="ascii") as f:
            f.write(f"subjectAltName={','.join(alternatives)}\nextendedKeyUsage=serverAuth\n")
        _openssl("x509", "-req", "-in", base + ".csr", "-CA", self.certificate, "-CAkey", self._key,
                 "-CAcreateserial", "-days", "30", "-extfile", base + ".ext", "-out", base + ".crt")
        return base + ".crt", base + ".key"
