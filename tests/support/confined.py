"""Runs system calls, or a program, under a filter or Landlock, as a process of its own.

    python3 -I -S confined.py SPECIFICATION

SPECIFICATION is JSON: `packages` (the folder that holds `secure`), and optionally `uid` (become
this user), `bpf` (hexadecimal), `landlock` (arguments of `confine`), then one of `probes`
([name, number, arguments]...), `machine_code` (hexadecimal, run as a function) or `command`.

Each probe runs in a child of its own; printed is JSON: name -> [result, errno], or
["signal", number].
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

_LIBC = ctypes.PyDLL(None, use_errno=True)
_LIBC.syscall.restype = ctypes.c_long
_CLONE_LIKE = ("clone", "clone3")


def main(specification: dict[str, Any]) -> None:
    sys.path.insert(0, specification["packages"])
    from secure.kernel import landlock, seccomp
    from secure.kernel.prctl import PR_SET_NO_NEW_PRIVS, prctl

    uid = specification.get("uid", 0)
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" in specification:
        asked = dict(specification["landlock"])
        for paths in asked.keys() & {"writable", "readable"}:
            asked[paths] = [os.fsencode(path) for path in asked[paths]]
        landlock.confine(**asked)
    if specification.get("bpf"):
        seccomp.install_filter(bytes.fromhex(specification["bpf"]))
    if "command" in specification:
        os.execvp(specification["command"][0], specification["command"])  # noqa: S606 - by design
    print(json.dumps(dict(_results(specification))))


def _results(specification: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    if "machine_code" in specification:
        yield "machine code", _in_child(partial(_run, bytes.fromhex(specification["machine_code"])))
    for name, number, arguments in specification.get("probes", ()):
        yield name, _in_child(partial(_call, name, number, arguments))


def _call(name: str, number: int, arguments: list[Any]) -> int:
    result = int(_LIBC.syscall(ctypes.c_long(number), *(_argument(item) for item in arguments)))
    if name.split(maxsplit=1)[0] in _CLONE_LIKE and result == 0:
        os._exit(0)  # the new process
    return result


def _argument(item: Any) -> Any:
    if item == "self":
        return ctypes.c_long(os.getpid())
    if isinstance(item, str):
        return ctypes.create_string_buffer(bytes.fromhex(item) or bytes(256))
    return ctypes.c_ulong(item & (1 << 64) - 1)


def _run(code: bytes) -> int:
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return int(ctypes.PYFUNCTYPE(ctypes.c_long)(address)())


def _in_child(action: Callable[[], int]) -> list[Any]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        ctypes.set_errno(0)
        result = action()
        os.write(writer, json.dumps([result, ctypes.get_errno()]).encode())
        os._exit(0)
    os.close(writer)
    answer = os.read(reader, 100)
    os.close(reader)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return ["signal", -code] if code < 0 else list(json.loads(answer))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
