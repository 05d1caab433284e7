"""Law: what layers take away is the same asked from the base up, from the top down, and at once."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from secure.images.squash import Squash
from secure.scan.covers import StandingNames, UpperLayers, folders
from secure.scan.layer_facts import LayerFacts
from secure.scan.names import blocks

PARTS = st.sampled_from([b"a", b"b", b"c"])
NAMES = st.lists(PARTS, min_size=1, max_size=4).map(b"/".join)
SETS = st.frozensets(NAMES, max_size=6)


def whole(**given: Any) -> LayerFacts:
    facts = LayerFacts(**given)
    return msgspec.structs.replace(facts, folders=folders(facts))


@st.composite
def layers(draw: st.DrawFn) -> LayerFacts:
    taken, directories = draw(SETS), draw(SETS)
    return whole(
        taken=b"\0".join(sorted(taken)),
        directories=b"\0".join(sorted(directories - taken)),
        whiteouts=tuple(sorted(draw(SETS))),
        opaques=tuple(sorted(draw(st.frozensets(NAMES | st.just(b""), max_size=2)))),
    )


def names(joined: bytes) -> list[bytes]:
    return joined.split(b"\0") if joined else []


def squashed(stack: list[LayerFacts]) -> Squash:
    squash = Squash()
    for one in stack:
        squash.add_layer(names(one.taken), names(one.directories), one.whiteouts, one.opaques)
    return squash


# What says that a directory is opaque lies in it, so the directory and those above it are there.
@example([whole(taken=b"a"), whole(opaques=(b"a/a",))])
@example([whole(taken=b"a/a"), whole(opaques=(b"a/a",))])
@example([whole(directories=b"a"), whole(opaques=(b"a/a",))])
@example([whole(taken=b"a/b"), whole(whiteouts=(b"a",)), whole(taken=b"a/b")])
@example([whole(taken=b"a"), whole(opaques=(b"",))])
@given(st.lists(layers(), min_size=2, max_size=5))
def test_from_the_base_up_each_name_goes_with_the_layer_that_squash_names(
    stack: list[LayerFacts],
) -> None:
    squash, standing = squashed(stack), StandingNames()
    there: dict[bytes, int] = {}
    for index, one in enumerate(stack):
        for name in standing.take_away(one):
            assert squash.removed_by(name, there.pop(name)) == index
        for name in names(one.taken):
            standing.add(name)
            there[name] = index
        for name in names(one.directories):
            standing.add(name, directory=True)
            there[name] = index
    assert all(squash.removed_by(name, index) is None for name, index in there.items())


@given(st.lists(layers(), min_size=2, max_size=5))
def test_from_the_top_down_the_same_names_are_hidden(stack: list[LayerFacts]) -> None:
    squash, upper = squashed(stack), UpperLayers(stack)
    for index in reversed(range(len(stack))):
        own = names(stack[index].taken)
        gone = {name for name in own if squash.removed_by(name, index) is not None}
        assert upper.hidden(own) == gone
        upper.add(index)


@given(st.lists(st.binary(min_size=1, max_size=9).filter(lambda n: b"\0" not in n)))
def test_blocks_give_back_all_names_in_order(own: list[bytes]) -> None:
    assert [name for block in blocks(b"\0".join(own)) for name in block] == own


def test_a_name_of_two_thousand_parts_needs_no_stack() -> None:
    deep = b"/".join([b"a"] * 2_000)
    upper = UpperLayers([whole(taken=deep), whole(opaques=(b"a",))])
    upper.add(1)
    assert upper.hidden([deep]) == {deep}


def test_many_names_come_in_several_blocks() -> None:
    own = [b"usr/share/%d" % number for number in range(100_000)]
    several = list(blocks(b"\0".join(own)))
    assert len(several) > 4
    assert [name for block in several for name in block] == own
