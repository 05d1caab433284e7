"""The cache of layer facts: it saves work, and believes nothing it should not."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from scanning import dpkg_record, file, layer, scanned

from secure.facts.base_image import BaseEvidence, BaseImage
from secure.images.source import open_image
from secure.images.write import write_oci_archive
from secure.oci.image_config import Execution
from secure.oci.limits import DEFAULT_LIMITS, Limits
from secure.scan.cache import LayerCache, stamp
from secure.scan.kept_image import KeptImage
from secure.scan.layer_facts import LayerFacts

STATUS = "var/lib/dpkg/status"
DIFF_ID = "sha256:" + "1" * 64
HOUR = 3_600_000_000_000
BASE = BaseImage(1, BaseEvidence.GIVEN)
FACTS = LayerFacts(entries=7, taken=b"a\0b", secrets_searched=True)


def kept(folder: Path) -> LayerCache:
    cache = LayerCache(str(folder), DEFAULT_LIMITS)
    cache.save(DIFF_ID, msgspec.msgpack.encode(FACTS))
    return cache


def entries(folder: Path) -> list[Path]:
    return list((folder / "layers").iterdir())


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    assert kept(tmp_path).load(DIFF_ID) == FACTS


def test_another_layer_is_not_there(tmp_path: Path) -> None:
    assert kept(tmp_path).load("sha256:" + "2" * 64) is None


def test_other_limits_see_other_entries(tmp_path: Path) -> None:
    kept(tmp_path)
    assert LayerCache(str(tmp_path), Limits(secrets_file_bytes=1)).load(DIFF_ID) is None


def test_a_layer_without_a_diff_id_is_not_kept(tmp_path: Path) -> None:
    LayerCache(str(tmp_path), DEFAULT_LIMITS).save("", b"x")
    assert not (tmp_path / "layers").exists()


def test_without_a_folder_nothing_is_kept() -> None:
    cache = LayerCache(None, DEFAULT_LIMITS)
    cache.save(DIFF_ID, b"x")
    assert cache.load(DIFF_ID) is None


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    cache = kept(tmp_path)
    (path,) = entries(tmp_path)
    good = path.read_bytes()
    for at in range(len(good)):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert cache.load(DIFF_ID) is None


def test_a_truncated_entry_is_noticed(tmp_path: Path) -> None:
    cache = kept(tmp_path)
    (path,) = entries(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert cache.load(DIFF_ID) is None


def test_an_entry_that_others_may_write_is_not_believed(tmp_path: Path) -> None:
    cache = kept(tmp_path)
    (path,) = entries(tmp_path)
    path.chmod(0o622)
    assert cache.load(DIFF_ID) is None


def test_an_entry_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    cache = kept(tmp_path)
    (path,) = entries(tmp_path)
    os.rename(path, tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    assert cache.load(DIFF_ID) is None


def test_a_scan_from_the_cache_gives_the_same_facts(tmp_path: Path) -> None:
    layers = [layer(file(STATUS, dpkg_record("a", "1")), file("bin/su", mode=0o4755))]
    folder = str(tmp_path / "cache")
    fresh = scanned(tmp_path, layers, cache_dir=folder)
    assert entries(tmp_path / "cache")
    assert scanned(tmp_path, layers, cache_dir=folder) == fresh


def test_bytes_are_known_as_verified_until_their_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    write_oci_archive(str(path), [layer(file("x"))], Execution(), tag="app:1.0")
    cache = LayerCache(str(tmp_path / "cache"), DEFAULT_LIMITS)
    later = path.stat().st_ctime_ns + HOUR
    with open_image(str(path)) as image:
        stamped = stamp(image.layers[0], later)
        assert not cache.is_verified(stamped)
        cache.mark_verified(stamped)
        assert cache.is_verified(stamp(image.layers[0], later))
        # The same bytes, the same size and the same mtime: the time of the change tells.
        before = path.stat()
        path.write_bytes(path.read_bytes())
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert not cache.is_verified(stamp(image.layers[0], later))


def test_what_changed_a_moment_ago_is_verified_again(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    write_oci_archive(str(path), [layer(file("x"))], Execution(), tag="app:1.0")
    with open_image(str(path)) as image:
        assert stamp(image.layers[0], path.stat().st_ctime_ns + 1_000_000_000) == ""
    assert not LayerCache(str(tmp_path), DEFAULT_LIMITS).is_verified("")


def test_facts_of_an_image_are_kept_for_the_very_files_they_came_from(tmp_path: Path) -> None:
    facts = scanned(tmp_path, [layer(file(STATUS, dpkg_record("a", "1")))])
    path = tmp_path / "image.tar"
    later = path.stat().st_ctime_ns + HOUR
    folder = str(tmp_path / "cache")
    with open_image(str(path)) as image:
        kept_image = KeptImage(image, None, folder, now_ns=later)
        assert kept_image.facts("2026-01-01T00:00:00Z") is None
        kept_image.keep(facts)
        again = kept_image.facts("2026-01-01T00:00:00Z")
        assert again == msgspec.structs.replace(facts, scanned_at="2026-01-01T00:00:00Z")
        assert KeptImage(image, BASE, folder, now_ns=later).facts("") is None
        assert KeptImage(image, None, folder, now_ns=0).facts("") is None
    os.utime(path)
    with open_image(str(path)) as image:
        assert KeptImage(image, None, folder, now_ns=later).facts("") is None


def test_facts_that_are_not_complete_are_not_kept(tmp_path: Path) -> None:
    facts = scanned(tmp_path, [layer(file("x"))])
    path = tmp_path / "image.tar"
    with open_image(str(path)) as image:
        later = path.stat().st_ctime_ns + HOUR
        kept_image = KeptImage(image, None, str(tmp_path / "cache"), now_ns=later)
        kept_image.keep(msgspec.structs.replace(facts, complete=False))
        assert kept_image.facts("") is None


def test_a_shared_layer_is_placed_anew_in_another_image(tmp_path: Path) -> None:
    shared_layer = layer(file(STATUS, dpkg_record("a", "1")))
    folder = str(tmp_path / "cache")
    scanned(tmp_path, [shared_layer], cache_dir=folder)
    facts = scanned(tmp_path, [layer(file("x")), shared_layer], cache_dir=folder)
    assert facts.packages[0].location.layer == 1
