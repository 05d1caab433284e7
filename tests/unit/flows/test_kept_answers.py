"""Answers that launches keep: none counts before it was given, nor after its day."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from policy_texts import built_in

from secure.facts.verdict import ALLOW
from secure.flows import launch_cache
from secure.flows.clock import now
from secure.flows.launch_decision import decision
from secure.flows.policies import effective
from secure.policy.rules.launch_case import ASK, IMAGE, MACHINE
from secure.policy.settings import Settings
from secure.value import replace

LONG_AGO, FAR_AHEAD = "2001-01-01T00:00:00.000Z", "2199-01-01T00:00:00.000Z"
OPEN_FILES = Settings.__match_args__.index("nofile")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def kept_at(moment: str) -> bool:
    policy = built_in("checklist")
    verdict = replace(IMAGE, policy_digest=policy.digest, decided_at=moment)
    launch_cache.write_verdict("sha256:1", policy, verdict, moment)
    return launch_cache.read_verdict("sha256:1", policy.digest) == verdict


def test_a_verdict_is_kept_for_a_day() -> None:
    assert kept_at(now())
    assert not kept_at(LONG_AGO)


def test_a_verdict_of_a_clock_that_was_ahead_does_not_count() -> None:
    assert not kept_at(FAR_AHEAD)


@pytest.mark.parametrize(("given", "until", "counts"), [
    (LONG_AGO, FAR_AHEAD, True),
    (LONG_AGO, LONG_AGO, False),
    (FAR_AHEAD, FAR_AHEAD, False),
])  # fmt: skip
def test_a_decision_counts_from_when_it_was_given_until_its_end(
    tmp_path: Path, given: str, until: str, counts: bool
) -> None:
    policy = effective("", str(tmp_path / "none.yaml"))
    image = replace(IMAGE, policy_digest=policy.digest, decided_at=now())
    asked = (policy, ASK, MACHINE, image)
    verdict, settings = decision(*asked)
    assert verdict.outcome == ALLOW
    (name,) = os.listdir(tmp_path / "cache/secure/decisions")
    place = str(tmp_path / "cache/secure/decisions" / name)
    _, fields, granted = launch_cache.read_plain(place)
    # Another number of open files shows where the answer comes from.
    granted[OPEN_FILES] = settings.nofile - 1
    fields[fields.index(verdict.decided_at)] = given
    launch_cache.write_plain(place, [until, fields, granted])
    assert decision(*asked)[1].nofile == settings.nofile - counts
