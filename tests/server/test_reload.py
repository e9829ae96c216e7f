"""Policies and certificate change under a running server; a bad change changes nothing."""

import os
import shutil
import signal
import ssl
import time

from context import BAD, Loop, policy, pod, review, until, write

OTHER = pod(image="other.example/golden/web@sha256:" + "b" * 64)


def allowed(s, obj):
    return s.post(review(obj=obj)).response()["allowed"]


def policy_file(s):
    return os.path.join(s.policies, "policy.yaml")


def test_good_policy(t):
    s = t.server()
    assert not allowed(s, OTHER)
    write(policy_file(s), policy(registry="other.example"))
    until("new policy", lambda: allowed(s, OTHER))
    assert not allowed(s, None)
    loaded = [line for line in s.log() if line["msg"] == "policies loaded"]
    assert len(loaded) == 2 and loaded[0]["policy_sha256"] != loaded[1]["policy_sha256"]
    sha = s.post(review()).response()["auditAnnotations"]["policy-sha256"]
    assert sha == loaded[1]["policy_sha256"]
    assert f"[+]policies ok sha256={sha}\n" in s.admin("/readyz?verbose").body.decode()


def test_bad_policy(t):
    """Logged once with all that is wrong, shown by metric and readiness, and nothing else happens."""
    s = t.server()
    before = len(s.log())
    bad = policy().replace("mode: deny", "mode: refuse").replace("onError: deny", "onEror: deny")
    write(policy_file(s), bad)
    until("failure", lambda: s.metric("assay_config_last_reload_successful") == 0)
    assert allowed(s, None) and not allowed(s, BAD)
    ready = s.admin("/readyz")
    assert ready.status == 200
    text = ready.body.decode()
    assert text.startswith("[-]last reload failed: policies: "), text
    assert "/policy.yaml:5:" in text and text.endswith("ok\n"), text
    errors = [line for line in s.log()[before:] if line["level"] == "error"]
    problems = [line["problem"] for line in s.log()[before:] if line["msg"] == "policy error"]
    assert len(problems) == 3, problems
    assert problems == [
        f'{policy_file(s)}:5:3: missing key "onError" in spec: want deny or allow',
        f"{policy_file(s)}:5:9: spec.mode: got refuse (a string), want deny, warn or audit",
        f'{policy_file(s)}:6:3: unknown key "onEror" in spec: did you mean "onError"?'], problems
    assert len(errors) == 4, "one line for the failure, one for each problem"
    s.signal(signal.SIGHUP)
    s.signal(signal.SIGHUP)
    until("still failing", lambda: s.metric("assay_config_last_reload_successful") == 0)
    write(policy_file(s), policy())
    until("mended", lambda: s.metric("assay_config_last_reload_successful") == 1)
    assert s.admin("/readyz").body == b"ok\n"
    assert len([line for line in s.log()[before:] if line["level"] == "error"]) == 4


def test_deleted_policies(t):
    s = t.server()
    os.unlink(policy_file(s))
    until("failure", lambda: s.metric("assay_config_last_reload_successful") == 0)
    assert allowed(s, None) and not allowed(s, BAD)
    shutil.rmtree(s.policies)
    until("another reason", lambda: len([line for line in s.log() if line["msg"].startswith(
        "reload failed")]) == 2)
    assert allowed(s, None) and not allowed(s, BAD)
    os.mkdir(s.policies)
    write(policy_file(s), policy(registry="other.example"))
    until("mended", lambda: allowed(s, OTHER))


def test_config_map_swap(t):
    """A mounted ConfigMap: files are links through ..data, which is a link to a folder with a date."""
    s = t.server(start=False)
    os.unlink(policy_file(s))

    def mount(name, text):
        folder = os.path.join(s.policies, name)
        os.mkdir(folder)
        write(os.path.join(folder, "policy.yaml"), text)
        os.symlink(name, os.path.join(s.policies, "..data_tmp"))
        os.rename(os.path.join(s.policies, "..data_tmp"), os.path.join(s.policies, "..data"))

    mount("..2026_01_01", policy())
    os.symlink("..data/policy.yaml", policy_file(s))
    s.start()
    assert not allowed(s, OTHER)
    mount("..2026_01_02", policy(registry="other.example"))
    shutil.rmtree(os.path.join(s.policies, "..2026_01_01"))
    until("new policy", lambda: allowed(s, OTHER))
    assert [line["policies"] for line in s.log() if line["msg"] == "policies loaded"] == [1, 1]


def test_swaps_are_never_mixed(t):
    """Half of the files refuse the image, in turns: whatever is read during a swap, one half does."""
    s = t.server(policies=None, start=False)
    names = [f"p{i:02}.yaml" for i in range(40)]

    def prepare(n):
        folder = os.path.join(s.policies, f"..{n}")
        os.mkdir(folder)
        for i, name in enumerate(names):
            mode = "deny" if (i < 20) == (n % 2 == 0) else "audit"
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(policy(mode=mode).replace("golden}", f"p{i}}}"))

    def swap(n):
        os.symlink(f"..{n}", os.path.join(s.policies, "..data_tmp"))
        os.rename(os.path.join(s.policies, "..data_tmp"), os.path.join(s.policies, "..data"))

    prepare(1)
    swap(1)
    for name in names:
        os.symlink(f"..data/{name}", os.path.join(s.policies, name))
    s.start()
    with s.client() as c:
        for n in range(2, 100):
            prepare(n)
            s.signal(signal.SIGHUP)
            time.sleep(n % 20 / 4000)
            swap(n)
            assert c.post(review(obj=BAD)).response()["allowed"] is False, n
    loaded = {line["policy_sha256"] for line in s.log() if line["msg"] == "policies loaded"}
    assert len(loaded) == 2, loaded


def test_hangup(t):
    """SIGHUP loads again whatever the files look like."""
    s = t.server()
    for n in (2, 3):
        s.signal(signal.SIGHUP)
        until("loaded", lambda n=n: len(
            [line for line in s.log() if line["msg"] == "policies loaded"]) == n)
    until("certificate too", lambda: len(
        [line for line in s.log() if line["msg"] == "certificate loaded"]) == 3)


def test_reload_under_load(t):
    s = t.server()
    loops = [Loop(s) for _ in range(3)]
    for i in range(10):
        write(policy_file(s), policy() + f"# {i}\n")
        s.signal(signal.SIGHUP)
        want = i + 2
        until("loaded", lambda want=want: len(
            [line for line in s.log() if line["msg"] == "policies loaded"]) >= want)
    for loop in loops:
        loop.finish()
        assert loop.failures == [] and loop.answers > 0, loop.failures
        assert loop.connections <= 1 + loop.answers // 1000


# ---- certificate ----

def serial(client):
    return client.sock.getpeercert()["serialNumber"]


def with_own_certificate(t, **flags):
    cert, key = os.path.join(t.folder, "tls.crt"), os.path.join(t.folder, "tls.key")
    shutil.copy(t.shared.cert, cert)
    shutil.copy(t.shared.key, key)
    return t.server(cert=cert, key=key, **flags), cert, key


def install(paths, cert, key):
    for source, target in zip(paths, (cert, key)):
        shutil.copy(source, target + ".new")
        os.rename(target + ".new", target)


def test_certificate_swap(t):
    """New connections see the new one, old ones go on with theirs."""
    s, cert, key = with_own_certificate(t)
    old = s.client()
    first = serial(old)
    install(t.shared.ca.leaf("next-" + os.path.basename(t.folder), days=60), cert, key)

    def new_one():
        with s.client() as c:
            return serial(c) != first

    until("new certificate", new_one)
    assert old.post(review()).response()["allowed"] is True
    with s.client() as c:
        assert c.post(review()).response()["allowed"] is True
    old.close()
    assert s.metric("assay_config_last_reload_successful") == 1


def test_bad_certificate(t):
    s, cert, key = with_own_certificate(t)
    not_after = s.metric("assay_tls_certificate_not_after_timestamp_seconds")
    other_key = t.shared.ca.leaf("unrelated-" + os.path.basename(t.folder))[1]
    shutil.copy(other_key, key + ".new")
    os.rename(key + ".new", key)
    until("failure", lambda: s.metric("assay_config_last_reload_successful") == 0)
    line = s.find("reload failed; what was loaded before stays in force")
    assert line["what"] == "certificate", line
    assert line["err"] == f"certificate {cert}: private key {key} belongs to another one", line
    assert allowed(s, None)
    os.unlink(cert)
    until("another reason", lambda: "tls.crt" in s.admin("/readyz").body.decode())
    assert s.admin("/readyz").status == 200
    assert allowed(s, None)
    assert s.metric("assay_tls_certificate_not_after_timestamp_seconds") == not_after
    write(os.path.join(s.policies, "policy.yaml"), policy(registry="other.example"))
    until("policies load all the same", lambda: allowed(s, OTHER))
    assert s.metric("assay_config_last_reload_successful") == 0
    install((t.shared.cert, t.shared.key), cert, key)
    until("mended", lambda: s.metric("assay_config_last_reload_successful") == 1)


def test_certificate_that_expires_while_serving(t):
    """Not ready from then on; who is connected is still answered."""
    end = time.time() + 4
    stamps = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(at)) for at in (end - 3600, end)]
    cert, key = t.shared.ca.leaf("short-" + os.path.basename(t.folder), start=stamps[0],
                                 end=stamps[1])
    s = t.server(cert=cert, key=key)
    with s.client() as c:
        until("not ready", lambda: s.admin("/readyz").status == 503)
        text = s.admin("/readyz").body.decode()
        assert "[-]certificate failed: expired on 20" in text and text.endswith("not ready\n"), text
        assert c.post(review()).response()["allowed"] is True


def test_expired_certificate_is_not_loaded(t):
    s, cert, key = with_own_certificate(t)
    install(t.shared.ca.leaf("ended-" + os.path.basename(t.folder), start="20200101000000Z",
                             end="20210101000000Z"), cert, key)
    line = until("failure", lambda: s.find("reload failed; what was loaded before stays in force"))
    assert line["err"].endswith("tls.crt: expired on 2021-01-01T00:00:00Z") or \
        "belongs to another one" in line["err"], line
    until("expired", lambda: "expired on 2021-01-01T00:00:00Z" in s.admin("/readyz").body.decode())
    try:
        assert allowed(s, None)
    except ssl.SSLError as e:
        raise AssertionError("the good certificate was given up") from e
