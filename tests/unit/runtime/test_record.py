"""Launch records: users by name, and a private cache that does not trust strangers."""

from __future__ import annotations

from pathlib import Path

import pytest
from plans import RECORD

from secure.errors import UsageError
from secure.runtime.record import read, write
from secure.value import replace


@pytest.mark.parametrize(
    ("user", "ids"),
    [
        ("app", (10001, 10002)),
        ("10001", (10001, 10002)),
        ("app:staff", (10001, 50)),
        ("app:zero", (10001, 0)),
        ("1234", (1234, 1234)),
        ("1234:7", (1234, 7)),
        ("", (0, 0)),
        ("root", (0, 0)),
        ("000", (0, 0)),
    ],
)
def test_users_are_resolved_as_the_image_says(user: str, ids: tuple[int, int]) -> None:
    assert RECORD.ids_of(user) == ids


@pytest.mark.parametrize(
    "user",
    [
        "nobody-here",
        "4294967296",
        "2147483648:0",
        "-1",
        "65535",
        "1:nogroup",
        "1:65536",
        "0x0",
        "٣",
    ],
)
def test_an_unknown_name_or_a_number_out_of_range_is_refused(user: str) -> None:
    # CVE-2024-40635: 4294967296 became 0.
    with pytest.raises(UsageError):
        RECORD.ids_of(user)


def test_a_record_reads_back_as_it_was_written(tmp_path: Path) -> None:
    place = str(tmp_path / "record")
    write(place, RECORD)
    assert read(place) == RECORD
    assert (tmp_path / "record").stat().st_mode & 0o777 == 0o600


def test_a_missing_damaged_or_older_record_does_not_count(tmp_path: Path) -> None:
    place = tmp_path / "record"
    assert read(str(place)) is None
    write(str(place), RECORD)
    whole = place.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"\0" * 40, whole[:1] + b"\xff" + whole[2:]):
        place.write_bytes(damaged)
        assert read(str(place)) is None
    write(str(place), replace(RECORD, version="0.0.0"))
    assert read(str(place)) is None


def test_a_record_that_others_could_have_written_does_not_count(tmp_path: Path) -> None:
    place = tmp_path / "record"
    write(str(place), RECORD)
    place.chmod(0o666)
    assert read(str(place)) is None
    target = tmp_path / "other"
    write(str(target), RECORD)
    place.unlink()
    place.symlink_to(target)
    assert read(str(place)) is None
