"""Hooks of config.json: programs at fixed points of the lifecycle (config.md, "Hooks").

They come from the bundle, which the engine wrote; nothing of an image can add one. They get their
own arguments and environment, the state on standard input, and no descriptor beyond.
"""

from __future__ import annotations

import os
import time

from secure.errors import LaunchError
from secure.kernel import signals
from secure.kernel.libc import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from secure.oci.runtime_config import Hook

_LAST_DESCRIPTOR = 0xFFFFFFFF
_PAUSE_S = 0.002


def run(stage: str, hooks: tuple[Hook, ...], state: bytes) -> None:
    """Run the hooks of one stage, in order.

    Args:
        state: the container's state as JSON.

    Raises:
        LaunchError: one could not be run, failed, or took too long; later ones were not run.
    """
    for number, hook in enumerate(hooks):
        where = f'hook {stage}[{number}] "{hook.path}"'
        reader, writer = os.pipe2(os.O_CLOEXEC)
        child = os.fork()
        if child == 0:
            _execute(hook, reader)
        os.close(reader)
        _write(writer, state)
        os.close(writer)
        code = _wait(child, hook.timeout_s, where)
        if code != 0:
            raise LaunchError(f"{where} failed: it ended with {code}")


def _execute(hook: Hook, reader: int) -> NoReturn:
    try:
        os.setsid()  # so that what it starts can be ended with it
        os.dup2(reader, 0)
        syscall("close_range", 3, _LAST_DESCRIPTOR, 0, target="3-")
        signals.set_default(tuple(n for n in range(1, 65) if n not in {9, 19, 32, 33}))
        signals.set_mask(())
        pairs = (line.partition("=") for line in hook.env)
        environment = {os.fsencode(name): os.fsencode(text) for name, _, text in pairs}
        arguments = hook.args or (hook.path,)
        os.execve(hook.path, arguments, environment)  # noqa: S606 - what a hook is
    finally:
        os._exit(127)


def _write(writer: int, state: bytes) -> None:
    try:
        os.write(writer, state)
    except BrokenPipeError:
        return  # a hook need not read it


def _wait(child: int, timeout_s: int, where: str) -> int:
    deadline = time.monotonic() + timeout_s
    while timeout_s:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.killpg(child, signals.SIGKILL)
            os.waitpid(child, 0)
            raise LaunchError(f"{where} took more than its {timeout_s} s")
        time.sleep(_PAUSE_S)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
