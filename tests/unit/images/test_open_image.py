"""Every place and form that an image is read from."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
from pathlib import Path

import pytest
import zstandard
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

from secure.errors import (
    DigestMismatchError,
    InputError,
    NotFoundError,
    SecureError,
    UnsupportedError,
    UsageError,
)
from secure.images.entry import DIRECTORY, FILE, HARDLINK, SYMLINK
from secure.images.image import Image
from secure.images.source import open_image
from secure.images.write import image_config, oci_members, write_docker_archive
from secure.oci.platform import Platform


def names(image: Image) -> list[list[bytes]]:
    return [[entry.name for entry in layer.entries()] for layer in image.layers]


EXPECTED = [[b"bin/true"], [b"app", b"bin/.wh.true"]]


def test_an_oci_layout_opens_as_a_tar_and_as_a_directory(tmp_path: Path) -> None:
    members = layout()
    for reference in (save(tmp_path / "a.tar", members), lay_out(tmp_path / "dir", members)):
        with open_image(reference) as image:
            assert names(image) == EXPECTED
            assert image.config_facts.user == "1000"
            assert [layer.created_by for layer in image.layers] == ["ADD base", "COPY app"]
            assert image.repo_tags == ("app:1.0",)
            assert image.unverified == ()
            assert image.layers[1].media_type.endswith("+zstd")


def test_a_docker_archive_opens_plain_and_compressed(tmp_path: Path) -> None:
    path = tmp_path / "d.tar"
    digest = write_docker_archive(str(path), (BASE, TOP), RUN, "app:1.0")
    raw = path.read_bytes()
    forms = [raw, gzip.compress(raw), lzma.compress(raw), bz2.compress(raw)]
    for form in [*forms, zstandard.ZstdCompressor().compress(raw)]:
        path.write_bytes(form)
        with open_image(str(path)) as image:
            assert names(image) == EXPECTED
            assert image.digest == image.config_digest == digest
            assert image.repo_tags == ("app:1.0",)
            assert image.unverified


def test_layers_that_are_links_to_each_other_are_found(tmp_path: Path) -> None:
    members = docker_members(BASE, BASE)
    (entry,) = json.loads(members["manifest.json"])
    first = entry["Layers"][0]
    entry["Layers"] = [first, "second/layer.tar"]
    members["manifest.json"] = json.dumps([entry]).encode()
    path = save(tmp_path / "a.tar", members, ("second/layer.tar", f"../{first}"))
    with open_image(path) as image:
        assert names(image) == [[b"bin/true"]] * 2


def test_a_modern_docker_archive_is_read_by_its_index(tmp_path: Path) -> None:
    with open_image(save(tmp_path / "a.tar", modern())) as image:
        assert names(image) == EXPECTED
        assert image.digest == first_descriptor(modern())["digest"]
        assert image.repo_tags == ("app:2.0",)


def modern() -> dict[str, bytes]:
    members = layout()
    manifest = json.loads(members["blobs/sha256/" + str(first_descriptor(members)["digest"])[7:]])
    paths = [
        "blobs/sha256/" + one["digest"][7:] for one in (manifest["config"], *manifest["layers"])
    ]
    entry = {"Config": paths[0], "RepoTags": ["app:2.0"], "Layers": paths[1:]}
    return members | {"manifest.json": json.dumps([entry]).encode()}


def test_several_docker_images_need_a_name(tmp_path: Path) -> None:
    one, other = docker_members(BASE, tag="one:1"), docker_members(BASE, TOP, tag="two:2")
    entries = [*json.loads(one["manifest.json"]), *json.loads(other["manifest.json"])]
    path = save(tmp_path / "a.tar", one | other | {"manifest.json": json.dumps(entries).encode()})
    with pytest.raises(UsageError) as caught:
        open_image(path)
    assert "one:1, two:2" in caught.value.do
    for selector in ("#two:2", ":two:2", "#docker.io/library/two:2"):
        with open_image(path + selector) as image:
            assert len(image.layers) == 2
    config = str(entries[1]["Config"]).removesuffix(".json")
    with open_image(f"{path}@sha256:{config}") as image:
        assert len(image.layers) == 2
    with pytest.raises(NotFoundError, match="three:3"):
        open_image(path + "#three:3")


def several() -> dict[str, bytes]:
    one, other = layout(BASE, tag="one:1"), layout(BASE, TOP, tag="two:2")
    descriptors = first_descriptor(one), first_descriptor(other)
    return one | other | {"index.json": index_of(*descriptors)}


def test_several_oci_images_need_a_name(tmp_path: Path) -> None:
    members = several()
    path = lay_out(tmp_path / "dir", members)
    with pytest.raises(UsageError) as caught:
        open_image(path)
    assert "one:1" in caught.value.do
    digest = json.loads(members["index.json"])["manifests"][1]["digest"]
    for selector in (":two:2", "#two:2", f"@{digest}", ":2"):
        with open_image(path + selector) as image:
            assert len(image.layers) == 2


def by_platform(*, nested: bool) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    entries = []
    for architecture in ("amd64", "arm64", "s390x"):
        config = image_config((BASE,), RUN, Platform("linux", architecture))
        made, _ = oci_members((BASE,), config)
        members |= made
        entries.append(first_descriptor(made))
    note = {"digest": entries[0]["digest"], "size": entries[0]["size"],
            "platform": {"os": "unknown", "architecture": "unknown"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}  # fmt: skip
    entries.append(note)
    index = index_of(*entries)
    if nested:
        index = index_of(blob(members, json.loads(index)))
    return members | {"index.json": index}


@pytest.mark.parametrize("nested", [False, True])
def test_the_platform_chooses_where_there_is_a_choice(tmp_path: Path, nested: bool) -> None:
    path = save(tmp_path / "a.tar", by_platform(nested=nested))
    for wanted in ("linux/arm64", "linux/arm64/v8", "s390x"):
        with open_image(path, platform=wanted) as image:
            assert image.config_facts.architecture == wanted.split("/")[1 if "/" in wanted else 0]
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine)
    if machine:
        with open_image(path) as image:
            assert image.config_facts.architecture == machine
    with pytest.raises(NotFoundError) as caught:
        open_image(path, platform="riscv64")
    assert "linux/amd64, linux/arm64, linux/s390x" in caught.value.do


def test_the_only_image_is_opened_whatever_its_platform(tmp_path: Path) -> None:
    config = image_config((BASE,), RUN, Platform("linux", "s390x"))
    path = save(tmp_path / "a.tar", oci_members((BASE,), config)[0])
    with open_image(path) as image:
        assert image.config_facts.architecture == "s390x"
    with pytest.raises(NotFoundError, match="s390x"):
        open_image(path, platform="amd64")


def test_a_root_directory_is_an_image_of_one_layer(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "passwd").write_bytes(b"root:x:0:0")
    os.link(root / "etc" / "passwd", root / "etc" / "same")
    os.symlink("/outside", root / "link")
    os.mkfifo(root / "pipe")
    with open_image(str(root)) as image:
        (layer,) = image.layers
        found = {e.name: (e.kind, e.link, e.read(100)) for e in layer.entries()}
        again = {e.name for e in layer.entries()}
        assert (image.digest, layer.diff_id, layer.digest) == ("", "", "")
    assert set(found) == again == {b"", b"etc", b"etc/passwd", b"etc/same", b"link", b"pipe"}
    assert found[b""][0] == found[b"etc"][0] == DIRECTORY
    assert found[b"etc/passwd"] == (FILE, b"", b"root:x:0:0")
    assert found[b"etc/same"] == (HARDLINK, b"etc/passwd", b"")
    assert found[b"link"] == (SYMLINK, b"/outside", b"")
    assert image.unverified


def test_a_layer_can_be_read_twice_at_once_and_in_a_forked_process(tmp_path: Path) -> None:
    with open_image(save(tmp_path / "a.tar", layout())) as image:
        one, two = image.layers[1].entries(), image.layers[1].entries()
        assert [next(one).read(9), next(two).read(9)] == [b"code", b"code"]
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            # os._exit whatever happens: the child must not go on with the test run.
            try:
                os.write(writer, b"".join(entry.name for entry in image.layers[1].entries()))
            finally:
                os._exit(0)
        os.close(writer)
        os.waitpid(pid, 0)
        assert next(one).name == b"bin/.wh.true"
        assert os.read(reader, 100) == b"appbin/.wh.true"
        os.close(reader)


def test_a_file_name_with_selector_characters_is_still_a_file_name(tmp_path: Path) -> None:
    path = save(tmp_path / "odd#name:1@x.tar", layout())
    with open_image(path) as image:
        assert image.reference == path
    with open_image(path + "#app:1.0") as image:
        assert len(image.layers) == 2


@pytest.mark.parametrize("name", ["nothing", "nothing:tag", "", "x\0y"])
def test_what_is_not_there_is_said_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(SecureError):
        open_image(str(tmp_path / "missing" / name))


def test_a_tar_that_is_no_image_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="neither"):
        open_image(save(tmp_path / "a.tar", {"etc/passwd": b""}))


@pytest.mark.parametrize("selector", ["", ":1.0"])
def test_a_file_called_like_a_digest_has_to_be_what_it_is_called(
    tmp_path: Path, selector: str
) -> None:
    members = layout()
    true = first_descriptor(members)["digest"]
    save(tmp_path / f"app@{true}", members)
    with open_image(str(tmp_path / f"app@{true}") + selector) as image:
        assert image.digest == true
    folder = tmp_path / f"x@sha256:{'5' * 64}"
    folder.mkdir()
    with open_image(save(folder / "app.tar", members) + selector) as image:
        assert image.digest == true
    false = save(tmp_path / f"app@sha256:{'5' * 64}", members)
    with pytest.raises(DigestMismatchError, match=true):
        open_image(false + selector)


def test_closing_an_image_closes_its_files(tmp_path: Path) -> None:
    for reference in (save(tmp_path / "a.tar", layout()), lay_out(tmp_path / "d", layout())):
        before = len(os.listdir("/proc/self/fd"))
        with open_image(reference) as image:
            names(image)
        assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.skipif(not os.path.ismount("/dev/pts"), reason="nothing is mounted at /dev/pts")
def test_a_file_system_mounted_inside_a_root_directory_is_not_entered() -> None:
    with open_image("/dev") as image, pytest.raises(InputError, match="another file system"):
        list(image.layers[0].entries())
