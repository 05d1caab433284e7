"""The README shows what the program says."""

from __future__ import annotations

from pathlib import Path

from secure.cli.main import COMMANDS, overview

README = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")


def test_the_readme_shows_the_help_as_it_is() -> None:
    assert f"```text\n{overview()}```" in README


def test_the_readme_has_exactly_two_set_up_commands() -> None:
    block = README.split("## Set up")[1].split("```sh\n")[1].split("```")[0]
    assert [line.split()[0] for line in block.strip().splitlines()] == [
        "scripts/demo",
        "scripts/test",
    ]


def test_every_command_has_a_module() -> None:
    for module, _ in COMMANDS.values():
        __import__(module)
