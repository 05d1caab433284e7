"""What escape tests share: the workshop and the command of the kernel tests, and an arena."""

from __future__ import annotations

import pytest
from attack import Arena, build_arena
from containers import Caller, Workshop, caller

from tests.kernel.conftest import (  # the same fixtures; pytest finds them by name
    account,
    images,
    installed,
    newcomer,
    open_folder,
    person,
    shop,
    user,
    who,
)

__all__ = [
    "account",
    "images",
    "installed",
    "newcomer",
    "open_folder",
    "person",
    "shop",
    "user",
    "who",
]


@pytest.fixture(scope="session")
def arena(shop: Workshop) -> Arena:
    """The workshop with the attack program."""
    return build_arena(shop)


@pytest.fixture
def ranged() -> Caller:
    """A container with a uid 0 of its own: root's, or the user's with subordinate ids."""
    return caller("range")
