"""Processes that a test starts: found again and stopped by pid and start time, never by name."""

import ctypes
import os
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1


def start_time(pid):
    """Clock ticks since boot at which pid was started; None when it is gone or only a zombie is left."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            # The name in parentheses may hold anything, so count from its end.
            fields = f.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """One process. The record (pid, start time) is enough to stop it from another program."""

    def __init__(self, pid, started, child=None):
        self.pid = pid
        self.started = started
        self.child = child

    @classmethod
    def spawn(cls, argv, log, env=None, die_with_parent=False, cwd=None):
        """Starts argv in a session of its own with all its output appended to the file log."""
        with open(log, "ab") as out:
            child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=cwd,
                start_new_session=True, preexec_fn=_die_with_parent if die_with_parent else None)
        return cls(child.pid, start_time(child.pid), child)

    def alive(self):
        if self.child is not None:
            return self.child.poll() is None
        return self.started is not None and start_time(self.pid) == self.started

    def send(self, number):
        if self.alive():
            os.kill(self.pid, number)

    def wait(self, seconds):
        """True when it has ended within that time."""
        end = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def stop(self, number=signal.SIGTERM, seconds=10):
        """Sends the signal, waits, and uses SIGKILL when that was not enough. Returns the exit status if known."""
        self.send(number)
        if not self.wait(seconds):
            self.send(signal.SIGKILL)
            self.wait(seconds)
        return self.child.returncode if self.child is not None else None


def free_ports(count):
    """Ports on 127.0.0.1 that nothing listens on now; all of them different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def tail(path, lines=15):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-lines:])
    except FileNotFoundError:
        return ""
