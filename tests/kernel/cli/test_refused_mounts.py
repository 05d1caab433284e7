"""`-v` never shares what leads out of the container, under whatever name."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from installation import Account, leaves_nothing
from made_images import Images

pytestmark = pytest.mark.kernel

PLACES = (
    "/", "/proc", "/proc/self", "/proc/self/root", "/sys", "/sys/kernel", "/dev",
    "/dev/null", "/etc", "/etc/passwd", "/boot", "/var/../etc", "//etc",
)  # fmt: skip
# Mounts the first argument on the second, in a mount namespace of its own, and goes on there.
_ALIAS = """
import os, sys
sys.path.insert(0, sys.argv.pop(1))
from secure.kernel.mounts import MS_BIND, MS_PRIVATE, MS_REC, mount
__import__("ctypes").CDLL(None).unshare(0x20000)
mount(b"none", b"/", None, MS_REC | MS_PRIVATE)
mount(os.fsencode(sys.argv[1]), os.fsencode(sys.argv[2]), None, MS_BIND)
gid, uid = int(sys.argv[3]), int(sys.argv[4])
if uid:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
os.execv(sys.argv[5], sys.argv[5:])
"""


@pytest.fixture
def engine(account: Account) -> Iterator[tuple[Path, dict[str, str]]]:
    """A real socket where an engine would listen, and the variable that leads to it."""
    folder = account.folder / "engine"
    folder.mkdir(exist_ok=True)
    path = folder / "engine.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        account.own(folder, path)
        yield path, {"DOCKER_HOST": f"unix://{path}"}
    path.unlink()


def refused_mount(
    account: Account, images: Images, source: str | Path, env: dict[str, str] | None = None
) -> str:
    """The reason why sharing `source` was refused; nothing is left of it."""
    before = len(account.records())
    with leaves_nothing(account):
        ended = account.secure("run", "-v", f"{source}:/x", images.good, "ls", "/x", env=env)
    assert (ended.code, ended.out) == (125, ""), ended.err
    assert [kind for kind, _ in account.records()[before:]] == ["refusal"]
    assert account.secure("audit", "verify").code == 0
    return ended.err


@pytest.mark.parametrize("place", PLACES)
def test_a_system_path_is_refused(account: Account, images: Images, place: str) -> None:
    assert "RUN021" in refused_mount(account, images, place)


@pytest.mark.parametrize("place", ["/", "/proc", "/sys", "/dev", "/etc", "/etc/passwd"])
def test_a_link_to_a_system_path_is_refused(account: Account, images: Images, place: str) -> None:
    link = account.folder / f"link-{os.urandom(3).hex()}"
    link.symlink_to(place)
    assert "RUN021" in refused_mount(account, images, link)


def test_a_path_through_a_linked_folder_is_refused(account: Account, images: Images) -> None:
    link = account.folder / f"link-{os.urandom(3).hex()}"
    link.symlink_to("/")
    assert "RUN021" in refused_mount(account, images, link / "etc")


@pytest.mark.parametrize("below", ["", "audit", "audit/log.jsonl", ".."])
def test_our_own_state_is_refused(account: Account, images: Images, below: str) -> None:
    account.secure("run", images.good)
    assert "secure's own state" in refused_mount(account, images, account.data / below)


def test_our_own_cache_and_a_link_to_our_state_are_refused(
    account: Account, images: Images
) -> None:
    account.secure("run", images.good)
    assert "secure's own state" in refused_mount(account, images, account.cache)
    link = account.folder / f"link-{os.urandom(3).hex()}"
    link.symlink_to(account.data)
    assert "secure's own state" in refused_mount(account, images, link)


def test_an_engine_socket_is_refused_by_its_path(
    account: Account, images: Images, engine: tuple[Path, dict[str, str]]
) -> None:
    path, env = engine
    assert "RUN020" in refused_mount(account, images, path, env)


def test_an_engine_socket_is_refused_by_a_hard_link(
    account: Account, images: Images, engine: tuple[Path, dict[str, str]]
) -> None:
    path, env = engine
    other = account.folder / "innocent-name"
    os.link(path, other)
    reason = refused_mount(account, images, other, env)
    other.unlink()
    assert "an engine socket" in reason


def test_an_engine_socket_is_refused_by_a_symbolic_link(
    account: Account, images: Images, engine: tuple[Path, dict[str, str]]
) -> None:
    path, env = engine
    other = account.folder / "innocent-link"
    other.symlink_to(path)
    reason = refused_mount(account, images, other, env)
    other.unlink()
    assert "an engine socket" in reason


def test_the_folder_of_an_engine_socket_is_refused(
    account: Account, images: Images, engine: tuple[Path, dict[str, str]]
) -> None:
    path, env = engine
    assert "an engine socket" in refused_mount(account, images, path.parent, env)


def test_any_other_socket_is_refused_too(
    account: Account, images: Images, engine: tuple[Path, dict[str, str]]
) -> None:
    assert "RUN020" in refused_mount(account, images, engine[0])


@pytest.mark.parametrize("what", ["socket", "folder"])
def test_a_bind_alias_of_an_engine_socket_is_refused(
    account: Account, images: Images, engine: tuple[Path, dict[str, str]], what: str
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount an alias")
    path, env = engine
    alias = account.folder / f"alias-{what}"
    if what == "socket":
        alias.touch()
    else:
        alias.mkdir()
    source = path if what == "socket" else path.parent
    words = account.arguments("run", "-v", f"{alias}:/x", images.good, "ls", "/x")
    packages = str(account.command.parent.parent)
    ids = [str(account.who.gid), str(account.who.uid)]
    done = subprocess.run(
        [sys.executable, "-c", _ALIAS, packages, str(source), str(alias), *ids, *words],
        capture_output=True, text=True, timeout=60, check=False,
        env=account.environment | env, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (125, ""), done.stderr
    assert "an engine socket" in done.stderr


@pytest.mark.parametrize("target", ["/", "/proc", "/proc/sys", "/sys", "/dev/shm", "/a/../proc"])
def test_nothing_is_mounted_on_kernel_paths(account: Account, images: Images, target: str) -> None:
    folder = account.made("share/file", "content").parent
    before = len(account.records())
    with leaves_nothing(account):
        ended = account.secure("run", "-v", f"{folder}:{target}", images.good)
    assert (ended.code, ended.out) == (2, "")
    assert len(account.records()) == before


def test_another_name_for_proc_is_no_way_around(account: Account, images: Images) -> None:
    folder = account.made("share/file", "content").parent
    with leaves_nothing(account):
        ended = account.secure("run", "-v", f"{folder}://proc", images.good)
    assert ended.code == 125
    assert "RUN025" in ended.err


def test_a_source_that_is_missing_is_wrong_usage(account: Account, images: Images) -> None:
    ended = account.secure("run", "-v", "/no/such/folder:/x", images.good)
    assert ended.code == 2
    assert 'cannot share "/no/such/folder": No such file or directory' in ended.err
