"""Landlock for real: what is refused, what must go on working, each with its control."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confinement import ordinary_uid, run

from secure.errors import KernelError
from secure.kernel import landlock, landlock_ruleset

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(landlock.abi() == 0, reason="this kernel has no Landlock"),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may write to, with one to be allowed inside."""
    with tempfile.TemporaryDirectory(prefix="landlock-", dir="/var/tmp") as name:
        top = Path(name)
        for each in (top, top / "allowed", top / "allowed" / "other", top / "closed"):
            each.mkdir(exist_ok=True)
            each.chmod(0o777)
        (top / "file").touch()
        (top / "file").chmod(0o666)
        yield top


def _shell(folder: Path, script: str, *, confined: bool = True, uid: int | None = None) -> str:
    """What a shell script prints, in `folder`, "refused" for each step that failed."""
    rights = {"landlock": {"writable": [str(folder / "allowed")]}}
    asked: dict[str, Any] = rights if confined else {}
    steps = "\n".join(f"( {line} ) 2>/dev/null || echo refused" for line in script.splitlines())
    command = ["sh", "-c", f"cd {folder}\n{steps}"]
    done = run(command=command, uid=ordinary_uid() if uid is None else uid, **asked)
    assert done.returncode == 0, done.stderr
    return done.stdout


OUTSIDE = {
    "write": "echo x > file",
    "append": "echo x >> file",
    "truncate": ": > file",
    "create": ": > closed/fresh",
    "directory": "mkdir closed/fresh",
    "symbolic link": "ln -s x closed/fresh",
    "fifo": "mkfifo closed/fresh",
    "remove": "rm file",
    "move out": ": > allowed/a && mv allowed/a closed/a",
    "move in": "mv file allowed/file",
    "hard link": ": > allowed/a && ln allowed/a closed/a",
}


@pytest.mark.parametrize("what", sorted(OUTSIDE))
def test_nothing_changes_outside_the_writable_places(what: str, folder: Path) -> None:
    assert _shell(folder, OUTSIDE[what]).splitlines()[-1:] == ["refused"]


@pytest.mark.parametrize("what", sorted(OUTSIDE))
def test_without_landlock_the_same_succeeds(what: str, folder: Path) -> None:
    assert _shell(folder, OUTSIDE[what], confined=False) == ""


def test_everything_can_change_inside_them(folder: Path) -> None:
    script = """cd allowed; echo x > a; echo y >> a; : > a; mkdir d; mv a d/a; ln d/a d/b; ln -s b c
cd allowed; mkfifo f; rm f; rm -r d; mv other other2; rmdir other2"""

    assert _shell(folder, script) == ""


def test_reading_and_executing_stay_free(folder: Path) -> None:
    assert _shell(folder, "cat file; ls / >&2; cat /etc/passwd | head -c 0; true") == ""


def test_devices_own_procfs_pipes_and_terminals_stay_usable(folder: Path) -> None:
    script = """echo x > /dev/null
head -c 1 /dev/urandom > /dev/null
echo 500 > /proc/self/oom_score_adj
echo name > /proc/self/comm
echo one | cat
echo two > /dev/stdout
echo three > /proc/self/fd/1"""

    # As whoever made the pipe: only its owner may open it again.
    assert _shell(folder, script, uid=0) == "one\ntwo\nthree\n"


def test_a_terminal_of_its_own_can_be_opened_and_asked(folder: Path) -> None:
    program = (
        "import os, fcntl; master, slave = os.openpty(); name = os.ttyname(slave);"
        "again = os.open(name, os.O_RDWR | os.O_NOCTTY); fcntl.ioctl(again, 0x5413, bytes(8));"
        "os.write(again, b'x')"
    )

    assert _shell(folder, f'/usr/bin/python3 -I -S -c "{program}"') == ""


def test_a_file_handed_in_as_output_can_be_opened_again(folder: Path) -> None:
    reader, writer = os.pipe()
    program = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from secure.kernel import landlock\n"
        "from secure.kernel.prctl import prctl\n"
        "prctl(38, 1); landlock.confine(writable=())\n"
        "for path, flags in (('/proc/self/fd/1', os.O_WRONLY), ('/proc/self/fd/0', os.O_RDWR)):\n"
        "    try: os.open(path, flags); os.write(2, b'ok ')\n"
        "    except PermissionError: os.write(2, b'refused ')\n"
    )
    root = Path(landlock.__file__).parents[2]
    child = os.posix_spawn(
        "/usr/bin/python3",
        ["python3", "-I", "-S", "-c", program, str(root)],
        {},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, str(folder / "file"), os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(folder / "out"), os.O_WRONLY | os.O_CREAT, 0o600),
            (os.POSIX_SPAWN_DUP2, writer, 2),
        ],
    )
    os.close(writer)
    os.waitpid(child, 0)
    answer = os.read(reader, 1000)
    os.close(reader)

    # Handed in for reading only, it must not become writable through /proc (CVE-2024-21626's kin).
    assert answer == b"ok refused "


def test_device_nodes_are_made_nowhere(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")

    assert _shell(folder, "mknod allowed/null c 1 3", uid=0) == "refused\n"
    assert _shell(folder, "mknod allowed/null c 1 3", uid=0, confined=False) == ""


def _abstract(folder: Path, *, confined: bool) -> str:
    name = f"\0secure-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen(1)
        program = (
            "import socket, sys; s = socket.socket(socket.AF_UNIX);"
            f"s.connect({name!r}); print('connected')"
        )
        rights = {"landlock": {"writable": [str(folder)]}}
        asked: dict[str, Any] = rights if confined else {}
        return run(command=["/usr/bin/python3", "-I", "-c", program], **asked).stdout


def test_abstract_sockets_of_others_are_out_of_reach(folder: Path) -> None:
    if landlock.abi() < 6:
        pytest.skip(f"Landlock ABI {landlock.abi()} has no scopes")

    assert _abstract(folder, confined=True) == ""
    assert _abstract(folder, confined=False) == "connected\n"


def test_signals_reach_others_only_without_the_scope(folder: Path) -> None:
    if landlock.abi() < 6:
        pytest.skip(f"Landlock ABI {landlock.abi()} has no scopes")
    kill = ["sh", "-c", f"kill -0 {os.getpid()}"]
    asked = {"writable": [str(folder)]}

    assert run(command=kill, landlock={**asked, "scope_signals": True}).returncode != 0
    assert run(command=kill, landlock=asked).returncode == 0


def test_tcp_ports_can_be_closed(folder: Path) -> None:
    if landlock.abi() < 4:
        pytest.skip(f"Landlock ABI {landlock.abi()} does not cover TCP")
    program = (
        "import socket\n"
        "for act in ('bind', 'connect'):\n"
        "    try: getattr(socket.socket(), act)(('127.0.0.1', 1 if act == 'connect' else 0))\n"
        "    except OSError as error: print(act, type(error).__name__)\n"
    )
    command = ["/usr/bin/python3", "-I", "-c", program]
    closed = {"writable": [str(folder)], "bind_tcp": [], "connect_tcp": []}
    open_ = {"writable": [str(folder)], "bind_tcp": [0], "connect_tcp": [1]}

    assert run(command=command, landlock=closed).stdout.splitlines() == [
        "bind PermissionError",
        "connect PermissionError",
    ]
    assert run(command=command, landlock=open_).stdout == "connect ConnectionRefusedError\n"


def test_reading_can_be_narrowed_too(folder: Path) -> None:
    readable = [path for path in ("/usr", "/bin", "/lib", "/lib64") if Path(path).exists()]
    asked = {"writable": [str(folder / "allowed")], "readable": readable}

    done = run(command=["sh", "-c", "cat /etc/passwd; echo after"], landlock=asked)

    assert done.stdout == "after\n"
    assert "denied" in done.stderr


def test_the_words_say_what_was_applied(folder: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from secure.kernel import landlock\n"
        "from secure.kernel.prctl import prctl\n"
        "prctl(38, 1); print(landlock.confine(writable=(b'/tmp', b'/run'), scope_signals=True))\n"
    )
    root = str(Path(landlock.__file__).parents[2])
    words = run(command=["/usr/bin/python3", "-I", "-S", "-c", program, root]).stdout.strip()

    expected = [
        f"landlock ABI {landlock.abi()}: writes only below /tmp, /run",
        "executes only below /",
        "/dev and /proc as they are",
        *(["truncation not covered before ABI 3"] if landlock.abi() < 3 else []),
        "device ioctl only below /dev" if landlock.abi() >= 5 else "ioctl not covered before ABI 5",
    ]
    if landlock.abi() >= 6:
        expected += ["abstract sockets only of its own", "signals only to its own"]
    assert words.split("; ") == expected


def test_a_place_that_does_not_exist_is_named() -> None:
    with pytest.raises(KernelError, match='open "/no/such/place" failed: No such file'):
        landlock.confine(writable=(b"/no/such/place",))


def test_without_no_new_privs_an_ordinary_user_is_told_so() -> None:
    program = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from secure.errors import KernelError\n"
        "from secure.kernel import landlock\n"
        "uid = int(sys.argv[2])\n"
        "if uid: os.setresuid(uid, uid, uid)\n"
        "try: landlock.confine(writable=())\n"
        "except KernelError as error: print(error)\n"
    )
    root = str(Path(landlock.__file__).parents[2])
    command = [sys.executable, "-I", "-S", "-c", program, root, str(ordinary_uid())]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert "no_new_privs is not set" in done.stdout


def test_rights_grow_with_the_abi() -> None:
    known = [landlock_ruleset.known_fs(version) for version in range(9)]

    assert known == [0x1FFF, 0x1FFF, 0x3FFF, 0x7FFF, 0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF]
