"""What the filter refuses is answered as the profile says, counted, and told."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from containers import Caller, Workshop
from installation import Account
from made_images import Images

from secure.kernel import seccomp

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(
        seccomp.USER_NOTIF not in seccomp.available(), reason="needs Linux 5.0: no user_notif"
    ),
]
STRICT = ("--security-opt", "seccomp=strict")


def last_exit(account: Account) -> dict[str, Any]:
    return next(body for kind, body in reversed(account.records()) if kind == "exit")


def test_a_program_that_dies_of_a_refused_call_is_explained(
    account: Account, images: Images
) -> None:
    # Without a pid 2 that forks first: `nc` is the program itself.
    ended = account.secure("run", *STRICT, images.good, "nc", "-l", "-p", "99", "127.0.0.1")

    assert ended.code == 1
    assert "Address family not supported by protocol" in ended.err
    line = ended.err.splitlines()[-1]
    assert line.startswith('secure: the program ended with code 1; seccomp profile "strict" had')
    assert "socket once with EAFNOSUPPORT (profile web allows it)" in line
    assert "launch.seccomp.allow" in line
    assert re.search(r"see: secure inspect [0-9a-f]{16}$", line)


def test_the_audit_log_and_inspect_name_what_was_refused(person: Account, images: Images) -> None:
    person.secure("run", images.good, "sh", "-c", "unshare -U true; unshare -U true; exit 3")

    end = last_exit(person)
    wanted = {"call": "unshare", "errno": "EPERM", "count": 2, "allowed_by": ""}
    assert (end["refused_calls"], end["more_refused"]) == ([wanted], False)
    inspected = person.secure("inspect", end["id"][:8]).out
    assert f"container  {end['id']}" in inspected
    assert "refused    unshare, 2 times, EPERM, no profile allows it" in inspected
    assert f"{end['id']} code 3, refused: unshare\n" in person.secure("audit", "log").out
    explained = person.secure("policy", "explain", "unshare").out
    assert "refused with EPERM: namespaces" in explained
    assert f"container {end['id']}, 2 times, EPERM; it ended with code 3" in explained


def test_a_program_that_ends_well_is_no_alarm_but_is_recorded(
    person: Account, images: Images
) -> None:
    ended = person.secure("run", images.good, "sh", "-c", "unshare -U true 2>/dev/null; true")

    assert ended.code == 0
    assert "seccomp profile" not in ended.err
    assert last_exit(person)["refused_calls"] == [{"call": "unshare", "errno": "EPERM", "count": 1}]


def test_nothing_refused_is_told_of_a_program_that_fails_by_itself(
    person: Account, images: Images
) -> None:
    ended = person.secure("run", images.good, "false")

    assert ended.code == 1
    assert "seccomp profile" not in ended.err
    assert last_exit(person)["refused_calls"] == []


def test_a_flood_is_refused_to_its_end_and_counted_to_a_bound(
    account: Account, images: Images
) -> None:
    # One process makes each 1,200 calls; the supervisor still copies output and sees the end.
    script = (
        "cd /tmp; touch $(seq 1200); chown 10001 $(seq 1200) 2>errors; "
        "grep -c 'not permitted' errors; grep -c 'not implemented' errors; wc -l < errors; exit 9"
    )
    ended = account.secure(
        "run", *STRICT, "--tmpfs", "/tmp:size=8m", images.good, "sh", "-c", script
    )

    assert ended.code == 9
    permitted, absent, lines = map(int, ended.out.split())
    assert permitted + absent == lines == 1200
    assert 0 < permitted < 1024
    end = last_exit(account)
    assert end["more_refused"] is True
    assert sum(one["count"] for one in end["refused_calls"]) == 1024
    assert "and others" in ended.err


def test_the_listener_is_with_the_supervisor_and_nowhere_inside(
    shop: Workshop, who: Caller
) -> None:
    inside = "for p in 1 self; do ls -l /proc/$p/fd 2>/dev/null; done | grep -c notify"
    result = shop.start(who, "/bin/sh", "-c", f"{inside}; true")
    assert (result.code, result.out) == (0, "0\n")


def test_a_call_whose_supervisor_is_killed_is_never_permitted(
    person: Account, images: Images
) -> None:
    share = person.made("share-killed/file").parent
    share.chmod(0o777)
    script = "touch /x/begun; unshare -U true && touch /x/permitted; touch /x/refused; sleep 60"
    words = ("run", "-v", f"{share}:/x:rw", images.good, "sh", "-c", script)
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with person.start(*words, **silent) as process:
        try:
            supervisor_stops_when(process.pid, share / "begun")
        finally:
            process.kill()
    assert (share / "begun").exists()
    assert not (share / "permitted").exists()


def supervisor_stops_when(pid: int, begun: Path) -> None:
    deadline = time.monotonic() + 20
    while not begun.exists() and time.monotonic() < deadline:
        time.sleep(0.002)
    os.kill(pid, signal.SIGSTOP)


_BEHIND_A_LISTENER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from secure.kernel import prctl, seccomp
allow = bytes((6, 0, 0, 0, 0, 0, 0xFF, 0x7F))  # return ALLOW
prctl.prctl(prctl.PR_SET_NO_NEW_PRIVS, 1)
listener = seccomp.install_watched(allow)
os.set_inheritable(listener, True)
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_behind_a_listener_of_others_it_runs_without_one(person: Account, images: Images) -> None:
    words = person.arguments("run", images.good, "sh", "-c", "unshare -U true; exit 3")
    home = person.command.parent.parent  # not the checkout, which may lie below root's home
    done = subprocess.run(
        [str(home / ".venv/bin/python3"), "-I", "-S", "-c", _BEHIND_A_LISTENER, str(home), *words],
        capture_output=True, text=True, timeout=60, check=False, env=person.environment,
        **person.who.credentials,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "Operation not permitted" in done.stderr
    assert "refused_calls" not in last_exit(person)
    assert "refused    unknown" in person.secure("inspect").out
