"""Files of records as strangers make them: bombs, damage, bad text. What is bad is named, alone."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from secure.errors import ArchiveError, InputError, LimitExceededError, NotFoundError
from secure.facts.image import Unreadable
from secure.oci.limits import DEFAULT_LIMITS, KIB, MIB, Limits
from secure.vulns.build import Content
from secure.vulns.osv import Advisory
from secure.vulns.records import advisories, files

_SMALL = Limits(advisory_bytes=4 * KIB, feed_bytes=1 * MIB)


def _record(identifier: str, **more: object) -> bytes:
    return json.dumps({"id": identifier, "modified": "2024-01-01T00:00:00Z", **more}).encode()


def _read(path: Path, limits: Limits = DEFAULT_LIMITS) -> tuple[list[str], list[str]]:
    """Ids of what was read, and what was said of the rest."""
    found = list(advisories(str(path), limits, Content()))
    said = [f"{one.path}: {one.why}" for one in found if isinstance(one, Unreadable)]
    return [one.id for one in found if isinstance(one, Advisory)], said


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


_LINES = b"\n".join((_record("A-1"), b"", _record("A-2")))
_WRITERS = {
    "x.jsonl": lambda raw: raw,
    "x.jsonl.gz": gzip.compress,
    "x.jsonl.xz": lzma.compress,
    "x.jsonl.zst": zstandard.compress,
}


@pytest.mark.parametrize("name", _WRITERS)
def test_lines_are_read_whatever_their_compression(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(_WRITERS[name](_LINES))
    assert _read(path) == (["A-1", "A-2"], [])


def test_a_zip_a_tar_and_single_files_are_read(tmp_path: Path) -> None:
    _zip(tmp_path / "all.zip", {"A-1.json": _record("A-1"), "README": b"no record"})
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("osv/B-1.json")
        member.size = len(_record("B-1"))
        archive.addfile(member, io.BytesIO(_record("B-1")))
    (tmp_path / "c.json").write_bytes(b"[" + _record("C-1") + b"," + _record("C-2") + b"]")
    (tmp_path / "ignored.txt").write_bytes(b"no record")
    ids = [name for path in files(str(tmp_path)) for name in _read(Path(path))[0]]
    assert ids == ["A-1", "B-1", "C-1", "C-2"]


def test_one_bad_line_of_many_is_named_and_costs_no_other(tmp_path: Path) -> None:
    bad = [b'{"id": "B-1", "modified"', b'{"id":"B-2","modified":"\xff"}', b"[" * 100_000, b"\0"]
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\n".join((_record("A-1"), *bad, _record("A-2"))))
    ids, said = _read(path)
    assert ids == ["A-1", "A-2"]
    assert [one.partition(": ")[0] for one in said] == [f"x.jsonl:{n}" for n in (2, 3, 4, 5)]
    assert "B-1" in said[0]
    assert "UTF-8" in said[1]


def test_a_giant_line_is_skipped_and_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.xz"
    giant = _record("B-1", details="x" * (3 * MIB))
    path.write_bytes(lzma.compress(b"\n".join((_record("A-1"), giant, _record("A-2")))))
    limits = Limits(advisory_bytes=4 * KIB)
    assert _read(path, limits) == (["A-1", "A-2"], ["x.jsonl.xz:2: it has more than 4096 bytes"])


def test_a_giant_member_is_named_alone(tmp_path: Path) -> None:
    path = _zip(tmp_path / "all.zip", {"b.json": b"x" * MIB, "a.json": _record("A-1")})
    assert _read(path, _SMALL) == (["A-1"], ["all.zip: b.json: it has more than 4096 bytes"])


def test_a_member_that_is_damaged_is_named_alone(tmp_path: Path) -> None:
    path = _zip(tmp_path / "all.zip", {"a.json": _record("A-1"), "b.json": _record("B-1")})
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"a.json") + 10] ^= 0xFF
    path.write_bytes(raw)
    ids, said = _read(path)
    assert ids == ["B-1"]
    assert said[0].startswith("all.zip: a.json: it cannot be unpacked")


def test_a_bomb_of_many_members_is_stopped(tmp_path: Path) -> None:
    path = _zip(tmp_path / "all.zip", {f"{n}.json": b" " * (4 * KIB) for n in range(300)})
    with pytest.raises(LimitExceededError, match="feed_bytes"):
        _read(path, _SMALL)


def test_a_compressed_bomb_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.zst"
    path.write_bytes(zstandard.compress(b"\n" * (64 * MIB)))
    with pytest.raises(LimitExceededError):
        _read(path, _SMALL)


def test_a_list_of_members_without_end_is_not_read(tmp_path: Path) -> None:
    path = _zip(tmp_path / "all.zip", {f"{n}.json": b"{}" for n in range(50)})
    with pytest.raises(LimitExceededError, match="feed_directory_bytes"):
        _read(path, Limits(feed_directory_bytes=500))
    with pytest.raises(LimitExceededError, match="feed_records"):
        _read(path, Limits(feed_records=20))


@pytest.mark.parametrize("name", ["all.zip", "x.jsonl.xz", "x.jsonl.gz", "x.jsonl.zst", "x.tar"])
def test_a_file_that_was_cut_off_is_an_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    content = b"\n".join(_record(f"A-{n}") for n in range(200))
    if name in _WRITERS:
        path.write_bytes(_WRITERS[name](content))
    elif name == "x.tar":
        with tarfile.open(path, "w") as archive:
            member = tarfile.TarInfo("a.json")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    else:
        _zip(path, {"a.json": content})
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(ArchiveError):
        _read(path)


def test_names_of_members_cannot_write_on_the_terminal(tmp_path: Path) -> None:
    path = _zip(tmp_path / "all.zip", {"\x1b[2J.json": b"{"})
    assert "\x1b" not in "".join(_read(path)[1])


def test_a_path_without_records_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no file of records"):
        files(str(tmp_path))
    with pytest.raises(InputError):
        _read(tmp_path / "none.json")


def test_real_exports_are_read_whole(shared: Path) -> None:
    ids, said = _read(shared / "manifests/osv-dev-testdata.zip")
    assert (len(ids) + len(said), [one for one in said if "alias" not in one]) == (26, [])
