"""meet is the meet of a lattice, up to names and origins, and never looser than either side."""

from __future__ import annotations

import marshal

from drawn_policies import policies, value_of
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_texts import built_in

from secure.facts.verdict import ALLOW, CI, DENY, LAUNCH, NOT_CHECKED
from secure.policy.catalogue import IMAGE_RULES
from secure.policy.judge import judge_image
from secure.policy.keys import LAUNCH_KEYS, is_as_tight, key, tightest
from secure.policy.lattice import keyed, meet
from secure.policy.rule import ImageCase
from secure.policy.rules.image_case import FACTS, NOW
from secure.policy.settings import Policy, from_plain, to_plain
from secure.value import replace

FACTS_SEEN = [FACTS, *(r.fails.facts for r in IMAGE_RULES if isinstance(r.fails, ImageCase))]
RANK = {ALLOW: 0, NOT_CHECKED: 1, DENY: 2}
FEW = settings(max_examples=60, deadline=None)


def decided(policy: Policy) -> Policy:
    """Without where things were written, and what it is called."""
    waivers = tuple(replace(waiver, place="") for waiver in policy.waivers)
    return replace(policy, name="", description="", origins=(), waivers=waivers)


@FEW
@given(policies(), policies())
def test_meet_is_commutative(a: Policy, b: Policy) -> None:
    assert decided(meet(a, b)) == decided(meet(b, a))


@FEW
@given(policies(), policies(), policies())
def test_meet_is_associative(a: Policy, b: Policy, c: Policy) -> None:
    assert decided(meet(meet(a, b), c)) == decided(meet(a, meet(b, c)))


@FEW
@given(policies())
def test_meet_is_idempotent(a: Policy) -> None:
    assert decided(meet(a, a)) == decided(a)


@FEW
@given(policies(), policies())
def test_no_key_of_the_meet_is_looser_than_either(a: Policy, b: Policy) -> None:
    met = keyed(meet(a, b)).values
    for side in (a, b):
        for name, item in keyed(side).values.items():
            assert is_as_tight(key(name), met[name], item)


@FEW
@given(policies(accept=False), policies(accept=False), st.sampled_from(FACTS_SEEN))
def test_no_image_that_one_side_refuses_is_allowed_by_the_meet(
    a: Policy, b: Policy, facts: object
) -> None:
    for stage in (CI, LAUNCH):
        sides = [RANK[judge_image(side, facts, stage, NOW).outcome] for side in (a, b)]  # type: ignore[arg-type]  # sampled_from loses the type
        assert RANK[judge_image(meet(a, b), facts, stage, NOW).outcome] >= max(sides)  # type: ignore[arg-type]


@FEW
@given(policies(accept=False), policies())
def test_waivers_of_another_count_only_where_they_are_accepted(a: Policy, b: Policy) -> None:
    mine = {replace(waiver, place="") for waiver in a.waivers}
    assert {replace(waiver, place="") for waiver in meet(a, b).waivers} <= mine


def test_a_policy_that_extends_another_keeps_its_name_when_they_meet() -> None:
    met = meet(built_in("checklist"), built_in("hardened"))
    assert (met.name, met.digest) == ("hardened", built_in("hardened").digest)


@given(st.data(), st.sampled_from(sorted(LAUNCH_KEYS)))
def test_the_tighter_of_two_values_is_as_tight_as_both(data: st.DataObject, name: str) -> None:
    one, other = data.draw(value_of(key(name))), data.draw(value_of(key(name)))
    met = tightest(key(name), one, other)
    assert is_as_tight(key(name), met, one)
    assert is_as_tight(key(name), met, other)


@FEW
@given(policies())
def test_a_policy_survives_the_way_to_plain_data_and_back(policy: Policy) -> None:
    written = marshal.dumps(to_plain(policy))
    assert from_plain(marshal.loads(written)) == policy  # noqa: S302 - written the line above
