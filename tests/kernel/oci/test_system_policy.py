"""/etc/secure/policy.yaml counts for bundles: what it refuses is refused, to `exec` as well.

In a mount namespace of its own, where the administrator's file lies over /etc.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bundles import Runtime, base_config, make_bundle, write_config
from containers import Caller, caller
from installation import Account, Installed

pytestmark = pytest.mark.kernel

POLICY = """
apiVersion: secure/v1
kind: Policy
name: of-the-administrator
extends: oci
rules:
  {rule}
"""
FULL = {"type": "c", "path": "/dev/full", "major": 1, "minor": 7}
_AS = "import os,sys; u=int(sys.argv[1]); os.setgroups([]); os.setgid(u); os.setuid(u); "
_AS += "os.execv(sys.argv[2], sys.argv[2:])"
# /etc with one directory more; nothing on disk changes.
_OVER = 'mount -t overlay -o "lowerdir=$1:/etc" none /etc && shift && exec "$@"'


@pytest.fixture(scope="module", params=["user", "root"])
def account(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Account]:
    caller("root")  # only root can write a system policy
    with installed.account(caller(request.param)) as made:
        make_bundle(made.folder / "bundle", made.who, base_config(made.who))
        yield made


def under(account: Account, rule: str) -> Runtime:
    """The runtime on a machine whose administrator wrote a policy with this rule; "": none."""
    words = [str(account.command), "oci"]
    if rule:
        etc = account.folder / f"etc-{os.urandom(4).hex()}"
        (etc / "secure").mkdir(parents=True)
        (etc / "secure/policy.yaml").write_text(POLICY.format(rule=rule))
        for path in (etc, etc / "secure"):
            path.chmod(0o755)
        lower = [os.path.realpath(sys.executable), "-I", "-S", "-c", _AS, str(account.who.uid)]
        words = ["unshare", "-m", "sh", "-c", _OVER, "sh", str(etc), *lower, *words]
    folder, who = account.folder, Caller("root", 0, 0) if rule else account.who
    return Runtime("secure", tuple(words), folder, who, account.environment)


def bundle(account: Account, change: Callable[[dict[str, Any]], object]) -> Path:
    config = base_config(account.who)
    change(config)
    write_config(account.folder / "bundle", config)
    return account.folder / "bundle"


def test_what_the_administrator_refuses_is_refused(account: Account) -> None:
    made = bundle(account, lambda config: config["root"].update(readonly=False))
    strict, plain = under(account, "RUN006: {launch: deny}"), under(account, "")
    try:
        refused = strict.create("c", made)
        assert refused.code == 1
        assert 'policy "of-the-administrator" refuses container "c"' in refused.err
        assert "RUN006" in refused.err
        assert plain.state("c") == {}
        created = plain.create("c", made)
        assert created.code == 0, created.err
    finally:
        plain("delete", "--force", "c")


def test_a_process_that_enters_is_judged_by_it_too(account: Account) -> None:
    made = bundle(account, lambda config: config["process"].update(args=["/bin/sleep", "60"]))
    strict, plain = under(account, "RUN005: {launch: deny}"), under(account, "")
    try:
        assert plain.create("c", made).code == 0
        assert plain("start", "c").code == 0
        refused = strict("exec", "c", "/bin/echo", "ran")
        assert (refused.code != 0, refused.out) == (True, "")
        assert "RUN005" in refused.err
        assert plain("exec", "c", "/bin/echo", "ran").out == "ran\n"
    finally:
        plain("delete", "--force", "c")


def test_a_device_of_the_machine_cannot_be_let_in(account: Account) -> None:
    made = bundle(account, lambda config: config["linux"].update(devices=[FULL]))
    for rule in ("", "RUN024: {launch: off}"):
        refused = under(account, rule).create("c", made)
        assert refused.code == 1
        assert "RUN024" in refused.err
