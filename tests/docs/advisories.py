#!/usr/bin/python3
"""Do docs/advisories.md and the tests agree?

Every advisory has a row; every row names tests that exist; one of them at least is named after each advisory of the
row, or is a variant of the mini-Sigstore whose description names it; and every test of the files that replay advisories
stands in a row.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = "docs/advisories.md"
# Where each test replays an advisory, and so must stand in a row.
OWN = ["tests/unit/test_advisories*.c", "tests/registry/test_advisories.py"]
VARIANTS = "tests/sigstore/mini/VARIANTS.md"
# All that is to be answered; a row may be reworded, but not dropped.
WANTED = """
CVE-2022-23649 CVE-2022-35929 CVE-2022-35930 CVE-2022-36056 CVE-2022-47633 CVE-2023-33959 CVE-2023-46737
CVE-2023-47122 CVE-2024-23332 CVE-2024-29902 CVE-2024-29903 CVE-2024-45395 CVE-2026-22703 CVE-2026-24122
CVE-2026-39395 CVE-2026-48816 GHSA-59jp-pj84-45mr GHSA-hhfg-fwrw-87w7 GHSA-xm5m-wgh2-rrg3 sigstore-go_618325f
sigstore-go_4594ab4 sigstore-go_dbb07e6 sigstore-go_60a1fd5 sigstore-js_b5aa4f1f sigstore-js_85c58380
sigstore-js_adbe2535 sigstore-js_e66d99f0 timestamp-authority_42ce715 timestamp-authority_42e74fc
timestamp-authority_21dff8b cosign_4648 cosign_4649 cosign_4651 cosign_4652 cosign_4653 cosign_5016
Crossplane_tag_TOCTOU policy-controller_unchecked_places webhook_failure lenient_parsers
""".split()


def slug(text):
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def ids(cell):
    """The advisories of a row: a project's name holds for the numbers after it too; aliases in brackets do not count."""
    out, project = [], ""
    for item in re.sub(r"\([^)]*\)", "", cell).split(","):
        words = item.split()
        if len(words) > 1:
            project = words[0]
        out.append(slug(item if len(words) > 1 or "-" in item else project + " " + item))
    return out


def rows(text):
    """(advisories, names of tests) of each row."""
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 4 and cells[0] != "advisory":
            yield ids(cells[0]), re.findall(r"`([\w.-]+)`", cells[3])


def tests_in(path):
    text = path.read_text()
    names = re.findall(r"^START_TEST\((\w+)\)", text, re.M) + re.findall(r"^def (test_\w+)\(", text, re.M)
    return {n.removeprefix("test_") for n in names} | {n for n in names if n.startswith("test_")}


def variants():
    """name -> slugs of the advisories that the description of a broken variant names"""
    out = {}
    for line in (ROOT / VARIANTS).read_text().splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 4 and cells[1] not in ("reason", "verified"):
            named = cells[2].split("; ", 1)[1] if "; " in cells[2] else ""
            out[cells[0]] = {a for a in ids(named) if a in {slug(w) for w in WANTED}}
    return out


def known_tests():
    out = set(variants())
    for pattern in ("tests/unit/test_*.c", "tests/registry/test_*.py", "tests/verify/*.py"):
        for path in ROOT.glob(pattern):
            out |= tests_in(path)
    out |= {p.stem for p in ROOT.glob("tests/sigstore/vectors/*.json")}
    return out | {p.name for p in (ROOT / "tests" / "bad-policies").iterdir()}


def check_row(advisories, names, known, named, check):
    check(names, "%s: no test" % advisories)
    for name in names:
        check(name in known, "%s: there is no test %s" % (advisories, name))
    for advisory in advisories:
        check(any(slug(n).startswith(advisory + "_") or advisory in named.get(n, ()) for n in names),
              "%s: no test is named after it" % advisory)


def check_page(check):
    """Calls check(ok, text) for each thing that must hold."""
    text = (ROOT / PAGE).read_text()
    known, named, table = known_tests(), variants(), list(rows(text))
    seen = {a for advisories, _ in table for a in advisories}
    for wanted in WANTED:
        check(slug(wanted) in seen, "no row for %s" % wanted)
    for advisories, names in table:
        check_row(advisories, names, known, named, check)
    for name in re.findall(r"`([a-z]+(?:_[a-z0-9]+){2,})`", text):
        check(name in known or "test_" + name in known, "there is no test %s" % name)
    told = set(re.findall(r"`(\w+)`", text))
    for pattern in OWN:
        for path in sorted(ROOT.glob(pattern)):
            own = {n.removeprefix("test_") for n in tests_in(path)}
            check(own, "%s: no test in it" % path.name)
            for name in sorted(own):
                check(name in told, "%s of %s is not on the page" % (name, path.name))


def main():
    results = []
    check_page(lambda ok, text: results.append((bool(ok), text)))
    failures = [text for ok, text in results if not ok]
    for text in failures:
        print("FAIL %s: %s" % (PAGE, text))
    print("advisories: %d passed, %d failed, 0 skipped" % (len(results) - len(failures), len(failures)))
    return 1 if failures or not results else 0


if __name__ == "__main__":
    sys.exit(main())
