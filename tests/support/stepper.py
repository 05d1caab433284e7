"""Runs a command and stops before its system calls: to kill there, or to let a call fail.

    python3 -I -S stepper.py RESULT_FD ORDER COMMAND...

ORDER is JSON, see `Order`. Its own way and not strace's `inject`, which costs the same: strace
counts each call by its number, so "before the 100th call of the second process" cannot be said.

Every process that the command starts is followed (ptrace(2), PTRACE_SEIZE), and known by the order
of appearance: 0 is the command. Whatever still lives when the command has ended is let go: the
kernel detaches from all when this process exits.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import Any

_CONT, _SYSCALL, _POKEUSER, _SEIZE, _GETEVENTMSG, _GET_SYSCALL_INFO = (
    7, 24, 6, 0x4206, 0x4201, 0x420E,
)  # fmt: skip
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10  # SYSGOOD, FORK, VFORK, CLONE, EXEC
_EVENT_EXEC, _NEW = 4, (1, 2, 3)
_WALL = 0x40000000
_SYSCALL_STOP = 0x85
_TO_FILES = (1, 18, 74, 75, 77)  # write pwrite64 fsync fdatasync ftruncate
_OPENAT, _GETPID = 257, 39
_SIGKILL = 9
_PATIENCE_S = 20
_ENTRY, _EXIT = 1, 2
# struct user_regs_struct of x86-64, in 8 bytes each
_ORIG_RAX, _RAX = 15 * 8, 10 * 8

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


class Order:
    """What to do, and where.

    Args:
        process: which; -1 is each, counted together.
        call: the number of the call before which to do it, from 1; 0 only counts.
        error: errno that the call gets; 0 kills the process instead.
        calls: numbers of the system calls that count; none: all. Of those that write, only to
            files.
        onward: every later call of these fails as well.
        after: nothing counts before a path with this in it was opened: the interpreter's own start.
    """

    def __init__(self, given: dict[str, Any]) -> None:
        self.process: int = given.get("process", 0)
        self.call: int = given.get("call", 0)
        self.error: int = given.get("error", 0)
        self.calls: frozenset[int] = frozenset(given.get("calls", ()))
        self.onward: bool = given.get("onward", False)
        self.uid: int | None = given.get("uid")
        self.gid: int | None = given.get("gid")
        self.after: str = given.get("after", "")


class Stepper:
    """One run of a command."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._index: dict[int, int] = {}
        self._counts: list[int] = []
        self._failing: set[int] = set()
        self._done = False
        self._waits = bool(order.after)
        self._info = ctypes.create_string_buffer(88)
        self.hit = -1
        self.hung = False

    def run(self, command: list[str]) -> int:
        """Its exit code, negative for a signal."""
        root = self._start(command)
        signal.signal(signal.SIGALRM, self._give_up)
        signal.alarm(_PATIENCE_S)
        while True:
            pid, status = os.waitpid(-1, _WALL)
            if not os.WIFSTOPPED(status):
                if pid == root:
                    return os.waitstatus_to_exitcode(status)
                continue
            self._resume(pid, status)

    def _give_up(self, *_: object) -> None:
        """It hangs: end all of it."""
        self.hung = True
        for pid in self._index:
            os.kill(pid, _SIGKILL)

    def counts(self) -> list[int]:
        """System calls of each process."""
        return self._counts

    def _start(self, command: list[str]) -> int:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(reader, 1)
            _become(self._order, command)
        if _libc.ptrace(_SEIZE, pid, None, _OPTIONS) != 0:
            raise OSError(ctypes.get_errno(), "PTRACE_SEIZE")
        os.write(writer, b"x")
        os.close(reader)
        os.close(writer)
        return pid

    def _resume(self, pid: int, status: int) -> None:
        number, event = os.WSTOPSIG(status), status >> 16
        hand_on = 0
        if number == _SYSCALL_STOP:
            if self._stopped(pid):
                return
        elif event in _NEW:
            message = ctypes.c_ulong()
            _libc.ptrace(_GETEVENTMSG, pid, None, ctypes.addressof(message))
            self._number(message.value)
        elif event == _EVENT_EXEC:
            self._number(pid)  # the command itself counts from here on
        elif not event:
            hand_on = number
        quiet = self._done and not self._order.onward and pid not in self._failing
        _libc.ptrace(_CONT if quiet else _SYSCALL, pid, None, hand_on)

    def _number(self, pid: int) -> int:
        if pid not in self._index:
            self._index[pid] = len(self._counts)
            self._counts.append(0)
        return self._index[pid]

    def _stopped(self, pid: int) -> bool:
        """Before or after a system call; True if the process was killed there."""
        if not self._index:
            return False
        _libc.ptrace(_GET_SYSCALL_INFO, pid, ctypes.c_void_p(88), ctypes.addressof(self._info))
        what = self._info.raw[0]
        if what == _EXIT and pid in self._failing:
            self._failing.discard(pid)
            _libc.ptrace(_POKEUSER, pid, ctypes.c_void_p(_RAX), ctypes.c_void_p(-self._order.error))
        if what != _ENTRY:
            return False
        number = int.from_bytes(self._info.raw[24:32], "little")
        return self._entered(pid, number, int.from_bytes(self._info.raw[32:36], "little"))

    def _entered(self, pid: int, number: int, first: int) -> bool:
        order, index = self._order, self._number(pid)
        if self._waits:
            self._waits = number != _OPENAT or order.after not in self._path(pid)
            return False
        if order.calls and (number not in order.calls or not _counts(pid, number, first)):
            return False
        self._counts[index] += 1
        count = sum(self._counts) if order.process < 0 else self._counts[index]
        here = order.process in (-1, index) and order.call
        reached = here and (count == order.call or (order.onward and count > order.call))
        if not reached or (self._done and not order.onward):
            return False
        self._done = True
        self.hit = self.hit if self.hit >= 0 else number
        if not order.error:
            os.kill(pid, _SIGKILL)
            return True
        # A call that does nothing takes its place, and the answer is replaced when it comes back.
        # Not -1, which is no call: a seccomp filter would have its say about that.
        _libc.ptrace(_POKEUSER, pid, ctypes.c_void_p(_ORIG_RAX), ctypes.c_void_p(_GETPID))
        self._failing.add(pid)
        return False

    def _path(self, pid: int) -> str:
        """The second argument of the call."""
        at = int.from_bytes(self._info.raw[40:48], "little")
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            memory.seek(at)
            return memory.read(256).partition(b"\0")[0].decode(errors="replace")


def _counts(pid: int, number: int, fd: int) -> bool:
    """A disk cannot fail for a pipe, and what is to be read afterwards is left alone."""
    if number not in _TO_FILES:
        return True
    try:
        file = os.readlink(f"/proc/{pid}/fd/{fd}")
    except OSError:
        return False
    return file.startswith("/") and not file.startswith("/dev/") and not file.endswith(".out")


def _become(order: Order, command: list[str]) -> None:
    if order.uid is not None and order.gid is not None:
        os.setgroups([])
        os.setgid(order.gid)
        os.setuid(order.uid)
    os.execv(command[0], command)  # noqa: S606 - this is a debugger


def main(result: int, order: dict[str, Any], command: list[str]) -> None:
    """Run, and write how it went to the descriptor `result`."""
    os.set_inheritable(result, False)
    stepper = Stepper(Order(order))
    code = stepper.run(command)
    said = {"code": code, "counts": stepper.counts(), "hit": stepper.hit, "hung": stepper.hung}
    os.write(result, json.dumps(said).encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:])
