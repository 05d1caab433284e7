"""The content store keeps what it was given, through kills and several writers at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import BASE, TOP, layout, save

from secure.errors import (
    DigestMismatchError,
    InputError,
    NotFoundError,
    TamperedError,
    UnsupportedError,
    UsageError,
)
from secure.images.content import ContentStore, StoredImage, Unpack, unpack_here
from secure.images.entry import DIRECTORY
from secure.images.image import LayerBlob
from secure.images.source import open_image
from secure.images.unpack import UnpackReport
from secure.images.write import LayerContent, NewFile, layer_tar
from secure.oci.limits import DEFAULT_LIMITS as LIMITS
from secure.oci.limits import Limits


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(str(tmp_path / "images"))


def put(
    store: ContentStore,
    tmp_path: Path,
    *layers: LayerContent,
    unpack: Unpack = unpack_here,
    name: str = "",
) -> StoredImage:
    path = save(tmp_path / "image.tar", layout(*layers))
    with open_image(path) as image:
        return store.put(image, LIMITS, unpack=unpack, names=(name,) if name else ())


def layer_dirs(store: ContentStore) -> list[str]:
    folder = Path(store.root) / "layers" / "single"
    return sorted(os.listdir(folder)) if folder.is_dir() else []


def in_a_child(work: Callable[[], object]) -> int:
    """The wait status of a forked process that did `work`."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - told to the parent, which asserts on it
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def test_a_stored_image_has_its_layers_on_disk_base_first(
    store: ContentStore, tmp_path: Path
) -> None:
    image = put(store, tmp_path, BASE, TOP, name="app:1.0")
    base, top = map(Path, image.layers)
    assert (base / "bin" / "true").read_bytes() == b"#!"
    assert (top / "app").read_bytes() == b"code"
    assert [base.name, top.name] == [one.diff_id.partition(":")[2] for one in (BASE, TOP)]
    assert image.names == ("docker.io/library/app:1.0",)
    assert image.config.user == "1000"
    assert [report and report.entries for report in image.reports] == [1, 2]


def test_an_image_is_found_by_name_digest_and_short_digest(
    store: ContentStore, tmp_path: Path
) -> None:
    image = put(store, tmp_path, BASE, name="app:1.0")
    texts = [
        "app:1.0", "docker.io/library/app:1.0", image.digest, image.config_digest,
        image.config_digest[7:], image.config_digest[7:19], f"app@{image.digest}",
    ]  # fmt: skip
    assert all(store.find(text) == image for text in texts)
    for text in ("app", "app:2", "ffffffff", "", "not a name", f"app@sha256:{'0' * 64}"):
        assert store.find(text) is None


def test_a_short_digest_that_fits_two_images_is_refused(
    store: ContentStore, tmp_path: Path
) -> None:
    # One in 16 configs starts with a given digit: 60 images are enough for four equal digits here,
    # as the digests of manifests and configs both count.
    found: dict[str, str] = {}
    for number in range(4000):
        layer = LayerContent(layer_tar([NewFile(b"%d" % number)]))
        members = layout(layer)
        config = next(n[13:] for n, raw in members.items() if b"diff_ids" in raw)
        if config[:4] in found.values():
            other = next(n for n, prefix in found.items() if prefix == config[:4])
            put(store, tmp_path, LayerContent(layer_tar([NewFile(other.encode())])))
            put(store, tmp_path, layer)
            with pytest.raises(UsageError, match="fits 2 images"):
                store.find(config[:4])
            return
        found[str(number)] = config[:4]
    pytest.fail("no two of 4000 digests start alike")


def test_layers_are_shared_and_removed_with_the_last_image(
    store: ContentStore, tmp_path: Path
) -> None:
    one = put(store, tmp_path, BASE, name="one")
    both = put(store, tmp_path, BASE, TOP, name="both")
    assert both.layers[0] == one.layers[0]
    assert both.reports[0] is None
    assert store.remove("one") == ()
    assert Path(both.layers[0]).is_dir()
    assert sorted(store.remove("both")) == sorted(both.layers)
    assert layer_dirs(store) == []
    assert store.list() == ()
    with pytest.raises(NotFoundError):
        store.remove("both")


def test_a_name_moves_to_the_image_that_was_tagged_last(
    store: ContentStore, tmp_path: Path
) -> None:
    one, two = put(store, tmp_path, BASE, name="app"), put(store, tmp_path, BASE, TOP, name="app")
    found = store.find("app")
    assert found is not None
    assert found.config_digest == two.config_digest
    store.tag(one.config_digest, "app")
    found = store.find("app")
    assert found is not None
    assert found.config_digest == one.config_digest
    with pytest.raises(NotFoundError):
        store.tag("missing", "x")
    with pytest.raises(UsageError):
        store.tag("app", "UPPER")


@pytest.mark.parametrize("change", ["altered", "cut", "escaping"])
def test_nothing_is_left_of_a_layer_that_is_refused(
    store: ContentStore, tmp_path: Path, change: str
) -> None:
    members = layout(BASE)
    name = max(members, key=lambda n: (n.startswith("blobs"), members[n][:2] == b"\x1f\x8b"))
    if change == "altered":
        members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])
    elif change == "escaping":
        members = layout(LayerContent(layer_tar([NewFile(b"ok"), NewFile(b"../evil")])))
    with open_image(save(tmp_path / "a.tar", members)) as image:
        if change == "cut":
            os.truncate(tmp_path / "a.tar", os.path.getsize(tmp_path / "a.tar") // 4)
        with pytest.raises(InputError):
            store.put(image, LIMITS, names=("app",))
    assert layer_dirs(store) == []
    assert os.listdir(Path(store.root) / "temporary") == []
    assert store.list() == ()
    assert store.find("app") is None
    assert not (tmp_path / "images" / "evil").exists()


def test_a_wrong_layer_does_not_take_a_right_one_with_it(
    store: ContentStore, tmp_path: Path
) -> None:
    good = put(store, tmp_path, BASE, name="good")
    members = layout(BASE, TOP)
    name = next(n for n, raw in members.items() if raw[:4] == b"\x28\xb5\x2f\xfd")
    members[name] = bytes(len(members[name]))
    with (
        open_image(save(tmp_path / "bad.tar", members)) as image,
        pytest.raises(DigestMismatchError),
    ):
        store.put(image, LIMITS)
    assert store.find("good") == good


def test_what_a_killed_process_leaves_is_no_layer_and_is_collected(
    store: ContentStore, tmp_path: Path
) -> None:
    def killed_half_way(
        layer: LayerBlob, fd: int, keep_owner: bool, limits: Limits
    ) -> UnpackReport:
        unpack_here(layer, fd, keep_owner, limits)
        os.mkdir("locked", 0o000, dir_fd=fd)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    status = in_a_child(lambda: put(store, tmp_path, BASE, unpack=killed_half_way))
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert len(os.listdir(Path(store.root) / "temporary")) == 1
    assert layer_dirs(store) == []
    assert store.list() == ()

    put(store, tmp_path, BASE, name="app")
    assert os.listdir(Path(store.root) / "temporary") == []
    assert len(layer_dirs(store)) == 1


def test_a_layer_whose_record_was_never_written_is_used_or_collected(
    store: ContentStore, tmp_path: Path
) -> None:
    calls = 0

    def killed_at_the_second(
        layer: LayerBlob, fd: int, keep_owner: bool, limits: Limits
    ) -> UnpackReport:
        if layer.index == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return unpack_here(layer, fd, keep_owner, limits)

    def counted(layer: LayerBlob, fd: int, keep_owner: bool, limits: Limits) -> UnpackReport:
        nonlocal calls
        calls += 1
        return unpack_here(layer, fd, keep_owner, limits)

    in_a_child(lambda: put(store, tmp_path, BASE, TOP, unpack=killed_at_the_second))
    assert len(layer_dirs(store)) == 1
    put(store, tmp_path, BASE, TOP, unpack=counted, name="app")
    assert calls == 1
    store.remove("app")
    assert layer_dirs(store) == []


def test_several_writers_at_once_store_every_layer_once(
    store: ContentStore, tmp_path: Path
) -> None:
    path = save(tmp_path / "image.tar", layout(BASE, TOP))
    log = tmp_path / "log"
    log.touch()

    def logged(layer: LayerBlob, fd: int, keep_owner: bool, limits: Limits) -> UnpackReport:
        with log.open("a") as file:
            file.write(f"{layer.index}\n")
        return unpack_here(layer, fd, keep_owner, limits)

    def work(number: int) -> None:
        with open_image(path) as image:
            store.put(image, LIMITS, unpack=logged, names=(f"app:{number}",))

    children = []
    for number in range(4):
        pid = os.fork()
        if pid == 0:
            try:
                work(number)
            except BaseException:  # noqa: BLE001 - told to the parent, which asserts on it
                os._exit(1)
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 4
    assert sorted(log.read_text().split()) == ["0", "1"]
    found = store.find("app:0")
    assert found is not None
    assert len(found.names) == 4


def test_both_kinds_of_owner_have_trees_of_their_own(store: ContentStore, tmp_path: Path) -> None:
    with open_image(save(tmp_path / "a.tar", layout(BASE))) as image:
        single = store.put(image, LIMITS, "single", names=("app",))
        ranged = store.put(image, LIMITS, "range", unpack=_without_chown)
    assert "/layers/single/" in single.layers[0]
    assert "/layers/range/" in ranged.layers[0]
    assert len(store.list()) == 2
    found = store.find("app", "range")
    assert found is not None
    assert found.layers == ranged.layers
    store.remove("app")
    assert not Path(ranged.layers[0]).exists()


def _without_chown(layer: LayerBlob, fd: int, keep_owner: bool, limits: Limits) -> UnpackReport:
    assert keep_owner
    return unpack_here(layer, fd, False, limits)


def test_a_plain_directory_cannot_be_stored(store: ContentStore, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    with open_image(str(tmp_path / "root")) as image, pytest.raises(UnsupportedError):
        store.put(image, LIMITS)


def test_a_damaged_record_is_told_not_taken_for_absence(
    store: ContentStore, tmp_path: Path
) -> None:
    put(store, tmp_path, BASE, name="app")
    (record,) = (Path(store.root) / "records" / "single").iterdir()
    record.write_bytes(record.read_bytes()[:-5])
    with pytest.raises(TamperedError):
        store.find("app")


def test_the_store_is_closed_to_others_whatever_the_umask(
    store: ContentStore, tmp_path: Path
) -> None:
    old = os.umask(0)
    try:
        image = put(store, tmp_path, BASE)
    finally:
        os.umask(old)
    assert os.stat(store.root).st_mode & 0o077 == 0
    assert os.stat(image.layers[0]).st_mode & 0o777 == 0o755


def test_unreadable_directories_of_an_image_can_be_removed(
    store: ContentStore, tmp_path: Path
) -> None:
    files = [NewFile(b"d/e", kind=DIRECTORY, mode=0), NewFile(b"d/e/f", mode=0)]
    put(store, tmp_path, LayerContent(layer_tar(files)), name="app")
    assert len(store.remove("app")) == 1


def test_a_layer_that_empties_the_root_hides_the_layers_below_it(
    store: ContentStore, tmp_path: Path
) -> None:
    # overlayfs does not look at the attribute of a layer's own root, so they must not be mounted.
    emptied = LayerContent(layer_tar([NewFile(b".wh..wh..opq"), NewFile(b"only")]))
    image = put(store, tmp_path, BASE, emptied, TOP, name="app")
    assert [Path(path).name for path in image.layers] == [
        one.diff_id.partition(":")[2] for one in (emptied, TOP)
    ]
    assert len(image.diff_ids) == len(store.remove("app")) == 3
