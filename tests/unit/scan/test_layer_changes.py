"""What each layer did to packages, and what only a lower layer still holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanning import apk_record, directory, dpkg_record, file, layer, scanned, symlink

from secure.facts.image import ImageFacts
from secure.images.entry import HARDLINK
from secure.images.write import NewFile

STATUS = "var/lib/dpkg/status"
APK_DB = "lib/apk/db/installed"
SITE = "usr/lib/python3/site-packages"


def told(facts: ImageFacts) -> list[tuple[int, str, str, str]]:
    return [(c.layer, c.kind.value, c.name, f"{c.before}>{c.version}") for c in facts.changes]


def here(facts: ImageFacts) -> dict[str, tuple[str, int]]:
    return {p.name: (p.version, p.location.layer) for p in facts.packages}


def gone(facts: ImageFacts) -> list[tuple[str, str, int, int | None, int]]:
    return [
        (g.package.name, g.package.version, place.layer, place.deleted_by, g.wasted_bytes)
        for g in facts.gone_packages
        for place in [g.package.location]
    ]


def metadata(name: str, version: str, folder: str = SITE) -> NewFile:
    text = f"Name: {name}\nVersion: {version}\n\n"
    return file(f"{folder}/{name}-{version}.dist-info/METADATA", text)


def whiteout(name: str) -> NewFile:
    head, _, last = name.rpartition("/")
    return file(f"{head}/.wh.{last}")


def test_added_upgraded_removed_and_added_again_are_told_apart(tmp_path: Path) -> None:
    databases = (
        dpkg_record("a", "1") + dpkg_record("b", "1"),
        dpkg_record("a", "1") + dpkg_record("b", "2") + dpkg_record("c", "1"),
        dpkg_record("b", "2"),
        dpkg_record("a", "1") + dpkg_record("b", "2"),
    )
    facts = scanned(tmp_path, [layer(file(STATUS, text)) for text in databases])
    assert told(facts) == [
        (0, "added", "a", ">1"),
        (0, "added", "b", ">1"),
        (1, "upgraded", "b", "1>2"),
        (1, "added", "c", ">1"),
        (2, "removed", "a", ">1"),
        (2, "removed", "c", ">1"),
        (3, "re-added", "a", ">1"),
    ]
    assert here(facts) == {"a": ("1", 3), "b": ("2", 1)}


def test_what_a_later_layer_removed_or_upgraded_is_a_class_of_its_own(tmp_path: Path) -> None:
    first = dpkg_record("a", "1") + dpkg_record("b", "1")
    facts = scanned(
        tmp_path, [layer(file(STATUS, first)), layer(file(STATUS, dpkg_record("b", "2")))]
    )
    assert gone(facts) == [("a", "1", 0, 1, 0), ("b", "1", 0, 1, 0)]
    assert facts.gone_packages[0].package.purl.startswith("pkg:deb/debian/a@1")


def test_a_version_that_came_back_is_not_gone(tmp_path: Path) -> None:
    texts = (dpkg_record("a", "1"), "\n", dpkg_record("a", "1"))
    facts = scanned(tmp_path, [layer(file(STATUS, text)) for text in texts])
    assert facts.gone_packages == ()
    assert here(facts) == {"a": ("1", 2)}


def test_a_database_that_every_layer_rewrites_changes_nothing(tmp_path: Path) -> None:
    text = dpkg_record("a", "1") + dpkg_record("b", "1")
    facts = scanned(tmp_path, [layer(file(STATUS, text)) for _ in range(5)])
    assert here(facts) == {"a": ("1", 0), "b": ("1", 0)}
    assert {change.layer for change in facts.changes} == {0}


def test_a_python_package_upgraded_in_another_folder_of_the_same_place(tmp_path: Path) -> None:
    old, new = metadata("a", "1"), metadata("a", "2")
    removed = whiteout(f"{SITE}/a-1.dist-info")
    facts = scanned(tmp_path, [layer(old), layer(removed, new)])
    assert told(facts)[1:] == [(1, "upgraded", "a", "1>2")]


def test_a_second_copy_belongs_to_the_layer_that_made_it(tmp_path: Path) -> None:
    layers = [layer(metadata("a", "1")), layer(metadata("a", "1", "venv/site-packages"))]
    facts = scanned(tmp_path, layers)
    assert [(p.location.path[:3], p.location.layer) for p in facts.packages] == [
        ("usr", 0),
        ("ven", 1),
    ]


def test_metadata_that_chmod_copied_up_stays_with_its_layer(tmp_path: Path) -> None:
    text = "Name: a\nVersion: 1\n\n"
    name = f"{SITE}/a-1.dist-info/METADATA"
    facts = scanned(tmp_path, [layer(file(name, text)), layer(file(name, text, mode=0o600))])
    assert here(facts) == {"a": ("1", 0)}


def test_the_history_line_of_a_package_is_that_of_its_layer(tmp_path: Path) -> None:
    layers = [
        layer(file(STATUS, dpkg_record("a", "1")), by="ADD rootfs"),
        layer(file(STATUS, dpkg_record("a", "1") + dpkg_record("b", "1")), by="RUN apt-get b"),
    ]
    facts = scanned(tmp_path, layers)
    lines = {p.name: facts.layers[p.location.layer].created_by for p in facts.packages}
    assert lines == {"a": "ADD rootfs", "b": "RUN apt-get b"}


# Traps


def test_a_whiteout_hides_what_is_below_it_and_not_what_comes_above(tmp_path: Path) -> None:
    lib = f"{SITE}/a-1.dist-info"
    layers = [layer(metadata("a", "1")), layer(whiteout(lib)), layer(metadata("a", "1"))]
    assert here(scanned(tmp_path, layers)) == {"a": ("1", 2)}


@pytest.mark.parametrize(
    "upper",
    [
        symlink(SITE, "/opt/elsewhere"),
        file(SITE, "a file in the place of a directory"),
        file(f"{SITE}/.wh..wh..opq"),
        file("usr/.wh..wh..opq"),
        whiteout("usr/lib"),
    ],
)
def test_a_directory_replaced_or_emptied_takes_its_packages_along(
    tmp_path: Path, upper: NewFile
) -> None:
    facts = scanned(tmp_path, [layer(metadata("a", "1"), metadata("b", "1", "opt")), layer(upper)])
    assert here(facts) == {"b": ("1", 0)}
    assert gone(facts) == [("a", "1", 0, 1, 0)]


def test_an_opaque_directory_keeps_what_its_own_layer_puts_into_it(tmp_path: Path) -> None:
    upper = layer(metadata("b", "1"), file(f"{SITE}/.wh..wh..opq"))
    assert here(scanned(tmp_path, [layer(metadata("a", "1")), upper])) == {"b": ("1", 1)}


def test_a_hard_link_to_metadata_of_a_lower_layer_is_followed(tmp_path: Path) -> None:
    target = f"{SITE}/a-1.dist-info/METADATA"
    name = "venv/a-1.dist-info/METADATA"
    linked = NewFile(name.encode(), kind=HARDLINK, link=target.encode())
    facts = scanned(tmp_path, [layer(metadata("a", "1")), layer(linked)])
    assert [(p.location.path, p.location.layer) for p in facts.packages] == [(target, 0), (name, 1)]
    assert facts.unreadable == ()


def test_a_hard_link_to_nothing_is_reported(tmp_path: Path) -> None:
    linked = NewFile(b"venv/a.dist-info/METADATA", kind=HARDLINK, link=b"nowhere")
    assert [u.path for u in scanned(tmp_path, [layer(linked)]).unreadable] == [
        "venv/a.dist-info/METADATA"
    ]


def test_os_release_through_a_link_is_the_one_that_the_last_layer_wrote(tmp_path: Path) -> None:
    layers = [
        layer(
            symlink("etc/os-release", "../usr/lib/os-release"),
            file("usr/lib/os-release", "ID=debian\nVERSION_ID=12\n"),
        ),
        layer(file("usr/lib/os-release", "ID=debian\nVERSION_ID=13\n")),
    ]
    release = scanned(tmp_path, layers).os_release
    assert release is not None
    assert release.version_id == "13"


# Files of note, and bytes


def test_a_setuid_file_that_was_deleted_names_both_layers(tmp_path: Path) -> None:
    lower = layer(file("bin/a", b"12345", mode=0o4755), file("bin/b", b"123", mode=0o4755))
    facts = scanned(tmp_path, [lower, layer(), layer(whiteout("bin/a"))])
    (fact,) = facts.gone_files
    assert (fact.location.path, fact.location.layer, fact.location.deleted_by) == ("bin/a", 0, 2)
    assert fact.size == 5
    assert [f.location.path for f in facts.files] == ["bin/b"]


def test_a_setuid_file_written_anew_is_not_gone(tmp_path: Path) -> None:
    layers = [layer(file("bin/a", b"1", mode=0o4755)), layer(file("bin/a", b"2", mode=0o4755))]
    assert scanned(tmp_path, layers).gone_files == ()


def test_each_layer_that_still_holds_a_deleted_setuid_file_is_told(tmp_path: Path) -> None:
    held = layer(file("bin/a", mode=0o4755))
    facts = scanned(tmp_path, [held, held, layer(whiteout("bin/a"))])
    places = [f.location for f in facts.gone_files]
    assert [(place.layer, place.deleted_by) for place in places] == [(0, 1), (1, 2)]


def test_a_setuid_file_that_lost_its_bit_is_gone(tmp_path: Path) -> None:
    layers = [layer(file("bin/a", mode=0o4755)), layer(file("bin/a", mode=0o755))]
    facts = scanned(tmp_path, layers)
    assert [f.location.deleted_by for f in facts.gone_files] == [1]


def test_bytes_that_nobody_sees_are_summed_for_each_layer(tmp_path: Path) -> None:
    layers = [
        layer(file("a", b"x" * 10), file("d/b", b"x" * 200), file("c", b"x" * 3_000)),
        layer(file("a", b"x" * 40_000), file("e", b"x" * 7)),
        layer(whiteout("d/b"), file(".wh.e")),
    ]
    facts = scanned(tmp_path, layers)
    assert [one.wasted_bytes for one in facts.layers] == [210, 7, 0]


def test_content_that_another_hard_link_still_shows_is_not_wasted(tmp_path: Path) -> None:
    lower = layer(file("a", b"x" * 100), NewFile(b"b", kind=HARDLINK, link=b"a"))
    kept = scanned(tmp_path, [lower, layer(file(".wh.a"))])
    lost = scanned(tmp_path, [lower, layer(file(".wh.a"), file(".wh.b"))])
    assert [one.wasted_bytes for one in kept.layers] == [0, 0]
    assert [one.wasted_bytes for one in lost.layers] == [100, 0]


def test_a_removed_package_says_what_its_files_still_take(tmp_path: Path) -> None:
    first = apk_record("a", "1", "F:usr/bin", "R:a") + apk_record("b", "1", "F:usr/bin", "R:b")
    lower = layer(file(APK_DB, first), file("usr/bin/a", b"x" * 100), file("usr/bin/b", b"x" * 9))
    upper = layer(
        file(APK_DB, apk_record("b", "1", "F:usr/bin", "R:b")),
        whiteout("usr/bin/a"),
        whiteout("usr/bin/b"),
    )
    facts = scanned(tmp_path, [lower, upper])
    assert gone(facts) == [("a", "1", 0, 1, 100)]


def test_an_upgraded_debian_package_says_what_its_old_files_take(tmp_path: Path) -> None:
    listing = "var/lib/dpkg/info/a.list"
    lower = layer(
        file(STATUS, dpkg_record("a", "1")),
        file(listing, "/.\n/usr\n/usr/old\n/usr/same\n"),
        directory("usr"),
        file("usr/old", b"x" * 30),
        file("usr/same", b"x" * 4),
    )
    upper = layer(
        file(STATUS, dpkg_record("a", "2")),
        file(listing, "/.\n/usr\n/usr/new\n/usr/same\n"),
        file("usr/same", b"y" * 4),
        file("usr/new"),
        whiteout("usr/old"),
    )
    assert gone(scanned(tmp_path, [lower, upper])) == [("a", "1", 0, 1, 34)]
