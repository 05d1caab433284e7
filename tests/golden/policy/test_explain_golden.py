"""What `policy explain` says, word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from policy_texts import HEAD, built_in, project

from secure.errors import UsageError
from secure.facts.files import FileTag
from secure.facts.verdict import CI
from secure.policy.catalogue import RULES
from secure.policy.explain import explain_rule, explain_verdict
from secure.policy.judge import judge_image
from secure.policy.rule import Rule
from secure.policy.rules.image_case import NOW, configured, file, image

HERE = Path(__file__).parent
POLICY = project(
    """\
rules:
  CON006: {parameters: {allow: [/usr/bin/su]}}
launch:
  memory: {max: 2GiB}
waivers:
  - rule: CON006
    owner: web team
    reason: removed in 2.0
    expires: 2026-01-10
    scope: {path: /opt/tool}
""",
    HEAD,
)


@pytest.mark.parametrize("rule", ["IMG001", "CON006", "RUN001", "RUN008"])
def test_a_rule_is_explained_as_before(rule: str) -> None:
    # Lines of the built-in policies move whenever one is edited; those of this test do not.
    text = re.sub(r"(policies/\w+\.yaml):\d+:\d+", r"\1:LINE:COLUMN", explain_rule(POLICY, rule))
    assert text + "\n" == (HERE / f"{rule}.txt").read_text()


def test_a_verdict_is_explained_as_before() -> None:
    facts = image(
        config=configured(user="0").facts.config,
        files=(file("opt/tool", FileTag.SETUID, mode=0o4755),),
        vulnerability_data="",
    ).facts
    verdict = judge_image(POLICY, facts, CI, NOW)
    assert explain_verdict(verdict) + "\n" == (HERE / "verdict.txt").read_text()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_can_be_explained_with_both_examples(rule: Rule) -> None:
    text = explain_rule(built_in("hardened"), rule.id)
    assert rule.title in text
    assert "\npasses  " in text
    assert "\nfails   " in text
    assert "-> at " in text


def test_an_unknown_rule_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match='there is no rule "IMG999"'):
        explain_rule(POLICY, "IMG999")
