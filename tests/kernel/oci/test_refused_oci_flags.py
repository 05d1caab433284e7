"""Flags of runc that would take a protection away: refused by name, and nothing is started."""

from __future__ import annotations

import pytest
from bundles import Runtime, base_config, make_bundle
from containers import caller
from installation import Installed, leaves_nothing

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("flag", ["--no-pivot", "--no-new-keyring"])
def test_a_flag_that_weakens_is_refused_by_name(installed: Installed, flag: str) -> None:
    with installed.account(caller("user")) as account:
        words = (str(account.command), "oci")
        runtime = Runtime("secure", words, account.folder, account.who, account.environment)
        bundle = make_bundle(account.folder / "bundle", account.who, base_config(account.who))
        with leaves_nothing(account):
            refused = runtime.create("c", bundle, flag)
            assert (refused.code, f"{flag} is refused" in refused.err) == (1, True)
            assert runtime("state", "c").code == 1
        assert runtime.create("c", bundle).code == 0  # without the flag
        assert runtime("delete", "--force", "c").code == 0
