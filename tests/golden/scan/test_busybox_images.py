"""The images of BusyBox: one program, four hundred hard links, no package database."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanning import NOW, cache_folder

from secure.images.source import open_image
from secure.scan.image import scan_image


@pytest.mark.parametrize("kind", ["glibc-amd64", "glibc-arm64v8", "musl-amd64"])
def test_busybox_is_found_under_whatever_name_has_its_content(shared: Path, kind: str) -> None:
    path = shared / f"images/busybox-latest-{kind}.oci.tar"
    with open_image(str(path)) as image:
        told = image.layers[0].created_by  # "BusyBox 1.37.0 (glibc), Debian 13"
        facts = scan_image(image, cache_dir=cache_folder().name, now=NOW)
    (found,) = (one for one in facts.packages if one.name == "busybox")
    assert found.version == told.split()[1]
    assert found.location.path == "bin/["
    assert found.cpe == f"cpe:2.3:a:busybox:busybox:{found.version}:*:*:*:*:*:*:*"
    assert facts.os_release is not None
    assert facts.os_release.id == "busybox"
