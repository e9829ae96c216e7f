"""What a registry test gets: servers of its own, a registries file, and answers of tests/registry/fetch."""

import base64
import json
import os
import re
import subprocess

import behaviours
import behaviours_lists  # noqa: F401: adds to them
import hostile

# What the tool may need beside the body it asks for; an endless body must not show in it.
RSS_KB = 64 * 1024


class Skip(Exception):
    pass


class Context:
    def __init__(self, fetch, folder, certs):
        self.tool = fetch
        self.folder = folder
        self.certs = certs
        self.servers = []
        self.other = self.server()
        self.registry = self.server(other=self.other)

    def server(self, context=None, other=None, folder=None):
        server = hostile.Server(behaviours.BEHAVIOURS, context, other, folder)
        self.servers.append(server)
        return server

    def stop(self):
        for server in self.servers:
            server.stop()

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def config_json(self, entries, name="config.json"):
        return self.file(name, json.dumps({"auths": entries}))

    def login(self, host=None):
        """A config.json with the password of `host`, the registry by default."""
        both = base64.b64encode(f"{hostile.USER}:{hostile.PASSWORD}".encode()).decode()
        return self.config_json({host or self.registry.host: {"auth": both}})

    def registries(self, *entries):
        """A registries file; an entry is a map for one host."""
        lines = ["apiVersion: assay.dev/v1", "kind: Registries", "spec:", "  registries:"]
        for entry in entries:
            lines += ["  - " + json.dumps(entry)]
        return self.file("registries.yaml", "\n".join(lines) + "\n")

    def plain(self, server=None, **more):
        return {"host": (server or self.registry).host, "plainHttp": True, "allowPrivate": True,
                **more}

    def ask(self, *questions, config=None, deadline=5000, threads=1, options=(), env=None):
        """The answers, a list of maps; exactly one if there was one question and one thread."""
        if config is None:
            config = self.registries(self.plain())
        command = [self.tool, "--registries", config, "--deadline", str(deadline), "--threads",
                   str(threads), *options]
        result = subprocess.run(command, input="\n".join(questions) + "\n", text=True, check=False,
                                capture_output=True, timeout=60, env={**os.environ, **(env or {})})
        assert result.returncode == 0 and not result.stderr, (result.returncode, result.stderr)
        answers = [json.loads(line) for line in result.stdout.splitlines()]
        for a in answers:
            self.check(a, deadline)
        return answers if threads > 1 or len(questions) > 1 else answers[0]

    @staticmethod
    def check(answer, deadline):
        """What holds for every answer: in time (a busy machine gets a second), memory, no secret."""
        assert answer["elapsed_ms"] <= deadline + 1000, answer
        if "sanitize" not in os.environ.get("BUILD", "") and os.environ.get("BUILD") not in (
                "asan", "tsan"):
            assert answer["rss_kb"] <= RSS_KB, answer
        for secret in (hostile.PASSWORD, hostile.TOKEN, "Basic ", "Bearer "):
            assert secret not in answer["text"], answer
        assert (answer["outcome"] == "ok") == (answer["text"] == ""), answer

    def of(self, what, behaviour, server=None):
        """A question: manifest, tag, blob or referrers of the repository `behaviour`."""
        name = f"{(server or self.registry).host}/{behaviour}"
        blob = f"blob {name} {hostile.digest(hostile.BLOB)} {len(hostile.BLOB)} 65536"
        return {"manifest": f"manifest {name} {hostile.digest(hostile.GOOD)}",
                "tag": f"manifest {name} latest",
                "blob": blob,
                "referrers": f"referrers {name} {hostile.SUBJECT}"}[what]


def expect(answer, outcome, text=None):
    """`text` is a pattern for the whole text; HOST and OTHER stand for addresses with a port."""
    assert answer["outcome"] == outcome, answer
    if text is not None:
        pattern = text.replace("HOST", r"127\.0\.0\.1:\d+").replace("SECONDS", r"\d+\.\d")
        assert re.fullmatch(pattern, answer["text"]), (pattern, answer["text"])
