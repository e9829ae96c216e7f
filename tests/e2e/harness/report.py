"""A registry of tests and the words they speak: one line a test and the closing line."""

import difflib
import os
import time
import traceback

TESTS = []


def test(title):
    """Registers a function of one argument, the lab. Tests run in the order in which they are written."""
    def register(function):
        TESTS.append((title, function))
        return function
    return register


class Failed(Exception):
    """The product did not do what the test wants."""


class Skipped(Exception):
    """What the test needs is not there."""


def equal(what, got, want):
    """Fails with a line by line difference."""
    if got == want:
        return
    if isinstance(got, str) and isinstance(want, str):
        lines = difflib.unified_diff(want.splitlines(), got.splitlines(), "want", "got", lineterm="")
        raise Failed(f"{what} differs:\n" + "\n".join(lines))
    raise Failed(f"{what}: got {got!r}; want {want!r}")


def holds(condition, what):
    if not condition:
        raise Failed(what)


def eventually(what, condition, seconds=30, every=0.05):
    """Returns the first true value of condition(). Time is only a bound on waiting, never a result."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(every)


def indent(text):
    return "".join(f"    {line}\n" for line in text.rstrip().splitlines())


def nothing_may_be_skipped():
    return os.environ.get("CI") == "true"


def closing(tier, passed, failed, skipped):
    """Prints the closing line and returns the exit status."""
    print(f"{tier}: {passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


def skip_all(tier, titles, reason):
    """Nothing could be run. In CI that is a failure of each test."""
    in_ci = nothing_may_be_skipped()
    for title in titles:
        print(f"{'FAIL' if in_ci else 'skip'} {title}: {reason}")
    return closing(tier, 0, len(titles) if in_ci else 0, 0 if in_ci else len(titles))


def run_one(title, function, *arguments):
    """"passed", "failed" or "skipped"."""
    try:
        function(*arguments)
    except Skipped as e:
        in_ci = nothing_may_be_skipped()
        print(f"{'FAIL' if in_ci else 'skip'} {title}: {e}", flush=True)
        return "failed" if in_ci else "skipped"
    except Failed as e:
        print(f"FAIL {title}\n{indent(str(e))}", end="", flush=True)
        return "failed"
    except Exception:  # a test that breaks is a failed test, and the others still run
        print(f"FAIL {title}\n{indent(traceback.format_exc())}", end="", flush=True)
        return "failed"
    print(f"ok   {title}", flush=True)
    return "passed"
