"""`secure info`: for each protection what enforces it, or why nothing does and what would."""

from __future__ import annotations

import json

import pytest
from installation import Account
from made_images import Images

pytestmark = pytest.mark.kernel

TITLES = {
    "user namespaces", "subordinate ids", "namespaces", "root filesystem", "capabilities",
    "no new privileges", "seccomp", "refused calls", "Landlock", "AppArmor", "memory limit",
    "cpu limit", "pids limit", "no swap", "processors", "disk rates",
}  # fmt: skip


def test_what_is_missing_has_a_reason_and_a_remedy(person: Account) -> None:
    told = {
        row["protection"]: row for row in json.loads(person.secure("info", "--format", "json").out)
    }
    assert set(told) >= TITLES
    for title in TITLES - {"AppArmor"}:
        row = told[title]
        if row["by"].startswith(("no", "partly", "not")) and not row["by"].startswith("no_new"):
            assert row["why"], row
            assert row["do"], row


def test_info_and_evidence_agree_on_who_holds_the_limits(person: Account, images: Images) -> None:
    told = {
        row["protection"]: row for row in json.loads(person.secure("info", "--format", "json").out)
    }
    person.secure("run", images.good, "true")
    launch = next(body for kind, body in reversed(person.records()) if kind == "launch")
    held = {row[0]: row[1] for row in launch["enforcement"]}
    assert (held["memory limit"] == "enforced") == ("cgroup" in told["memory limit"]["by"])
    assert (held["process limit"] == "enforced") == ("cgroup" in told["pids limit"]["by"])


def test_another_format_is_wrong_usage(person: Account) -> None:
    assert person.secure("info", "--format", "yaml").code == 2
