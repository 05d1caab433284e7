"""How often matching asks the database: once for all of a kind, however many there are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from built_databases import NOW, advisory, database, image, package, ranged

from secure.vulns.build import Tables
from secure.vulns.database import Database
from secure.vulns.database_file import open_file
from secure.vulns.match import match
from secure.vulns.schema import Exploited, Probability

_MOST = 40


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A database of 40 advisories on 40 packages, each exploited and probable."""
    cves = [f"CVE-2024-{number}" for number in range(_MOST)]
    records = (
        advisory(cve, ranged("PyPI", f"p{number}", "introduced 0 fixed 2"))
        for number, cve in enumerate(cves)
    )
    tables = Tables(
        kev=dict.fromkeys(cves, Exploited("2025-01-01")),
        epss=[(cve, Probability(0.5, 0.9)) for cve in sorted(cves)],
    )
    with database(tmp_path, *records, tables=tables) as made:
        return made.path


@pytest.mark.parametrize("count", [1, _MOST])
def test_exploitation_is_asked_for_once_for_all_findings(path: str, count: int) -> None:
    asked: Counter[str] = Counter()
    packages = [package("pypi", f"p{number}", "1") for number in range(count)]
    file = open_file(path)
    with Database(file) as opened:
        file.connection.set_trace_callback(
            lambda said: asked.update(name for name in ("kev", "epss") if f"FROM {name} " in said)
        )
        found = match(image(*packages), opened, NOW[:10]).vulnerabilities
    assert [(one.kev, one.epss) for one in found] == [("2025-01-01", 0.5)] * count
    assert asked == {"kev": 1, "epss": 1}
