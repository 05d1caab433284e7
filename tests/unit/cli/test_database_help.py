"""`secure db --help` says which files are read, and what is on request."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure.cli.db import COMMAND, main
from secure.flows.db import feed_list
from secure.vulns.native import is_native
from secure.vulns.tables import is_table

_DOCUMENT = (Path(__file__).resolve().parents[3] / "docs/database.md").read_text(encoding="utf-8")
_FORMS = COMMAND.more.partition("OSV records\n")[2].partition("\nOn request")[0].splitlines()
_NAMES = [word for line in _FORMS for word in line.split("   ")[0].split()]


def test_every_name_in_the_help_is_known_to_a_build() -> None:
    assert len(_NAMES) > 15
    unknown = [name for name in _NAMES if not is_known(name.replace("*", ""))]
    assert unknown == []


def is_known(name: str) -> bool:
    return is_native(name) or is_table(name)


def test_what_is_on_request_is_in_the_help_and_the_document() -> None:
    names = list(feed_list().on_request)
    assert [name for name in names if f"'{name}'" not in COMMAND.more] == []
    assert [name for name in names if f"`{name}`" not in _DOCUMENT] == []


def test_the_help_of_a_verb_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--help"]) == 0
    assert "*updateinfo*.xml" in capsys.readouterr().out
