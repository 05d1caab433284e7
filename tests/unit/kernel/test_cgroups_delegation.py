"""Which of several delegated v2 cgroups is taken; plain directories stand for a machine's tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from secure.kernel.cgroup_support import CgroupSupport
from secure.kernel.cgroups_detect import Hierarchy, support

ALL = "cpu memory pids"
ANOTHER = "1"


class Tree:
    """mount/parent/own: the parent passes on, the own cgroup holds this process."""

    def __init__(self, mount: Path, unit: str = "run.service") -> None:
        self.mount = mount
        self.parent = mount / "app.slice"
        self.own = self.parent / unit
        self.own.mkdir(parents=True)
        for directory in (mount, self.parent, self.own):
            for file in ("cgroup.procs", "cgroup.subtree_control", "cgroup.type"):
                (directory / file).write_text("")
            (directory / "cgroup.controllers").write_text(ALL)
        self.holds(self.own, str(os.getpid()))

    def holds(self, directory: Path, *pids: str) -> None:
        (directory / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in pids))

    def mark(self) -> None:
        """As systemd does for Delegate=yes."""
        try:
            os.setxattr(self.own, "user.delegate", b"1")
        except OSError as error:
            pytest.skip(f"no extended attributes of users here: {error.strerror}")

    def found(self) -> CgroupSupport:
        hierarchy = Hierarchy(str(self.mount), "/", unified=True, controllers=())
        return support((hierarchy,), f"0::/app.slice/{self.own.name}\n", 7)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_an_empty_parent_is_taken_before_a_cgroup_that_was_not_asked_for(tree: Tree) -> None:
    found = tree.found()

    assert dict(found.bases)["memory"] == f"{tree.parent}/secure"
    assert found.steps_aside == ""


def test_a_unit_asked_to_be_delegated_keeps_its_container_inside(tree: Tree) -> None:
    tree.mark()

    found = tree.found()

    assert dict(found.bases)["memory"] == f"{tree.own}/secure"
    assert found.steps_aside == str(tree.own)
    assert found.passes_on == (str(tree.own), f"{tree.own}/secure")


def test_a_scope_keeps_its_container_inside(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "run.scope")

    assert tree.found().steps_aside == str(tree.own)


def test_a_scope_with_a_shell_in_it_is_not_disturbed(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "run.scope")
    tree.holds(tree.own, str(os.getpid()), ANOTHER)

    assert tree.found().steps_aside == ""


def test_a_delegated_unit_with_others_in_it_is_not_disturbed(tree: Tree) -> None:
    tree.mark()
    tree.holds(tree.own, str(os.getpid()), ANOTHER)

    found = tree.found()

    assert dict(found.bases)["memory"] == f"{tree.parent}/secure"
    assert found.steps_aside == ""


def test_more_controllers_win_over_a_nearer_cgroup(tree: Tree) -> None:
    tree.mark()
    (tree.own / "cgroup.controllers").write_text("pids")

    found = tree.found()

    assert found.usable() == ("memory", "cpu", "pids")
    assert dict(found.bases)["memory"] == f"{tree.parent}/secure"


def test_a_lone_process_uses_its_own_cgroup_where_no_parent_is_free(tree: Tree) -> None:
    for directory in (tree.parent, tree.mount):
        tree.holds(directory, ANOTHER)

    found = tree.found()

    assert found.steps_aside == str(tree.own)


def test_parents_that_hold_processes_leave_nothing_to_a_process_with_others(tree: Tree) -> None:
    for directory in (tree.parent, tree.mount):
        tree.holds(directory, ANOTHER)
    tree.holds(tree.own, str(os.getpid()), ANOTHER)

    found = tree.found()

    assert found.usable() == ()
    assert "other processes are in it" in found.reason
