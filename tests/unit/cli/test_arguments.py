"""Reading command lines."""

from __future__ import annotations

import pytest

from secure.cli.arguments import Command, Option, help_text, parse
from secure.errors import UsageError

RUN = Command(
    "run",
    "Run it.",
    (
        Option("--env", "set", "NAME", "-e", many=True),
        Option("--memory", "limit", "SIZE", "-m"),
        Option("--tty", "terminal", short="-t"),
        Option("--interactive", "input", short="-i"),
    ),
    words="IMAGE [COMMAND]",
    least=1,
    most=-1,
    stops=True,
)
CHECK = Command("check", "Check it.", (Option("--format", "form", "NAME"),), "IMAGE", 1, 1)


def test_long_and_short_forms_mean_the_same() -> None:
    spelled = ["--memory=1g", "-m1g", "-m=1g"]
    assert {parse(RUN, [form, "image"]).one("--memory") for form in spelled} == {"1g"}
    assert parse(RUN, ["-m", "1g", "image"]).one("--memory") == "1g"


def test_a_cluster_of_switches_may_end_in_an_option_with_a_value() -> None:
    found = parse(RUN, ["-ite", "A=1", "image"])
    assert found.has("--tty")
    assert found.has("--interactive")
    assert found.all("--env") == ("A=1",)


def test_what_follows_the_image_belongs_to_the_program() -> None:
    found = parse(RUN, ["-t", "image", "sh", "-c", "echo", "--env"])
    assert found.words == ["image", "sh", "-c", "echo", "--env"]
    assert found.all("--env") == ()


def test_two_dashes_end_the_options() -> None:
    assert parse(CHECK, ["--", "--format"]).words == ["--format"]


def test_a_switch_can_be_turned_off_by_name() -> None:
    assert parse(RUN, ["--tty=false", "image"]).tristate("--tty") is False
    assert parse(RUN, ["--tty", "image"]).tristate("--tty") is True
    assert parse(RUN, ["image"]).tristate("--tty") is None


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["--memroy", "1g", "image"], "Did you mean --memory?"),
        (["--memory"], "--memory needs a value"),
        (["--memory", "1g", "--memory", "2g", "image"], "given twice"),
        (["--tty=perhaps", "image"], "neither true nor false"),
        ([], "needs IMAGE"),
        (["-x", "image"], 'unknown option "-x"'),
    ],
)
def test_mistakes_are_named(argv: list[str], part: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(RUN, argv)
    assert part in f"{caught.value} {caught.value.do}"


def test_one_of_several_words_is_chosen_and_the_first_is_usual() -> None:
    assert parse(CHECK, ["image"]).choice("--format", "table", "json") == "table"
    chosen = parse(CHECK, ["--format", "json", "image"])
    assert chosen.choice("--format", "table", "json") == "json"
    with pytest.raises(UsageError, match='--format "json" is unknown') as caught:
        chosen.choice("--format", "table", "sarif", "html")
    assert caught.value.do == "Use table, sarif or html."


def test_too_many_words_are_refused() -> None:
    with pytest.raises(UsageError, match="what to do with"):
        parse(CHECK, ["one", "two"])


def test_help_shows_every_option() -> None:
    text = help_text(RUN)
    assert all(option.name in text and option.help in text for option in RUN.options)
