#!/usr/bin/python3
"""Process 1 of a node's namespaces: makes them a machine of their own and starts what runs on it.

  node_init.py PLAN    node.py writes the plan and calls this by `unshare`; nobody else does

Everything it mounts, configures and starts ends with it, and nothing of it is seen outside.
"""

import glob
import json
import os
import subprocess
import sys
import time

CGROUPS = "/sys/fs/cgroup"
# kubelet wants these values of settings that are the whole machine's. It is shown files that have them.
SYSCTLS = {
    "vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000",
}  # fmt: skip
POLL_S = 0.1


def run(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def mounts(plan):
    run("mount", "--make-rshared", "/")
    # Sockets and locks have fixed paths there.
    for folder in ("/run", "/var/log"):
        run("mount", "-t", "tmpfs", "tmpfs", folder)
    for folder in ("/run/lock", "/run/netns", "/var/lib/kubelet"):
        os.makedirs(folder, exist_ok=True)
    run("mount", "--bind", plan["kubelet"], "/var/lib/kubelet")
    run("mount", "--make-rshared", "/var/lib/kubelet")
    for file, target in plan["files"].items():
        # A link into what /run was before leads nowhere now.
        target = os.path.realpath(target)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.exists(target):
            write(target, "")
        run("mount", "--bind", file, target)
    for name, value in SYSCTLS.items():
        file = os.path.join("/run", "sysctl." + name.replace("/", "."))
        write(file, value + "\n")
        run("mount", "--bind", file, "/proc/sys/" + name)


def network(plan):
    run("ip", "link", "set", "lo", "up")
    # An interface with nobody behind it. kubelet and kube-proxy look for a default route; with one by lo the
    # kernel would drop what it has to say about Services without endpoints.
    run("ip", "link", "add", "node0", "type", "bridge")
    run("ip", "link", "set", "node0", "up")
    run("ip", "address", "add", plan["address"] + "/24", "dev", "node0")
    run("ip", "route", "add", "default", "dev", "node0", "src", plan["address"])
    for name in ("ipv4/ip_forward", "bridge/bridge-nf-call-iptables"):
        path = "/proc/sys/net/" + name
        if os.path.exists(path):
            write(path, "1")


def cgroups(plan):
    """In each hierarchy of version 1, or in the one of version 2."""
    if os.path.exists(CGROUPS + "/cgroup.controllers"):
        os.makedirs(CGROUPS + plan["cgroup"], exist_ok=True)
        return
    for hierarchy in glob.glob(CGROUPS + "/*/"):
        try:
            os.makedirs(hierarchy + plan["cgroup"].strip("/"), exist_ok=True)
        except OSError:
            continue  # the one of version 2 beside them
    for name in ("cpuset.mems", "cpuset.cpus"):
        with open(f"{CGROUPS}/cpuset/{name}", encoding="ascii") as f:
            write(f"{CGROUPS}/cpuset{plan['cgroup']}/{name}", f.read())


def spawn(plan, name, argv):
    with open(os.path.join(plan["log"], name + ".log"), "wb") as log:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    return child.pid


def wait_for(argv, seconds):
    end = time.monotonic() + seconds
    while True:
        try:
            return run(*argv)
        except RuntimeError:
            if time.monotonic() > end:
                raise
        time.sleep(POLL_S)


def main():
    with open(sys.argv[1], encoding="ascii") as f:
        plan = json.load(f)
    mounts(plan)
    network(plan)
    cgroups(plan)
    names = {}
    for step in plan["steps"]:
        if "wait" in step:
            wait_for(step["wait"], plan["seconds"])
        else:
            names[spawn(plan, step["name"], step["argv"])] = step["name"]
    print("started", flush=True)
    while True:
        pid, status = os.wait()
        if pid in names:
            print(f"{names[pid]} ended: {os.waitstatus_to_exitcode(status)}", flush=True)


main()
