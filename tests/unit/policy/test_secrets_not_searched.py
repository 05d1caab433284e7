"""No rule about secrets passes on facts for which nobody looked for any."""

from __future__ import annotations

import msgspec
import pytest

from secure.policy.catalogue import IMAGE_RULES
from secure.policy.rule import ImageCase, Rule, parameters_of
from secure.value import replace

UNDECIDED = ["CON004", "CON005", "IMG005", "IMG007"]


def fails_by_secrets_alone(rule: Rule) -> bool:
    """Whether the failing example passes without its secrets."""
    case = rule.fails
    if not isinstance(case, ImageCase) or not case.facts.secrets:
        return False
    clean = replace(case, facts=msgspec.structs.replace(case.facts, secrets=()))
    return not list(rule.check(replace(clean, parameters=parameters_of(rule))))


@pytest.mark.parametrize("rule", IMAGE_RULES, ids=lambda rule: rule.id)
def test_a_rule_about_secrets_is_undecided_where_nobody_searched(rule: Rule) -> None:
    assert isinstance(rule.passes, ImageCase)
    unsearched = msgspec.structs.replace(rule.passes.facts, secrets_searched=False)
    case = replace(rule.passes, facts=unsearched, parameters=parameters_of(rule))
    found = list(rule.check(case))
    if fails_by_secrets_alone(rule):
        assert rule.id in UNDECIDED
        assert [violation.undecided for violation in found] == [True]
    else:
        assert rule.id not in UNDECIDED
        assert found == []
