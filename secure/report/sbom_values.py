"""Which texts of an image may stand where the schemas of SBOMs restrict what stands there."""

from __future__ import annotations

import re

_LONGEST = 2_048
_NOT_IN_A_URL = frozenset(' <>"{}|\\^`[]%')
# NIST IR 7695, 6.2.3: five parts, a language, four parts.
_PART = r"(?:[*\-]|\?*\*?(?:[A-Za-z0-9._\-]|\\[\\*?!\"#$%&'()+,/:;<=>@\[\]^`{|}~])+\?*\*?)"
_LANGUAGE = r"(?:[a-zA-Z]{2,3}(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?|[*\-])"
_CPE = re.compile(rf"cpe:2\.3:[aho*\-](?::{_PART}){{5}}:{_LANGUAGE}(?::{_PART}){{4}}")


def is_url(text: str) -> bool:
    """http or https, and nothing in it that would have to be encoded."""
    return (
        text.startswith(("http://", "https://"))
        and text.isascii()
        and text.isprintable()
        and not _NOT_IN_A_URL & set(text)
        and len(text) < _LONGEST
    )


def is_cpe(text: str) -> bool:
    """A CPE 2.3 name as a formatted string."""
    return 0 < len(text) < _LONGEST and _CPE.fullmatch(text) is not None
