"""What a start loads: next to nothing, from nowhere but the product and the interpreter."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from installation import Account, leaves_nothing
from made_images import Images

from secure.images.entry import SYMLINK
from secure.images.write import NewFile

pytestmark = pytest.mark.kernel

HEAVY = {
    "argparse", "asyncio", "ctypes.util", "dataclasses", "enum", "hashlib", "hyperscan", "inspect",
    "isal", "json", "logging", "msgspec", "pathlib", "pickle", "pyseccomp", "re", "shutil",
    "sqlite3", "subprocess", "tempfile", "threading", "typing", "urllib", "yaml", "zstandard",
}  # fmt: skip
_CANARY = "canary"
_POISON = b"import os\nopen('%s', 'a').write(__name__)\nos._exit(99)\n"
_NAMES = (
    "json", "os", "ctypes", "re", "site", "sitecustomize", "usercustomize", "encodings", "codecs",
    "resource", "termios", "secure", "msgspec", "yaml", "_socket", "fcntl", "pwd", "stat",
)  # fmt: skip


def imported(account: Account, *words: str) -> set[str]:
    """Names of the modules that Python's import system loads for these words.

    Those of a pack are not among them, but what they import is.
    """
    python = account.command.parent.parent / ".venv/bin/python3"
    main = account.command.parent.parent / "secure/__main__.py"
    done = subprocess.run(
        [str(python), "-I", "-S", "-B", "-X", "importtime", str(main), *words],
        capture_output=True, text=True, timeout=60, check=True, stdin=subprocess.DEVNULL,
        env=account.environment, cwd=account.folder, **account.who.credentials,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_a_warm_run_loads_nothing_heavy(account: Account, images: Images) -> None:
    words = account.arguments("run", "--rm", images.good, "true")[1:]
    for _ in range(2):
        account.secure("run", "--rm", images.good, "true")
    found = imported(account, *words)
    for pack in (account.command.parent.parent / "secure/__pycache__").glob("run.*.pack"):
        pack.unlink()
    found |= imported(account, *words)
    assert "secure.runtime.supervisor" in found
    assert {name for name in found if name in HEAVY or name.partition(".")[0] in HEAVY} == set()


def test_the_version_loads_only_the_dispatcher(account: Account) -> None:
    found = {name for name in imported(account, "--version") if name.startswith("secure")}
    assert found == {
        "secure",
        "secure.cli",
        "secure.cli.main",
        "secure.errors",
        "secure.system",
    }


def poison(canary: Path) -> bytes:
    return _POISON % str(canary).encode()


def test_nothing_is_imported_from_the_working_directory(account: Account, images: Images) -> None:
    account.secure("run", images.good)
    canary = account.folder / _CANARY
    for name in _NAMES:
        account.made(f"poisoned/{name}.py", poison(canary).decode())
    folder = account.folder / "poisoned"
    for words in (("run", images.good), ("check", images.good), ("--version",), ("info",)):
        ended = account.secure(*words, cwd=folder, env={"PYTHONPATH": str(folder)})
        assert ended.code == 0, ended.err
    assert not canary.exists()


def test_nothing_of_the_image_is_executed_by_secure(account: Account, images: Images) -> None:
    # The canary lies on the host *and* at the same path inside, so either side would be seen.
    canary = account.folder / "share/canary-of-image"
    account.made("share/file").parent.chmod(0o777)
    script = poison(canary)
    shell = b"#!/bin/sh\necho program >> %s\nexit 99\n" % str(canary).encode()
    folders = [b"usr/lib/python3.%d/" % minor for minor in (11, 12, 13)]
    folders += [b"usr/lib/python3/dist-packages/", b"secure/", b""]
    files = [
        NewFile(folder + name.encode() + b".py", script) for folder in folders for name in _NAMES
    ]
    files += [NewFile(folder + b"encodings/__init__.py", script) for folder in folders[:3]]
    files += [
        NewFile(b"etc/ld.so.preload", b"/lib/libevil.so\n"),
        NewFile(b"etc/nsswitch.conf", b"passwd: evil\ngroup: evil\n"),
        NewFile(b"lib/libevil.so", b"\x7fELF"),
        NewFile(b"lib/libnss_evil.so.2", b"\x7fELF"),
        NewFile(b"lib/x86_64-linux-gnu/libc.so.6", b"\x7fELF"),
        *(
            NewFile(path, shell, mode=0o755)
            for path in (
                b"usr/bin/newuidmap",
                b"usr/bin/newgidmap",
                b"usr/bin/python3",
                b"sbin/init",
            )
        ),
        NewFile(b"tmp", kind=SYMLINK, link=b"/proc"),
        NewFile(b"run", kind=SYMLINK, link=b"../../../../etc"),
    ]
    path = images.made(f"poisoned-{account.who.name}", *files)
    with leaves_nothing(account):
        ended = account.secure(
            "run", "-w", "/", "-v", f"{canary.parent}:{canary.parent}:rw", path, "id"
        )
    assert (ended.code, ended.out) == (0, "uid=10001(app) gid=10001(app)\n"), ended.err
    assert not canary.exists()
