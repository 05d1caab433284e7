"""The lifecycle of runtime.md, by the real command, as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from bundles import Runtime, base_config, make_bundle, write_config
from containers import caller
from installation import Account, Ended, Installed, leaves_nothing
from stepping import eventually

pytestmark = pytest.mark.kernel


@pytest.fixture(params=["user", "root"])
def engine(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Account]:
    with installed.account(caller(request.param)) as account:
        yield account


@pytest.fixture
def secure(engine: Account) -> Runtime:
    command = (str(engine.command), "oci")
    return Runtime("secure", command, engine.folder, engine.who, engine.environment)


@pytest.fixture
def bundle(engine: Account) -> Iterator[Path]:
    folder = engine.folder / "bundle"
    folder.mkdir()
    yield make_bundle(folder, engine.who, base_config(engine.who))
    shutil.rmtree(folder, ignore_errors=True)


def configured(engine: Account, bundle: Path, change: Callable[[dict[str, Any]], object]) -> None:
    config = base_config(engine.who)
    change(config)
    write_config(bundle, config)


def shell(engine: Account, bundle: Path, script: str) -> None:
    configured(
        engine, bundle, lambda config: config["process"].update(args=["/bin/sh", "-c", script])
    )


def test_a_container_goes_through_created_running_stopped_and_is_gone(
    engine: Account, secure: Runtime, bundle: Path
) -> None:
    shell(engine, bundle, "echo started; sleep 100")
    pid_file = engine.folder / "pid"
    with leaves_nothing(engine):
        assert secure.create("c", bundle, "--pid-file", str(pid_file)).code == 0
        state = secure.state("c")
        assert (state["status"], state["id"], state["bundle"]) == ("created", "c", str(bundle))
        assert int(pid_file.read_text()) == state["pid"]
        assert secure.printed("c") == ""
        assert secure("start", "c").code == 0
        assert eventually(lambda: "started" in secure.printed("c"))
        assert secure.state("c")["status"] == "running"
        assert "sleep" in secure("ps", "c").out or "sh" in secure("ps", "c").out
        assert secure("delete", "c").code != 0
        assert secure("kill", "c", "KILL").code == 0
        assert eventually(lambda: secure.state("c")["status"] == "stopped")
        assert "pid" not in secure.state("c")
        assert secure("delete", "c").code == 0
    assert "does not exist" in secure("state", "c").err


def test_run_hands_on_output_and_code(engine: Account, secure: Runtime, bundle: Path) -> None:
    shell(engine, bundle, "echo out; id -u; exit 7")
    with leaves_nothing(engine):
        ended = secure("run", "--bundle", str(bundle), "r")
    assert (ended.code, ended.out.split()) == (7, ["out", "0"])


def test_the_launch_is_in_the_audit_log_before_the_first_instruction(
    engine: Account, secure: Runtime, bundle: Path
) -> None:
    secure.create("c", bundle)
    kinds = [kind for kind, _ in engine.records()]
    secure("delete", "--force", "c")
    assert kinds == ["launch"]
    assert engine.secure("audit", "verify").code == 0


def test_a_second_create_of_the_same_id_is_refused(secure: Runtime, bundle: Path) -> None:
    assert secure.create("c", bundle).code == 0
    again = secure.create("c", bundle)
    assert again.code != 0
    assert "exists already" in again.err
    assert secure("delete", "--force", "c").code == 0


def test_start_and_kill_are_refused_in_the_wrong_state(secure: Runtime, bundle: Path) -> None:
    secure.create("c", bundle)
    assert secure("start", "c").code == 0
    assert eventually(lambda: secure.state("c")["status"] == "stopped")
    assert "stopped" in secure("start", "c").err
    assert "stopped" in secure("kill", "c", "TERM").err
    assert secure("delete", "c").code == 0
    assert secure("delete", "c").code != 0
    assert secure("delete", "--force", "c").code == 0


def test_a_program_that_is_not_there_fails_at_create(
    engine: Account, secure: Runtime, bundle: Path
) -> None:
    configured(engine, bundle, lambda config: config["process"].update(args=["nosuch"]))
    with leaves_nothing(engine):
        ended = secure.create("c", bundle)
    assert ended.code == 127
    assert "executable file not found in $PATH" in ended.err
    assert secure.state("c") == {}


def test_changes_to_the_config_after_create_do_not_count(
    engine: Account, secure: Runtime, bundle: Path
) -> None:
    shell(engine, bundle, "echo first")
    secure.create("c", bundle)
    shell(engine, bundle, "echo second")
    secure("start", "c")
    assert eventually(lambda: secure.printed("c") == "first\n")
    secure("delete", "--force", "c")


def test_a_process_enters_a_running_container(
    engine: Account, secure: Runtime, bundle: Path
) -> None:
    shell(engine, bundle, "sleep 100")
    secure.create("c", bundle)
    assert secure("exec", "c", "/bin/true").code != 0
    secure("start", "c")
    script = "hostname; grep -E '^(CapEff|CapInh|NoNewPrivs|Seccomp):' /proc/self/status; exit 5"
    ended = secure("exec", "c", "/bin/sh", "-c", script)
    assert ended.code == 5, ended.err
    assert ended.out.split() == [
        "inside", "CapInh:", "0" * 16, "CapEff:", "0" * 16, "NoNewPrivs:", "1", "Seccomp:", "2",
    ]  # fmt: skip
    missing = secure("exec", "c", "nosuch")
    assert missing.code == 127
    secure("delete", "--force", "c")


def test_exec_takes_a_process_file_and_the_policy_judges_it(
    engine: Account, secure: Runtime, bundle: Path
) -> None:
    shell(engine, bundle, "sleep 100")
    secure.create("c", bundle)
    secure("start", "c")
    process = base_config(engine.who)["process"] | {"args": ["/bin/echo", "hello"]}
    path = engine.made("process.json", json.dumps(process))
    assert secure("exec", "--process", str(path), "c").out == "hello\n"
    greedy = process | {"capabilities": {"bounding": ["CAP_SYS_ADMIN"]}}
    path.write_text(json.dumps(greedy))
    refused = secure("exec", "--process", str(path), "c")
    secure("delete", "--force", "c")
    assert refused.code == 1
    assert "CAP_SYS_ADMIN" in refused.err


def test_the_policys_denial_reaches_the_engine_in_the_log(
    engine: Account, secure: Runtime, bundle: Path
) -> None:
    def ask(config: dict[str, Any]) -> None:
        config["process"]["capabilities"] = {"bounding": ["CAP_SYS_ADMIN"]}

    configured(engine, bundle, ask)
    log = engine.folder / "log.json"
    ended = secure("--log", str(log), "--log-format", "json", "run", "-b", str(bundle), "c")
    assert ended.code == 1
    line = json.loads(log.read_text())
    assert line["level"] == "error"
    assert "CAP_SYS_ADMIN" in line["msg"]
    assert "RUN003" in ended.err
    assert [kind for kind, _ in engine.records()] == ["refusal"]


def test_hooks_run_in_their_order_with_the_state(
    engine: Account, secure: Runtime, bundle: Path
) -> None:
    notes = engine.made("notes", "", 0o666)  # createContainer hooks have the ids of inside

    def hook(stage: str) -> list[dict[str, Any]]:
        script = f'read -r state; echo "{stage} $state" >> {notes}'
        return [{"path": "/bin/sh", "args": ["sh", "-c", script]}]

    stages = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
    configured(
        engine, bundle, lambda config: config.update(hooks={name: hook(name) for name in stages})
    )
    assert secure.create("c", bundle).code == 0, secure.printed("c")
    assert secure("start", "c").code == 0
    assert secure("delete", "--force", "c").code == 0
    lines = [line.split(" ", 1) for line in notes.read_text().splitlines()]
    assert [stage for stage, _ in lines] == list(stages)
    states = [json.loads(text) for _, text in lines]
    assert {state["id"] for state in states} == {"c"}
    assert [state["status"] for state in states] == ["creating"] * 3 + ["running", "stopped"]


@pytest.mark.parametrize(("script", "timeout"), [("exit 3", 5), ("sleep 60", 1)])
def test_a_hook_that_fails_or_hangs_stops_create(
    engine: Account, secure: Runtime, bundle: Path, script: str, timeout: int
) -> None:
    hooks = [{"path": "/bin/sh", "args": ["sh", "-c", script], "timeout": timeout}]
    configured(engine, bundle, lambda config: config.update(hooks={"createRuntime": hooks}))
    with leaves_nothing(engine):
        ended = secure.create("c", bundle)
    assert ended.code == 1
    assert "createRuntime[0]" in ended.err
    assert secure.state("c") == {}


def test_the_terminals_master_is_sent_to_the_console_socket(
    engine: Account, secure: Runtime, bundle: Path
) -> None:
    def ask(config: dict[str, Any]) -> None:
        config["process"].update(
            terminal=True,
            consoleSize={"height": 33, "width": 77},
            args=["/bin/sh", "-c", "tty; stty size; sleep 100"],
        )

    configured(engine, bundle, ask)
    path = engine.folder / "console"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)
    engine.own(path)
    received: list[int] = []

    def receive() -> None:
        connection, _ = listener.accept()
        with connection:
            received.extend(socket.recv_fds(connection, 64, 1)[1])

    waiter = threading.Thread(target=receive)
    waiter.start()
    assert secure.create("c", bundle, "--console-socket", str(path)).code == 0
    waiter.join(10)
    secure("start", "c")
    said = b""
    while b"33 77" not in said:
        said += os.read(received[0], 1024)
    secure("delete", "--force", "c")
    assert b"/dev/pts/0" in said
    os.close(received[0])
    listener.close()


def test_preserved_descriptors_arrive_and_no_others(
    engine: Account, secure: Runtime, bundle: Path
) -> None:
    shell(engine, bundle, "ls /proc/self/fd")
    command = [*secure.command, "--root", str(engine.folder / "state-p"), "run"]
    opened = ["/bin/sh", "-c", 'exec "$@" 3</etc 9</etc', "sh"]
    done = subprocess.run(
        [*opened, *command, "--preserve-fds", "1", "-b", str(bundle), "c"],
        capture_output=True, text=True, timeout=20, check=False,
        stdin=subprocess.DEVNULL, env=engine.environment, **engine.who.credentials,
    )  # fmt: skip
    # The last one is what ls has open to read the directory itself.
    assert done.stdout.split() == ["0", "1", "2", "3", "4"], done.stderr


@pytest.mark.parametrize("pause_s", [0.01, 0.03, 0.05, 0.08, 0.12])
def test_create_killed_at_any_time_leaves_a_true_state_and_delete_works(
    engine: Account, secure: Runtime, bundle: Path, pause_s: float
) -> None:
    shell(engine, bundle, "sleep 100")
    root = str(engine.folder / "state-secure")
    with leaves_nothing(engine):
        process = subprocess.Popen(
            [*secure.command, "--root", root, "create", "-b", str(bundle), "c"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=engine.environment, **engine.who.credentials,
        )  # fmt: skip
        time.sleep(pause_s)
        process.kill()
        process.wait()
        # A whole container, one that ended with its maker, or none: nothing in between stays.
        assert eventually(lambda: secure.state("c").get("status") in {None, "created", "stopped"})
        assert secure("delete", "--force", "c").code == 0
        assert secure("list", "-q").out == ""


def at_once(work: Callable[[], Ended]) -> list[Ended]:
    """What four clients get that do the same at the same time."""
    with ThreadPoolExecutor(4) as pool:
        return [one.result() for one in [pool.submit(work) for _ in range(4)]]


def test_clients_that_race_for_one_container_take_turns(secure: Runtime, bundle: Path) -> None:
    made = at_once(lambda: secure.create("c", bundle))
    assert [one.code for one in made].count(0) == 1, made
    started = at_once(lambda: secure("start", "c"))
    assert [one.code for one in started].count(0) == 1, started
    assert secure("delete", "--force", "c").code == 0


def test_root_pauses_limits_and_watches_a_container(installed: Installed) -> None:
    with installed.account(caller("root")) as engine:
        secure = Runtime(
            "secure", (str(engine.command), "oci"), engine.folder, engine.who, engine.environment
        )
        folder = engine.folder / "bundle"
        folder.mkdir()
        config = base_config(engine.who)
        config["process"]["args"] = ["/bin/sleep", "100"]
        config["linux"]["resources"] = {"memory": {"limit": 64 << 20}, "pids": {"limit": 20}}
        make_bundle(folder, engine.who, config)
        with leaves_nothing(engine):
            created = secure.create("c", folder)
            if "cannot be applied" in created.err:
                pytest.skip(created.err)
            secure("start", "c")
            assert secure("pause", "c").code == 0
            assert secure.state("c")["status"] == "paused"
            assert secure("resume", "c").code == 0
            assert secure.state("c")["status"] == "running"
            event = json.loads(secure("events", "--stats", "c").out)
            assert event["data"]["memory"]["limit"] == 64 << 20
            assert secure("update", "--memory", str(32 << 20), "c").code == 0
            event = json.loads(secure("events", "--stats", "c").out)
            assert event["data"]["memory"]["limit"] == 32 << 20
            assert secure("delete", "--force", "c").code == 0


def test_memory_that_ran_out_is_in_events_and_state(installed: Installed) -> None:
    with installed.account(caller("root")) as engine:
        secure = Runtime(
            "secure", (str(engine.command), "oci"), engine.folder, engine.who, engine.environment
        )
        folder = engine.folder / "bundle"
        folder.mkdir()
        config = base_config(engine.who)
        script = "dd if=/dev/zero of=/dev/null bs=200M count=1; exec sleep 100"
        config["process"]["args"] = ["/bin/sh", "-c", script]
        limit = 32 << 20
        config["linux"]["resources"] = {"memory": {"limit": limit, "swap": limit}}
        make_bundle(folder, engine.who, config)
        with leaves_nothing(engine):
            created = secure.create("c", folder)
            if "cannot be applied" in created.err:
                pytest.skip(created.err)
            assert "annotations" not in secure.state("c")
            secure("start", "c")
            assert eventually(lambda: "annotations" in secure.state("c"))
            assert secure.state("c")["annotations"] == {"secure.oom-kills": "1"}
            event = json.loads(secure("events", "--stats", "c").out)
            assert event["data"]["memory"]["oom_kills"] == 1
            assert secure("delete", "--force", "c").code == 0


def test_a_pipe_that_was_exchanged_for_a_link_is_not_written_to(
    engine: Account, secure: Runtime, bundle: Path
) -> None:
    secure.create("c", bundle)
    pid = secure.state("c")["pid"]
    target = engine.made("target", "unharmed")
    go = engine.folder / "state-secure/c/go"
    go.unlink()
    go.symlink_to(target)
    ended = secure("start", "c")
    assert ended.code != 0
    assert target.read_text() == "unharmed"
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: secure("delete", "--force", "c").code == 0)


def test_the_runtime_itself_is_no_program_of_the_image(
    engine: Account, secure: Runtime, bundle: Path
) -> None:
    """CVE-2019-5736: /proc/self/exe is the interpreter of the host until execve."""
    rootfs = bundle / "rootfs"
    (rootfs / "lib64").mkdir(exist_ok=True)
    shutil.copy(rootfs / "bin/busybox", rootfs / "lib64/ld-linux-x86-64.so.2")
    (rootfs / "evil").symlink_to("/proc/self/exe")
    configured(engine, bundle, lambda config: config["process"].update(args=["/evil"]))
    with leaves_nothing(engine):
        ended = secure("run", "--bundle", str(bundle), "r")
    # "applet not found" would be the image's loader speaking, in the interpreter's process.
    assert "applet" not in ended.out + ended.err
    assert (ended.code, "ermission denied" in ended.err) == (126, True)
