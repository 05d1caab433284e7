"""The AppArmor profile of a bundle: entered by the program, by who joins it, or refused by name."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from installation import Account
from v2_containers import bundle, runtime, started

pytestmark = pytest.mark.kernel

# Everything but one file; the first user of the tests, root, loads it.
_NAME = "secure-test"
_PROFILE = f"""profile {_NAME} flags=(attach_disconnected,mediate_deleted) {{
  file, network, capability, signal, unix, ptrace, mount, umount, pivot_root,
  deny /tmp/denied rw,
}}
"""
_TRY = "cat /proc/self/attr/current; echo x >/tmp/allowed && cat /tmp/allowed; echo x >/tmp/denied"


@pytest.fixture(scope="module", autouse=True)
def profile(guest: None, tmp_path_factory: pytest.TempPathFactory) -> str:
    if Path("/sys/module/apparmor/parameters/enabled").read_text().strip() != "Y":
        pytest.skip("this kernel has no AppArmor")
    if os.geteuid() == 0:
        path = tmp_path_factory.mktemp("apparmor") / _NAME
        path.write_text(_PROFILE)
        subprocess.run(["apparmor_parser", "--replace", "--skip-cache", str(path)], check=True)
    return _NAME


def test_the_program_is_confined_by_the_profile(engine: Account, profile: str) -> None:
    folder = bundle(engine, _TRY, {}, apparmorProfile=profile)
    ended = runtime(engine)("run", "--bundle", str(folder), "c")
    assert ended.out.split() == [profile, "(enforce)", "x"], ended.err
    assert "ermission denied" in ended.err
    rows = engine.records()[-1][1]["enforcement"]
    assert ["security label", f"AppArmor {profile} from execve on"] in [
        [row[0], row[2]] for row in rows
    ]


def test_without_a_profile_nothing_is_denied(engine: Account) -> None:
    """The control: the same script."""
    folder = bundle(engine, _TRY, {}, apparmorProfile="unconfined")
    ended = runtime(engine)("run", "--bundle", str(folder), "c")
    assert (ended.code, ended.out.split()) == (0, ["unconfined", "x"]), ended.err


def test_who_enters_is_confined_as_well(engine: Account, profile: str) -> None:
    with started(engine, "sleep 100", {}, apparmorProfile=profile) as container:
        entered = container.secure("exec", container.name, "/bin/sh", "-c", _TRY)
    assert entered.out.split() == [profile, "(enforce)", "x"], entered.err
    assert entered.code != 0


def test_a_profile_that_is_not_loaded_stops_create(engine: Account) -> None:
    folder = bundle(engine, "true", {}, apparmorProfile="nosuch")
    ended = runtime(engine).create("c", folder)
    assert ended.code == 1
    assert 'process.apparmorProfile: "nosuch" cannot be entered' in ended.err
    assert "no such profile is loaded" in ended.err
