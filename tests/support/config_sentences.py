"""Sentences of the runtime-spec about the lifecycle and config.json (runtime.md, config.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from bundles import Runtime, write_config
from spec_case import Case, Config, mounted, process, set_script, top
from stepping import eventually

R, C = "runtime.md", "config.md"
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


def _killed(runtime: Runtime, bundle: Path) -> bool:
    set_script(bundle, "trap 'echo told; exit' TERM; echo ready; while :; do sleep 1; done")
    runtime.create("c", bundle)
    runtime("start", "c")
    eventually(lambda: runtime.printed("c") == "ready\n")
    sent = runtime("kill", "c", "TERM").code == 0
    return sent and eventually(lambda: runtime.printed("c") == "ready\ntold\n")


def _late_hooks_may_fail(runtime: Runtime, bundle: Path) -> bool:
    notes = bundle / "late"
    notes.write_text("")
    script = f"echo $0 >> {notes}; exit 1"
    change = json.loads((bundle / "config.json").read_text())
    change["hooks"] = {
        stage: [{"path": "/bin/sh", "args": ["sh", "-c", script, stage]}]
        for stage in ("poststart", "poststop")
    }
    write_config(bundle, change)
    worked = [runtime.create("c", bundle).code, runtime("start", "c").code]
    eventually(lambda: runtime.state("c").get("status") == "stopped")
    worked.append(runtime("delete", "c").code)
    return worked == [0, 0, 0] and notes.read_text().split() == ["poststart", "poststop"]


def _hooks_get_the_state(runtime: Runtime, bundle: Path) -> bool:
    notes = bundle / "state"
    notes.write_text("")
    config = json.loads((bundle / "config.json").read_text())
    _hooks(config, ("createRuntime",), f"cat > {notes}")
    write_config(bundle, config)
    runtime.create("c", bundle)
    got, shown = json.loads(notes.read_text() or "{}"), runtime.state("c")
    same = all(got.get(name) == shown[name] for name in ("id", "pid", "bundle"))
    return same and got["status"] in {"creating", "created"}


def _start_container_hook(config: Config) -> None:
    # Inside, where this directory is, and before the program.
    _hooks(config, ("startContainer",), "echo $PPID > /tmp/hook")
    config["hooks"]["startContainer"][0]["env"] = ["PATH=/bin"]


_AMBIENT = {
    "capabilities": {
        name: ["CAP_KILL"]
        for name in ("bounding", "permitted", "effective", "inheritable", "ambient")
    },
    "user": {"uid": 5, "gid": 5},
}


def _features(runtime: Runtime, bundle: Path) -> bool:
    ended = runtime("features")
    return ended.code == 0 and "ociVersionMax" in json.loads(ended.out)


CASES = (
    Case(R, "create makes the container; the program does not run before start",
         steps=_lifecycle),
    Case(R, "the state has ociVersion, id, status, pid and bundle", steps=_state_has_all),
    Case(R, "the state carries the annotations",
         top(annotations={"org.example.key": "text"}), steps=_annotations),
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
    Case(R, "kill sends the signal to the program", steps=_killed),
    Case("features.md", "features prints a document with ociVersionMax", steps=_features),
    Case(C, "an ociVersion of another major version is an error",
         top(ociVersion="2.0.0"), fails="ociVersion"),
    Case(C, "an unknown property is ignored", top(unknown={"a": 1}), "echo ok"),
    Case(C, "root.path is required", top(root={}), fails="root.path"),
    Case(C, "root.path must exist", top(root={"path": "nosuch"}), fails="root.path"),
    Case(C, "root.readonly makes the root file system read-only",
         script="touch /x 2>/dev/null || echo ok"),
    Case(C, "a writable root takes writes", top(root={"path": "rootfs"}),
         "touch /data/x && rm /data/x && echo ok"),
    Case(C, "process.cwd is the working directory", process(cwd="/data"),
         '[ "$(readlink /proc/self/cwd)" = /data ] && echo ok'),
    Case(C, "process.cwd must be absolute", process(cwd="data"), fails="process.cwd"),
    Case(C, "process.args needs an entry", process(args=[]), fails="process.args"),
    Case(C, "process.env is the environment", process(env=["PATH=/bin", "A=b c"]),
         '[ "$A" = "b c" ] && echo ok'),
    Case(C, "process.user sets uid and gid", script='[ "$(id -u):$(id -g)" = 0:0 ] && echo ok'),
    Case(C, "process.user.additionalGids sets the groups",
         process(user={"uid": 5, "gid": 6, "additionalGids": [7, 8]}),
         '[ "$(id -G)" = "6 7 8" ] && echo ok'),
    Case(C, "process.user.umask sets the umask",
         process(user={"uid": 0, "gid": 0, "umask": 0o027}), '[ "$(umask)" = 0027 ] && echo ok'),
    Case(C, "process.rlimits sets both limits",
         process(rlimits=[{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]),
         '[ "$(ulimit -Sn):$(ulimit -Hn)" = 100:200 ] && echo ok'),
    Case(C, "an rlimit that stands there twice is an error",
         process(rlimits=[{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 2}] * 2),
         fails="stands there twice"),
    Case(C, "an unknown rlimit is an error",
         process(rlimits=[{"type": "RLIMIT_NOSUCH", "soft": 1, "hard": 2}]), fails="RLIMIT_NOSUCH"),
    Case(C, "capabilities: the bounding set", process(capabilities=_CAPS),
         _cap("CapBnd", "0000000000000020")),
    Case(C, "capabilities: the effective set", process(capabilities=_CAPS),
         _cap("CapEff", "0000000000000020")),
    Case(C, "capabilities: without an inheritable set it is empty", process(capabilities=_CAPS),
         _cap("CapInh", "0000000000000000")),
    Case(C, "capabilities: the ambient set", process(**_AMBIENT),
         _cap("CapAmb", "0000000000000020")),
    Case(C, "capabilities: the permitted set of a user that is not root", process(**_AMBIENT),
         _cap("CapPrm", "0000000000000020")),
    Case(C, "no capabilities: every set is empty", process(capabilities={}),
         _cap("CapBnd", "0000000000000000")),
    Case(C, "noNewPrivileges sets the bit", script=_STATUS.format("NoNewPrivs", "1")),
    Case(C, "oomScoreAdj sets the value", process(oomScoreAdj=123),
         '[ "$(cat /proc/self/oom_score_adj)" = 123 ] && echo ok'),
    Case(C, "scheduler sets the policy", process(scheduler={"policy": "SCHED_BATCH", "nice": 0}),
         "grep -qE 'policy *: *3' /proc/1/sched && echo ok"),
    Case(C, "ioPriority sets class and level",
         process(ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 6}),
         '[ "$(busybox ionice -p $$)" = "best-effort: prio 6" ] && echo ok'),
    Case(C, "hostname is set", script='[ "$(hostname)" = inside ] && echo ok'),
    Case(C, "domainname is set", top(domainname="example"),
         '[ "$(cat /proc/sys/kernel/domainname)" = example ] && echo ok'),
    Case(C, "hooks run in the order of the lifecycle", steps=_hook_order),
    Case(C, "hooks get the state on standard input", steps=_hooks_get_the_state),
    Case(C, "startContainer hooks run inside, before the program", _start_container_hook,
         "[ -s /tmp/hook ] && echo ok"),
    Case(C, "poststart and poststop hooks that fail do not stop the lifecycle",
         steps=_late_hooks_may_fail),
    Case(C, "a hook's path must be absolute",
         top(hooks={"createRuntime": [{"path": "true"}]}), fails="hooks.createRuntime[0].path"),
    Case(C, "a createRuntime hook that fails stops create",
         lambda config: _hooks(config, ("createRuntime",), "exit 1"), fails="createRuntime[0]"),
    Case(C, "mounts are made in their order", mounted("/tmp/inner", "tmpfs", "size=64k"),
         "[ -d /tmp/inner ] && grep -q ' /tmp/inner ' /proc/self/mountinfo && echo ok"),
    Case(C, "a missing mount destination is made", mounted("/tmp/a/b", "tmpfs"),
         "[ -d /tmp/a/b ] && echo ok"),
    Case(C, "a bind mount shows what lies there",
         mounted("/data", "bind", "bind", "ro", source="/usr/share"),
         "[ -d /data/doc ] && echo ok"),
    Case(C, "a bind mount of something that is not there is an error",
         mounted("/data", "bind", "bind", source="/nosuch"), fails="/nosuch"),
    Case(C, "a tmpfs has the size of its options", mounted("/data", "tmpfs", "size=64k"),
         "dd if=/dev/zero of=/data/x bs=65k count=1 2>/dev/null || echo ok"),
    Case(C, "mount options reach the mount", mounted("/data", "tmpfs", "ro", "noexec"),
         "grep ' /data ' /proc/self/mountinfo | grep -q 'ro,.*noexec' && echo ok"),
    Case(C, "rro makes a mount and all below it read-only",
         mounted("/data", "bind", "rbind", "rro", source="/usr/share"),
         "touch /data/x 2>/dev/null || echo ok"),
)  # fmt: skip
