"""Shares, processors, disk rates and swap: held by the kernel, or refused by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from containers import caller
from installation import Account, Installed
from made_images import Images

pytestmark = pytest.mark.kernel


def disk() -> str:
    """A block device that the kernel can slow down."""
    for name in sorted(os.listdir("/sys/block")):
        size = Path(f"/sys/block/{name}/size").read_text(encoding="ascii")
        if int(size) and Path(f"/dev/{name}").is_block_device():
            return f"/dev/{name}"
    pytest.skip("this machine has no disk")


def test_shares_and_processors_are_the_kernels(installed: Installed, images: Images) -> None:
    last = max(os.sched_getaffinity(0))
    with installed.account(caller("root")) as root:
        ended = root.secure(
            "run", "--cpu-shares", "512", "--cpuset-cpus", str(last), "--memory", "64m",
            "--memory-swap", "64m", images.good, "grep", "Cpus_allowed_list", "/proc/self/status",
        )  # fmt: skip
        if "cannot limit" in ended.err:
            pytest.skip(ended.err)
        assert ended.out.split() == ["Cpus_allowed_list:", str(last)]
        told = root.secure("inspect").out
    assert f"cgroup cpuset.cpus = {last}\n" in told
    assert "cpu.shares = 512" in told or "cpu.weight = 50" in told


def test_disk_rates_are_the_kernels(installed: Installed, images: Images) -> None:
    with installed.account(caller("root")) as root:
        ended = root.secure("run", "--device-read-bps", f"{disk()}:1mb", images.good, "true")
        if "cannot limit" in ended.err:
            pytest.skip(ended.err)
        assert ended.code == 0, ended.err
        rates = next(x for x in root.secure("inspect").out.splitlines() if x.startswith("disk"))
    assert "enforced" in rates
    assert "1048576" in rates


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        (("--cpu-shares", "2048"), "RUN009"),
        (("--memory-swap", "-1"), "RUN008"),
        (("--memory", "64m", "--memory-swap", "65m"), "RUN008"),
    ],
)
def test_what_would_give_more_is_refused(
    person: Account, images: Images, flags: tuple[str, ...], found: str
) -> None:
    ended = person.secure("run", *flags, images.good, "true")
    assert ended.code == 125
    assert found in ended.err


def test_what_no_cgroup_can_hold_is_refused_by_name(person: Account, images: Images) -> None:
    lines = person.secure("info").out.splitlines()
    if any(line.startswith("processors") and "cgroup" in line for line in lines):
        pytest.skip("this user has the controller")
    ended = person.secure("run", "--cpuset-cpus", "0", images.good, "true")
    assert (ended.code, "cannot limit cpuset by cgroup" in ended.err) == (125, True), ended.err
