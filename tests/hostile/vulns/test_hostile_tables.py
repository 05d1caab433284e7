"""KEV and EPSS as nobody should publish them: what is wrong is named, the rest is used."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest
from advisory_feeds import advisory

from secure.cli.main import main
from secure.errors import DocumentError, LimitExceededError
from secure.flows.current_database import the_database
from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.tables import read_epss, read_kev, tables_of

_GOOD = {"cveID": "CVE-2021-44228", "dateAdded": "2021-12-10", "vulnerabilityName": "Log4Shell"}
_BAD: list[object] = [
    {"cveID": 7},
    {"cveID": None},
    {"cveID": ["CVE-2024-1111"]},
    {"dateAdded": "2024-01-01"},
    {"cveID": "CVE-2024-1111", "dateAdded": {"y": 2024}},
    {"cveID": "CVE-2024-1111", "vulnerabilityName": 1.5},
    {"cveID": "CVE-2024-1111\n"},
    {"cveID": "\x1b[2J"},
    "CVE-2024-1111",
    None,
    [],
]


@pytest.mark.parametrize("bad", _BAD, ids=map(repr, _BAD))
def test_an_entry_of_wrong_types_is_named_and_costs_no_other(bad: object) -> None:
    found, unreadable = read_kev(msgspec.json.encode({"vulnerabilities": [bad, _GOOD]}), "kev.json")
    assert list(found) == ["CVE-2021-44228"]
    (one,) = unreadable
    assert one.path == "kev.json: entry 1"
    assert one.why


def test_an_entry_that_is_not_utf_8_is_named_and_costs_no_other() -> None:
    raw = b'{"vulnerabilities": [{"cveID": "CVE-2024-1111\xff"}, %s]}' % msgspec.json.encode(_GOOD)
    found, unreadable = read_kev(raw, "kev.json")
    assert (list(found), len(unreadable)) == (["CVE-2021-44228"], 1)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"[]", b'{"vulnerabilities": {}}', b'{"vulnerabilities": []}', b"<html>",
     b'{"vulnerabilities": [null]}', b'{"vulnerabilities": ' + b"[" * 100_000],
)  # fmt: skip
def test_a_catalogue_without_an_entry_is_none(raw: bytes) -> None:
    with pytest.raises(DocumentError):
        read_kev(raw, "kev.json")


@pytest.mark.parametrize(
    "numbers",
    ["nan,0.5", "0.5,nan", "inf,0.5", "-inf,0.5", "-0.1,0.5", "1.1,0.5", "1e999,0.5", "0.5", "",
     "0,5,0,5", "½,0.5", "0x1,0.5", "True,0.5", f"{'9' * 5000},0.5"],
)  # fmt: skip
def test_a_probability_that_is_none_is_named_and_costs_no_other(numbers: str) -> None:
    lines = (
        "#model",
        "cve,epss,percentile",
        f"CVE-2024-1111,{numbers}",
        "CVE-2024-2222,0.5,0.75",
        "",
    )
    found, unreadable = read_epss("\n".join(lines).encode(), "epss.csv")
    assert {cve: (one.score, one.percentile) for cve, one in found.items()} == {
        "CVE-2024-2222": (0.5, 0.75)
    }
    assert [one.path for one in unreadable] == ["epss.csv:3"]


def test_of_two_lines_about_one_the_last_counts() -> None:
    found, unreadable = read_epss(b"CVE-2024-1111,0.1,0.2\nCVE-2024-1111,0.3,0.4\n", "epss.csv")
    assert (found["CVE-2024-1111"].score, unreadable) == (0.3, [])


def test_what_is_packed_a_thousandfold_is_refused(tmp_path: Path) -> None:
    (tmp_path / "epss.csv.gz").write_bytes(gzip.compress(bytes(100 << 20)))
    with pytest.raises((DocumentError, LimitExceededError)):
        tables_of([str(tmp_path / "epss.csv.gz")], DEFAULT_LIMITS)


def test_a_build_tells_what_of_the_tables_it_did_not_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    record = advisory("A-1", ("npm", "left-pad"), aliases=("CVE-2021-44228",))
    (tmp_path / "a.json").write_bytes(msgspec.json.encode(record))
    kev = msgspec.json.encode({"vulnerabilities": [_GOOD, None]})
    (tmp_path / "known_exploited_vulnerabilities.json").write_bytes(kev)
    (tmp_path / "epss.csv").write_bytes(b"CVE-2021-44228,0.9,1.0\nCVE-2021-1111,nan,nan\n")
    assert main(["db", "build", "--from", str(tmp_path)]) == 3
    said = capsys.readouterr()
    assert "not used: known_exploited_vulnerabilities.json: entry 2: " in said.err
    assert "not used: epss.csv:2: it is no CVE with two numbers\n" in said.err
    assert "1 advisories of 1 ecosystems" in said.out
    with the_database() as found:
        assert list(found.kev(["CVE-2021-44228"])) == ["CVE-2021-44228"]
        assert found.epss(["CVE-2021-44228", "CVE-2021-1111"])["CVE-2021-44228"].score == 0.9
