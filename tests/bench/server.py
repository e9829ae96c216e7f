"""What the benchmark runs: the floor, the product, a slow registry; and a client with one kept connection."""

import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUT = ROOT / "build" / "bench"
RELEASE = ROOT / "build" / "release"
BIN = os.environ.get("ASSAY_BIN", str(RELEASE / "assay"))
CONNECTIONS = 32
TICKS = os.sysconf("SC_CLK_TCK")
CPUS = sorted(os.sched_getaffinity(0))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def certificate():
    cert, key = OUT / "tls.crt", OUT / "tls.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    return str(cert), str(key)


def await_port(port, process):
    for _ in range(20000):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return
        except OSError:
            if process.poll() is not None:
                sys.exit("bench: a server ended with %d" % process.returncode)
            time.sleep(0.001)
    sys.exit("bench: a server does not listen")


def stolen_s():
    """Seconds that the machine's host kept from it, of all processors together."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(fields[8]) / TICKS


class Server:
    """The floor or the product, on the first CPU."""

    def __init__(self, name, cert, key, policy=None, preload=None, flags=()):
        self.port, self.admin_port = free_port(), free_port()
        policy = str(policy or HERE / "policy.yaml")
        if name == "floor":
            argv = [str(RELEASE / "floor"), str(self.port), cert, key, policy]
        else:
            argv = [BIN, "serve", "--policies", policy, "--tls-cert", cert, "--tls-key", key, "--threads", "1",
                    "--listen", "127.0.0.1:%d" % self.port, "--metrics-listen", "127.0.0.1:%d" % self.admin_port,
                    "--drain", "0s", *flags]
        env = dict(os.environ)
        if preload:
            env.update(LD_PRELOAD=str(preload), MALLOCS_FILE=str(OUT / "mallocs"))
        self.context = ssl.create_default_context(cafile=cert)
        start = time.monotonic()
        with open(OUT / (name + ".log"), "wb") as log:
            self.process = subprocess.Popen(["taskset", "-c", str(CPUS[0])] + argv, stderr=log, env=env)
        await_port(self.port, self.process)
        self.start_ms = (time.monotonic() - start) * 1000

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def post(self, body):
        with Client(self) as c:
            return c.ask(body)[1]

    def cpu_s(self):
        fields = pathlib.Path("/proc/%d/stat" % self.process.pid).read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss(self, key="VmHWM"):
        text = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(key + r":\s+(\d+) kB", text).group(1)) * 1024

    def metric(self, name):
        c = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=30)
        c.request("GET", "/metrics")
        text = c.getresponse().read().decode()
        c.close()
        return int(float(re.search("^%s (.*)$" % re.escape(name), text, re.M).group(1)))

    def load(self, bodies, seconds):
        env = dict(os.environ, BODIES=" ".join(map(str, bodies)))
        before = self.cpu_s()
        out = subprocess.run(["taskset", "-c", str(CPUS[-1]), "wrk", "-t1", "-c%d" % CONNECTIONS, "-d%ds" % seconds,
                              "-s", str(HERE / "post.lua"), "https://127.0.0.1:%d/validate?timeout=10s" % self.port],
                             capture_output=True, text=True, env=env, check=True).stdout
        rps, p50, p99, n, errors = re.search(r"FIGURES (\S+) (\S+) (\S+) (\S+) (\S+)", out).groups()
        if int(errors) or not int(n):
            sys.exit("bench: %s of %s requests were not answered\n%s" % (errors, n, out))
        return {"rps": float(rps), "p50_us": float(p50), "p99_us": float(p99),
                "cpu_us": (self.cpu_s() - before) / int(n) * 1e6}

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


class Client:
    """One kept connection; opened again, outside of any measurement, when the server has ended it."""

    def __init__(self, server):
        self.server = server
        self.socket = None
        self.open()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def open(self):
        plain = socket.create_connection(("127.0.0.1", self.server.port), timeout=60)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = self.server.context.wrap_socket(plain, server_hostname="localhost")

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def send(self, body):
        if not self.socket:
            self.open()
        self.socket.sendall(b"POST /validate?timeout=10s HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                            b"application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def answer(self):
        """The HTTP status, and what the review was answered with; None if it was not."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.more()
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"content-length: *(\d+)", head, re.I).group(1))
        while len(body) < length:
            body += self.more()
        if re.search(rb"^connection: *close", head, re.I | re.M):
            self.close()
        status = int(head.split(b" ", 2)[1])
        return status, json.loads(body)["response"] if status == 200 else None

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data

    def ask(self, body):
        self.send(body)
        return self.answer()


class Registry:
    """slow-registry.c with the content of a file, on the last CPU."""

    def __init__(self, port, content):
        self.port = port
        self.host = "127.0.0.1:%d" % port
        self.process = subprocess.Popen(["taskset", "-c", str(CPUS[-1]), str(RELEASE / "slow-registry"), str(port),
                                         str(content)])
        await_port(port, self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def command(self, path):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        c.request("GET", "/bench/" + path)
        text = c.getresponse().read().decode()
        c.close()
        return text

    def set_latency(self, ms):
        self.command("latency/%d" % ms)

    def log(self):
        """(came_us, answered_us, status, name) of each request since the last call, in the order of answers."""
        out = []
        for line in self.command("log").splitlines():
            came, answered, status, name = line.split(" ", 3)
            out.append((int(came), int(answered), int(status), name))
        return out
