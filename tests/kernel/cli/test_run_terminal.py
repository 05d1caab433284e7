"""`-it` on a real terminal: a pty of the container's own, joined to the caller's."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator

import pytest
from installation import Account, leaves_nothing
from made_images import Images

pytestmark = pytest.mark.kernel

_WAIT_S = 20


class Screen:
    """A terminal with `secure` as the leader of its session."""

    def __init__(self, account: Account, words: tuple[str, ...]) -> None:
        self.master, self._slave = pty.openpty()
        self.resize(24, 80)
        self.before = termios.tcgetattr(self._slave)
        # setsid makes the terminal that is its standard input the controlling one of its session.
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *account.arguments(*words)],
            stdin=self._slave, stdout=self._slave, stderr=self._slave,
            cwd=account.folder, env=account.environment, **account.who.credentials,
        )  # fmt: skip
        self.text = ""

    def resize(self, rows: int, columns: int) -> None:
        """As a window manager does: the kernel sends SIGWINCH."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def see(self, words: str) -> str:
        """Wait until `words` are shown; what was shown since the last wait."""
        deadline = time.monotonic() + _WAIT_S
        while words not in self.text:
            left = deadline - time.monotonic()
            if left < 0 or not select.select([self.master], [], [], left)[0]:
                pytest.fail(f"{words!r} was never shown, but {self.text!r}")
            self.text += os.read(self.master, 4096).decode(errors="replace")
        shown, _, self.text = self.text.partition(words)
        return shown

    def end(self) -> int:
        """Wait for the end; the exit code."""
        code = self.process.wait(_WAIT_S)
        self.after = termios.tcgetattr(self._slave)
        return code

    def close(self) -> None:
        self.process.send_signal(signal.SIGHUP)
        self.process.wait(_WAIT_S)
        os.close(self.master)
        os.close(self._slave)


@pytest.fixture
def screen(account: Account, images: Images) -> Iterator[Screen]:
    """A shell in a container on a terminal."""
    account.secure("run", images.good)
    with leaves_nothing(account):
        made = Screen(account, ("run", "-it", images.good, "sh"))
        try:
            made.see("$ ")
            yield made
        finally:
            made.close()


def ask(screen: Screen, command: str) -> str:
    """What the shell answers to one command."""
    screen.type(f"{command}; echo 'do''ne'\n")
    shown = screen.see("done\r\n")
    screen.see("$ ")
    return shown.split("\r\n", 1)[1].strip()


def test_the_terminal_is_the_containers_own(screen: Screen) -> None:
    assert ask(screen, "tty") == "/dev/pts/0"
    assert ask(screen, "ls /dev/pts") == "0     ptmx"
    assert ask(screen, "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all") == "all"
    screen.type("exit 6\n")
    assert screen.end() == 6
    assert screen.after == screen.before


def test_the_size_follows_the_window(screen: Screen) -> None:
    assert ask(screen, "stty size") == "24 80"
    screen.resize(31, 121)
    deadline = time.monotonic() + _WAIT_S
    while (size := ask(screen, "stty size")) != "31 121" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert size == "31 121"


def test_ctrl_c_interrupts_the_program_and_not_secure(screen: Screen) -> None:
    screen.type("sleep 60; echo still here\n")
    time.sleep(0.3)
    screen.type("\x03")
    screen.see("$ ")
    assert ask(screen, "echo alive") == "alive"


def test_settings_are_restored_after_a_death_by_signal(screen: Screen) -> None:
    screen.type("kill -9 $$\n")
    assert screen.end() == 137
    assert screen.after == screen.before


def test_a_hang_up_of_the_terminal_ends_the_container(screen: Screen) -> None:
    screen.type("exec cat\n")
    time.sleep(0.2)
    os.close(screen.master)
    screen.master = os.dup(0)
    screen.process.wait(_WAIT_S)


def test_nothing_of_the_callers_terminal_is_passed_in(screen: Screen) -> None:
    shown = ask(screen, "ls -l /proc/self/fd")
    targets = [line.rpartition("-> ")[2] for line in shown.split("\r\n") if "->" in line]
    own = {"/dev/pts/0", "/dev/tty"}  # the shell keeps the second one open
    assert [target for target in targets if target not in own and "/fd" not in target] == []


def test_without_t_a_terminal_is_relayed(account: Account, images: Images) -> None:
    made = Screen(account, ("run", images.good, "sh", "-c", "[ -t 1 ] || echo no terminal"))
    try:
        made.see("no terminal")
        assert made.end() == 0
        assert made.after == made.before
    finally:
        made.close()


def test_t_without_a_terminal_is_wrong_usage(account: Account, images: Images) -> None:
    with leaves_nothing(account):
        ended = account.secure("run", "-it", images.good, "true", stdin="")
    assert (ended.code, ended.out) == (2, "")
    assert "-t needs a terminal" in ended.err


def test_a_refused_launch_leaves_the_terminal_alone(account: Account, images: Images) -> None:
    made = Screen(account, ("run", "-it", "--privileged", images.good))
    try:
        made.see("RUN001")
        assert made.end() == 125
        assert made.after == made.before
    finally:
        made.close()
