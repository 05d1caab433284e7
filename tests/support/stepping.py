"""A command run up to one of its system calls, and what must hold after it was killed there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from installation import Account, Ended

_SCRIPT = Path(__file__).with_name("stepper.py")
_SLOW_S = 60


@dataclass(frozen=True)
class Stepped:
    """How a command ended, and the system calls that its processes made.

    Args:
        hit: the number of the call before which it was stopped; -1: that was not reached.
        hung: it did not end by itself.
    """

    ended: Ended
    counts: list[int]
    hit: int
    hung: bool


def step(account: Account, command: list[str], **order: Any) -> Stepped:
    """Run `command` as the account's user with an `Order` of stepper.py."""
    if os.uname().machine != "x86_64":
        pytest.skip("the stepper knows the registers of x86-64 only")
    reader, writer = os.pipe()
    out = account.folder / "stepped.out"
    ids = {"uid": account.who.uid, "gid": account.who.gid} if account.who.credentials else {}
    words = [sys.executable, "-I", "-S", str(_SCRIPT), str(writer), json.dumps(order | ids)]
    # To a file: a container that is left would hold a pipe open.
    with out.open("w") as file:
        done = subprocess.run(
            [*words, *command], stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            pass_fds=(writer,), timeout=_SLOW_S, check=False, cwd=account.folder,
            env=account.environment,
        )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    text = out.read_text(errors="replace")
    assert said, (done.returncode, text)
    found = json.loads(said)
    return Stepped(Ended(found["code"], text, text), found["counts"], found["hit"], found["hung"])


def points(counts: list[int], most: int) -> Iterator[tuple[int, int]]:
    """(process, call): at most `most` of all of them, evenly spread; 0 is every one."""
    every = [(index, call) for index, count in enumerate(counts) for call in range(1, count + 1)]
    stride = max(1, len(every) // most) if most else 1
    # Not from the first: the start of the interpreter is the same in every command.
    yield from every[stride // 2 :: stride]


def eventually(condition: Callable[[], bool], patience_s: float = 10) -> bool:
    """Whether it holds within some seconds."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def reap() -> None:
    """Adopted orphans that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def says_why(ended: Ended) -> bool:
    """A failure with a documented code, in our words, and no fault of ours."""
    ours = ended.code in {1, 2, 3, 4, 125, 126, 127}
    return ours and "Traceback" not in ended.err and "our bug" not in ended.err
