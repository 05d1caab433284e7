"""What is checked inside the guest, as root, with systemd as the first process.

Prints one line per check, a table of the tests in tests/vm, and last "vm-check: all held" if all
did. Starts the product from each
place in the cgroup tree that systemd knows: a login session, a delegated scope of the user's
manager, a plain service of it, a delegated system service, and root's own service.
"""

from __future__ import annotations

import os
import pwd
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PAYLOAD = Path(__file__).resolve().parents[2]
SECURE = str(PAYLOAD / "product/bin/secure")
TESTER = pwd.getpwnam("tester")
HOME = Path(TESTER.pw_dir)
CGROUPS = Path("/sys/fs/cgroup")
POLICY = """apiVersion: secure/v1
kind: Policy
name: enforced
description: Limits that the kernel enforces, or no launch.
extends: checklist
launch: {limits: cgroup, landlock: required}
"""
MANAGER = f"unix:path=/run/user/{TESTER.pw_uid}/bus"
_ONCE = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect"]
_AS_TESTER = ["setpriv", f"--reuid={TESTER.pw_uid}", f"--regid={TESTER.pw_gid}", "--init-groups"]
_MANAGED = [
    *_AS_TESTER,
    "env",
    f"HOME={HOME}",
    f"XDG_RUNTIME_DIR=/run/user/{TESTER.pw_uid}",
    f"DBUS_SESSION_BUS_ADDRESS={MANAGER}",
]
_SESSION = [*_ONCE, "-p", "PAMName=login", "-p", "User=tester", "-p", f"WorkingDirectory={HOME}"]
# Where a command can be started: words before it.
PLACES = {
    # First, while the user's manager has had no reason yet to pass cpu on to its slices.
    "service": [*_MANAGED, "systemd-run", "--user", *_ONCE[1:]],
    "scope": [*_SESSION, "systemd-run", "--user", "--quiet", "--scope", "-p", "Delegate=yes"],
    # Nothing is delegated: secure asks systemd for a scope by itself.
    "session": _SESSION,
    "delegated": [*_ONCE, "-p", "User=tester", "-p", "Delegate=yes", f"--setenv=HOME={HOME}"],
    "root": ["env", "HOME=/root"],
}
FOR_PEOPLE = {
    "scope": "delegated scope of a login session",
    "service": "plain service of the user's manager",
    "session": "login session",
    "delegated": "system service with Delegate=yes",
    "root": "root",
}
# What depends on the kernel or on systemd, beside tests/vm.
_TESTS = (
    "tests/vm",
    "tests/kernel/kernel/test_cgroups.py",
    "tests/kernel/kernel/test_landlock_confine.py",
    "tests/kernel/kernel/test_systemd_scope.py",
)
failures: list[str] = []
# (test, who) -> "pass", "FAIL" or "skip"
results: dict[tuple[str, str], str] = {}
_WORDS = {"PASSED": "pass", "FAILED": "FAIL", "ERROR": "FAIL", "SKIPPED": "skip"}


def check(name: str, held: object, detail: str = "") -> None:
    """One line of the result."""
    word = "ok  " if held else "FAIL"
    print(f"{word} {name}" + (f": {detail}" if detail else ""), flush=True)
    if not held:
        failures.append(name)


def run(words: list[str], seconds: int = 240) -> tuple[int, str]:
    """(exit code, everything it printed)."""
    done = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
        cwd="/",
    )
    return done.returncode, done.stdout


def follow(words: list[str]) -> tuple[int, str]:
    """As `run`, and shows each line when it is there: whoever waits sees how far it is."""
    said = []
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", cwd="/",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            show(line)
    return process.returncode, "".join(said)


def show(text: str) -> None:
    """Output, indented, for whoever reads the log."""
    for line in text.splitlines():
        print(f"       | {line}", flush=True)


def machine() -> None:
    """Which machine this is."""
    for file in (
        "/proc/version",
        "/sys/kernel/security/lsm",
        "/proc/sys/kernel/yama/ptrace_scope",
        "/proc/sys/kernel/unprivileged_userns_clone",
        "/sys/module/apparmor/parameters/enabled",
        "/sys/fs/cgroup/cgroup.controllers",
    ):
        try:
            print(f"     {file} {Path(file).read_text().strip()}", flush=True)
        except OSError as error:
            print(f"     {file} {error.strerror}", flush=True)
    print("     " + run(["systemctl", "--version"])[1].splitlines()[0], flush=True)
    print("     " + run(["grep", "cgroup2", "/proc/mounts"])[1].strip(), flush=True)


def left_over() -> list[str]:
    """cgroups that a launch made and did not remove."""
    return [str(path) for path in in_cgroups("**/secure") if path.is_dir()]


def in_cgroups(pattern: str) -> list[Path]:
    """What matches below the cgroups; again where a unit ended while we were looking."""
    for _ in range(20):
        try:
            return list(CGROUPS.glob(pattern))
        except FileNotFoundError:
            continue
    return []


def _demo_folder(place: str) -> Path:
    data = Path("/var/lib") if place == "root" else HOME / ".local/share"
    return data / "secure/demo"


def launches_from(place: str) -> None:
    """What holds wherever the kernel can enforce limits."""
    before = PLACES[place]
    home = Path("/root") if place == "root" else HOME
    image = str(_demo_folder(place) / "good.tar")
    title = FOR_PEOPLE[place]
    print(f"-- {title}", flush=True)

    code, out = run([*before, SECURE, "info"])
    show(out)
    check(f"{title}: info", code == 0)
    if not Path(image).exists():
        code, out = run([*before, SECURE, "demo"], 600)
        if code:
            show(out)
        check(f"{title}: demo", code == 0, f"exit {code}")
    enforced = str(home / "enforced.yaml")
    code, out = run([*before, SECURE, "run", "--policy", enforced, image])
    show(out)
    check(f"{title}: a policy that demands cgroup limits launches", code == 0, f"exit {code}")
    code, out = run([*before, SECURE, "audit", "evidence"])
    limits = [line for line in out.splitlines() if " limit" in line]
    held = [line for line in limits if "cgroup" in line and "not enforced" not in line]
    show("\n".join(limits))
    check(f"{title}: evidence of three cgroup limits", len(held) == 3)
    memory(title, [*before, SECURE, "run", "--memory", "64m", image])
    processes(title, [*before, SECURE, "run", "--pids-limit", "16", image])
    processor(place, title, [*before, SECURE, "run", "--cpus", "0.2", image])
    at_once(title, [*before, SECURE, "run", "--policy", enforced, image])
    check(f"{title}: no cgroup is left", not left_over(), " ".join(left_over()))


def memory(title: str, words: list[str]) -> None:
    code, out = run([*words, "/bin/busybox", "tail", "-c", "500m", "/dev/zero"])
    check(
        f"{title}: too much memory is killed and reported",
        code == 137 and "used up its memory limit" in out,
        f"exit {code}",
    )
    if code != 137:
        show(out)


def processes(title: str, words: list[str]) -> None:
    script = "n=0; while [ $n -lt 40 ]; do sleep 9 & n=$((n+1)); echo $n; done"
    out = run([*words, "/bin/sh", "-c", script])[1]
    made = len(re.findall(r"^\d+$", out, re.MULTILINE))
    refused = "Resource temporarily unavailable" in out
    check(f"{title}: too many processes are refused", refused and made < 16, f"{made} of 40")
    if not refused:
        show(out)


def processor(kind: str, title: str, words: list[str]) -> None:
    """The share of one processor over some seconds, as the cgroup counted it."""
    process = subprocess.Popen(
        [*words, "/bin/sh", "-c", "while true; do true; done"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        place = _soon(lambda: next(iter(in_cgroups("**/secure/*/cpu.stat")), None))
        check(f"{title}: the container has a cgroup", place, str(place or "").rpartition("/")[0])
        if not place:
            return
        units = {"scope": ".scope", "session": ".scope", "delegated": ".service"}
        inside = f"{units[kind]}/secure/" if kind in units else ""
        check(f"{title}: it lies in the unit that asked for delegation", inside in str(place))
        time.sleep(4)
        start, first = time.monotonic(), _cpu_stat(place)
        time.sleep(6)
        seconds, last = time.monotonic() - start, _cpu_stat(place)
        share = (last["usage_usec"] - first["usage_usec"]) / seconds / 1e6
        throttled = last["nr_throttled"] - first["nr_throttled"]
        detail = f"{share:.2f} of 0.2 processors, throttled {throttled} times in {seconds:.0f} s"
        check(f"{title}: processor time is held to its quota", share < 0.25 and throttled, detail)
        (place.parent / "cgroup.kill").write_text("1")
        process.wait(60)
    finally:
        if process.poll() is None:
            process.kill()
        out = process.communicate()[0]
    check(f"{title}: killed from outside is 137", process.returncode == 137, out.strip()[:300])


def at_once(title: str, words: list[str]) -> None:
    """Several that start, pass controllers on and remove the shared directory at the same time."""
    command = [*words, "/bin/sleep", "1"]
    started = [
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for _ in range(4)
    ]
    said = [process.communicate(timeout=240)[0].decode() for process in started]
    codes = [process.returncode for process in started]
    check(f"{title}: four at once", codes == [0] * 4, str(codes))
    for text in said:
        show(text)


def _soon(look: Callable[[], Path | None]) -> Path | None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    return None


def _cpu_stat(file: Path) -> dict[str, int]:
    return {name: int(text) for name, text in map(str.split, file.read_text().splitlines())}


def killed_in_a_scope() -> None:
    """kill -9 of the launch that asked systemd for a scope: the scope goes with it."""
    image = str(_demo_folder("session") / "good.tar")
    words = [*_SESSION, SECURE, "run", image, "/bin/sleep", "100"]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as process:
        place = _soon(lambda: next(iter(in_cgroups("**/secure-*.scope/supervisor")), None))
        check("session: the launch is in a scope", place)
        if place:
            # In the container's cgroup by then: the launch is all but through.
            _soon(lambda: next(iter(in_cgroups("**/secure-*.scope/secure/*/cgroup.procs")), None))
            for pid in (place / "cgroup.procs").read_text().split():
                os.kill(int(pid), signal.SIGKILL)
        code = process.wait(60)
    gone = time.monotonic() + 30
    while in_cgroups("**/secure-*.scope") and time.monotonic() < gone:
        time.sleep(0.1)
    check("session: kill -9 leaves no scope", not in_cgroups("**/secure-*.scope"), f"exit {code}")


def login_session() -> None:
    """Without systemd: said, refused where demanded, and replaced by rlimits where not."""
    print("-- login session that cannot ask systemd", flush=True)
    image = str(_demo_folder("session") / "good.tar")
    nowhere = ["XDG_RUNTIME_DIR=/nowhere", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere/bus"]
    words = [*_SESSION, "env", *nowhere, SECURE]
    code, out = run([*words, "info"])
    show(out)
    check("no systemd: info says what to do", "systemd-run --user --scope" in out)
    code, out = run([*words, "run", "--policy", str(HOME / "enforced.yaml"), image])
    show(out)
    check("no systemd: what demands cgroup limits is refused", code == 125, f"exit {code}")
    code, out = run([*words, "run", image])
    show(out)
    check("no systemd: what does not runs", code == 0, f"exit {code}")


def switches() -> None:
    """Kernel settings that administrators change."""
    print("-- sysctls", flush=True)
    before = PLACES["scope"]
    image = str(_demo_folder("scope") / "good.tar")
    for name, content, wanted in (
        ("kernel.yama.ptrace_scope", "1", 0),
        ("kernel.yama.ptrace_scope", "2", 0),
        ("kernel.unprivileged_userns_clone", "0", 125),
        ("user.max_user_namespaces", "0", 125),
    ):
        with sysctl(name, content):
            code, out = run([*before, SECURE, "run", image, "/bin/true"])
        said = wanted == 0 or name in out
        check(f"{name} = {content}: exit {wanted}", code == wanted and said, f"exit {code}")
        show(out)


@contextmanager
def sysctl(name: str, content: str) -> Iterator[None]:
    """Set it, and set it back."""
    file = Path("/proc/sys") / name.replace(".", "/")
    old = file.read_text()
    file.write_text(content)
    try:
        yield
    finally:
        file.write_text(old)


def protected_services() -> None:
    """Units whose own protection leaves a launch possible, or makes it fail with a reason."""
    print("-- units with systemd's own protection", flush=True)
    image = str(_demo_folder("delegated") / "good.tar")
    base = PLACES["delegated"]
    for setting, wanted in (
        ("NoNewPrivileges=yes", 0),
        ("PrivateTmp=yes", 0),
        ("ProtectSystem=strict", None),
        ("ProtectKernelTunables=yes", None),
        ("PrivateDevices=yes", None),
        ("ProtectControlGroups=yes", None),
    ):
        code, out = run([*base, "-p", setting, SECURE, "run", image, "/bin/true"])
        explained = code == 125 and "secure: error: " in out and "Traceback" not in out
        held = code == wanted if wanted is not None else code == 0 or explained
        check(f"{setting}", held, f"exit {code}")
        show(out)


PROFILE = """profile vm-check-{name} flags=(attach_disconnected) {{
  file, network, capability, signal, unix, dbus, ptrace, umount, pivot_root, {mount}
}}
"""


def apparmor() -> None:
    """Under a profile that allows mounts it starts; under one that does not, it says so."""
    print("-- AppArmor", flush=True)
    image = str(_demo_folder("scope") / "good.tar")
    for name, mount, wanted in (("mounts", "mount,", 0), ("none", "deny mount,", 125)):
        profile = Path(f"/run/vm-check-{name}")
        profile.write_text(PROFILE.format(name=name, mount=mount))
        code, out = run(["apparmor_parser", "--replace", "--skip-cache", str(profile)])
        show(out)
        confined = [*PLACES["scope"], "aa-exec", "-p", f"vm-check-{name}", "--", SECURE]
        code, out = run([*confined, "run", image, "/bin/cat", "/proc/self/attr/current"])
        show(out)
        explained = "Traceback" not in out and ("secure: error: " in out or wanted == 0)
        check(f'AppArmor profile with "{mount}"', code == wanted and explained, f"exit {code}")


def tests(selected: list[str]) -> Iterator[tuple[str, list[str]]]:
    """(who, command line) of test runs in the guest."""
    packages = f"{PAYLOAD}/packages:{PAYLOAD}/product/.venv/lib/python3.11/site-packages"
    pytest = [sys.executable, "-B", "-m", "pytest", "-vvrs", "--tb=short", "--durations=5"]
    settings = ["env", f"--chdir={PAYLOAD}", f"PYTHONPATH={packages}", "SECURE_GUEST=1"]
    # Root first: it loads the AppArmor profile that both are tested with.
    for who, before in (("root", []), ("user", PLACES["scope"])):
        place = f"HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis-{who}"
        yield who, [*before, *settings, place, *pytest, *selected]


def note_results(who: str, text: str) -> None:
    """Read pytest's lines "FILE::TEST[…] WORD [ 12%]"."""
    for name, word in re.findall(r"^(\S+::.+?) ([A-Z]{5,7}) +\[ *\d+%\]$", text, re.MULTILINE):
        results[name, who] = _WORDS.get(word, word)


def table() -> None:
    """Every test, as root and as the ordinary user."""
    print("-- tests: as root, as user", flush=True)
    for name in dict.fromkeys(name for name, _ in results):
        root, user = (results.get((name, who), "none") for who in ("root", "user"))
        print(f"{root:5}{user:5}{name}", flush=True)


def main() -> int:
    machine()
    selected = (PAYLOAD / "selected").read_text().split()
    if not selected or selected == ["launches"]:
        launches()
    if selected != ["launches"]:
        for who, words in tests(selected or list(_TESTS)):
            print(f"-- tests as {who}", flush=True)
            code, out = follow(words)
            note_results(who, out)
            check(f"tests as {who}", code == 0)
        table()
    if not failures:
        print("vm-check: all held", flush=True)
    return 1 if failures else 0


def launches() -> None:
    """From every place."""
    mounts = {line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    for home, owner in ((HOME, TESTER.pw_uid), (Path("/root"), 0)):
        (home / "enforced.yaml").write_text(POLICY)
        os.chown(home / "enforced.yaml", owner, owner)
    for place in PLACES:
        try:
            launches_from(place)
        except Exception as error:  # noqa: BLE001 - one place must not hide the others
            check(FOR_PEOPLE[place], False, repr(error))
    killed_in_a_scope()
    login_session()
    switches()
    protected_services()
    apparmor()
    print("-- afterwards", flush=True)
    left = [line for line in run(["ps", "-eo", "args"])[1].splitlines() if "__main__.py" in line]
    check("no process is left", not left, " ".join(left))
    new = {line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    check("no mount is left", not new - mounts, " ".join(new - mounts))


if __name__ == "__main__":
    sys.exit(main())
