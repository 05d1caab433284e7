"""`secure inspect`: a container out of the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from secure.audit import chain
from secure.errors import NotFoundError, UsageError
from secure.facts.evidence import Difference, Enforcement
from secure.flows.inspect import inspect, lines
from secure.flows.plain_records import plain
from secure.policy.rules.launch_case import IMAGE
from secure.store.paths import data_dir

EARLY, LATE = "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"
A, B = "aa" + "1" * 14, "aa" + "2" * 14


@pytest.fixture(autouse=True)
def own_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def append(kind: str, time: str, body: dict[str, Any]) -> None:
    Path(data_dir()).mkdir(mode=0o700, exist_ok=True)
    chain.append(chain.log_path(data_dir()), kind, body, time)


def launch(name: str, time: str, reference: str = "app.tar") -> None:
    rows = (Enforcement("Landlock", "enforced", "ABI 7", "default"),)
    append("launch", time, {
        "id": name, "argv": ["/bin/app\x1b[31m"], "verdict": plain(IMAGE), "evidence": [],
        "image": {"reference": reference, "digest": "sha256:1", "id": "sha256:2"},
        "enforcement": plain(rows),
        "differences": plain((Difference(5, "no_new_privs", "True", "False"),)),
    })  # fmt: skip


def told(container: str) -> str:
    return "\n".join(lines(inspect(container)))


def test_a_container_is_found_by_the_beginning_of_its_id_and_the_newest_without_one() -> None:
    launch(A, EARLY)
    launch(B, LATE)
    assert inspect("aa1").launch["id"] == A
    assert inspect("").launch["id"] == B
    with pytest.raises(UsageError, match="the beginning of 2 containers"):
        inspect("aa")
    with pytest.raises(NotFoundError, match='no container "bb"'):
        inspect("bb")


def test_all_that_is_known_is_told_and_no_control_character() -> None:
    launch(A, EARLY)
    calls = [{"call": "unshare", "errno": "EPERM", "count": 2, "allowed_by": ""}]
    end = {"id": A, "exit_code": 137, "oom_kills": 1, "refused_calls": calls, "more_refused": True}
    append("exit", LATE, end)
    text = told(A)
    assert "\x1b" not in text
    assert f"ended      {LATE}, code 137; the memory limit was used up" in text
    assert "refused    unshare, 2 times, EPERM, no profile allows it" in text
    assert "and others, which were no longer counted" in text
    assert "Landlock  enforced  ABI 7" in text
    assert "no_new_privs should be True, the kernel said False" in text


def test_what_was_not_started_says_why() -> None:
    launch(A, EARLY)
    append("exit", LATE, {"id": A, "exit_code": 125, "error": "killed at the gate"})
    assert "code 125, not started: killed at the gate" in told(A)
    assert "refused" not in told(A)


def test_the_end_of_an_earlier_container_of_that_name_is_not_this_ones() -> None:
    append("exit", EARLY, {"id": "web", "exit_code": 0})
    launch("web", LATE, "bundle /b")
    assert inspect("web").exit == {}
    assert "the engine that called secure oci watches it" in told("web")


def test_an_end_that_nobody_recorded_is_no_good_end() -> None:
    launch(A, EARLY)
    assert "it still runs, or was killed together with its supervisor" in told(A)
