"""A process that starts containers again and again: quicker, never looser, and nothing piles up."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from installation import Account, Ended, leaves_nothing
from made_images import Images

pytestmark = pytest.mark.kernel

_PROGRAM = """
import os, sys
version = "python%d.%d" % sys.version_info[:2]
sys.path += [sys.argv[1], f"{sys.argv[1]}/.venv/lib/{version}/site-packages"]
import _signal
from secure.errors import SecureError
from secure.flows.launcher import Launcher
from secure.runtime.request import RunRequest
image, id_map, policy = sys.argv[2:5]

def launcher(command):
    request = RunRequest(image=image, command=tuple(command), id_map=id_map, policy=policy)
    return Launcher(request, lambda text: None)

def tell(*words):
    print(*words, flush=True)

def attempt(one, *command):
    try:
        tell(one.run(command).exit_code)
    except SecureError as error:
        tell(type(error).__name__, error.exit_code, str(error).splitlines()[0])
"""


def run(account: Account, image: str, body: str, policy: str = "") -> Ended:
    home = account.command.parent.parent
    done = subprocess.run(
        [str(home / ".venv/bin/python3"), "-I", "-c", _PROGRAM + body, str(home), image,
         account.who.id_map, policy],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
        cwd=account.folder, env=account.environment, **account.who.credentials,
    )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


def test_one_decision_starts_many_containers(account: Account, images: Images) -> None:
    account.secure("run", images.good, "true")
    before = len(account.records())
    with leaves_nothing(account):
        ended = run(account, images.good, """
one = launcher(["sh", "-c", "exit 3"])
attempt(one); attempt(one, "sh", "-c", "echo hello; exit 4"); attempt(one, "true")
""")  # fmt: skip
    assert (ended.out.split(), ended.err) == (["3", "hello", "4", "0"], "")
    new = account.records()[before:]
    assert [kind for kind, _ in new] == ["launch", "exit"] * 3
    assert len({content["id"] for _, content in new}) == 3
    assert all(content["evidence"] for kind, content in new if kind == "launch")


def test_nothing_piles_up_in_the_process(account: Account, images: Images) -> None:
    ended = run(account, images.good, """
one = launcher(["true"])
def kept():
    handlers = [_signal.getsignal(n) for n in (1, 2, 3, 10, 12, 15, 17, 28)]
    return sorted(os.listdir("/proc/self/fd")), handlers, _signal.pthread_sigmask(0, ())
one.run()
before = kept()
for _ in range(30):
    one.run()
tell(kept() == before, len(before[0]) < 8)
""")  # fmt: skip
    assert (ended.out, ended.err) == ("True True\n", "")


def test_a_policy_that_was_tightened_counts_for_the_next(account: Account, images: Images) -> None:
    text = "apiVersion: secure/v1\nkind: Policy\nname: mine\nextends: checklist\n"
    policy = account.made("mine.yaml", text)
    ended = run(account, images.good, f"""
one = launcher(["true"])
attempt(one)
with open({str(policy)!r}, "a") as file:
    file.write("launch:\\n  seccomp: {{allow: []}}\\n")
attempt(one)
""", str(policy))  # fmt: skip
    lines = ended.out.splitlines()
    assert lines[:1] == ["0"], ended
    assert lines[1].startswith("PolicyFileError 2"), ended


def test_an_image_that_was_replaced_is_judged_again(
    account: Account, images: Images, tmp_path: Path
) -> None:
    path = account.made("mine.tar")
    path.write_bytes(Path(images.good).read_bytes())
    bad = images.made("launcher-root", user="0")
    ended = run(account, str(path), f"""
one = launcher(["true"])
attempt(one)
with open({bad!r}, "rb") as new, open({str(path)!r}, "wb") as old:
    old.write(new.read())
attempt(one)
attempt(one)
""")  # fmt: skip
    lines = ended.out.splitlines()
    assert lines[:1] == ["0"], ended
    assert [line.split()[0] for line in lines[1:]] == ["PolicyRefusedError"] * 2, ended


def test_a_process_with_threads_is_refused(account: Account, images: Images) -> None:
    ended = run(account, images.good, """
import threading
stop = threading.Event()
threading.Thread(target=stop.wait).start()
attempt(launcher(["true"]))
stop.set()
""")  # fmt: skip
    assert ended.out.startswith("UsageError 2 "), ended


def test_the_next_container_stands_by_and_is_judged_when_it_is_used(
    account: Account, images: Images
) -> None:
    account.secure("run", images.good, "true")
    before = len(account.records())
    with leaves_nothing(account):
        ended = run(account, images.good, """
def children():
    return open("/proc/self/task/%d/children" % os.getpid()).read().split()
with launcher(["sh", "-c", "exit 3"]) as one:
    attempt(one)
    tell(len(children()))
    attempt(one, "sh", "-c", "echo \\"$0\\"; exit 4", "a  b"); attempt(one)
tell(len(children()))
""")  # fmt: skip
    assert (ended.out.splitlines(), ended.err) == (["3", "1", "a  b", "4", "3", "0"], "")
    new = account.records()[before:]
    assert [kind for kind, _ in new] == ["launch", "exit"] * 3
    launched = [content for kind, content in new if kind == "launch"]
    assert launched[1]["argv"][-1] == "a  b"
    assert len({content["id"] for content in launched}) == 3


def test_who_stands_by_is_not_used_under_another_policy(account: Account, images: Images) -> None:
    text = "apiVersion: secure/v1\nkind: Policy\nname: mine\nextends: checklist\n"
    policy = account.made("standing.yaml", text)
    with leaves_nothing(account):
        ended = run(account, images.good, f"""
with launcher(["sh", "-c", "ulimit -n"]) as one:
    attempt(one)
    with open({str(policy)!r}, "a") as file:
        file.write("launch:\\n  nofile: {{default: 99, max: 99}}\\n")
    attempt(one)
""", str(policy))  # fmt: skip
    lines = ended.out.split()
    assert lines[1] == "0", ended
    assert lines[2:] == ["99", "0"], ended
    assert lines[0] != "99"


def test_who_stands_by_with_other_streams_is_not_used(account: Account, images: Images) -> None:
    ended = run(account, images.good, """
with launcher(["echo", "said"]) as one:
    one.run()
    kept = os.dup(1)
    reader, writer = os.pipe()
    os.dup2(writer, 1)
    one.run()
    os.dup2(kept, 1)
    os.close(writer)
    tell("apart", os.read(reader, 100))
""")  # fmt: skip
    assert ended.out.splitlines() == ["said", "apart b'said\\n'"], ended


def test_who_stood_by_and_died_is_replaced(account: Account, images: Images) -> None:
    with leaves_nothing(account):
        ended = run(account, images.good, """
with launcher(["echo", "said"]) as one:
    one.run()
    pid = int(open("/proc/self/task/%d/children" % os.getpid()).read())
    os.kill(pid, 9)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    attempt(one)
""")  # fmt: skip
    assert (ended.out.splitlines(), ended.err) == (["said", "said", "0"], "")


def test_who_stands_by_belongs_to_one_process(account: Account, images: Images) -> None:
    with leaves_nothing(account):
        ended = run(account, images.good, """
with launcher(["echo", "said"]) as one:
    one.run()
    pid = os.fork()
    if pid == 0:
        with one:
            attempt(one)
        os._exit(0)
    os.waitpid(pid, 0)
    attempt(one)
""")  # fmt: skip
    assert (ended.out.splitlines(), ended.err) == (["said", "said", "0", "said", "0"], "")


def test_who_stands_by_dies_with_its_starter(account: Account, images: Images) -> None:
    with leaves_nothing(account):
        ended = run(account, images.good, """
with launcher(["true"]) as one:
    one.run()
    os.kill(os.getpid(), 9)
""")  # fmt: skip
        account.secure("run", images.good, "true")  # which sweeps: nobody else removes cgroups
    assert ended.code == -9, ended


def test_children_that_somebody_else_waits_for_are_no_obstacle(
    account: Account, images: Images
) -> None:
    with leaves_nothing(account):
        ended = run(account, images.good, """
def standing():
    return int(open("/proc/self/task/%d/children" % os.getpid()).read())
with launcher(["echo", "said"]) as one:
    attempt(one)
    os.kill(standing(), 9)
    os.waitpid(-1, 0)  # as a server does that reaps whatever ended
    attempt(one)
    _signal.signal(_signal.SIGCHLD, _signal.SIG_IGN)
    attempt(one)
    pid = standing()
    os.kill(pid, 9)
    while os.path.exists(f"/proc/{pid}"):
        pass
    attempt(one)
tell(_signal.getsignal(_signal.SIGCHLD) == _signal.SIG_IGN)
""")  # fmt: skip
    assert (ended.out.split(), ended.err) == ([*["said", "0"] * 4, "True"], "")


def test_a_run_that_is_interrupted_leaves_nobody_at_the_gate(
    account: Account, images: Images
) -> None:
    with leaves_nothing(account):
        ended = run(account, images.good, """
def interrupt(frame, event, _):
    if event == "call" and frame.f_code.co_name == "stand_by":
        sys.setprofile(None)
        raise KeyboardInterrupt
with launcher(["echo", "said"]) as one:
    attempt(one)
    sys.setprofile(interrupt)
    try:
        one.run()
    except KeyboardInterrupt:
        tell("children:", open("/proc/self/task/%d/children" % os.getpid()).read())
    attempt(one)
""")  # fmt: skip
    assert (ended.out.split(), ended.err) == (["said", "0", "children:", "said", "0"], "")
