"""Indented JSON says what JSON says, laid out as the standard library does."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from secure.oci.json_text import indented

_plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
_values = st.recursive(
    _plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(_values)
def test_a_value_is_laid_out_as_by_json(value: object) -> None:
    assert indented(value) == json.dumps(value, indent=2)
