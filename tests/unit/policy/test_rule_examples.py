"""Every rule has an example that passes and one that fails, and both do."""

from __future__ import annotations

import pytest
from policy_texts import built_in

from secure.facts.verdict import SEVERITIES
from secure.policy.catalogue import IMAGE_RULES, RULES
from secure.policy.keys import LAUNCH_KEYS, in_order, parameter_key, written
from secure.policy.rule import Rule, parameters_of
from secure.policy.rules import (
    image_config,
    image_content,
    image_files,
    image_reference,
    image_secrets,
    image_vulnerabilities,
    launch,
    launch_isolation,
    launch_limits,
    launch_mounts,
    launch_privilege,
)
from secure.value import replace

MODULES = (
    image_config,
    image_content,
    image_files,
    image_reference,
    image_secrets,
    image_vulnerabilities,
    launch,
    launch_isolation,
    launch_limits,
    launch_mounts,
    launch_privilege,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_passing_example_passes(rule: Rule) -> None:
    case = replace(rule.passes, parameters=parameters_of(rule))
    assert list(rule.check(case)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_failing_example_fails_and_says_where_and_what(rule: Rule) -> None:
    found = list(rule.check(replace(rule.fails, parameters=parameters_of(rule))))
    assert found
    assert all(violation.at and violation.found for violation in found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_why_how_to_fix_it_and_where_others_have_it(rule: Rule) -> None:
    assert rule.severity in SEVERITIES
    assert rule.title
    assert not rule.title.endswith(".")
    assert rule.why.endswith(".")
    assert rule.fix
    assert rule.maps
    assert all(rule.maps.values())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_parameters_have_a_meaning_and_a_default_of_their_type(rule: Rule) -> None:
    for parameter in rule.parameters:
        assert parameter.meaning
        key = parameter_key(parameter)
        if isinstance(parameter.default, tuple):
            assert set(in_order(key, set(parameter.default))) == set(parameter.default)
        if parameter.choices:
            assert parameter.default in parameter.choices
        assert written(key, parameter.default)


def test_the_catalogue_has_every_rule_that_a_module_declares() -> None:
    declared = {
        held.id for module in MODULES for held in vars(module).values() if isinstance(held, Rule)
    }
    assert declared == {rule.id for rule in RULES}


def test_ids_are_unique_and_in_order() -> None:
    ids = [rule.id for rule in RULES]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("name", ["checklist", "hardened"])
def test_the_built_in_policies_name_every_rule(name: str) -> None:
    assert [rule.rule for rule in built_in(name).rules] == [rule.id for rule in RULES]


def test_every_launch_key_has_an_origin_in_the_checklist() -> None:
    policy = built_in("checklist")
    assert all(policy.origin(key).startswith("policies/checklist.yaml:") for key in LAUNCH_KEYS)


def test_image_rules_look_at_the_image_only() -> None:
    assert not [rule.id for rule in IMAGE_RULES if rule.locked]
