"""Launches survive the way into the audit log and back."""

from __future__ import annotations

import json

import plans
import pytest
from audit_reports import enforcement, evidence, report

from secure.facts.evidence import Difference
from secure.facts.verdict import Verdict
from secure.flows import launch_records as records
from secure.flows.plain_records import plain, verdict_from

VERDICTS = [one for subject in report().subjects for one in subject.verdicts]


@pytest.mark.parametrize("verdict", VERDICTS, ids=lambda one: str(one.outcome))
def test_a_verdict_comes_back_as_it_was(verdict: Verdict) -> None:
    assert verdict_from(through_json(plain(verdict))) == verdict


def test_evidence_comes_back_as_it_was() -> None:
    seen = evidence()
    assert records.evidence_from(through_json(plain(seen))) == seen
    planned = plans.evidence(plans.plan())
    assert records.evidence_from(through_json(plain(planned))) == planned


def test_enforcement_and_differences_come_back_as_they_were() -> None:
    enforced = enforcement()
    differences = (Difference(3, "no_new_privs", "on", "off"),)
    assert records.enforcement_from(through_json(plain(enforced))) == enforced
    assert records.differences_from(through_json(plain(differences))) == differences


def test_a_verdict_of_another_form_is_not_taken() -> None:
    with pytest.raises(ValueError, match="zip"):
        verdict_from(["allow"])


def test_a_launch_names_the_image_and_what_ran() -> None:
    plan = plans.plan()
    body = records.launch_body(plan, plans.RECORD, VERDICTS[0], evidence(), enforcement(), ())
    told = through_json(body)
    assert isinstance(told, dict)
    assert told["image"]["digest"] == plans.RECORD.digest
    assert told["argv"] == list(plan.argv)
    assert told["differences"] == []


def through_json(body: object) -> object:
    """As the log keeps it."""
    return json.loads(json.dumps(body))
