"""Two at once, or one that is killed: what is stored is whole, and the next run works."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from containers import caller
from installation import Account, Installed, leaves_nothing
from made_images import Images

from secure.images.write import NewFile

pytestmark = pytest.mark.kernel


@pytest.fixture(params=["user", "range", "root"])
def fresh(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Account]:
    """A home that nothing has touched yet, for each way to start."""
    with installed.account(caller(request.param)) as made:
        yield made


@pytest.fixture(scope="module")
def large(images: Images) -> str:
    """An image that takes a while to prepare: 3,000 files, 6 MB that do not compress."""
    noise = random.Random(1).randbytes(6 << 20)
    files = [NewFile(b"app/files/%04d" % n, noise[n * 2000 : (n + 1) * 2000]) for n in range(3000)]
    return images.made("large", *files)


def test_two_runs_of_a_new_image_at_once_both_work(fresh: Account, images: Images) -> None:
    with leaves_nothing(fresh):
        both = [fresh.start("run", images.good, "sh", "-c", f"exit {n}") for n in (11, 12)]
        ends = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [11, 12], ends
    assert fresh.secure("audit", "verify").code == 0
    assert len(list(fresh.data.glob("images/layers/*/*"))) == 1


@pytest.mark.parametrize("kill", [os.kill, os.killpg], ids=["alone", "with its workers"])
@pytest.mark.parametrize("after_s", [0.3, 0.8])
def test_what_was_killed_while_preparing_is_done_by_the_next(
    fresh: Account, large: str, after_s: float, kill: Callable[[int, int], None]
) -> None:
    with leaves_nothing(fresh):
        process = fresh.start("run", large, start_new_session=True)
        time.sleep(after_s)
        kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
        ended = fresh.secure("run", large, "sh", "-c", "ls /app/files | wc -l")
    assert (ended.code, ended.out.strip()) == (0, "3000"), ended.err
    assert fresh.secure("audit", "verify").code == 0


def test_ctrl_c_while_preparing_is_130_and_leaves_nothing(newcomer: Account, large: str) -> None:
    with leaves_nothing(newcomer):
        process = newcomer.start("run", large)
        assert process.stderr
        assert "preparing" in process.stderr.readline()
        while not newcomer.half_written() and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "interrupted" in err
    assert "Traceback" not in err


def test_many_launches_at_once_keep_the_log_whole(newcomer: Account, images: Images) -> None:
    newcomer.secure("run", images.good)
    with leaves_nothing(newcomer):
        many = [
            newcomer.start("run", images.good, "true", stderr=subprocess.DEVNULL) for _ in range(6)
        ]
        for process in many:
            process.communicate(timeout=60)
    assert [process.returncode for process in many] == [0] * 6
    assert newcomer.secure("audit", "verify").code == 0
    assert [kind for kind, _ in newcomer.records()].count("launch") == 7


def test_a_cache_that_is_lost_is_made_again(newcomer: Account, images: Images) -> None:
    newcomer.secure("run", images.good)
    for path in sorted(newcomer.cache.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert newcomer.secure("run", images.good).code == 0


def test_a_cache_that_is_damaged_is_made_again(newcomer: Account, images: Images) -> None:
    newcomer.secure("run", images.good)
    for path in newcomer.cache.rglob("*"):
        if path.is_file():
            path.write_bytes(b"\x00damaged" + path.read_bytes()[:40])
    ended = newcomer.secure("run", images.good)
    assert (ended.code, ended.out) == (0, "uid=10001(app) gid=10001(app)\n"), ended.err


def test_a_full_disk_is_told_and_starts_nothing(newcomer: Account, images: Images) -> None:
    # RLIMIT_FSIZE answers writes with EFBIG; a disk that is full does so with ENOSPC.
    words = newcomer.arguments("run", images.good)
    with leaves_nothing(newcomer):
        done = subprocess.run(
            ["prlimit", "--fsize=16384", *words], capture_output=True, text=True, timeout=60,
            check=False, env=newcomer.environment, stdin=subprocess.DEVNULL,
            **newcomer.who.credentials,
        )  # fmt: skip
    assert done.returncode == 125, done.stderr
    assert done.stdout == ""
    assert "our bug" not in done.stderr
    assert newcomer.secure("run", images.good).code == 0
