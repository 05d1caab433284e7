"""`secure db` in the middle of things: interrupted, on a full disk, twice at once.

Whatever ends it, the database is the old one or the new one, and nothing else lies beside it.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from advisory_feeds import advisory
from feed_server import FeedServer, serving

from secure.flows import db
from secure.flows.current_database import current, folder
from secure.flows.db_parcel import export

_ROOT = Path(__file__).resolve().parents[3]
_SECURE = (sys.executable, "-m", "secure", "db")
_PAD = ("npm", "left-pad")
_SIGNALS = [signal.SIGINT, signal.SIGTERM]
_KEPT = {"lock", "current.json", "checked.json"}


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of 30 records, for the test and the commands that it starts."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))
    (tmp_path / "old.jsonl").write_bytes(_lines(30))
    db.build_from([str(tmp_path / "old.jsonl")])


def _lines(count: int) -> bytes:
    """Records that no compression makes small."""
    made = (advisory(f"A-{number}", _PAD) for number in range(count))
    worded = (msgspec.structs.replace(one, details=os.urandom(200).hex()) for one in made)
    return b"".join(msgspec.json.encode(one) + b"\n" for one in worded)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serving() as made:
        raw = io.BytesIO()
        with zipfile.ZipFile(raw, "w") as archive:
            for number in range(40):
                record = msgspec.json.encode(advisory(f"A-{number}", _PAD))
                archive.writestr(f"A-{number}.json", record)
        made.files["/npm/all.zip"] = raw.getvalue()
        made.files["/known_exploited_vulnerabilities.json"] = b'{"vulnerabilities": []}'
        epss = b"CVE-2021-44228,0.94358,0.99957\n"
        made.files["/epss_scores-current.csv.gz"] = gzip.compress(epss)
        yield made


def _started(*words: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen((*_SECURE, *words), stdout=pipe, stderr=pipe, text=True)


def _ended(command: subprocess.Popen[str], number: signal.Signals) -> str:
    """What a command says that a signal ends."""
    command.send_signal(number)
    _, said = command.communicate(timeout=60)
    assert command.returncode == 130, said
    assert "Traceback" not in said
    assert "internal fault" not in said
    return said


def _is_whole(records: int) -> None:
    """The database has so many records, and nothing else is in its folder."""
    found = current()
    assert found is not None
    assert db.status().records == records
    assert {*os.listdir(folder())} <= {*_KEPT, found.file}


@pytest.mark.parametrize("number", _SIGNALS)
def test_a_build_that_is_interrupted_leaves_the_old_database(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "new.jsonl").write_bytes(_lines(40_000))  # seconds
    command = _started("build", "--from", str(tmp_path / "new.jsonl"))
    _until(lambda: any("fresh.db" in name for name in os.listdir(folder())))
    _ended(command, number)
    _is_whole(30)


@pytest.mark.parametrize("number", _SIGNALS)
def test_an_update_that_is_interrupted_is_resumed_by_the_next(
    server: FeedServer, number: signal.Signals
) -> None:
    server.faults = ["404", "stall"]  # no list of ids; the export in its middle
    words = ("update", "--url", server.url, "--ecosystem", "npm")
    command = _started(*words)
    _until(lambda: len(server.asked) == 2)
    _ended(command, number)
    _is_whole(30)
    server.go_on.set()
    again = _started(*words)
    _, said = again.communicate(timeout=60)
    assert again.returncode == 3, said  # lists of releases are not there
    assert "npm: fetched" in said
    _is_whole(40)


@pytest.mark.parametrize("number", _SIGNALS)
def test_an_import_that_is_interrupted_leaves_the_old_database(
    tmp_path: Path, server: FeedServer, number: signal.Signals
) -> None:
    export(str(tmp_path / "parcel"), lambda _: None)
    server.files["/db.zst"] = (tmp_path / "parcel").read_bytes()
    server.faults = ["stall"]
    command = _started("import", f"{server.url}/db.zst")
    _until(lambda: len(server.asked) == 1)
    _ended(command, number)
    found = current()
    assert found is not None
    assert {*os.listdir(folder())} <= {*_KEPT, found.file, "parcel.part", "parcel.part.json"}
    server.go_on.set()
    again = _started("import", f"{server.url}/db.zst")
    assert (again.communicate(timeout=60), again.returncode)[1] == 0
    _is_whole(30)


def test_two_updates_at_once_both_work_one_after_the_other(server: FeedServer) -> None:
    server.faults = ["404", "stall"]
    words = ("update", "--url", server.url, "--ecosystem", "npm")
    first = _started(*words)
    _until(lambda: len(server.asked) == 2)
    second = _started(*words)
    time.sleep(0.5)  # it waits; were it not to, it would ask the server
    assert len(server.asked) == 2
    server.go_on.set()
    for command in (first, second):
        _, said = command.communicate(timeout=60)
        assert command.returncode == 3, said
        assert "Traceback" not in said
    _is_whole(40)


@pytest.mark.parametrize("verb", ["build", "import", "export", "update"])
def test_on_a_full_disk_it_is_said_and_nothing_is_left(
    tmp_path: Path, server: FeedServer, verb: str
) -> None:
    if not shutil.which("unshare"):
        pytest.skip("unshare is not installed (util-linux)")
    parcel, small = tmp_path / "parcel", tmp_path / "small"
    export(str(parcel), lambda _: None)
    small.mkdir()
    given = {
        "build": ("build", "--from", str(tmp_path / "old.jsonl")),
        "import": ("import", str(parcel)),
        "export": ("export", str(small / "parcel")),
        "update": ("update", "--url", server.url, "--ecosystem", "npm"),
    }[verb]
    where = {"build": "XDG_DATA_HOME", "import": "XDG_DATA_HOME", "update": "XDG_CACHE_HOME"}
    setting = f"{where[verb]}={small}" if verb in where else "NOTHING="
    script = (
        'mount -t tmpfs -o size=4k tmpfs "$1" || exit 99; place=$1; shift; env "$@"; code=$?;'
        ' find "$place" -type f -size +0 ! -name "*.part.json"; exit $code'
    )
    done = subprocess.run(
        ("unshare", "-rm", "sh", "-c", script, "sh", str(small), setting, *_SECURE, *given),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if done.returncode == 99:
        pytest.skip(f"no tmpfs can be mounted in a namespace: {done.stderr}")
    assert done.returncode == (3 if verb == "update" else 4), done.stderr
    assert "full" in done.stderr or "No space left" in done.stderr
    assert "internal fault" not in done.stderr
    assert done.stdout == ""
    _is_whole(30)


def _until(is_so: object) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)
