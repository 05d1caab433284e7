"""The groups of an image: what `USER name:group` may mean."""

from __future__ import annotations

from pathlib import Path

from scanning import file, layer, scanned

from secure.facts.files import Group


def test_groups_are_read_from_the_topmost_file(tmp_path: Path) -> None:
    lower = layer(file("etc/group", "root:x:0:\napp:x:1:\n"))
    upper = layer(file("etc/group", "# comment\nroot:x:0:\napp:x:7000:alice,bob\n+nis::0:\n"))
    assert scanned(tmp_path, [lower, upper]).groups == (Group("root", 0), Group("app", 7000))


def test_a_deleted_group_file_names_nobody(tmp_path: Path) -> None:
    lower = layer(file("etc/group", "app:x:1:\n"))
    upper = layer(file("etc/.wh.group"))
    assert scanned(tmp_path, [lower, upper]).groups == ()


def test_a_line_that_is_no_group_is_told(tmp_path: Path) -> None:
    facts = scanned(tmp_path, [layer(file("etc/group", "app:x:one:\nok:x:5:\n"))])
    assert facts.groups == (Group("ok", 5),)
    assert [item.why for item in facts.unreadable] == ["line 1 is no group line"]


def test_an_id_beyond_32_bits_is_what_programs_make_of_it(tmp_path: Path) -> None:
    facts = scanned(tmp_path, [layer(file("etc/group", "wheel:x:4294967296:\n"))])
    assert facts.groups == (Group("wheel", 0),)
