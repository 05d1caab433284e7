"""Lists of releases by somebody who means harm: refused by name, and bounded."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.errors import ArchiveError, DocumentError
from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.lifetimes import read_cycles, read_distro_info
from secure.vulns.schema import Lifetime

_TITLES = b"version,codename,series,created,release,eol,eol-lts\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"<html>",
        _TITLES,
        _TITLES + b"../../x,A,a,2020-01-01,2020-01-01,2020-01-01\n",
        _TITLES + b"12,A,a,2020-01-01,2020-01-01\n",
        _TITLES + b'12,"' + b"x" * (csv.field_size_limit() + 1) + b'",a\n',
        _TITLES + b"\n" * 10_000 + b"12,A,a,2020-01-01,2020-01-01,2020-01-01\n",
    ],
)
def test_a_file_without_a_release_that_ends_is_no_list(raw: bytes) -> None:
    with pytest.raises(DocumentError, match=r"debian\.csv"):
        read_distro_info(raw, "debian", "debian.csv")


def test_what_is_no_day_is_none_and_control_characters_are_shown() -> None:
    raw = _TITLES + b"12,\x1b[31m,a,2020-01-01,soon,9999-99-99,2020-02-30,more,fields\n"
    (found,) = read_distro_info(raw, "debian", "debian.csv").values()
    assert found == Lifetime("12", "\\x1b[31m", "", "", "")


@given(st.binary(max_size=200), st.sampled_from(["debian", "ubuntu"]))
def test_no_list_ends_in_another_error(raw: bytes, distribution: str) -> None:
    try:
        found = read_distro_info(_TITLES + raw, distribution, "x")
    except DocumentError:
        return
    assert all(isinstance(one, Lifetime) for one in found.values())


@pytest.mark.parametrize(
    "member", [b'{"a":' + b"[" * 100_000, b"null", b"\xff", b'{"releases": {"12": 1}}']
)
def test_a_damaged_product_of_endoflife_is_said(tmp_path: Path, member: bytes) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("releases/debian.json", member)
    (tmp_path / "release-data.zip").write_bytes(raw.getvalue())
    with pytest.raises(ArchiveError, match="release-data"):
        read_cycles(str(tmp_path / "release-data.zip"), DEFAULT_LIMITS)
