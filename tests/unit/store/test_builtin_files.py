"""Built-in files are found, and nothing else is."""

from __future__ import annotations

import pytest

from secure.errors import MachineError, NotFoundError
from secure.flows.db import read_feeds
from secure.store.builtin import read_builtin, read_vulndb


@pytest.mark.parametrize("name", ["checklist.yaml", "hardened.yaml", "seccomp/default.json"])
def test_a_built_in_file_is_found(name: str) -> None:
    assert read_builtin(name)


@pytest.mark.parametrize(
    "name",
    ["nothing.yaml", "", "seccomp", "../pyproject.toml", "/etc/passwd", "seccomp/../../LICENSE"],
)
def test_nothing_else_is(name: str) -> None:
    with pytest.raises(NotFoundError, match="no built-in file is called"):
        read_builtin(name)


def test_what_an_installation_lacks_is_the_machines_fault() -> None:
    with pytest.raises(MachineError, match=r'"vulndb/nothing\.sql" is missing') as told:
        read_vulndb("nothing.sql")
    assert told.value.do == "Install it again."


@pytest.mark.parametrize(
    "raw",
    [b"", b"a: [", b"osv: 5", b"\x84\xff", b"osv: a\nkev: b\nepss: c\necosystems: npm\n",
     b"osv: a\nkev: b\nepss: c\necosystems: []\nmore: x\n", b"- " * 100_000],
)  # fmt: skip
def test_a_list_of_feeds_that_is_damaged_is_named(raw: bytes) -> None:
    with pytest.raises(MachineError, match=r'"vulndb/feeds\.yaml" is damaged: .') as told:
        read_feeds(raw)
    assert "\n" not in told.value.what
