"""A policy file, an image and the environment may tighten a launch, never loosen it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from installation import Account
from made_images import Images

from secure.flows.launch_records import evidence_from

pytestmark = pytest.mark.kernel

LOOSE = """apiVersion: secure/v1
kind: Policy
name: loose
description: Everything goes.
rules:
  IMG005: {ci: off, launch: off}
  RUN008: {launch: off}
  RUN035: {launch: off}
launch:
  read_only_rootfs: false
  no_new_privileges: false
  root_user: true
  capabilities: {allow: [SYS_ADMIN, NET_ADMIN, NET_BIND_SERVICE], default: [SYS_ADMIN]}
  seccomp: {allow: [default], default: default}
  memory: {default: 4TiB, max: 4TiB}
  pids: {default: 100000, max: 100000}
  cpus: {default: 500, max: 500}
  nofile: {default: 900000, max: 900000}
  network: {allow: [none, host]}
  tmpfs: {paths: [/tmp, /app], default: 1TiB, max: 9TiB}
  shm: 1TiB
  binds: read-write
  landlock: if-available
  limits: best-effort
waiving: {accept: true, max_days: 9999}
"""
ENVIRONMENT = {
    "SECURE_POLICY": "none",
    "SECURE_PRIVILEGED": "1",
    "SECURE_SECCOMP": "unconfined",
    "SECURE_USER": "0",
    "LD_PRELOAD": "/no/such/library.so",
    "PYTHONPATH": "/no/such",
    "PYTHONINSPECT": "1",
}
_LABELS = {"secure.policy": "none", "io.podman.annotations.privileged": "TRUE"}
_IMAGE_ENV = ("PATH=/bin", "SECURE_POLICY=none", "SECURE_USER=0", "container_privileged=1")


def last_launch(account: Account) -> dict[str, Any]:
    """The newest launch record."""
    return [body for kind, body in account.records() if kind == "launch"][-1]


def assert_within_checklist(account: Account) -> None:
    """What the kernel showed of the newest launch is as tight as the checklist wants it."""
    body = last_launch(account)
    seen = evidence_from(body["evidence"])
    assert body["differences"] == []
    assert 0 not in seen.uids
    assert {value for _, value in seen.capabilities} == {0}
    assert seen.no_new_privileges
    assert (seen.seccomp_mode, seen.seccomp_filters) >= (2, 1)
    root = next(mount for mount in seen.mounts if mount.target == "/")
    assert {"ro", "nosuid", "nodev"} <= set(root.options)
    limits = {name: hard for name, _, hard in seen.limits}
    by_cgroup = dict(seen.cgroup_limits)
    pids = next((v for k, v in by_cgroup.items() if k.startswith("pids")), limits["nproc"])
    assert int(pids) <= 32_768
    memory = [int(v) for k, v in by_cgroup.items() if k.startswith("memory")]
    assert max([*memory, *([limits["data"]] if not memory else [])]) <= 64 << 30


@pytest.fixture
def loose(account: Account) -> Path:
    """A policy that would allow everything."""
    return account.made("loose.yaml", LOOSE)


def test_a_looser_policy_file_loosens_nothing(
    account: Account, images: Images, loose: Path
) -> None:
    ended = account.secure("run", "--policy", str(loose), images.good)
    assert (ended.code, ended.out) == (0, "uid=10001(app) gid=10001(app)\n"), ended.err
    assert_within_checklist(account)


@pytest.mark.parametrize(
    "flags",
    [
        ("--cap-add", "SYS_ADMIN"),
        ("--user", "0"),
        ("--read-only=false",),
        ("--security-opt", "no-new-privileges=false"),
        ("--memory", "1t"),
        ("--pids-limit", "99999"),
        ("--privileged",),
    ],
    ids=" ".join,
)
def test_a_looser_policy_file_allows_no_flag(
    account: Account, images: Images, loose: Path, flags: tuple[str, ...]
) -> None:
    ended = account.secure("run", "--policy", str(loose), *flags, images.good)
    assert (ended.code, ended.out) == (125, "")


def test_the_environment_of_the_caller_changes_nothing(account: Account, images: Images) -> None:
    ended = account.secure("run", images.good, "env", env=ENVIRONMENT)
    assert ended.code == 0
    assert not set(ENVIRONMENT) & {line.partition("=")[0] for line in ended.out.splitlines()}
    assert_within_checklist(account)


def test_labels_and_variables_of_the_image_change_nothing(account: Account, images: Images) -> None:
    path = images.made("labelled", labels=_LABELS, env=_IMAGE_ENV)
    assert account.secure("run", path).code == 0
    assert_within_checklist(account)


def test_a_policy_in_the_working_directory_changes_nothing(
    account: Account, images: Images, loose: Path
) -> None:
    for name in ("checklist.yaml", "policy.yaml", ".secure.yaml", "secure.yaml"):
        account.made(f"elsewhere/{name}", LOOSE)
    ended = account.secure("run", "--user", "0", images.good, cwd=loose.parent / "elsewhere")
    assert ended.code == 125
    assert "RUN005" in ended.err


def test_a_tighter_policy_file_counts(account: Account, images: Images) -> None:
    tight = account.made(
        "tight.yaml",
        "apiVersion: secure/v1\nkind: Policy\nname: tight\nextends: checklist\n"
        "launch: {memory: {default: 64MiB, max: 64MiB}, network: {allow: [none]}}\n",
    )
    words = ("run", "--policy", str(tight))
    assert account.secure(*words, images.good).code == 0
    assert_within_checklist(account)
    assert account.secure(*words, "--memory", "65m", images.good).code == 125
    assert account.secure(*words, "--network", "host", images.good).code == 125


def test_a_tighter_flag_counts(account: Account, images: Images) -> None:
    assert account.secure("run", "--pids-limit", "7", images.good).code == 0
    seen = evidence_from(last_launch(account)["evidence"])
    found = {*dict(seen.cgroup_limits).values(), *(str(hard) for _, _, hard in seen.limits)}
    assert "7" in found
