"""Which policy counts: the system's, what it extends, what was asked for, what is kept of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from secure.errors import PolicyFileError
from secure.flows.policies import effective, effective_policy

HEAD = "apiVersion: secure/v1\nkind: Policy\n"
BASE = HEAD + "name: base\nextends: checklist\n"
TIGHTER = BASE + "launch: {memory: {max: 64MiB}}\n"

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="a system policy belongs to root")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "etc"
    made.mkdir(mode=0o755)
    return made


def written(path: Path, text: str, mode: int = 0o644) -> str:
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.fixture
def pipe() -> Iterator[int]:
    reader, writer = os.pipe()
    os.write(writer, TIGHTER.encode())
    os.close(writer)
    yield reader
    os.close(reader)


def test_a_policy_from_a_pipe_is_read_once(pipe: int) -> None:
    assert effective_policy(f"/dev/fd/{pipe}").launch.memory_bytes.most == 64 << 20


@as_root
def test_the_system_policy_counts_with_what_it_extends(folder: Path) -> None:
    written(folder / "base.yaml", TIGHTER)
    system = written(folder / "policy.yaml", HEAD + "name: system\nextends: base.yaml\n")
    assert effective_policy("", system).launch.memory_bytes.most == 64 << 20
    assert effective_policy("hardened", system).launch.memory_bytes.most == 64 << 20


def test_a_system_policy_of_somebody_else_is_refused(folder: Path) -> None:
    system = written(folder / "policy.yaml", BASE)
    if os.geteuid() == 0:
        os.chown(system, 1, 1)
    with pytest.raises(PolicyFileError, match="only root can write"):
        effective("", system)


@as_root
@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_a_system_policy_that_others_can_write_is_refused(folder: Path, mode: int) -> None:
    with pytest.raises(PolicyFileError, match="only root can write"):
        effective("", written(folder / "policy.yaml", BASE, mode))


@as_root
def test_a_system_policy_that_is_a_link_is_refused(folder: Path) -> None:
    written(folder / "real.yaml", BASE)
    (folder / "policy.yaml").symlink_to("real.yaml")
    with pytest.raises(PolicyFileError, match="plain file"):
        effective("", str(folder / "policy.yaml"))


@as_root
def test_a_system_policy_in_a_folder_that_others_can_write_is_refused(folder: Path) -> None:
    system = written(folder / "policy.yaml", BASE)
    folder.chmod(0o777)
    with pytest.raises(PolicyFileError, match="folders of root"):
        effective("", system)


def test_a_system_policy_that_cannot_be_seen_is_not_taken_for_none(tmp_path: Path) -> None:
    # A loop, as permissions stop nobody where tests run as root.
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(PolicyFileError, match="cannot see whether there is a system policy"):
        effective("", str(tmp_path / "loop/policy.yaml"))


@as_root
def test_what_the_system_policy_extends_has_to_be_of_root_too(folder: Path, tmp_path: Path) -> None:
    base = written(tmp_path / "base.yaml", BASE)
    os.chown(base, 1, 1)
    system = written(folder / "policy.yaml", HEAD + "name: system\nextends: ../base.yaml\n")
    with pytest.raises(PolicyFileError, match="what it extends"):
        effective("", system)


@as_root
def test_what_was_kept_of_a_policy_that_was_asked_for_does_not_pass_for_the_systems(
    folder: Path, tmp_path: Path
) -> None:
    base = written(tmp_path / "base.yaml", BASE)
    os.chown(base, 1, 1)
    system = written(folder / "policy.yaml", HEAD + "name: system\nextends: ../base.yaml\n")
    effective(system, str(tmp_path / "none.yaml"))
    with pytest.raises(PolicyFileError, match="what it extends"):
        effective("", system)


@as_root
def test_a_system_policy_that_was_tightened_counts_at_once(folder: Path) -> None:
    system = written(folder / "policy.yaml", BASE)
    before = effective("", system).digest
    written(folder / "policy.yaml", TIGHTER)
    assert effective("", system).digest != before
    written(folder / "policy.yaml", BASE)
    assert effective("", system).digest == before
