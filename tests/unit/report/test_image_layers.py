"""What the table of `secure scan` says of layers, bases and owned files."""

from __future__ import annotations

from pathlib import Path

import msgspec
from scanning import dpkg_record, file, layer, scanned

from secure.facts.base_image import BaseEvidence, BaseImage
from secure.facts.image import ImageFacts
from secure.report.image_table import image_table

STATUS = "var/lib/dpkg/status"
INFO = "var/lib/dpkg/info"


def facts(folder: Path, owned: int = 1) -> ImageFacts:
    names = "".join(f"{'1' * 32}  opt/lib{number}.so\n" for number in range(owned))
    lower = layer(
        file(STATUS, dpkg_record("a", "1") + dpkg_record("b", "1")),
        file("bin/old", b"12345", mode=0o4755),
        by="ADD rootfs",
    )
    upper = layer(
        file(STATUS, dpkg_record("a", "2")),
        file(f"{INFO}/a.md5sums", names + f"{'1' * 32}  usr/share/doc/a/copyright\n"),
        file("bin/.wh.old"),
        file("opt/tool", mode=0o755),
    )
    return scanned(folder, [lower, upper])


def lines(facts: ImageFacts) -> list[str]:
    return [" ".join(line.split()) for line in image_table(facts).splitlines()]


def test_each_layer_says_what_it_did_and_wastes(tmp_path: Path) -> None:
    shown = lines(facts(tmp_path))
    first = next(line for line in shown if line.startswith("0 sha256:"))
    second = next(line for line in shown if line.startswith("1 sha256:"))
    assert first.endswith("2 added ADD rootfs")
    assert second.endswith(" 0 1 upgraded, 1 removed")


def test_what_is_in_lower_layers_only_names_both_layers(tmp_path: Path) -> None:
    shown = lines(facts(tmp_path))
    assert shown[shown.index("packages in lower layers only (2)") + 2] == "a 1 deb 0 1 0"
    at = shown.index("files that matter in lower layers only (1)")
    assert shown[at + 2] == "setuid bin/old 0 1 5"


def test_files_of_packages_are_told_with_documentation_as_a_count(tmp_path: Path) -> None:
    shown = lines(facts(tmp_path))
    at = shown.index("files of packages (2 claimed)")
    assert shown[at + 1 : at + 6] == [
        "documentation left out: 1",
        "missing: 1",
        "opt/lib0.so (pkg:deb/debian/a@2)",
        "executable, of no package: 1",
        "opt/tool",
    ]


def test_ten_thousand_missing_files_are_not_ten_thousand_lines(tmp_path: Path) -> None:
    shown = lines(facts(tmp_path, owned=10_000))
    assert "missing: 10000" in shown
    assert "… and 9980 more; --format json has them all" in shown
    assert len(shown) < 80


def test_the_base_is_told_with_the_evidence_for_it(tmp_path: Path) -> None:
    base = BaseImage(1, BaseEvidence.HISTORY, "docker.io/library/debian:12")
    shown = lines(msgspec.structs.replace(facts(tmp_path), base=base))
    assert "base docker.io/library/debian:12 (1 of 2 layers, guessed from the history)" in shown
