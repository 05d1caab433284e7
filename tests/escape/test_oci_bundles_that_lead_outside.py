"""Bundles whose paths lead outside: CVE-2024-21626, CVE-2024-0132, CVE-2024-45310, CVE-2019-19921.

`secure oci` makes mounts by other code than `secure run`: a target may be missing, and the root
file system may be written. The control is a link that leads somewhere inside; that a working
directory without our look would lead outside is shown for CVE-2024-21626, by the same function.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bundles import Runtime, base_config, make_bundle, write_config
from containers import caller
from installation import Account, Installed, leaves_nothing
from stepping import eventually

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module", params=["user", "root"])
def account(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Account]:
    with installed.account(caller(request.param)) as made:
        rootfs = make_bundle(made.folder / "bundle", made.who, base_config(made.who)) / "rootfs"
        if made.who.uid == 0:  # of root inside, who makes missing targets
            for path in (rootfs, *rootfs.rglob("*")):
                os.chown(path, 1_900_000_000, 1_900_000_000, follow_symlinks=False)
        yield made


@pytest.fixture
def secure(account: Account) -> Iterator[Runtime]:
    words = (str(account.command), "oci")
    runtime = Runtime("secure", words, account.folder, account.who, account.environment)
    yield runtime
    runtime("delete", "--force", "c")


def bundle(account: Account, change: Callable[[dict[str, Any]], object]) -> Path:
    config = base_config(account.who)
    change(config)
    write_config(account.folder / "bundle", config)
    return account.folder / "bundle"


@pytest.mark.parametrize(
    "link", [f"fd/{number}" for number in range(3, 13)] + ["root", "cwd", "task/1/cwd"]
)
def test_no_descriptor_or_magic_link_is_a_working_directory(
    account: Account, secure: Runtime, link: str
) -> None:
    made = bundle(account, lambda config: config["process"].update(cwd=f"/proc/self/{link}"))
    refused = secure.create("c", made)
    assert (refused.code, "working directory" in refused.err) == (1, True), refused.err


def test_exec_enters_by_no_descriptor_either(account: Account, secure: Runtime) -> None:
    made = bundle(account, lambda config: config["process"].update(args=["/bin/sleep", "60"]))
    assert secure.create("c", made).code == 0
    assert secure("start", "c").code == 0
    for number in range(3, 13):
        refused = secure(
            "exec", "--cwd", f"/proc/self/fd/{number}", "c", "/bin/sh", "-c", "ls -a .."
        )
        assert (refused.code != 0, refused.out) == (True, "")
    there = secure("exec", "--cwd", "/data", "c", "/bin/readlink", "/proc/self/cwd")
    assert there.out == "/data\n"


def through(account: Account, leads: str) -> Path:
    """A bundle whose mount goes on /way/in/deep, where /way is a link."""
    link = account.folder / "bundle/rootfs/way"
    link.unlink(missing_ok=True)
    link.symlink_to(leads)

    def asks(config: dict[str, Any]) -> None:
        mount = {"destination": "/way/in/deep", "type": "tmpfs", "source": "tmpfs", "options": []}
        config["mounts"].append(mount)
        config["root"]["readonly"] = False
        config["process"]["args"] = ["/bin/grep", "-o", "/[a-z]*/in/deep", "/proc/self/mountinfo"]

    return bundle(account, asks)


def ran(secure: Runtime, made: Path) -> str:
    """What the program printed, or why there was none."""
    created = secure.create("c", made)
    if created.code == 0:
        assert secure("start", "c").code == 0
        assert eventually(lambda: secure.state("c")["status"] == "stopped")
    return secure.printed("c")


@pytest.mark.parametrize("up", ["", "../../../../../../../.."])
def test_a_target_behind_a_link_is_not_made_on_the_host(
    account: Account, secure: Runtime, up: str
) -> None:
    outside = account.made("outside/kept", "host").parent
    outside.chmod(0o777)
    with leaves_nothing(account):
        ran(secure, through(account, f"{up}{outside}"))
        secure("delete", "--force", "c")
    assert sorted(path.name for path in outside.iterdir()) == ["kept"]
    assert (outside / "kept").read_text() == "host"


def test_nothing_behind_a_link_is_masked(account: Account, secure: Runtime) -> None:
    outside = account.made("outside/kept", "host").parent
    made = through(account, str(outside))
    config = json.loads((made / "config.json").read_text())
    config["mounts"].pop()
    config["linux"]["maskedPaths"] = ["/way/kept"]
    write_config(made, config)
    refused = secure.create("c", made)
    assert (refused.code, "a symbolic link stands in the way" in refused.err) == (1, True)


def test_control_behind_a_link_that_leads_inside_it_is_made(
    account: Account, secure: Runtime
) -> None:
    printed = ran(secure, through(account, "data"))
    assert printed == "/data/in/deep\n"
    assert (account.folder / "bundle/rootfs/data/in/deep").is_dir()


def test_proc_of_a_root_file_system_that_is_a_link_is_never_what_it_leads_to(
    account: Account, secure: Runtime
) -> None:
    proc = account.folder / "bundle/rootfs/proc"
    proc.rmdir()
    proc.symlink_to("data")
    try:
        script = ["/bin/sh", "-c", "stat -f -c %T /proc; stat -f -c %T /data"]
        made = secure.create(
            "c", bundle(account, lambda config: config["process"].update(args=script))
        )
        if made.code == 0:
            assert secure("start", "c").code == 0
            assert eventually(lambda: secure.state("c")["status"] == "stopped")
            assert secure.printed("c").splitlines()[0] == "proc"
        else:
            assert "/proc" in made.err
    finally:
        secure("delete", "--force", "c")
        proc.unlink()
        proc.mkdir()
