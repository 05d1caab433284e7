"""Archives and layouts whose parts disagree, lie elsewhere, or are no files."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from archives import (
    BASE,
    RUN,
    TOP,
    blob,
    docker_members,
    first_descriptor,
    index_of,
    lay_out,
    layout,
    save,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tars import END, header, member

from secure.errors import (
    ArchiveError,
    DigestMismatchError,
    DocumentError,
    InputError,
    LimitExceededError,
    NotFoundError,
    SecureError,
    UnsupportedError,
)
from secure.images.source import open_image
from secure.images.write import image_config, oci_members
from secure.oci.limits import Limits
from secure.oci.manifest import OCI_MANIFEST
from secure.value import replace


@pytest.fixture(autouse=True)
def no_descriptor_is_left_open() -> object:
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) == before


def changed(members: dict[str, bytes], name: str, **changes: object) -> dict[str, bytes]:
    """A docker archive with keys of its only manifest entry changed."""
    (entry,) = json.loads(members[name])
    return members | {name: json.dumps([entry | changes]).encode()}


def with_manifest(members: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    """A layout whose manifest is changed, with right digests."""
    descriptor = first_descriptor(members)
    manifest = json.loads(members["blobs/sha256/" + str(descriptor["digest"])[7:]])
    made = dict(members)
    entry = descriptor | blob(made, manifest | changes)
    return made | {"index.json": index_of(entry)}


def manifest_of(members: dict[str, bytes]) -> dict[str, object]:
    found = json.loads(members["blobs/sha256/" + str(first_descriptor(members)["digest"])[7:]])
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("count", [0, 1, 3])
def test_more_or_fewer_layers_than_diff_ids_are_refused(tmp_path: Path, count: int) -> None:
    layers = manifest_of(layout())["layers"]
    assert isinstance(layers, list)
    members = with_manifest(layout(), layers=(layers * 2)[:count])
    with pytest.raises(DocumentError, match="disagree"):
        open_image(save(tmp_path / "a.tar", members))
    docker = docker_members()
    (entry,) = json.loads(docker["manifest.json"])
    with pytest.raises(DocumentError, match="disagree"):
        open_image(
            save(
                tmp_path / "b.tar",
                changed(docker, "manifest.json", Layers=(entry["Layers"] * 2)[:count]),
            )
        )


def test_layers_in_another_order_than_the_config_are_a_digest_mismatch(tmp_path: Path) -> None:
    layers = manifest_of(layout())["layers"]
    assert isinstance(layers, list)
    with open_image(
        save(tmp_path / "a.tar", with_manifest(layout(), layers=layers[::-1]))
    ) as image:
        for layer in image.layers:
            with pytest.raises(DigestMismatchError, match="diff-id"):
                list(layer.entries())


@pytest.mark.parametrize("where", ["manifest", "config"])
def test_an_altered_document_is_a_digest_mismatch(tmp_path: Path, where: str) -> None:
    members = layout()
    digest = str(first_descriptor(members)["digest"])
    if where == "config":
        config = manifest_of(members)["config"]
        assert isinstance(config, dict)
        digest = str(config["digest"])
    name = "blobs/sha256/" + digest[7:]
    members[name] = members[name].replace(b"{", b"{ ", 1)
    with pytest.raises(DigestMismatchError, match=digest):
        open_image(save(tmp_path / "a.tar", members))


def test_a_docker_config_with_the_name_of_another_is_a_digest_mismatch(tmp_path: Path) -> None:
    members = docker_members()
    name = next(name for name in members if name.endswith(".json") and name != "manifest.json")
    members[name] = members[name].replace(b'"1000"', b'"0"')
    with pytest.raises(DigestMismatchError, match="its name promises"):
        open_image(save(tmp_path / "a.tar", members))


@pytest.mark.parametrize("size", [0, 1, 2**62])
def test_a_size_that_is_not_the_blobs_is_refused(tmp_path: Path, size: int) -> None:
    layers = manifest_of(layout())["layers"]
    assert isinstance(layers, list)
    lying = [layers[0] | {"size": size}, layers[1]]
    with pytest.raises(DigestMismatchError, match="its descriptor promises"):
        open_image(save(tmp_path / "a.tar", with_manifest(layout(), layers=lying)))


def test_an_altered_layer_voids_its_entries_at_the_end(tmp_path: Path) -> None:
    members = layout(BASE)
    layers = manifest_of(members)["layers"]
    assert isinstance(layers, list)
    name = "blobs/sha256/" + layers[0]["digest"][7:]
    # Something else of the same length.
    members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])
    with (
        open_image(save(tmp_path / "a.tar", members)) as image,
        pytest.raises(DigestMismatchError, match="layer 0 of"),
    ):
        list(image.layers[0].entries())


def test_two_manifests_of_one_archive_must_mean_the_same_image(tmp_path: Path) -> None:
    # A scanner that reads one of them would miss what an engine starts by the other.
    evil = docker_members(BASE, tag="app:1.0")
    with pytest.raises(DocumentError, match="different images"):
        open_image(save(tmp_path / "a.tar", evil | layout(BASE, TOP)))


@pytest.mark.parametrize("name", ["manifest.json", "index.json", "oci-layout"])
def test_a_document_that_is_a_link_is_never_read_through(tmp_path: Path, name: str) -> None:
    members = docker_members() if name == "manifest.json" else layout()
    members["real.json"] = members.pop(name)
    with pytest.raises(InputError):
        open_image(save(tmp_path / "a.tar", members, (name, "real.json")))
    folder = tmp_path / "dir"
    lay_out(folder, members)
    os.symlink("real.json", folder / name)
    with open_image(str(folder)) as image:  # then it is a plain directory, and nothing more
        assert image.digest == ""


def test_a_docker_config_that_is_a_link_is_refused(tmp_path: Path) -> None:
    members = docker_members()
    (entry,) = json.loads(members["manifest.json"])
    members["real"] = members.pop(entry["Config"])
    with pytest.raises(ArchiveError, match="link"):
        open_image(save(tmp_path / "a.tar", members, (entry["Config"], "real")))


@pytest.mark.parametrize(
    "path", ["../outside", "/etc/passwd", "a/../../x", "", "missing", "a\0b", "loop", "out"]
)
def test_a_layer_path_out_of_the_archive_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").write_bytes(BASE.tar)
    members = changed(docker_members(BASE), "manifest.json", Layers=[path])
    links = (("loop", "loop"), ("out", "../../../etc/passwd"))
    with pytest.raises(InputError):
        open_image(save(tmp_path / "a.tar", members, *links))


def test_a_file_that_is_in_the_archive_twice_is_refused(tmp_path: Path) -> None:
    members = docker_members()
    path = Path(save(tmp_path / "a.tar", members))
    path.write_bytes(member(b"manifest.json", b"[]") + path.read_bytes())
    with pytest.raises(ArchiveError, match="twice"):
        open_image(str(path))


@pytest.mark.parametrize("target", ["/etc/hostname", "../../../outside"])
def test_a_blob_of_a_directory_that_links_outside_is_refused(tmp_path: Path, target: str) -> None:
    members = layout(BASE)
    layers = manifest_of(members)["layers"]
    assert isinstance(layers, list)
    name = "blobs/sha256/" + layers[0]["digest"][7:]
    (tmp_path / "outside").write_bytes(members.pop(name))
    lay_out(tmp_path / "dir", members)
    os.symlink(target, tmp_path / "dir" / name)
    with pytest.raises(NotFoundError):
        open_image(str(tmp_path / "dir"))


@pytest.mark.parametrize("kind", ["fifo", "directory"])
def test_a_blob_that_is_no_file_does_not_make_us_wait(tmp_path: Path, kind: str) -> None:
    members = layout(BASE)
    layers = manifest_of(members)["layers"]
    assert isinstance(layers, list)
    name = "blobs/sha256/" + layers[0]["digest"][7:]
    del members[name]
    lay_out(tmp_path / "dir", members)
    (os.mkfifo if kind == "fifo" else os.mkdir)(tmp_path / "dir" / name)
    with pytest.raises(ArchiveError, match="not a regular file"):
        open_image(str(tmp_path / "dir"))


def test_a_fifo_in_the_place_of_an_archive_does_not_make_us_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnsupportedError):
        open_image(str(tmp_path / "pipe"))


def test_an_index_that_leads_to_itself_ends(tmp_path: Path) -> None:
    members = layout(BASE)
    entry: object = first_descriptor(members)
    for _ in range(8):
        entry = blob(members, json.loads(index_of(entry)))
    with pytest.raises(DocumentError, match="indexes in indexes"):
        open_image(save(tmp_path / "a.tar", members | {"index.json": index_of(entry)}))


def test_an_index_called_a_manifest_is_refused(tmp_path: Path) -> None:
    members = layout(BASE)
    entry = blob(members, json.loads(index_of(first_descriptor(members))))
    lying = entry | {"mediaType": OCI_MANIFEST}
    with pytest.raises(DocumentError):
        open_image(save(tmp_path / "a.tar", members | {"index.json": index_of(lying)}))


def test_foreign_layers_are_refused_by_name(tmp_path: Path) -> None:
    layers = manifest_of(layout(BASE))["layers"]
    assert isinstance(layers, list)
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    lying = [layers[0] | {"mediaType": foreign, "urls": ["http://127.0.0.1/x"]}]
    with pytest.raises(UnsupportedError, match="foreign"):
        open_image(save(tmp_path / "a.tar", with_manifest(layout(BASE), layers=lying)))


def test_a_history_that_does_not_fit_the_layers_is_refused(tmp_path: Path) -> None:
    config = image_config((BASE, TOP), RUN, history=image_config((BASE,), RUN).history or ())
    with pytest.raises(DocumentError, match="history"):
        open_image(save(tmp_path / "a.tar", oci_members((BASE, TOP), config)[0]))


@pytest.mark.parametrize("name", ["index.json", "oci-layout"])
def test_documents_larger_than_their_limit_are_not_read(tmp_path: Path, name: str) -> None:
    members = layout(BASE)
    members[name] += b" " * (5 << 20)
    with pytest.raises(LimitExceededError):
        open_image(save(tmp_path / "a.tar", members))


def test_an_archive_of_a_million_members_exceeds_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(b"".join(header(b"%d" % n) for n in range(2_000)) + END)
    with pytest.raises(LimitExceededError) as caught:
        open_image(str(path), replace(Limits(), entries=1_000))
    assert caught.value.limit == "entries"


@pytest.mark.parametrize(
    "content", [b"", b"\0", bytes(1024), b"garbage" * 500, b"\x1f\x8b", b"BZh9"]
)
def test_empty_and_garbage_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(InputError):
        open_image(str(tmp_path / "file"))


SEEDS = {"oci": layout(), "docker": docker_members()}


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.sampled_from(sorted(SEEDS)),
    flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.none() | st.integers(0, 1 << 14),
)
def test_a_mutated_image_raises_nothing_but_our_errors(
    tmp_path: Path, seed: str, flips: list[tuple[int, int]], cut: int | None
) -> None:
    path = Path(save(tmp_path / "a.tar", SEEDS[seed]))
    raw = bytearray(path.read_bytes())
    for place, byte in flips:
        raw[place % len(raw)] = byte
    path.write_bytes(raw[:cut])
    with suppress(SecureError), open_image(str(path)) as image:
        for layer in image.layers:
            for entry in layer.entries():
                entry.read(1 << 16)
