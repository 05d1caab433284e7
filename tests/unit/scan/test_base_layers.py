"""Where the base image ends: proved, guessed with care, or not known."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanning import NOW, cache_folder, dpkg_record, file, layer

from secure.errors import UsageError
from secure.facts.base_image import BaseEvidence, BaseImage
from secure.flows.scan import ALL_LAYERS, scan
from secure.images.source import open_image
from secure.images.write import image_config, write_oci_archive
from secure.oci.image_config import Execution, History
from secure.scan.base_layers import base_of, proved_base
from secure.scan.image import scan_image

STATUS = "var/lib/dpkg/status"
NAME, DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
BASE = layer(file(STATUS, dpkg_record("a", "1") + dpkg_record("b", "1")), by="ADD rootfs")
APP = layer(
    file(STATUS, dpkg_record("a", "1") + dpkg_record("b", "2") + dpkg_record("c", "1")),
    by="RUN apt-get",
)


def line(day: int, by: str, *, empty: bool = False, second: int = 0) -> History:
    return History(f"2024-05-{day:02}T10:00:{second:02}.123456789Z", by, empty_layer=empty)


ADD, CMD = line(1, "ADD rootfs /"), line(1, 'CMD ["bash"]', empty=True, second=1)
RUN, COPY = line(9, "RUN apt-get"), line(9, "COPY app /")


def guessed(*history: History) -> int | None:
    base = base_of(history, {})
    assert base is None or base.evidence is BaseEvidence.HISTORY
    return base.layers if base else None


def test_a_line_that_ends_an_image_and_a_long_gap_is_a_boundary() -> None:
    assert guessed(ADD, CMD, RUN, COPY, line(9, 'CMD ["app"]', empty=True)) == 1


def test_dockers_own_form_of_the_line_is_known() -> None:
    assert guessed(ADD, line(1, '/bin/sh -c #(nop)  CMD ["bash"]', empty=True), RUN) == 1


def test_the_base_of_the_base_is_not_the_base() -> None:
    second = line(5, "RUN install python"), line(5, 'ENTRYPOINT ["python"]', empty=True)
    assert guessed(ADD, CMD, *second, COPY) == 2


def test_configuration_after_the_last_command_belongs_to_the_base() -> None:
    second = (
        line(5, "RUN install nginx"), line(5, 'CMD ["nginx"]', empty=True),
        line(5, "EXPOSE 80", empty=True, second=1),
    )  # fmt: skip
    assert guessed(ADD, CMD, *second, COPY) == 2


@pytest.mark.parametrize(
    "history",
    [
        (),
        (ADD, RUN, COPY),  # a gap alone: steps of a build may be cached
        (ADD, CMD),  # nothing above it
        (ADD, CMD, line(9, "LABEL x=y", empty=True)),  # no content above it
        (ADD, CMD, line(1, "COPY app /", second=30)),  # one build, made in a minute
        (History(None, "ADD"), History(None, "CMD x", empty_layer=True), History(None, "COPY")),
        (ADD, line(1, "CMD x", empty=True), History("no date", "COPY")),
        (ADD, History("2024-05-01T10:00:00", "CMD x", empty_layer=True), COPY),  # no zone
        (line(1, "RUN make CMD"), COPY),  # a layer, not a setting
    ],
)
def test_everything_less_is_no_boundary(history: tuple[History, ...]) -> None:
    assert guessed(*history) is None


def test_annotations_name_a_base_without_saying_how_many_layers_it_has() -> None:
    base = base_of((), {NAME: "docker.io/library/debian:12", DIGEST: "sha256:ab"})
    assert base == BaseImage(None, BaseEvidence.NONE, "docker.io/library/debian:12", "sha256:ab")


def test_the_first_layers_of_the_image_prove_its_base() -> None:
    assert proved_base(("a", "b", "c"), ("a", "b"), "x", "d") == BaseImage(
        2, BaseEvidence.GIVEN, "x", "d"
    )


@pytest.mark.parametrize("base", [("b",), ("a", "b", "c", "d"), (), ("a", "")])
def test_another_image_is_refused_as_base(base: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        proved_base(("a", "b", "c"), base, "x", "")


def test_packages_belong_to_base_or_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", cache_folder().name)
    base, image = str(tmp_path / "base.tar"), str(tmp_path / "image.tar")
    digest = write_oci_archive(base, [BASE], Execution())
    write_oci_archive(image, [BASE, APP], Execution())
    facts = scan(image, base_image=base)
    assert facts.base == BaseImage(1, BaseEvidence.GIVEN, base, digest)
    assert {p.name: p.from_base for p in facts.packages} == {"a": True, "b": False, "c": False}
    with pytest.raises(UsageError, match="not built on"):
        scan(base, base_image=image)


def test_without_a_boundary_nothing_is_said_of_packages(tmp_path: Path) -> None:
    image = str(tmp_path / "image.tar")
    write_oci_archive(image, [BASE, APP], Execution(labels={NAME: "debian:12"}))
    with open_image(image) as opened:
        facts = scan_image(opened, cache_dir=cache_folder().name, now=NOW)
    assert facts.base == BaseImage(None, BaseEvidence.NONE, "debian:12", "")
    assert {p.from_base for p in facts.packages} == {None}


def test_a_guessed_boundary_says_that_it_was_guessed(tmp_path: Path) -> None:
    image = str(tmp_path / "image.tar")
    config = image_config([BASE, APP], Execution(), history=(ADD, CMD, RUN))
    write_oci_archive(image, [BASE, APP], config)
    with open_image(image) as opened:
        facts = scan_image(opened, cache_dir=cache_folder().name, now=NOW)
    assert facts.base == BaseImage(1, BaseEvidence.HISTORY)
    assert {p.name: p.from_base for p in facts.packages} == {"a": True, "b": False, "c": False}


def test_the_scope_of_all_layers_has_what_later_layers_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", cache_folder().name)
    image = str(tmp_path / "image.tar")
    write_oci_archive(image, [BASE, APP], Execution())
    listed = [(p.name, p.version, p.location.deleted_by) for p in scan(image).packages]
    assert listed == [("a", "1", None), ("b", "2", None), ("c", "1", None)]
    everything = scan(image, scope=ALL_LAYERS).packages
    assert [(p.name, p.version, p.location.deleted_by) for p in everything] == [
        ("a", "1", None),
        ("b", "1", 1),
        ("b", "2", None),
        ("c", "1", None),
    ]
