"""Sentences of runtime-spec 1.2 as a table of cases, tried on any runtime.

`python tests/support/conformance.py SECURE > docs/oci-conformance.md` as root writes what secure,
runc and crun do, side by side.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import seccomp_agent
from bundles import Runtime, base_config, make_bundle, write_config
from containers import Caller

Config = dict[str, Any]
Change = Callable[[Config], object]
YES, NO, REFUSED = "yes", "no", "refused"
CGROUP = f"secure/conformance-{os.getpid()}"  # another process may be trying the table, too


@dataclass(frozen=True)
class Case:
    """One sentence.

    Args:
        chapter: the specification's file. change: makes the config.
        script: shell inside; it prints "ok" where the sentence holds.
        steps: instead of a script: drives the runtime, True where the sentence holds.
        fails: the sentence demands an error from create.
    """

    chapter: str
    sentence: str
    change: Change | None = None
    script: str = ""
    steps: Callable[[Runtime, Path], bool] | None = None
    fails: bool = False


def try_case(runtime: Runtime, bundle: Path, case: Case) -> str:
    """`YES`, `NO`, or `REFUSED` where the runtime said at create that it does not do this."""
    config = base_config(runtime.who)
    if case.script:
        config["process"]["args"] = ["/bin/sh", "-c", case.script]
    if case.change:
        case.change(config)
    write_config(bundle, config)
    try:
        if case.steps:
            return YES if case.steps(runtime, bundle) else NO
        created = runtime.create("c", bundle)
        if case.fails:
            return NO if created.code == 0 else YES
        if created.code != 0:
            return REFUSED
        if runtime("start", "c").code != 0:
            return NO
        stopped = eventually(lambda: runtime.state("c").get("status") == "stopped")
        return YES if stopped and runtime.printed("c").strip() == "ok" else NO
    finally:
        runtime("delete", "--force", "c")


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def _process(**fields: Any) -> Change:
    return lambda config: config["process"].update(fields)


def _linux(**fields: Any) -> Change:
    return lambda config: config["linux"].update(fields)


def _top(**fields: Any) -> Change:
    return lambda config: config.update(fields)


def _mount(target: str, kind: str, *options: str, source: str = "") -> Change:
    entry = {"destination": target, "type": kind, "source": source or kind, "options": [*options]}
    return lambda config: config["mounts"].append(entry)


def _without(space: str) -> Change:
    def change(config: Config) -> None:
        linux = config["linux"]
        linux["namespaces"] = [n for n in linux["namespaces"] if n["type"] != space]

    return change


def _time(config: Config) -> None:
    config["linux"]["namespaces"].append({"type": "time"})
    config["linux"]["timeOffsets"] = {"boottime": {"secs": 1_000_000, "nanosecs": 0}}


_CAPS = {name: ["CAP_KILL"] for name in ("bounding", "permitted", "effective")}
_STATUS = "grep -qE '^{}:[[:space:]]*{}$' /proc/self/status && echo ok"


def _cap(field: str, bits: str) -> str:
    return _STATUS.format(field, bits)


def _lifecycle(runtime: Runtime, bundle: Path) -> bool:
    config = json.loads((bundle / "config.json").read_text())
    config["process"]["args"] = ["/bin/sh", "-c", "echo ran; sleep 100"]
    write_config(bundle, config)
    created = runtime.create("c", bundle).code == 0
    before = runtime.state("c").get("status") == "created" and runtime.printed("c") == ""
    started = runtime("start", "c").code == 0
    ran = eventually(lambda: runtime.printed("c") == "ran\n")
    return created and before and started and ran and runtime.state("c").get("status") == "running"


def _state_has_all(runtime: Runtime, bundle: Path) -> bool:
    runtime.create("c", bundle)
    state = runtime.state("c")
    names = {"ociVersion", "id", "status", "pid", "bundle"}
    alive = Path(f"/proc/{state.get('pid')}").exists()
    return names <= set(state) and state["bundle"] == str(bundle) and alive


def _annotations(runtime: Runtime, bundle: Path) -> bool:
    runtime.create("c", bundle)
    return bool(runtime.state("c").get("annotations") == {"org.example.key": "text"})


def _id_is_unique(runtime: Runtime, bundle: Path) -> bool:
    first = runtime.create("c", bundle).code == 0
    return first and runtime.create("c", bundle).code != 0


def _config_is_kept(runtime: Runtime, bundle: Path) -> bool:
    config = json.loads((bundle / "config.json").read_text())
    config["process"]["args"] = ["/bin/echo", "first"]
    write_config(bundle, config)
    runtime.create("c", bundle)
    config["process"]["args"] = ["/bin/echo", "second"]
    write_config(bundle, config)
    runtime("start", "c")
    return eventually(lambda: runtime.printed("c") == "first\n")


def _start_once(runtime: Runtime, bundle: Path) -> bool:
    runtime.create("c", bundle)
    first = runtime("start", "c").code == 0
    return first and runtime("start", "c").code != 0


def _kill_needs_life(runtime: Runtime, bundle: Path) -> bool:
    runtime.create("c", bundle)
    runtime("start", "c")
    eventually(lambda: runtime.state("c").get("status") == "stopped")
    return runtime("kill", "c", "TERM").code != 0


def _delete_needs_stop(runtime: Runtime, bundle: Path) -> bool:
    config = json.loads((bundle / "config.json").read_text())
    config["process"]["args"] = ["/bin/sleep", "100"]
    write_config(bundle, config)
    runtime.create("c", bundle)
    runtime("start", "c")
    refused = runtime("delete", "c").code != 0
    return refused and runtime.state("c").get("status") == "running"


def _id_is_free_after_delete(runtime: Runtime, bundle: Path) -> bool:
    for _ in range(2):
        if runtime.create("c", bundle).code != 0:
            return False
        runtime("delete", "--force", "c")
    return True


def _no_such_container(verb: str, *words: str) -> Callable[[Runtime, Path], bool]:
    return lambda runtime, _: runtime(verb, "nosuch", *words).code != 0


def _hooks(config: Config, stages: tuple[str, ...], script: str) -> None:
    hook = {"path": "/bin/sh", "args": ["sh", "-c", script]}
    config["hooks"] = {stage: [hook] for stage in stages}


def _hook_order(runtime: Runtime, bundle: Path) -> bool:
    notes = bundle / "notes"
    notes.write_text("")
    notes.chmod(0o666)
    config = json.loads((bundle / "config.json").read_text())
    stages = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
    config["hooks"] = {
        stage: [{"path": "/bin/sh", "args": ["sh", "-c", f"echo {stage} >> {notes}"]}]
        for stage in stages
    }
    write_config(bundle, config)
    runtime.create("c", bundle)
    before = notes.read_text().split()
    runtime("start", "c")
    eventually(lambda: runtime.state("c").get("status") == "stopped")
    runtime("delete", "c")
    return before == list(stages[:3]) and notes.read_text().split() == list(stages)


_MADE = "mkdir /nosuch/x && echo ok"


def _asking(config: Config, path: Path) -> None:
    config["linux"]["seccomp"] = seccomp_agent.notifying(path, *seccomp_agent.MKDIR)


def _agent(
    script: str, holds: Callable[[Runtime, seccomp_agent.Agent], bool]
) -> Callable[[Runtime, Path], bool]:
    """A container whose mkdir(2) an agent answers: it is made, nobody says where."""

    def steps(runtime: Runtime, bundle: Path) -> bool:
        with seccomp_agent.agent(bundle, {str(seccomp_agent.NUMBERS["mkdir"]): [0, 0]}) as one:
            config = json.loads((bundle / "config.json").read_text())
            config["process"]["args"] = ["/bin/sh", "-c", script]
            _asking(config, one.socket)
            write_config(bundle, config)
            created = runtime.create("c", bundle).code == 0
            return created and runtime("start", "c").code == 0 and holds(runtime, one)

    return steps


def _state_sent(runtime: Runtime, agent: seccomp_agent.Agent) -> bool:
    shown, sent = runtime.state("c"), (agent.heard("state", 1) or [{}])[0]
    if not sent:
        return False
    named = (sent["fds"], sent["metadata"]) == (["seccompFd"], "for the agent")
    same = all(sent["state"][key] == shown[key] for key in ("id", "bundle"))
    return named and same and sent["pid"] == shown["pid"]


def _exec_asks(runtime: Runtime, agent: seccomp_agent.Agent) -> bool:
    # runc 1.1.5 waits for itself here, without an end.
    bounded = replace(runtime, command=("timeout", "-s", "KILL", "20", *runtime.command))
    ended = bounded("exec", "c", "/bin/sh", "-c", _MADE)
    sent = agent.heard("state", 2)
    return ended.out == "ok\n" and len(sent) == 2 and sent[1]["state"]["status"] == "running"


def _features(runtime: Runtime, bundle: Path) -> bool:
    ended = runtime("features")
    return ended.code == 0 and "ociVersionMax" in json.loads(ended.out)


def _pids_limit(runtime: Runtime, bundle: Path) -> bool:
    runtime.create("c", bundle)
    tops = [Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup")]
    files = [top / f"{CGROUP}/pids.max" for top in tops]
    return any(file.exists() and file.read_text() == "33\n" for file in files)


R, C, L = "runtime.md", "config.md", "config-linux.md"
CASES = (
    Case(R, "create makes the container; the program does not run before start",
         steps=_lifecycle),
    Case(R, "the state has ociVersion, id, status, pid and bundle", steps=_state_has_all),
    Case(R, "the state carries the annotations",
         _top(annotations={"org.example.key": "text"}), steps=_annotations),
    Case(R, "an id that is in use is an error", steps=_id_is_unique),
    Case(R, "changes to config.json after create have no effect", steps=_config_is_kept),
    Case(R, "start of a container that is not created is an error", steps=_start_once),
    Case(R, "kill of a container that is neither created nor running is an error",
         steps=_kill_needs_life),
    Case(R, "delete of a container that is not stopped is an error without effect",
         steps=_delete_needs_stop),
    Case(R, "after delete the id can be used again", steps=_id_is_free_after_delete),
    Case(R, "state of an unknown container is an error", steps=_no_such_container("state")),
    Case(R, "start of an unknown container is an error", steps=_no_such_container("start")),
    Case(R, "kill of an unknown container is an error", steps=_no_such_container("kill", "9")),
    Case(R, "delete of an unknown container is an error", steps=_no_such_container("delete")),
    Case("features.md", "features prints a document with ociVersionMax", steps=_features),
    Case(C, "an ociVersion of another major version is an error",
         _top(ociVersion="2.0.0"), fails=True),
    Case(C, "an unknown property is ignored", _top(unknown={"a": 1}), "echo ok"),
    Case(C, "root.path is required", _top(root={}), fails=True),
    Case(C, "root.path must exist", _top(root={"path": "nosuch"}), fails=True),
    Case(C, "root.readonly makes the root file system read-only",
         script="touch /x 2>/dev/null || echo ok"),
    Case(C, "a writable root takes writes", _top(root={"path": "rootfs"}),
         "touch /data/x && rm /data/x && echo ok"),
    Case(C, "process.cwd is the working directory", _process(cwd="/data"),
         '[ "$(readlink /proc/self/cwd)" = /data ] && echo ok'),
    Case(C, "process.cwd must be absolute", _process(cwd="data"), fails=True),
    Case(C, "process.args needs an entry", _process(args=[]), fails=True),
    Case(C, "process.env is the environment", _process(env=["PATH=/bin", "A=b c"]),
         '[ "$A" = "b c" ] && echo ok'),
    Case(C, "process.user sets uid and gid", script='[ "$(id -u):$(id -g)" = 0:0 ] && echo ok'),
    Case(C, "process.user.umask sets the umask",
         _process(user={"uid": 0, "gid": 0, "umask": 0o027}), '[ "$(umask)" = 0027 ] && echo ok'),
    Case(C, "process.rlimits sets both limits",
         _process(rlimits=[{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]),
         '[ "$(ulimit -Sn):$(ulimit -Hn)" = 100:200 ] && echo ok'),
    Case(C, "an rlimit that stands there twice is an error",
         _process(rlimits=[{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 2}] * 2), fails=True),
    Case(C, "an unknown rlimit is an error",
         _process(rlimits=[{"type": "RLIMIT_NOSUCH", "soft": 1, "hard": 2}]), fails=True),
    Case(C, "capabilities: the bounding set", _process(capabilities=_CAPS),
         _cap("CapBnd", "0000000000000020")),
    Case(C, "capabilities: the effective set", _process(capabilities=_CAPS),
         _cap("CapEff", "0000000000000020")),
    Case(C, "capabilities: without an inheritable set it is empty", _process(capabilities=_CAPS),
         _cap("CapInh", "0000000000000000")),
    Case(C, "no capabilities: every set is empty", _process(capabilities={}),
         _cap("CapBnd", "0000000000000000")),
    Case(C, "noNewPrivileges sets the bit", script=_STATUS.format("NoNewPrivs", "1")),
    Case(C, "oomScoreAdj sets the value", _process(oomScoreAdj=123),
         '[ "$(cat /proc/self/oom_score_adj)" = 123 ] && echo ok'),
    Case(C, "scheduler sets the policy", _process(scheduler={"policy": "SCHED_BATCH", "nice": 0}),
         "grep -qE 'policy *: *3' /proc/1/sched && echo ok"),
    Case(C, "hostname is set", script='[ "$(hostname)" = inside ] && echo ok'),
    Case(C, "domainname is set", _top(domainname="example"),
         '[ "$(cat /proc/sys/kernel/domainname)" = example ] && echo ok'),
    Case(C, "hooks run in the order of the lifecycle", steps=_hook_order),
    Case(C, "a createRuntime hook that fails stops create",
         lambda config: _hooks(config, ("createRuntime",), "exit 1"), fails=True),
    Case(C, "mounts are made in their order", _mount("/tmp/inner", "tmpfs", "size=64k"),
         "[ -d /tmp/inner ] && grep -q ' /tmp/inner ' /proc/self/mountinfo && echo ok"),
    Case(C, "a missing mount destination is made", _mount("/tmp/a/b", "tmpfs"),
         "[ -d /tmp/a/b ] && echo ok"),
    Case(C, "mount options reach the mount", _mount("/data", "tmpfs", "ro", "noexec"),
         "grep ' /data ' /proc/self/mountinfo | grep -q 'ro,.*noexec' && echo ok"),
    Case(C, "rro makes a mount and all below it read-only",
         _mount("/data", "bind", "rbind", "rro", source="/usr/share"),
         "touch /data/x 2>/dev/null || echo ok"),
    Case(L, "a pid namespace: the program is process 1", script="[ $$ = 1 ] && echo ok"),
    Case(L, "a network namespace has its own interfaces",
         script="[ $(grep -c : /proc/net/dev) = 1 ] && echo ok"),
    Case(L, "a namespace that stands there twice is an error",
         lambda config: config["linux"]["namespaces"].append({"type": "pid"}), fails=True),
    Case(L, "an unknown namespace is an error",
         lambda config: config["linux"]["namespaces"].append({"type": "moon"}), fails=True),
    Case(L, "a namespace path that leads nowhere is an error",
         _linux(namespaces=[{"type": "mount"}, {"type": "user"},
                            {"type": "network", "path": "/nosuch"}]), fails=True),
    Case(L, "a time namespace shifts the clock", _time,
         '[ "$(cut -d. -f1 /proc/uptime)" -gt 1000000 ] && echo ok'),
    Case(L, "uidMappings are the kernel's",
         script='[ "$(tr -s " " < /proc/self/uid_map | cut -d" " -f2)" = 0 ] && echo ok'),
    Case(L, "default devices are there",
         script="cd /dev; for d in null zero full random urandom tty; do [ -c $d ] || exit; done; "
         "echo ok"),
    Case(L, "/dev/fd, stdin, stdout, stderr and ptmx are links",
         script="for l in fd stdin stdout stderr ptmx; do [ -L /dev/$l ] || exit; done; echo ok"),
    Case(L, "sysctl of the container's own network",
         _linux(sysctl={"net.ipv4.ip_forward": "1"}),
         '[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] && echo ok'),
    Case(L, "sysctl of the machine is an error", _linux(sysctl={"vm.swappiness": "1"}), fails=True),
    Case(L, "maskedPaths cannot be read", _linux(maskedPaths=["/proc/version"]),
         "read -r line < /proc/version || echo ok"),
    Case(L, "readonlyPaths cannot be written", _linux(readonlyPaths=["/tmp"]),
         "touch /tmp/x 2>/dev/null || echo ok"),
    Case(L, "maskedPaths that do not exist are no error", _linux(maskedPaths=["/proc/nosuch"]),
         "echo ok"),
    Case(L, "rootfsPropagation private: no mount of it is shared",
         _linux(rootfsPropagation="rprivate"),
         "grep ' / / \\| / ' /proc/self/mountinfo | grep -q shared: || echo ok"),
    Case(L, "an unknown rootfsPropagation is an error",
         _linux(rootfsPropagation="odd"), fails=True),
    Case(L, "personality LINUX32", _linux(personality={"domain": "LINUX32"}),
         '[ "$(cat /proc/self/personality)" = 00000008 ] && echo ok'),
    Case(L, "seccomp: a refused call fails with its errno",
         _linux(seccomp={"defaultAction": "SCMP_ACT_ALLOW",
                         "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO",
                                       "errnoRet": 28}]}),
         "mkdir /tmp/x 2>&1 | grep -q 'No space' && echo ok"),
    Case(L, "seccomp: an unknown action is an error",
         _linux(seccomp={"defaultAction": "SCMP_ACT_NOSUCH"}), fails=True),
    Case(L, "seccomp: the agent at listenerPath is sent the container process state",
         steps=_agent("sleep 100", _state_sent)),
    Case(L, "seccomp: the agent's answer is the program's",
         steps=_agent(_MADE, lambda runtime, _: eventually(
             lambda: runtime.printed("c") == "ok\n"))),
    Case(L, "seccomp: exec sends the agent a listener of its own",
         steps=_agent("sleep 100", _exec_asks)),
    Case(L, "seccomp: SCMP_ACT_NOTIFY without a listenerPath is an error",
         _linux(seccomp=seccomp_agent.notifying("", "mkdir", listenerMetadata="")), fails=True),
    Case(L, "seccomp: listenerMetadata without a listenerPath is an error",
         _linux(seccomp={"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "a"}), fails=True),
    Case(L, "resources.pids.limit reaches the kernel at cgroupsPath",
         _linux(resources={"pids": {"limit": 33}}, cgroupsPath=f"/{CGROUP}"),
         steps=_pids_limit),
    Case(L, "resources: a limit that cannot be set is an error",
         _linux(resources={"cpu": {"cpus": "9999"}}), fails=True),
    Case(L, "an unknown personality is an error",
         _linux(personality={"domain": "NOSUCH"}), fails=True),
)  # fmt: skip


def table(rows: list[tuple[Case, list[str]]], names: list[str], versions: list[str]) -> str:
    """The page docs/oci-conformance.md."""
    head = (
        "# What the OCI runtimes do\n\n"
        "Sentences of the OCI runtime-spec, tried by `tests/support/conformance.py` as root, in a "
        "user namespace with a range of ids. `yes`: it holds; `no`: it does not; `refused`: the "
        "runtime says at `create` that it does not do this.\n\n"
    )
    head += "".join(f"- {version}\n" for version in versions)
    lines = [f"| chapter | sentence | {' | '.join(names)} |", "|---" * (2 + len(names)) + "|"]
    lines += [f"| {c.chapter} | {c.sentence} | {' | '.join(found)} |" for c, found in rows]
    return head + "\n" + "\n".join(lines) + "\n"


def main(secure: str) -> None:
    """Try every case on every runtime of this machine and print the page."""
    folder = Path(tempfile.mkdtemp(prefix="conformance-", dir="/var/tmp"))
    folder.chmod(0o755)
    who = Caller("root", 0, 0)
    # crun refuses machines whose cgroup2 mount still has a controller beside v1: in a mount
    # namespace of its own, hugetlb goes to v1 for as long as that namespace lives.
    crun = f'mount -t cgroup -o hugetlb none {folder}/hugetlb 2>/dev/null; exec crun "$@"'
    (folder / "hugetlb").mkdir()
    commands = {
        "secure": (secure, "oci"),
        "runc": ("runc",),
        "crun": ("unshare", "-m", "sh", "-c", crun, "crun"),
    }
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)}
    environment |= {"XDG_DATA_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    there = {
        name: words
        for name, words in commands.items()
        if shutil.which(words[0] if name == "secure" else name)
    }
    runtimes = [Runtime(name, words, folder, who, environment) for name, words in there.items()]
    bundle = make_bundle(folder / "bundle", who, base_config(who))
    for path in (bundle / "rootfs").rglob("*"):
        os.chown(path, 1_900_000_000, 1_900_000_000, follow_symlinks=False)
    os.chown(bundle / "rootfs", 1_900_000_000, 1_900_000_000)
    try:
        rows = [(case, [try_case(one, bundle, case) for one in runtimes]) for case in CASES]
        versions = [runtime("--version").out.splitlines()[0] for runtime in runtimes]
        sys.stdout.write(table(rows, [one.name for one in runtimes], versions))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
