"""Labels of security modules where there is none: refused by name, never left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundles import Runtime, base_config, make_bundle
from containers import caller
from installation import Installed, leaves_nothing

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize(
    ("field", "label"), [("apparmorProfile", "docker-default"), ("selinuxLabel", "u:r:t:s0")]
)
def test_a_label_that_cannot_be_set_stops_create(
    installed: Installed, field: str, label: str
) -> None:
    enabled = Path("/sys/module/apparmor/parameters/enabled")
    if enabled.exists() and enabled.read_text().startswith("Y"):
        pytest.skip("AppArmor is enabled here: tests/vm/test_apparmor.py enters a profile")
    with installed.account(caller("user")) as account:
        secure = Runtime(
            "secure", (str(account.command), "oci"), account.folder, account.who,
            account.environment,
        )  # fmt: skip
        config = base_config(account.who)
        config["process"][field] = label
        folder = account.folder / "bundle"
        folder.mkdir()
        make_bundle(folder, account.who, config)
        with leaves_nothing(account):
            ended = secure.create("c", folder)
    assert ended.code == 1
    assert f"process.{field}" in ended.err
