"""Every OSV file through building and matching: what a record lists is found, its fixes are not.

A sample of the records, of all files; bench/matching.py does the same with all of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from listed_versions import Checked, check_file

FILES = ("almalinux", "crates-rustsec", "ghsa-maven-mixed", "go-vulndb", "pypi-pysec")
_EVERY = {"almalinux": 20, "ghsa-maven-mixed": 1}


@pytest.mark.parametrize("name", FILES)
def test_listed_versions_are_found_and_fixed_ones_are_not(
    name: str, shared: Path, tmp_path: Path
) -> None:
    found: Checked = check_file(shared / f"osv/{name}.jsonl.xz", tmp_path, _EVERY.get(name, 5))
    assert found.missed == []
    assert found.false == []
    assert found.fixed > 50
    assert found.affected > 50
