"""Options of all commands: help, mistakes, environment."""
import re

from harness import BAD, BAD_LINE, GOOD, PINNED, Failed, Folder, assay, ends, equal, holds, pod

# command: {option: default as it is shown, None for none}
OPTIONS = {
    "serve": {
        "policies": None, "tls-cert": None, "tls-key": None, "client-ca": None, "listen": ":10250",
        "metrics-listen": ":8080", "registries": None, "docker-config": None, "registry-dir": None,
        "evidence-threads": "16", "cache": "8MiB", "cache-ttl": "1h", "cache-negative-ttl": "30s",
        "drain": "15s", "log-format": "json", "log-level": "info", "log-allowed": None,
        "docs-url": None, "contact": None, "threads": "0", "max-body": "7MiB", "max-in-flight": "512",
        "max-connections": "4096", "slow-timeout": "10s", "max-exception-days": "0"},
    "check": {
        "policies": None, "file": None, "output": "text", "namespace": "default", "strict": None, "offline": None,
        "registries": None, "registry-dir": None, "docker-config": None, "ca": None, "timeout": "1m", "now": None,
        "max-exception-days": "0", "docs-url": None, "contact": None},
    "lint": {"quiet": None, "now": None, "max-exception-days": "0"},
    "rules": {"output": "text"},
    "probe": {"url": None, "ca": None, "cert": None, "key": None, "expect-deny": None, "expect-allow": None,
              "timeout": "10s"},
    "version": {"output": "text"},
    "verify": {"key": None, "certificate-identity": None, "certificate-identity-regexp": None, "certificate-oidc-issuer": None,
               "certificate-oidc-issuer-regexp": None, "trusted-root": None, "policy": None, "authority": None, "type": None,
               "annotation": None, "signature-repository": None, "output": "text", "timeout": "30s",
               "registries": None, "registry-dir": None, "plain-http": None, "docker-config": None, "ca": None},
    "verify-bundle": {"bundle": None, "key": None, "certificate-identity": None, "certificate-oidc-issuer": None,
                      "trusted-root": None, "staging": None},
}
NOT_BUILT = ("import", "export")


def test_help_names_the_commands_that_exist():
    for args in (("--help",), ("-h",), ("help",)):
        out = assay(*args)
        ends(out, 0, err="")
        found = re.findall(r"^  (\S+) +\S", out.out, re.M)
        equal("commands", sorted(found), sorted(OPTIONS))
    for word in NOT_BUILT:
        ends(assay(word), 2)


def test_help_of_each_command_names_all_options():
    for command, options in OPTIONS.items():
        for flag in ("--help", "-h"):
            out = assay(command, flag)
            ends(out, 0, err="")
            holds(command, out.out, "Usage: assay %s [OPTION...]" % command)
            found = {}
            for name, text, env in re.findall(r"^  (?:-\w, )?--([a-z-]+)(.*) \[(\w+)\]$", out.out, re.M):
                default = re.search(r" Default: (\S+)\.$", text)
                found[name] = default.group(1) if default else None
                equal("environment of --%s" % name, env, "ASSAY_" + name.upper().replace("-", "_"))
            equal("options of " + command, found, options)
            holds(command, out.out, "  -h, --help ")


def test_help_works_whatever_else_is_wrong():
    ends(assay("check", "--nonsense", "--help"), 0, err="")
    ends(assay("check", "--help", env={"ASSAY_OUTPUT": "nonsense"}), 0, err="")


def test_no_command_is_usage():
    out = assay()
    ends(out, 2, out="")
    holds("standard error", out.err, "Usage: assay COMMAND")


def test_unknown_command_with_the_nearest():
    ends(assay("chek"), 2, out="", err='assay: unknown command "chek": did you mean check?\n')
    ends(assay("frobnicate"), 2, out="", err='assay: unknown command "frobnicate": see assay --help\n')
    ends(assay("a\nb\x1b"), 2, out="", err='assay: unknown command "a\\x0ab\\x1b": see assay --help\n')


def test_unknown_option_with_the_nearest():
    for command, wrong, want in (
            ("check", "--polices", "unknown option --polices: did you mean --policies?"),
            ("check", "--out=json", "unknown option --out: see assay check --help"),
            ("serve", "--tls-cret=x", "unknown option --tls-cret: did you mean --tls-cert?"),
            ("lint", "--quite", "unknown option --quite: did you mean --quiet?"),
            ("rules", "--outptu", "unknown option --outptu: did you mean --output?"),
            ("probe", "--expect-dney", "unknown option --expect-dney: did you mean --expect-deny?"),
            ("version", "-x", "unknown option -x: see assay version --help"),
            ("check", "--a\x1bb", "unknown option --a\\x1bb: see assay check --help")):
        ends(assay(command, wrong), 2, out="", err="assay %s: %s\n" % (command, want))


def test_values_that_are_wrong():
    for args, want in (
            (("check", "-o", "xml"), 'check: option --output: FORMAT "xml": want one of text, json, github, junit, sarif'),
            (("check", "--now", "tomorrow"), 'check: option --now: TIME "tomorrow": want a time like 2027-01-31T12:00:00Z'),
            (("check", "--max-exception-days", "-1"), 'check: option --max-exception-days: DAYS "-1": want a whole number'),
            (("check", "--max-exception-days=40000"), 'check: option --max-exception-days: DAYS "40000": want 0 to 36500'),
            (("check", "--strict=yes"), "check: option --strict takes no value"),
            (("check", "--timeout", "0s"), 'check: option --timeout: TIME "0s": want 1 to 3600000 milliseconds'),
            (("check", "--plain-http"), "check: unknown option --plain-http: see assay check --help"),
            (("check", "--policies"), "check: option --policies: value PATH is missing"),
            (("check", "-p"), "check: option --policies: value PATH is missing"),
            (("serve", "--drain", "soon"), 'serve: option --drain: TIME "soon": want a duration like 15s or 1m30s'),
            (("serve", "--max-body=7parsecs"), 'serve: option --max-body: SIZE "7parsecs": want a size like 7MiB or 65536'),
            (("serve", "--log-level", "loud"), 'serve: option --log-level: LEVEL "loud": want one of error, warning, info, debug'),
            (("serve", "--threads", "65"), 'serve: option --threads: N "65": want 0 to 64'),
            (("probe", "--timeout=0s"), 'probe: option --timeout: TIME "0s": want 1 to 300000 milliseconds')):
        ends(assay(*args), 2, out="", err="assay %s\n" % want)


def test_what_is_required():
    for args, want in (
            (("check",), "check: --policies PATH is missing: it names the policies to check against"),
            (("check", "-p", "x"), "check: nothing to check: name files, folders, or - for standard input"),
            (("lint",), "lint: nothing to lint: name policy files or folders"),
            (("rules", "x"), "rules: takes no arguments"),
            (("version", "x"), "version: takes no arguments"),
            (("probe",), "probe: --url URL is missing: it names the server"),
            (("probe", "x"), "probe: takes no arguments: name the server with --url"),
            (("serve", "x"), "serve: takes no arguments: policies are named with --policies")):
        ends(assay(*args), 2, out="", err="assay %s\n" % want)


def test_serve_lists_all_that_is_required():
    ends(assay("serve"), 2, out="", err=(
        "assay serve: --policies PATH is missing: it names the policies to enforce\n"
        "assay serve: --tls-cert FILE is missing: the API server only talks HTTPS\n"
        "assay serve: --tls-key FILE is missing: the private key of --tls-cert\n"))


def test_flag_before_environment_before_default():
    with Folder() as d:
        d.write("p.yaml", PINNED)
        d.write("pod.yaml", BAD)
        args = ("check", "-p", "p.yaml", "pod.yaml")
        json_env = {"ASSAY_OUTPUT": "json"}
        holds("default", d.assay(*args).out, "assay: 1 violation in Pod default/web")
        equal("environment", d.assay(*args, env=json_env).out[:12], '{"summary":{')
        holds("flag", d.assay(*args, "-o", "text", env=json_env).out, "assay: 1 violation in Pod default/web")
        holds("empty environment", d.assay(*args, env={"ASSAY_OUTPUT": ""}).out, "1 violation in Pod default/web")


def test_environment_of_every_type():
    with Folder() as d:
        d.write("p.yaml", PINNED)
        d.write("q.yaml", PINNED.replace("name: p}", "name: q}").replace("mode: deny", "mode: warn"))
        d.write("bad.yaml", BAD)
        d.write("good.yaml", GOOD)
        both = {"ASSAY_POLICIES": "p.yaml,q.yaml"}
        out = d.assay("check", "bad.yaml", "-o", "json", env=both)
        ends(out, 1)
        equal("policies", (out.out.count('"policy":"p"'), out.out.count('"policy":"q"')), (1, 1))
        out = d.assay("check", "bad.yaml", "-o", "json", "-p", "q.yaml", env=both)
        ends(out, 0)
        equal("a list of flags replaces the whole", out.out.count('"policy":"p"'), 0)
        warn = {"ASSAY_POLICIES": "q.yaml"}
        ends(d.assay("check", "bad.yaml", env={**warn, "ASSAY_STRICT": "true"}), 1)
        ends(d.assay("check", "bad.yaml", env={**warn, "ASSAY_STRICT": "0"}), 0)
        ends(d.assay("check", env={**both, "ASSAY_FILE": "good.yaml"}), 0)


def test_environment_that_is_wrong_names_itself():
    for command, name, value, want in (
            ("check", "ASSAY_STRICT", "maybe", 'BOOL "maybe": want one of false, true, 0, 1'),
            ("rules", "ASSAY_OUTPUT", "json", 'FORMAT "json": want one of text, markdown, schema'),
            ("serve", "ASSAY_THREADS", "many", 'N "many": want a whole number')):
        ends(assay(command, env={name: value}), 2, out="", err="assay %s: environment %s: %s\n" % (command, name, want))


def test_spellings_of_options():
    with Folder() as d:
        d.write("p.yaml", PINNED)
        d.write("bad.yaml", BAD)
        d.write("--help", GOOD)
        for args in (("-pp.yaml", "-ojson", "bad.yaml"), ("bad.yaml", "--policies=p.yaml", "--output=json"),
                     ("--policies", "p.yaml", "--output", "json", "--", "bad.yaml")):
            out = d.assay("check", *args)
            ends(out, 1, err="")
            equal("JSON", out.out[:12], '{"summary":{')
        ends(d.assay("check", "-p", "p.yaml", "--", "--help"), 0, out="1 checked: 0 denied, 0 warned, 1 allowed; 0 skipped\n")


def test_last_of_two_values_wins():
    with Folder() as d:
        d.write("p.yaml", PINNED)
        d.write("bad.yaml", pod("web:1"))
        out = d.assay("check", "-p", "p.yaml", "-n", "one", "-n", "two", "bad.yaml")
        ends(out, 1)
        holds("namespace", out.out, "assay: 1 violation in Pod two/web\n- %s\n" % BAD_LINE)


def test_full_disk_is_not_clean():
    with Folder() as d:
        d.write("p.yaml", PINNED)
        d.write("good.yaml", GOOD)
        with open("/dev/full", "wb") as full:
            for args in (("--help",), ("check", "--help"), ("version",), ("version", "-o", "json"), ("rules",),
                         ("rules", "-o", "schema"), ("lint", "p.yaml"), ("check", "-p", "p.yaml", "good.yaml"),
                         ("check", "-p", "p.yaml", "-o", "json", "good.yaml")):
                out = d.assay(*args, stdout=full)
                if out.code != 2:
                    raise Failed("%s: exit code %d" % (" ".join(args), out.code))
                holds(" ".join(args), out.err, "assay: cannot write to standard output\n")
