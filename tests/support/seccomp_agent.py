"""A seccomp agent: takes listeners at a socket and answers the calls that they hand over.

    python3 -I -S seccomp_agent.py SOCKET NOTES ANSWERS

ANSWERS is JSON: a system call's number -> [value, errno]; other calls are let through, and with
"silent" none is answered at all. Each message and each call is a line of JSON in NOTES.

Source: runtime-spec config-linux.md, "The Container Process State"; seccomp_unotify(2).
"""

from __future__ import annotations

import array
import fcntl
import json
import os
import platform
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RECV, _SEND, _CONTINUE = 0xC0502100, 0xC0182101, 1
_NUMBERS = {
    "x86_64": {"mkdir": 83, "getpid": 39, "unshare": 272},
    "aarch64": {"mkdir": 34, "getpid": 172, "unshare": 97},
}
NUMBERS = _NUMBERS.get(platform.machine(), _NUMBERS["x86_64"])
MKDIR = ["mkdir", "mkdirat"]  # the first is not on aarch64, the second not what busybox makes


def notifying(path: Path | str, *names: str, **more: Any) -> dict[str, Any]:
    """`linux.seccomp` of a config that hands calls to the agent at `path`."""
    return {
        "defaultAction": "SCMP_ACT_ALLOW",
        "listenerPath": str(path),
        "listenerMetadata": "for the agent",
        "syscalls": [{"names": [*names], "action": "SCMP_ACT_NOTIFY"}],
        **more,
    }


@dataclass(frozen=True)
class Agent:
    """A running agent."""

    process: subprocess.Popen[bytes]
    socket: Path
    notes: Path

    def heard(self, kind: str, least: int = 0) -> list[Any]:
        """What it noted: "state" (messages), "call" (numbers) or "gone" (listeners that ended).

        Waits some seconds for `least` of them: nobody waits for the agent to take a message.
        """
        deadline = time.monotonic() + 10
        while True:
            lines = [json.loads(line) for line in self.notes.read_text().splitlines()]
            found = [line[kind] for line in lines if kind in line]
            if len(found) >= least or time.monotonic() > deadline:
                return found
            time.sleep(0.005)

    def die(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()


@contextmanager
def agent(folder: Path, answers: dict[str, Any], **credentials: Any) -> Iterator[Agent]:
    """An agent that listens in `folder`, which whoever `credentials` say may write."""
    name = os.urandom(4).hex()
    made = folder / f"{name}.sock", folder / f"{name}.notes"
    words = [sys.executable, "-I", "-S", __file__, *map(str, made), json.dumps(answers)]
    with subprocess.Popen(words, env={}, **credentials) as process:
        deadline = time.monotonic() + 20
        while not made[1].exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
        try:
            yield Agent(process, *made)
        finally:
            process.kill()


class _Agent:
    def __init__(self, path: str, notes: str, answers: dict[str, Any]) -> None:
        self._answers = answers
        self._poll = select.poll()
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(path)
        self._door.listen(8)
        self._poll.register(self._door, select.POLLIN)
        self._notes = open(notes, "w", buffering=1)  # noqa: SIM115 - as long as it lives

    def serve(self) -> None:
        while True:
            for fd, event in self._poll.poll():
                if fd == self._door.fileno():
                    self._take()
                elif event & select.POLLIN:
                    self._answer(fd)
                else:
                    self._poll.unregister(fd)
                    os.close(fd)
                    self._note(gone=fd)

    def _note(self, **what: Any) -> None:
        self._notes.write(json.dumps(what) + "\n")

    def _take(self) -> None:
        stream, _ = self._door.accept()
        fds = array.array("i")
        text, rights, _, _ = stream.recvmsg(1 << 16, socket.CMSG_SPACE(4 * 4))
        for _, _, data in rights:
            fds.frombytes(data)
        while more := stream.recv(1 << 16):
            text += more
        stream.close()
        if not text:
            return
        self._note(state=json.loads(text), descriptors=len(fds))
        if "silent" not in self._answers:
            self._poll.register(fds[0], select.POLLIN)

    def _answer(self, fd: int) -> None:
        buffer = bytearray(80)
        try:
            fcntl.ioctl(fd, _RECV, buffer)
        except FileNotFoundError:  # the caller was killed
            return
        number = int.from_bytes(buffer[16:20], sys.byteorder)
        self._note(call=number)
        value, errno = self._answers.get(str(number), (0, 0))
        flags = 0 if str(number) in self._answers else _CONTINUE
        try:
            fcntl.ioctl(fd, _SEND, bytes(buffer[:8]) + struct.pack("=qiI", value, -errno, flags))
        except FileNotFoundError:
            return


if __name__ == "__main__":
    _Agent(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])).serve()
