"""Joining flags and image: command, environment, directory."""

from __future__ import annotations

import pytest
from plans import RECORD

from secure.errors import UsageError
from secure.runtime.request import RunRequest, payload
from secure.value import replace


def test_the_image_says_what_runs_when_nothing_is_given() -> None:
    found = payload(RunRequest("web.tar"), RECORD, "")
    assert found.argv == ("/bin/app", "--serve")
    assert found.cwd == "/srv"


def test_a_command_replaces_the_images_command_but_not_its_entrypoint() -> None:
    assert payload(RunRequest("w", command=("--help",)), RECORD, "").argv == ("/bin/app", "--help")


def test_an_entrypoint_drops_the_images_command() -> None:
    assert payload(RunRequest("w", entrypoint="/bin/sh"), RECORD, "").argv == ("/bin/sh",)


def test_an_empty_entrypoint_clears_the_images() -> None:
    request = RunRequest("w", entrypoint="", command=("ls",))
    assert payload(request, RECORD, "").argv == ("ls",)


def test_an_argument_with_a_nul_is_refused() -> None:
    with pytest.raises(UsageError, match="NUL"):
        payload(RunRequest("w", command=("ls", "a\0b")), RECORD, "")


def test_an_image_without_a_command_needs_one() -> None:
    with pytest.raises(UsageError, match="names no command"):
        payload(RunRequest("w"), replace(RECORD, entrypoint=(), cmd=()), "")


def test_flags_win_over_the_images_environment() -> None:
    request = RunRequest("w", env=(("PATH", "/opt/bin"), ("A", "1")))
    found = dict(payload(request, RECORD, "").env)
    assert found["PATH"] == "/opt/bin"
    assert found["A"] == "1"
    assert found["HOME"] == "/home/app"


def test_nothing_of_the_callers_environment_gets_in() -> None:
    found = dict(payload(RunRequest("w"), RECORD, "").env)
    assert set(found) == {"PATH", "HOME"}
