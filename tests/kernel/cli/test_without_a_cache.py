"""A cache that cannot be written costs time: everything else is as with one, and it is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from installation import Account, Ended, leaves_nothing
from made_images import Images

pytestmark = pytest.mark.kernel


@pytest.fixture
def places(person: Account) -> dict[str, str]:
    """Where the cache should be is a file; a folder for temporary files of its own."""
    temporary = person.folder / "temporary"
    if not temporary.is_dir():
        temporary.mkdir()
        person.own(temporary)
    return {"XDG_CACHE_HOME": str(person.made("no-cache")), "TMPDIR": str(temporary)}


def _warned_once(ended: Ended) -> bool:
    return ended.err.count("secure: warning: going on without a cache: cannot make directory") == 1


def test_an_image_is_judged_and_compared_with_advisories(
    person: Account, images: Images, places: dict[str, str]
) -> None:
    ended = person.secure("check", images.good, env=places)
    assert (ended.code, _warned_once(ended)) == (0, True), ended
    assert "compared with the starter set" in ended.out
    assert list(Path(places["TMPDIR"]).iterdir()) == []


def test_an_image_runs_each_time(person: Account, images: Images, places: dict[str, str]) -> None:
    with leaves_nothing(person):
        for _ in range(2):
            ended = person.secure("run", "--rm", images.good, "echo", "works", env=places)
            assert (ended.code, ended.out) == (0, "works\n"), ended
            assert _warned_once(ended), ended
    kinds = [kind for kind, _ in person.records()][-4:]
    assert kinds == ["launch", "exit", "launch", "exit"]


@pytest.mark.parametrize(
    "words", [("policy", "show", "hardened"), ("policy", "explain", "RUN005"), ("db", "status")]
)
def test_questions_are_answered(
    person: Account, places: dict[str, str], words: tuple[str, ...]
) -> None:
    ended = person.secure(*words, env=places)
    assert (ended.code, _warned_once(ended)) == (0, True), ended
    assert ended.out.splitlines()[-3:] == person.secure(*words).out.splitlines()[-3:]


def test_what_cannot_be_logged_is_not_decided(
    person: Account, images: Images, places: dict[str, str]
) -> None:
    nowhere = places | {"XDG_DATA_HOME": places["XDG_CACHE_HOME"]}
    check, run = (person.secure(verb, images.good, env=nowhere) for verb in ("check", "run"))
    assert (check.code, check.out, run.code, run.out) == (4, "", 125, "")
    assert "set XDG_DATA_HOME" in check.err
    assert "set XDG_DATA_HOME" in run.err
