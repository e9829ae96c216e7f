"""What the cluster has to say, for whoever reads of a failure."""

import json

from cluster import NAMESPACE
from processes import tail
from report import Failed

EVENTS = 30
LOG_LINES = 6
# Of one line of a log.
CHARACTERS = 300


def news(cluster):
    """Never fails: what cannot be had is said to be so."""
    parts = (
        ("load of the machine", lambda: tail("/proc/loadavg")),
        ("programs of the node", lambda: tail(cluster.node.path("log", "init.log"))),
        ("Pods", lambda: _said(cluster, "get", "pods", "-A", "-o", "wide")),
        ("release", lambda: _said(cluster, "get", "deployments,replicasets,poddisruptionbudgets,endpointslices,secrets",
                                  "-n", NAMESPACE)),
        ("nodes, webhooks", lambda: _said(cluster, "get", "nodes,validatingwebhookconfigurations")),
        ("containers", lambda: _containers(cluster)),
        ("events", lambda: _last(_said(cluster, "get", "events", "-A", "--sort-by=.lastTimestamp", "--no-headers"))),
        ("logs", lambda: _logs(cluster)),
        ("registry", lambda: "up" if cluster.registry_process.alive() else "down"),
    )
    return "".join(f"---- {title}\n{_attempt(part).rstrip()}\n" for title, part in parts)


def _attempt(part):
    try:
        return part()
    except (Failed, OSError, ValueError, KeyError) as e:
        return f"not known: {e!r}"


def _said(cluster, *arguments):
    done = cluster.kubectl(*arguments, "--request-timeout=20s")
    return done.out + done.err


def _last(text, lines=EVENTS):
    return "\n".join(line[:CHARACTERS] for line in text.splitlines()[-lines:])


def _pods(cluster):
    return cluster.api(f"/api/v1/namespaces/{NAMESPACE}/pods").body["items"]


def _containers(cluster):
    lines = []
    for pod in _pods(cluster):
        status = pod["status"]
        ready = [{k: c.get(k) for k in ("status", "reason", "message", "lastTransitionTime")}
                 for c in status.get("conditions", []) if c["type"] == "Ready"]
        states = [{k: c.get(k) for k in ("restartCount", "state", "lastState")}
                  for c in status.get("containerStatuses", [])]
        lines.append(f"{pod['metadata']['name']}: {status['phase']}, "
                     f"told to end: {pod['metadata'].get('deletionTimestamp', 'no')}; Ready {json.dumps(ready)}; "
                     f"{json.dumps(states)}")
    return "\n".join(lines)


def _logs(cluster):
    found = []
    for pod in _pods(cluster):
        name = pod["metadata"]["name"]
        for flags in ((), ("--previous",)):
            said = _said(cluster, "logs", name, "-n", NAMESPACE, "--tail=500", *flags)
            if "previous terminated container" not in said:
                # The loop of calls fills it with answers.
                rest = "\n".join(line for line in said.splitlines() if '"admission decision"' not in line)
                found.append(f"{name} {' '.join(flags)}\n{_last(rest, LOG_LINES)}")
    return "\n".join(found)
