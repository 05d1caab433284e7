"""A disk that really is full: a small file system in the test's own mount namespace."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from containers import caller
from installation import Account, Ended, Installed, leaves_nothing
from made_images import Images
from stepping import says_why

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed (util-linux)"),
]

# As root: the mount. As the user: the command; the log; the command again on a disk with space.
_SCRIPT = """
place=$1 size=$2 inodes=$3 uid=$4 gid=$5; shift 5
options="size=$size,nr_inodes=$inodes,mode=700,uid=$uid,gid=$gid"
mount -t tmpfs -o "$options" tmpfs "$place" || exit 99
user() { setpriv --reuid "$uid" --regid "$gid" --clear-groups "$@"; }
user "$@" >&2; code=$?
find "$place" -name '*.tmp' -o -path '*/temporary/*'
user "$1" audit verify >/dev/null 2>&1; verified=$?
mount -o remount,size=64m,nr_inodes=100k "$place" || exit 99
user "$@" >/dev/null 2>&1; echo "again $?"
user "$1" audit verify >/dev/null 2>&1; echo "verified $verified $?"
exit $code
"""


@pytest.fixture(params=["user", "root"])
def fresh(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Account]:
    caller("root")  # who alone can mount
    with installed.account(caller(request.param)) as made:
        yield made


def on_a_small_disk(account: Account, place: str, size: str, inodes: int, *words: str) -> Ended:
    """How the command ended there; on standard output what is left, and the rest of the script."""
    who = account.who
    options = [str(account.folder / place), size, str(inodes), str(who.uid), str(who.gid)]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", _SCRIPT, "sh", *options, *account.arguments(*words)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        cwd=account.folder, env=account.environment,
    )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("place", "size", "inodes"),
    [
        ("data", "4k", 1000),
        ("data", "16k", 1000),
        ("data", "64m", 15),
        ("cache", "4k", 1000),
    ],
)
def test_a_run_on_a_full_disk_is_told_and_works_when_there_is_space(
    fresh: Account, images: Images, place: str, size: str, inodes: int
) -> None:
    with leaves_nothing(fresh):
        ended = on_a_small_disk(fresh, place, size, inodes, "run", images.good, "true")
    assert ended.code == 0 or (ended.code == 125 and says_why(ended)), ended
    # The log may not have been begun (3: there is none), but never is it damaged.
    assert ended.out in {"again 0\nverified 0 0\n", "again 0\nverified 3 0\n"}, ended


@pytest.mark.parametrize(("size", "inodes"), [("4k", 1000), ("16k", 1000), ("64m", 3)])
def test_a_check_on_a_full_disk_is_told(
    fresh: Account, images: Images, size: str, inodes: int
) -> None:
    with leaves_nothing(fresh):
        ended = on_a_small_disk(fresh, "data", size, inodes, "check", images.good)
    assert says_why(ended) or ended.code == 0, ended
    assert "again" in ended.out
    assert ended.out.rstrip().endswith("0"), ended
