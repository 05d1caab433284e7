"""Records of OSV's that come one by one: few are held at a time, and not too many are fetched."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from feed_server import FeedServer, serving

from secure.errors import MachineError
from secure.flows.db_fetch import Fetch
from secure.flows.db_osv import export
from secure.store.download import Patience

_MIB = 1 << 20
_COUNT = 24


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FeedServer]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with serving() as made:
        _publish(made, 1)
        for number in range(_COUNT):
            text = b'{"id": "A-%d",\n "details": "%s"}' % (number, b"x" * _MIB)
            made.files[f"/npm/A-{number}.json"] = text
        yield made


def _publish(server: FeedServer, count: int) -> None:
    """An export of one record, and a list of so many ids."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("A-0.json", f'{{"id": "A-0", "count": {count}}}')
    server.files["/npm/all.zip"] = raw.getvalue()
    ids = (b"2026-01-01T00:00:00Z,A-%d\n" % number for number in range(count))
    server.files["/npm/modified_id.csv"] = b"".join(ids)


def _fetch(server: FeedServer) -> Fetch:
    return Fetch((server.url,), Patience(attempts=1, pause=lambda _: None))


def test_one_record_is_held_at_a_time(server: FeedServer) -> None:
    fetch = _fetch(server)
    assert export(fetch, "unused", "npm").work()
    _publish(server, _COUNT)
    tracemalloc.start()
    try:
        assert export(fetch, "unused", "npm").work()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    lines = Path(fetch.path("npm.jsonl")).read_bytes().splitlines()
    assert len(lines) == _COUNT - 1
    assert all(line.startswith(b'{"id": "A-') and line.endswith(b'x"}') for line in lines)
    assert peak < 8 * _MIB


def test_records_that_are_too_long_together_come_with_the_export(server: FeedServer) -> None:
    fetch = _fetch(server)
    export(fetch, "unused", "npm").work()
    _publish(server, _COUNT)
    server.asked.clear()
    assert export(fetch, "unused", "npm", most_added=4 * _MIB).work()
    asked = [path for path, _ in server.asked]
    assert len([path for path in asked if path.startswith("/npm/A-")]) == 4
    assert asked[-1] == "/npm/all.zip"
    assert not Path(fetch.path("npm.jsonl")).exists()
    server.asked.clear()
    assert not export(fetch, "unused", "npm").work()
    assert [path for path, _ in server.asked] == ["/npm/modified_id.csv"]


def test_of_records_one_of_which_fails_none_is_added(server: FeedServer) -> None:
    fetch = _fetch(server)
    export(fetch, "unused", "npm").work()
    _publish(server, 3)
    assert export(fetch, "unused", "npm").work()
    before = Path(fetch.path("npm.jsonl")).read_bytes()
    _publish(server, 6)
    server.faults = ["", "", "503"]  # the list, the third record, the fourth
    with pytest.raises(MachineError):
        export(fetch, "unused", "npm").work()
    assert Path(fetch.path("npm.jsonl")).read_bytes() == before
    assert export(fetch, "unused", "npm").work()
    assert len(Path(fetch.path("npm.jsonl")).read_bytes().splitlines()) == 5
