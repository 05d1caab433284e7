"""Built-in files are found, and nothing else is."""

from __future__ import annotations

import pytest

from secure.errors import NotFoundError
from secure.store.builtin import read_builtin


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
