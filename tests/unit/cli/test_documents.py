"""What the documents name is there: command lines, flags, links, rules, catalogers, files."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest

from secure.cli.arguments import Command, parse
from secure.cli.main import COMMANDS
from secure.policy.catalogue import RULES_BY_ID
from secure.scan.catalogers import CATALOGERS

_OURS = tuple(word for word in COMMANDS if word != "oci")  # runc's command line, not ours
ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "vulndb/*.md", "policies/*.yaml")
    for path in ROOT.glob(pattern)
)
named = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def _command(word: str) -> Command:
    found = importlib.import_module(COMMANDS[word][0]).COMMAND
    assert isinstance(found, Command)
    return found


def _command_lines(text: str) -> list[list[str]]:
    """Lines of blocks that begin with `secure COMMAND`, without their comments; not `oci`."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    split = (shlex.split(line, comments=True) for line in lines if line.startswith("secure "))
    return [words for words in split if words[1] != "oci"]


def _flags() -> set[str]:
    return {option.name for word in _OURS for option in _command(word).options}


@named
def test_every_command_line_is_one_that_the_command_takes(path: Path) -> None:
    for words in _command_lines(path.read_text()):
        parse(_command(words[1]), words[2:])


@named
def test_every_flag_beside_a_command_is_one_of_its_flags(path: Path) -> None:
    for words in re.findall(r"`secure ([a-z]+) ([^`]*)`", path.read_text()):
        if words[0] != "oci":
            flags = {option.name for option in _command(words[0]).options} | {"--help"}
            assert set(re.findall(r"(?<!\S)--[a-z][a-z0-9-]*", words[1])) <= flags, words


@named
def test_every_link_leads_to_a_file(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)", path.read_text())
    assert [target for target in targets if not (path.parent / target).exists()] == []


@named
def test_every_rule_is_one(path: Path) -> None:
    assert set(re.findall(r"\b(?:IMG|REF|CON|RUN)\d{3}\b", path.read_text())) <= set(RULES_BY_ID)


@named
def test_every_file_of_the_project_is_there(path: Path) -> None:
    folders = "secure|tests|docs|bench|scripts|policies|vulndb|bin"
    names = re.findall(rf"`((?:{folders})/[\w./-]+)`", path.read_text())
    # NAME stands for the reader's own, and a fresh checkout has no __pycache__ yet.
    ours = (name for name in names if "NAME" not in name and "__pycache__" not in name)
    assert [name for name in ours if not (ROOT / name).exists()] == []


def test_the_packages_page_names_every_cataloger() -> None:
    page = (ROOT / "docs/packages.md").read_text().partition("## What others read")[0]
    missing = [one.name for one in CATALOGERS if f"`{one.name}`" not in page]
    assert missing == []


def test_help_names_no_flag_that_no_command_has() -> None:
    helps = " ".join(
        f"{command.summary} {command.more} {' '.join(option.help for option in command.options)}"
        for command in map(_command, _OURS)
    )
    assert set(re.findall(r"(?<!\S)--[a-z][a-z0-9-]*", helps)) <= _flags()
