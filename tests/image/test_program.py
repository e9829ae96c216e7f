"""How the program is linked and hardened."""

import functools
import os
import re
import subprocess

from context import ROOT

DEBUG = ".debug"


def readelf(built, *flags):
    return subprocess.run(["readelf", "-W", *flags, built.program], check=True, capture_output=True, text=True).stdout


def debug_symbols(built):
    path = os.path.join(built.static, "assay" + DEBUG)
    return subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout


def segments(built):
    """{type: flags of each}"""
    found = {}
    for kind, flags in re.findall(r"(?m)^  (\w+) +0x\w+ 0x\w+ 0x\w+ 0x\w+ 0x\w+ ([RWE ]{3})", readelf(built, "-l")):
        found.setdefault(kind, []).append(flags.replace(" ", ""))
    return found


def test_is_static_pie(built):
    assert re.search(r"Type: +DYN ", readelf(built, "-h")), readelf(built, "-h")
    dynamic = readelf(built, "-d")
    assert "Flags: NOW PIE" in dynamic, dynamic
    assert "(NEEDED)" not in dynamic and "PATH)" not in dynamic, dynamic
    assert "INTERP" not in segments(built), "it asks for a dynamic linker"


def test_memory_is_never_writable_and_executable(built):
    found = segments(built)
    assert len(found["GNU_RELRO"]) == 1, found
    assert found["GNU_STACK"] == ["RW"], found
    assert sorted(found["LOAD"]) == ["R", "R", "RE", "RW"], found


def test_relocations_are_done_and_closed_at_the_start(built):
    dynamic = readelf(built, "-d")
    assert re.search(r"\(FLAGS\) +BIND_NOW", dynamic), dynamic
    assert "TEXTREL" not in dynamic, dynamic


def identity(notes):
    return re.search(r"Build ID: (\w+)", notes).group(1)


def test_has_no_symbols_and_its_debug_file_fits(built):
    assert ".symtab" not in readelf(built, "-S") and ".debug_info" not in readelf(built, "-S")
    other = subprocess.run(["readelf", "-n", os.path.join(built.static, "assay" + DEBUG)], check=True, capture_output=True,
                           text=True).stdout
    assert identity(readelf(built, "-n")) == identity(other)


@functools.cache
def disassembly(path):
    return subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], check=True, capture_output=True, text=True).stdout


def callers(built, function):
    """Names of the functions that call it."""
    found, name = set(), ""
    for line in disassembly(os.path.join(built.static, "assay")).splitlines():
        if line.endswith(">:"):
            name = line.split("<")[1][:-2]
        elif "call" in line and f"<{function}>" in line:
            found.add(name)
    return found


def test_stack_protector_is_in_every_part(built):
    """Also in the libraries that read the network."""
    guarded = callers(built, "__stack_chk_fail")
    for prefix, least in (("curl_|Curl_", 10), ("gnutls_|_gnutls_", 50), ("ares_", 5), ("MHD_", 5),
                          ("policy_|review_|registry_|workload_|manifest_|cmd_|main", 3)):
        n = sum(bool(re.match(prefix, f)) for f in guarded)
        assert n >= least, f"{n} guarded functions begin with {prefix}"


def test_fortified_functions_are_used(built):
    names = set(re.findall(r" [tTwW] (__\w+_chk)$", debug_symbols(built), re.M))
    assert {"__snprintf_chk", "__vsnprintf_chk", "__memcpy_chk"} <= names, sorted(names)


def test_names_are_asked_of_c_ares(built):
    """glibc's own look-up would need plugins that an empty root does not have."""
    assert any(re.match("curl_|Curl_", f) for f in callers(built, "ares_getaddrinfo"))
    for function in ("getaddrinfo", "gethostbyname", "gethostbyname_r"):
        others = [f for f in callers(built, function) if re.match("curl_|Curl_|ares_|gnutls_|_gnutls_|MHD_", f)]
        assert others == [], f"{others} call {function}"


def test_says_nothing_of_the_machine(built):
    with open(built.program, "rb") as f:
        data = f.read()
    for path in (ROOT, os.path.expanduser("~/.cache"), os.environ.get("ASSAY_LAB_CACHE") or "/.cache/assay-lab"):
        assert path.encode() not in data, f"{path} is in the program"
