"""`linux.seccomp.listenerPath`: calls that an agent outside answers, and no way in or out by it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bundles import Runtime, base_config, make_bundle, write_config
from containers import caller
from installation import Account, Installed, leaves_nothing
from seccomp_agent import MKDIR, NUMBERS, agent, notifying
from stepping import eventually

pytestmark = pytest.mark.kernel

ANSWERS = {str(NUMBERS["getpid"]): [4242, 0], str(NUMBERS["mkdir"]): [0, 0]}
# busybox's shell asks for its pid; nothing is there that the directory could be made in.
SCRIPT = "echo $$; mkdir /nosuch/x 2>/dev/null && echo made"
# What init itself needs from the filter to its execve, as far as the specification may name it.
INITS = (
    "brk", "clone", "close", "execve", "exit_group", "fcntl", "fstat", "futex", "getpid", "lseek",
    "mmap", "munmap", "newfstatat", "read", "recvmsg", "rt_sigaction", "rt_sigprocmask", "sendmsg",
    "vfork", "wait4", "write",
)  # fmt: skip


class Bench:
    """One account's runtime and bundle."""

    def __init__(self, account: Account, command: Path | None = None) -> None:
        self.account = account
        words = (str(command or account.command), "oci")
        self.run = Runtime("secure", words, account.folder, account.who, account.environment)
        self.bundle = account.folder / "bundle"
        if not self.bundle.exists():
            make_bundle(self.bundle, account.who, base_config(account.who))

    def config(self, seccomp: dict[str, Any] | None, script: str = SCRIPT) -> None:
        """What the bundle asks for from now on."""
        config = base_config(self.account.who)
        config["process"]["args"] = ["/bin/sh", "-c", script]
        if seccomp:
            config["linux"]["seccomp"] = seccomp
        write_config(self.bundle, config)

    def agent(self, answers: dict[str, Any]) -> Any:
        return agent(self.account.folder, answers, **self.account.who.credentials)

    @contextmanager
    def created(self) -> Iterator[int]:
        """The container "c"; its pid."""
        made = self.run.create("c", self.bundle)
        try:
            assert made.code == 0, made.err
            yield self.run.state("c")["pid"]
        finally:
            self.run("delete", "--force", "c")

    def printed(self) -> str:
        """All that "c" prints from its start to its end."""
        assert self.run("start", "c").code == 0
        assert eventually(lambda: self.run.state("c").get("status") == "stopped")
        return self.run.printed("c")


@pytest.fixture(scope="module", params=["user", "root"])
def bench(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Bench]:
    with installed.account(caller(request.param)) as account:
        yield Bench(account)


@pytest.fixture(scope="module")
def hasty(installed: Installed) -> Iterator[Bench]:
    """The ordinary user, with a runtime that waits for half a second instead of ten."""
    with installed.account(caller("user")) as account:
        home = account.folder / "hasty"
        changes = [
            ("runtime/oci/agent.py", "PATIENCE_S * 1_000)", "PATIENCE_S * 50)"),
            ("runtime/oci/agent.py", "PATIENCE_S.to_bytes(8,", "(1).to_bytes(8,"),
            ("flows/oci_lifecycle.py", "_PATIENCE_S if asks", "0.5 if asks"),
        ]
        for file, old, new in changes:
            command = installed.altered(home, file, old, new)
        yield Bench(account, command)


def test_without_an_agent_the_kernel_answers(bench: Bench) -> None:
    bench.config(None)
    with bench.created():
        assert bench.printed() == "1\n"


def test_the_agent_gets_the_state_and_its_answers_are_the_programs(bench: Bench) -> None:
    with bench.agent(ANSWERS) as heard:
        bench.config(notifying(heard.socket, "getpid", *MKDIR))
        with bench.created() as pid:
            shown = bench.run.state("c")
            assert heard.heard("state", 1) == [
                {
                    "ociVersion": "1.2.0",
                    "fds": ["seccompFd"],
                    "pid": pid,
                    "metadata": "for the agent",
                    "state": shown | {"status": "creating"},
                }
            ]
            assert heard.heard("call") == []
            assert bench.printed() == "4242\nmade\n"
        assert len(heard.heard("gone", 1)) == 1


def test_the_audit_log_names_the_agent(bench: Bench) -> None:
    with bench.agent(ANSWERS) as heard:
        bench.config(notifying(heard.socket, "getpid"))
        with bench.created():
            record = bench.account.records()[-1][1]
    filters = next(row[2] for row in record["enforcement"] if row[0] == "system call filter")
    assert f"answered by the agent at {heard.socket}" in filters
    assert record["differences"] == []


def test_nobody_inside_holds_the_listener(bench: Bench) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may list the descriptors of an init that is not dumpable")
    with bench.agent({}) as heard:
        bench.config(notifying(heard.socket, "getpid"), "ls -l /proc/self/fd")
        with bench.created() as pid:
            assert heard.heard("state", 1)
            held = [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
            agents = Path(f"/proc/{heard.process.pid}/fd")
            assert "anon_inode:seccomp notify" in [os.readlink(path) for path in agents.iterdir()]
            assert [name for name in held if "seccomp" in name or "socket" in name] == []
            assert "seccomp" not in bench.printed()


def test_calls_that_init_itself_needs_may_be_handed_over(bench: Bench) -> None:
    with bench.agent({}) as heard:
        bench.config(notifying(heard.socket, *INITS), "echo ran")
        with bench.created():
            assert bench.printed() == "ran\n"
            said = bench.run("exec", "c", "/bin/true")
            assert "cannot be entered: it is stopped" in said.err
        assert len(set(heard.heard("call"))) > 5


def test_exec_hands_over_a_listener_of_its_own(bench: Bench) -> None:
    with bench.agent(ANSWERS) as heard:
        bench.config(notifying(heard.socket, "getpid", *MKDIR), "sleep 60")
        with bench.created() as pid:
            assert bench.run("start", "c").code == 0
            ended = bench.run("exec", "c", "/bin/sh", "-c", SCRIPT)
            assert (ended.code, ended.out) == (0, "4242\nmade\n"), ended.err
            _, second = heard.heard("state", 2)
            assert second["pid"] != pid
            assert (second["state"]["pid"], second["state"]["status"]) == (pid, "running")
            assert len(heard.heard("gone", 1)) == 1


def test_exec_through_an_agent_that_answers_for_what_the_joiner_needs(bench: Bench) -> None:
    with bench.agent({}) as heard:
        bench.config(notifying(heard.socket, *INITS), "read line < /dev/zero")
        with bench.created():
            assert bench.run("start", "c").code == 0
            ended = bench.run("exec", "c", "/bin/echo", "ran")
            assert (ended.code, ended.out) == (0, "ran\n"), ended.err


def test_when_the_agent_dies_its_calls_do_not_exist(bench: Bench) -> None:
    with bench.agent(ANSWERS) as heard:
        bench.config(notifying(heard.socket, *MKDIR), "mkdir /tmp/x; echo $?")
        with bench.created():
            heard.die()
            assert bench.printed() == (
                "mkdir: can't create directory '/tmp/x': Function not implemented\n1\n"
            )


def test_what_the_policys_filter_refuses_never_reaches_the_agent(bench: Bench) -> None:
    answers = ANSWERS | {str(NUMBERS["unshare"]): [0, 0]}
    with bench.agent(answers) as heard:
        script = "unshare -m echo entered; mkdir /nosuch/x && echo made"
        bench.config(notifying(heard.socket, "unshare", *MKDIR), script)
        with bench.created():
            printed = bench.printed()
    assert "entered" not in printed
    assert "Operation not permitted" in printed
    assert printed.endswith("made\n")  # the same filter's other call
    assert heard.heard("call") == [NUMBERS["mkdir"]]


def test_a_call_that_is_being_answered_can_be_interrupted_by_nothing_but_a_kill(
    bench: Bench,
) -> None:
    flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]
    features = json.loads(bench.run("features").out)["linux"]["seccomp"]
    assert "SCMP_ACT_NOTIFY" in features["actions"]
    assert flags[0] in features["knownFlags"]
    with bench.agent(ANSWERS) as heard:
        bench.config(notifying(heard.socket, "getpid", flags=flags))
        made = bench.run.create("c", bench.bundle)
        try:
            # Taken where features says so, and else refused by the kernel and not passed over.
            assert (made.code == 0) == (flags[0] in features["supportedFlags"]), made.err
        finally:
            bench.run("delete", "--force", "c")


def _absent(bench: Bench) -> Path:
    return bench.account.folder / "nosuch.sock"


def _nobody_listens(bench: Bench) -> Path:
    path = bench.account.folder / "deaf.sock"
    if not path.exists():
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.bind(str(path))
    path.chmod(0o666)
    return path


def _no_socket(bench: Bench) -> Path:
    return bench.bundle / "config.json"


def _too_long(bench: Bench) -> Path:
    return bench.account.folder / ("x" * 200)


def _only_inside(bench: Bench) -> Path:
    (bench.bundle / "rootfs/data/agent.sock").touch()
    return Path("/data/agent.sock")


@pytest.mark.parametrize(
    "place",
    [_absent, _nobody_listens, _no_socket, _too_long, _only_inside],
    ids=lambda f: f.__name__,
)
def test_without_somebody_who_listens_nothing_starts(
    bench: Bench, place: Callable[[Bench], Path]
) -> None:
    path = place(bench)
    bench.config(notifying(path, "getpid"))
    with leaves_nothing(bench.account):
        made = bench.run.create("c", bench.bundle)
        assert made.code == 1
        assert f'linux.seccomp.listenerPath: "{path}": ' in made.err
        assert "Traceback" not in made.err
        assert bench.run("state", "c").code == 1


def test_an_agent_inside_the_root_file_system_is_not_asked(bench: Bench) -> None:
    folder = bench.bundle / "rootfs/data"
    with agent(folder, {}, **bench.account.who.credentials) as heard:
        bench.config(notifying(Path("/data") / heard.socket.name, "getpid"))
        assert bench.run.create("c", bench.bundle).code == 1
        assert heard.heard("state") == []


def test_a_path_without_an_action_for_it_has_no_effect_and_is_named(bench: Bench) -> None:
    seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/nosuch", "syscalls": []}
    bench.config(seccomp)
    log = bench.account.folder / "engine.log"
    try:
        logged = replace(bench.run, command=(*bench.run.command, "--log", str(log)))
        assert logged.create("c", bench.bundle).code == 0
        assert "listenerPath has no effect" in log.read_text()
    finally:
        bench.run("delete", "--force", "c")


def test_a_silent_agent_does_not_hold_create_up(hasty: Bench) -> None:
    with hasty.agent({"silent": 1}) as heard, leaves_nothing(hasty.account):
        hasty.config(notifying(heard.socket, "write"))
        made = hasty.run.create("c", hasty.bundle)
        assert made.code == 1
        assert "the agent of linux.seccomp.listenerPath does not answer" in made.err
        assert hasty.run("state", "c").code == 1


def test_a_listener_that_does_not_leave_does_not_hold_create_up(hasty: Bench) -> None:
    # Who passes it on has another table of descriptors than init, and sees no listener appear.
    altered = Installed(hasty.account.folder / "hasty").altered(
        hasty.account.folder / "apart",
        "runtime/oci/listener.py",
        "_CLONE_FILES | signals",
        "signals",
    )
    apart = Bench(hasty.account, altered)
    with apart.agent({}) as heard, leaves_nothing(apart.account):
        apart.config(notifying(heard.socket, *INITS))
        made = apart.run.create("c", apart.bundle)
        assert made.code == 1
        assert "the seccomp listener does not leave the container" in made.err
        assert heard.heard("state") == []
        assert apart.run("state", "c").code == 1


def test_an_agent_that_does_not_accept_does_not_hold_create_up(hasty: Bench) -> None:
    path = hasty.account.folder / "full.sock"
    with socket.socket(socket.AF_UNIX) as door, socket.socket(socket.AF_UNIX) as first:
        door.bind(str(path))
        path.chmod(0o666)
        door.listen(0)
        first.connect(str(path))
        hasty.config(notifying(path, "getpid"))
        with leaves_nothing(hasty.account):
            made = hasty.run.create("c", hasty.bundle)
    assert made.code == 1
    assert f'linux.seccomp.listenerPath: "{path}": nobody takes it' in made.err


def test_a_silent_agent_does_not_hold_start_up_and_the_container_can_be_deleted(
    hasty: Bench,
) -> None:
    with hasty.agent({"silent": 1}) as heard, leaves_nothing(hasty.account):
        hasty.config(notifying(heard.socket, "execve"))
        with hasty.created():
            started = hasty.run("start", "c")
            assert started.code == 1
            assert "see why the agent" in started.err.lower()
            assert hasty.run.state("c")["status"] == "stopped"


def test_a_silent_agent_does_not_hold_exec_up(hasty: Bench) -> None:
    with hasty.agent({}) as heard, leaves_nothing(hasty.account):
        hasty.config(notifying(heard.socket, "execve"), "sleep 60")
        with hasty.created() as pid:
            assert hasty.run("start", "c").code == 0
            heard.process.send_signal(19)  # SIGSTOP: it takes nothing and answers nothing
            ended = hasty.run("exec", "c", "/bin/true")
            assert ended.code != 0
            assert "does not answer" in ended.err
            assert hasty.run.state("c")["pid"] == pid
