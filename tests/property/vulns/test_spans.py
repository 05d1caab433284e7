"""What conditions say and their complement share no version, and miss none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from secure.vulns.feeds.spans import FIRST, Span, between, cut, events, joined, outside
from secure.vulns.osv import Affected, Package, Range
from secure.vulns.ranges import State, judge

_conditions = st.lists(
    st.tuples(st.sampled_from(["<", "<=", "=", ">=", ">"]), st.integers(0, 9).map(str)),
    min_size=1, max_size=3,
)  # fmt: skip
_branches = st.lists(_conditions, max_size=5)
_HOLDS = {
    "<": lambda v, w: v < w, "<=": lambda v, w: v <= w, "=": lambda v, w: v == w,
    ">=": lambda v, w: v >= w, ">": lambda v, w: v > w,
}  # fmt: skip


def _held(branches: list[list[tuple[str, str]]], version: int) -> bool:
    return any(all(_HOLDS[op](version, int(w)) for op, w in branch) for branch in branches)


def _judged(spans: list[Span], version: int) -> bool:
    if not spans:
        return False
    made = events(spans, lambda v: f"{v}.0.1")
    affected = Affected(Package("RubyGems", "x"), (Range("ECOSYSTEM", made),))
    return judge(affected, str(version)).state is State.AFFECTED


@given(_branches, st.integers(0, 10))
def test_joined_branches_hold_what_any_of_them_holds(
    branches: list[list[tuple[str, str]]], version: int
) -> None:
    spans = joined(between(branch, "RubyGems") for branch in branches)
    assert _judged(spans, version) == _held(branches, version)


@given(_branches, st.integers(0, 10))
def test_outside_of_all_branches_is_what_none_of_them_holds(
    branches: list[list[tuple[str, str]]], version: int
) -> None:
    spans = joined(between(branch, "RubyGems") for branch in branches)
    assert _judged(outside(spans), version) == (not _held(branches, version))


def test_nothing_is_outside_of_everything() -> None:
    assert outside([(FIRST, None)]) == []
    assert outside([(FIRST, cut("RubyGems", "1")), (cut("RubyGems", "1"), None)]) == []
