"""docs/reach.md: what a compromised process can reach inside every built-in profile.

The page is written by this test (REACH=write) and compared otherwise.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from attack import Arena
from containers import ROOT
from installation import Account
from made_images import Images
from reach import host, script

from secure.images.write import NewFile
from secure.kernel.landlock import abi

pytestmark = pytest.mark.kernel

PAGE = ROOT / "docs/reach.md"
PROFILES = [
    (policy, seccomp) for policy in ("checklist", "hardened") for seccomp in ("default", "strict")
]
HEAD = """\
# What a process in a container can reach

A compromised program asks these questions first. The answers are those of a real container, started
by an ordinary user with one id, without a network, under each built-in policy with each built-in
seccomp profile (`hardened` without its demand for cgroups, which not every machine has). A system
call counts as refused whoever refuses it, the filter or the kernel.

Written by `REACH=write pytest tests/escape/test_reach.py`; the same test compares it.

"""


@pytest.fixture
def image(arena: Arena, images: Images) -> str:
    """The good image with the attack program."""
    return images.made("reach", NewFile(b"bin/attack", arena.program.read_bytes(), mode=0o755))


def policy_file(account: Account, name: str) -> str:
    """The launch settings of a built-in policy, as a policy for an image that has a shell."""
    built_in = yaml.safe_load((ROOT / f"policies/{name}.yaml").read_text(encoding="utf-8"))
    launch = built_in["launch"] | {"limits": "best-effort"}
    text = yaml.safe_dump(
        {
            "apiVersion": "secure/v1", "kind": "Policy", "name": "reach", "extends": "checklist",
            "launch": launch,
        }
    )  # fmt: skip
    return str(account.made(f"{name}.yaml", text))


def answers(account: Account, image: str, policy: str, seccomp: str) -> dict[str, str]:
    """Question -> answer inside one profile."""
    words = [word for name, link in host().items() for word in ("-e", f"{name}={link}")]
    ended = account.secure(
        "run", "--policy", policy_file(account, policy), "--security-opt", f"seccomp={seccomp}",
        *words, image, "sh", "-c", script(), env={"SECRET": "x"},
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return dict(line.split("|", 1) for line in ended.out.splitlines())


def page(columns: list[dict[str, str]]) -> str:
    """The golden table."""
    names = " | ".join(f"{policy}, {seccomp}" for policy, seccomp in PROFILES)
    rows = [
        f"| {question} | " + " | ".join(column[question] or "none" for column in columns) + " |"
        for question in columns[0]
    ]
    return HEAD + "\n".join([f"| Question | {names} |", "|---|---|---|---|---|", *rows, ""])


def test_the_page_says_what_every_profile_lets_through(newcomer: Account, image: str) -> None:
    if not abi():
        pytest.skip("this kernel has no Landlock, which hardened requires")
    found = page([answers(newcomer, image, *profile) for profile in PROFILES])
    if os.environ.get("REACH") == "write":
        PAGE.write_text(found, encoding="utf-8")
    assert Path(PAGE).read_text(encoding="utf-8") == found


def test_strict_reaches_nothing_that_default_does_not(newcomer: Account, image: str) -> None:
    default, strict = (
        answers(newcomer, image, "checklist", name) for name in ("default", "strict")
    )
    assert {q for q, answer in strict.items() if answer == "yes" and default[q] != "yes"} == set()
