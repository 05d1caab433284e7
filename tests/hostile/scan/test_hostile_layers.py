"""Layers that lie, swell or break: no facts are taken from them, and it is said."""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random

import pytest
from scanning import NOW, cache_folder, dpkg_record, file, layer, scanned

from secure.images.source import open_image
from secure.images.write import LayerContent, NewFile, layer_tar, oci_members
from secure.oci.image_config import Execution
from secure.oci.limits import Limits
from secure.scan.image import scan_image
from secure.scan.secrets.rules.private_keys import PRIVATE_KEY

STATUS = "var/lib/dpkg/status"


def test_a_layer_over_a_limit_is_void_and_the_others_are_read(tmp_path: Path) -> None:
    many = layer(*(file(f"f{n}") for n in range(50)), file("bin/su", mode=0o4755))
    good = layer(file("etc/os-release", "ID=debian\n"), file(STATUS, dpkg_record("a", "1")))
    facts = scanned(tmp_path, [good, many], limits=Limits(entries=20))
    assert not facts.complete
    assert [p.name for p in facts.packages] == ["a"]
    assert facts.files == ()
    (unreadable,) = facts.unreadable
    assert unreadable.layer == 1
    assert "entries" in unreadable.why


def test_a_layer_that_is_not_what_its_config_promises_is_void(tmp_path: Path) -> None:
    """Right blob, wrong diff-id: the manifest lists a layer that the config does not know."""
    real = layer(file(STATUS, dpkg_record("a", "1")), file("bin/su", mode=0o4755))
    other = layer(file("x"))
    members, _ = oci_members([real], Execution())
    wrong = {
        name: content.replace(real.diff_id.encode(), other.diff_id.encode())
        for name, content in members.items()
    }
    path = tmp_path / "image"
    write_layout(path, wrong)
    with open_image(str(path)) as image:
        facts = scan_image(image, cache_dir=cache_folder().name, now=NOW)
    assert not facts.complete
    assert (facts.packages, facts.files) == ((), ())
    assert "diff-id" in facts.unreadable[0].why


def write_layout(path: Path, members: dict[str, bytes]) -> None:
    """The members with digests made right again after a change."""
    renamed: dict[bytes, bytes] = {}
    for _ in range(3):  # config, manifest, index: each names the one before
        for name, content in list(members.items()):
            for before, after in renamed.items():
                content = content.replace(before, after)  # noqa: PLW2901
            members[name] = content
            if name.startswith("blobs/"):
                old, fresh = name.rpartition("/")[2], hashlib.sha256(content).hexdigest()
                if old != fresh:
                    renamed[old.encode()] = fresh.encode()
                    members[f"blobs/sha256/{fresh}"] = members.pop(name)
    for name, content in members.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)


def test_a_truncated_layer_is_void(tmp_path: Path) -> None:
    tar = layer_tar([file(STATUS, dpkg_record("a", "1")), file("big", b"x" * 4096)])
    facts = scanned(tmp_path, [LayerContent(tar[:-3000], "", "plain")])
    assert not facts.complete
    assert facts.packages == ()


def test_a_database_over_its_limit_is_not_read_and_said(tmp_path: Path) -> None:
    padding = "X" * (65 << 20)
    facts = scanned(
        tmp_path, [layer(file(STATUS, dpkg_record("a", "1", f"Description: {padding}")))]
    )
    assert not facts.complete
    assert facts.packages == ()
    assert any("at most" in item.why for item in facts.unreadable)


def test_a_key_hidden_by_a_later_layer_of_the_same_name_is_found(tmp_path: Path) -> None:
    key = PRIVATE_KEY.sample(Random(1))
    facts = scanned(tmp_path, [layer(file("a/key", key)), layer(NewFile(b"a/key", b""))])
    assert [s.location.deleted_by for s in facts.secrets if s.location] == [1]


def test_names_with_control_characters_stay_data(tmp_path: Path) -> None:
    name = b"bin/\x1b[2Jsh\n"
    facts = scanned(tmp_path, [layer(NewFile(name, mode=0o4755))])
    assert [f.location.path for f in facts.files] == [name.decode()]


@pytest.mark.parametrize("count", [2_000])
def test_a_database_of_nothing_but_wrong_records_is_listed(tmp_path: Path, count: int) -> None:
    facts = scanned(tmp_path, [layer(file(STATUS, "Package: x\n\n" * count))])
    assert len(facts.unreadable) == count
    assert not facts.complete


def test_cached_facts_do_not_vouch_for_another_blob(tmp_path: Path) -> None:
    """The config claims the diff-id of a good, cached layer; the archive carries a bad one."""
    good = layer(file(STATUS, dpkg_record("a", "1")))
    bad = layer(file("bin/su", mode=0o4755))
    folder = str(tmp_path / "cache")
    assert scanned(tmp_path, [good], cache_dir=folder).complete
    members, _ = oci_members([bad], Execution())
    wrong = {
        name: content.replace(bad.diff_id.encode(), good.diff_id.encode())
        for name, content in members.items()
    }
    path = tmp_path / "image"
    write_layout(path, wrong)
    with open_image(str(path)) as image:
        facts = scan_image(image, cache_dir=folder, now=NOW)
    assert not facts.complete
    assert facts.packages == ()
