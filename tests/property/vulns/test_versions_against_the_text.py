"""A comparison of keys says what the specification's own steps say, where no tool is at hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import written_orders as written
from hypothesis import given, settings
from hypothesis import strategies as st
from version_oracles import sign

from secure.vulns.versions.order import key


def _form(*places: str) -> st.SearchStrategy[str]:
    return st.tuples(*(st.sampled_from(place.split("|")) for place in places)).map("".join)


_GEM = _form(
    "0|1|2|10", "|.0|.1|.10", "|.0|.0.0|.a|.1", "|.a|.rc|.b1|-1|.0", "|.0|.1|.2|.b", "|.0|.0.1|.0.a"
)
_PHP = _form(
    "0|1|2|10", "|.0|.1|.10", "|.0|-dev|a|.b|RC|-p|-patch|foo", "|1|.1|2|-dev", "|.0|.1|-x"
)
_PMS = _form("0|1|10", "|.0|.1|.01|.010|.10", "|.0|.00|.1", "|a|b", "|_alpha|_rc1|_p|_p0|_p2",
             "|_pre1|_p10", "|-r0|-r1|-r01")  # fmt: skip


@pytest.mark.parametrize(
    ("ecosystem", "form", "compare"),
    [
        ("RubyGems", _GEM, written.gem),
        ("Packagist", _PHP, lambda a, b: written.php(a.lower(), b.lower())),
        ("Gentoo", _PMS, written.portage),
    ],
    ids=["gem", "php", "portage"],
)
@given(data=st.data())
@settings(max_examples=400)
def test_keys_compare_as_the_text_says(
    data: st.DataObject,
    ecosystem: str,
    form: st.SearchStrategy[str],
    compare: Callable[[str, str], int],
) -> None:
    left, right = data.draw(form), data.draw(form)
    keys = key(ecosystem, left), key(ecosystem, right)
    assert sign(str(keys[0]), str(keys[1])) == compare(left, right), (left, right, keys)
