"""One thing that a machine offers or lacks."""

from __future__ import annotations

from secure.value import value


@value
class Feature:
    """Something the kernel or the system offers.

    Args:
        works: this user can use it.
        found: words for people, e.g. "ABI 7".
        reason: why it does not work, "" if it does.
        do: what would enable it, "" if it works.
    """

    works: bool
    found: str
    reason: str = ""
    do: str = ""
