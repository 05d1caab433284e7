"""What stands behind the end of a layer's archive is unpacked by nobody, and is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanning import apk_record, file, layer, scanned

from secure.images.write import LayerContent


@pytest.mark.parametrize("more", [b"hidden", bytes(4096) + b"hidden", layer(file("opt/x")).tar])
def test_bytes_behind_the_end_are_told(tmp_path: Path, more: bytes) -> None:
    good = layer(file("lib/apk/db/installed", apk_record("musl", "1.0-r0")))
    facts = scanned(tmp_path, [good, LayerContent(good.tar + more, "", "gzip")])
    (told,) = (item for item in facts.unreadable if "after the end" in item.why)
    assert told.layer == 1
    assert told.why.startswith(f"{len(more.rstrip(bytes(1)))} bytes after the end of the layer")
    assert "opt/x" not in {fact.location.path for fact in facts.files}
    assert [package.name for package in facts.packages] == ["musl"]


def test_filling_behind_the_end_is_nothing(tmp_path: Path) -> None:
    good = layer(file("lib/apk/db/installed", apk_record("musl", "1.0-r0")))
    facts = scanned(tmp_path, [LayerContent(good.tar + bytes(10_240), "", "gzip")])
    assert not [item for item in facts.unreadable if "after the end" in item.why]
