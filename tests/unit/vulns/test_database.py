"""Advisories in a file: built, looked up, swapped, shared by readers."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from advisory_feeds import NOW, advisory, built, database, feed
from msgspec.structs import replace

from secure.errors import MachineError, NotFoundError, TamperedError, UnsupportedError
from secure.facts.image import Unreadable
from secure.vulns.build import KEPT_REFUSALS, Content, Feed, Tables
from secure.vulns.database import open_database
from secure.vulns.osv import Advisory, Reference, Refused, Severity
from secure.vulns.schema import Description, Exploited, Lifetime, Probability

_PAD = ("npm", "left-pad")


def test_all_advisories_of_a_package_are_found_by_its_name(tmp_path: Path) -> None:
    first, second = advisory("A-1", _PAD, ("npm", "right-pad")), advisory("A-2", _PAD)
    with database(tmp_path, (first, second)) as found:
        numbers = [one.number for one in found.affected(*_PAD)]
        assert [found.advisory(number).id for number in numbers] == ["A-1", "A-2"]
        assert found.affected("npm", "nothing") == ()
        assert found.affected("PyPI", "left-pad") == ()


def test_names_are_found_in_the_spelling_of_the_registry(tmp_path: Path) -> None:
    with database(tmp_path, [advisory("A-1", ("PyPI", "Foo_Bar.baz"))]) as found:
        assert len(found.affected("PyPI", "foo-bar-baz")) == 1


def test_an_advisory_keeps_its_head_and_its_prose(tmp_path: Path) -> None:
    record = Advisory(
        id="GHSA-1",
        modified="2024-05-06T07:08:09.123Z",
        published="2020-01-01T00:00:00+01:00",
        aliases=("CVE-2020-1",),
        related=("GHSA-2",),
        upstream=("CVE-2020-1",),
        summary="short",
        details="long",
        severity=(Severity("CVSS_V3", "CVSS:3.1/AV:N"),),
        references=(Reference("WEB", "https://example.org/1"),),
        database_specific={"severity": "HIGH"},
    )
    with database(tmp_path, [record]) as found:
        head = found.advisory(1)
        prose = found.description(1)
    assert (head.id, head.aliases, head.related) == ("GHSA-1", ("CVE-2020-1",), ("GHSA-2",))
    assert (head.modified, head.published) == ("2024-05-06T07:08:09Z", "2019-12-31T23:00:00Z")
    assert head.severities == (Severity("CVSS_V3", "CVSS:3.1/AV:N"), Severity("word", "HIGH"))
    assert head.feed == "osv/test"
    assert prose == Description("short", "long", (("WEB", "https://example.org/1"),))


def test_an_advisory_is_found_by_its_id_and_by_its_aliases(tmp_path: Path) -> None:
    records = [advisory("GHSA-1", _PAD, aliases=("CVE-2020-1",)), advisory("CVE-2020-1", _PAD)]
    with database(tmp_path, records) as found:
        assert found.by_id("CVE-2020-1") == (1, 2)
        assert found.by_id("GHSA-1") == (1,)
        assert found.by_id("CVE-2020-2") == ()
        with pytest.raises(NotFoundError, match="number 77"):
            found.advisory(77)


def test_what_is_about_a_vulnerability_among_others_is_found_too(tmp_path: Path) -> None:
    records = [
        replace(advisory("DSA-1", _PAD), upstream=("CVE-2020-1", "CVE-2020-2")),
        replace(advisory("ALSA-1", _PAD), related=("CVE-2020-1",)),
        advisory("GHSA-1", _PAD, aliases=("CVE-2020-1",)),
    ]
    with database(tmp_path, records) as found:
        assert found.naming("CVE-2020-1") == (3, 1, 2)
        assert (found.by_id("CVE-2020-1"), found.by_id("CVE-2020-2")) == ((3,), ())
        assert found.naming("CVE-2020-2") == (1,)
        assert found.naming("DSA-1") == (1,)
        assert found.naming("CVE-2020-3") == ()


def test_many_names_are_answered_as_each_by_itself(tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(200)] + ['"quoted"', "back\\slash", "päckchen", "{}"]
    names += ["\0", "\0a", "p1\0a"]
    records = [advisory(f"A-{number}", ("npm", name)) for number, name in enumerate(names)]
    unknown = ["", "a", "p", "p1\0", "p10 ", "zzz", "[]", "pa\u0308ckchen"]
    with database(tmp_path, records) as found:
        together = found.affected_by_name("npm", [*names, *unknown, "p7"])
        assert together == {name: found.affected("npm", name) for name in names}
        told = {name: found.advisory(each[0].number).id for name, each in together.items()}
        assert told == dict(zip(names, (record.id for record in records), strict=True))


def test_a_withdrawn_advisory_is_known_and_matches_nothing(tmp_path: Path) -> None:
    with database(tmp_path, [advisory("A-1", _PAD, withdrawn="2024-01-01T00:00:00Z")]) as found:
        assert found.affected(*_PAD) == ()
        (number,) = found.by_id("A-1")
        assert found.advisory(number).withdrawn == "2024-01-01T00:00:00Z"


def test_a_record_of_a_time_to_come_makes_nothing_newer(tmp_path: Path) -> None:
    ahead = advisory("A-1", _PAD, modified="9999-05-05T00:00:00Z")
    known = advisory("A-1", _PAD, aliases=("CVE-1",), modified="2024-05-06T07:08:09Z")
    built(tmp_path / "one.db", feed(ahead, known))
    with open_database(str(tmp_path / "one.db")) as found:
        status = found.status()
        newest = {status.newest, status.feeds[0].newest, status.ecosystems[0].newest}
        assert newest == {"2024-05-06T07:08:09Z"}
        assert [found.advisory(number).aliases for number in found.by_id("A-1")] == [("CVE-1",)]


def test_of_records_with_one_id_the_newest_is_used(tmp_path: Path) -> None:
    older = advisory("A-1", _PAD, fixed="1.0.0", modified="2023-01-01T00:00:00Z")
    newer = advisory("A-1", _PAD, fixed="3.0.0")
    report = built(tmp_path / "one.db", feed(older, newer, older))
    assert (report.records, report.replaced) == (1, 2)
    assert report.ecosystems == {"npm": 1}
    with open_database(str(tmp_path / "one.db")) as found:
        assert [one.ranges[0].fixed for one in found.affected(*_PAD)] == ["3.0.0"]
        assert len(found.by_id("A-1")) == 1


def test_records_of_two_givers_with_one_id_stand_side_by_side(tmp_path: Path) -> None:
    record = advisory("CVE-1", _PAD)
    report = built(tmp_path / "one.db", feed(record), feed(record, name="secdb"))
    assert (report.records, report.replaced) == (2, 0)


def test_what_was_refused_is_named_and_costs_nothing_else(tmp_path: Path) -> None:
    bad = (Refused("A-9", "it is not UTF-8"), Unreadable("x.json: A-8", 0, "it is too large"))
    report = built(tmp_path / "one.db", feed(bad[0], advisory("A-1", _PAD), bad[1]))
    assert [one.path for one in report.unreadable] == ["osv/test: A-9", "x.json: A-8"]
    assert (report.records, report.refused) == (1, 2)
    with open_database(str(tmp_path / "one.db")) as found:
        assert (found.status().feeds[0].records, found.status().feeds[0].refused) == (1, 2)


def test_a_flood_of_bad_records_is_counted_and_not_kept(tmp_path: Path) -> None:
    report = built(tmp_path / "one.db", feed(*[Refused("", "bad")] * (KEPT_REFUSALS + 5)))
    assert (len(report.unreadable), report.refused) == (KEPT_REFUSALS, KEPT_REFUSALS + 5)


def test_the_status_says_age_and_records_by_ecosystem(tmp_path: Path) -> None:
    records = [advisory("A-1", _PAD, ("Debian:12", "x")), advisory("A-2", _PAD)]
    with database(tmp_path, records) as found:
        status = found.status()
    assert (status.built_at, status.starter, status.records) == (NOW, False, 2)
    assert [(one.name, one.records) for one in status.ecosystems] == [("Debian:12", 1), ("npm", 2)]
    assert status.newest == "2024-05-06T07:08:09Z"


def test_exploited_probable_and_ended_are_looked_up(tmp_path: Path) -> None:
    tables = Tables(
        kev={"CVE-1": Exploited("2025-01-01", "2025-02-01", "a name", "patch", ransomware=True)},
        epss=(("CVE-1", Probability(0.94358, 0.99965)),),
        lifetimes={"Debian:9": Lifetime("9", "Stretch", "2017-06-17", "2020-07-18")},
    )
    built(tmp_path / "one.db", tables=tables)
    with open_database(str(tmp_path / "one.db")) as found:
        assert found.kev(["CVE-2", "CVE-1", "CVE-1"]) == tables.kev
        assert found.epss(["CVE-1", "CVE-2"]) == {"CVE-1": Probability(0.94358, 0.99965)}
        assert found.release("Debian:9") == tables.lifetimes["Debian:9"]
        assert (found.kev(["CVE-1\0"]), found.epss([]), found.release("x")) == ({}, {}, None)


def test_every_description_of_many_is_the_right_one(tmp_path: Path) -> None:
    with database(tmp_path, (advisory(f"A-{n}", _PAD) for n in range(1, 600))) as found:
        for number in (1, 255, 256, 257, 512, 513, 599):
            assert found.description(number).summary == f"what A-{number} is about"
        assert found.description(600) == Description()


def test_the_same_records_make_the_same_bytes(tmp_path: Path) -> None:
    records = [advisory(f"A-{n}", _PAD, ("PyPI", f"p{n}"), ("Go", "g")) for n in range(50)]
    for name in ("one.db", "two.db"):
        built(tmp_path / name, feed(*records))
    assert (tmp_path / "one.db").read_bytes() == (tmp_path / "two.db").read_bytes()


def test_a_build_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    built(path, feed(advisory("A-1", _PAD)))
    before = path.read_bytes()

    def broken() -> Iterator[Advisory]:
        yield advisory("A-2", _PAD)
        raise MachineError("the disk is gone")

    with pytest.raises(MachineError, match="the disk is gone"):
        built(path, Feed("osv/x", broken(), Content()))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["one.db"]


_KILLED = """
import sys, time
from pathlib import Path
from advisory_feeds import advisory, built
from secure.vulns.build import Content, Feed
def slowly():
    for number in range(5000):
        yield advisory(f"B-{number}", ("npm", "other"))
    print("half", flush=True)
    time.sleep(60)
built(Path(sys.argv[1]), Feed("osv/x", slowly(), Content()))
"""


def test_a_build_that_is_killed_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    built(path, feed(advisory("A-1", _PAD)))
    before = path.read_bytes()
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(path)], stdout=subprocess.PIPE, env=env
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"half\n"
        child.send_signal(signal.SIGKILL)
    assert path.read_bytes() == before


def test_readers_keep_what_they_opened_while_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    built(path, feed(advisory("A-1", _PAD)))
    with open_database(str(path)) as old:
        built(path, feed(advisory("B-1", _PAD)))
        with open_database(str(path)) as new:
            assert (old.advisory(1).id, new.advisory(1).id) == ("A-1", "B-1")


_READER = """
import sys
from secure.vulns.database import open_database
with open_database(sys.argv[1]) as found:
    names = [f"p{n}" for n in range(300)]
    print(sum(len(x) for x in found.affected_by_name("npm", names).values()))
"""


def test_several_processes_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    built(path, feed(*(advisory(f"A-{n}", ("npm", f"p{n}")) for n in range(300))))
    path.chmod(0o400)
    argv = [sys.executable, "-c", _READER, str(path)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    readers = [subprocess.Popen(argv, stdout=subprocess.PIPE, env=env) for _ in range(3)]
    assert [reader.communicate()[0] for reader in readers] == [b"300\n"] * 3


def test_no_file_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no vulnerability database") as raised:
        open_database(str(tmp_path / "none.db"))
    assert "secure db update" in raised.value.do


def test_another_version_of_the_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    built(path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UnsupportedError, match="version 99"):
        open_database(str(path))


def test_another_sqlite_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE affected (x)")
    connection.close()
    with pytest.raises(UnsupportedError, match="no vulnerability database of ours"):
        open_database(str(path))


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + b"\xff" * 500])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(content)
    with pytest.raises((UnsupportedError, TamperedError)):
        open_database(str(path))
