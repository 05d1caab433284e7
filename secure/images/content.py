"""The images of this machine, unpacked: a content store that survives being killed at any point.

    ROOT/lock                          one writer at a time
    ROOT/temporary/                    layers that are being unpacked; emptied by the next writer
    ROOT/layers/single/<diff-id>/      all files belong to the caller
    ROOT/layers/range/<diff-id>/       files belong to the ids of a subordinate range
    ROOT/records/single/<config>.json  a `StoredImage`: written last, so all that it names is there
    ROOT/names.json                    name -> config digest

A layer gets its name by rename(2) after its digests have been checked. What is killed before that
leaves a temporary directory; after that, a whole layer that no record needs: `remove` collects it.
A power failure is another matter: like other engines, this does not sync every unpacked file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from secure.errors import (
    MachineError,
    NotFoundError,
    SecureError,
    TamperedError,
    UnsupportedError,
    UsageError,
)
from secure.facts.image import ConfigFacts
from secure.images.image import Image, LayerBlob
from secure.images.layer_root import IMPLIED_MODE, remove_tree, visible_layers
from secure.images.unpack import UnpackReport, unpack_layer
from secure.oci.digest import Digest
from secure.oci.limits import Limits
from secure.oci.reference import Reference
from secure.store.atomic import make_private_dir, remove_quietly, sync_dir, write_file
from secure.store.lock import Lock

OwnerKind = Literal["single", "range"]
OWNER_KINDS: tuple[OwnerKind, ...] = ("single", "range")
Unpack = Callable[[LayerBlob, int, bool, Limits], UnpackReport]
Remove = Callable[[int, bytes], None]

_WAIT_S = 600.0  # another process may be unpacking a large image
_LEAST_PREFIX = 4  # digits of an abbreviated digest


class StoredImage(msgspec.Struct, frozen=True):
    """An image that can be run.

    Args:
        digest: of the manifest it was last stored from.
        layers: directories, base first, for the `lowerdir` of an overlay mount (which wants them
            the other way round). Layers that a later one hides as a whole are not among them.
        visible_from: the index of the first layer that is not hidden as a whole.
        names: normalised references that lead to it.
        reference: as the user named it when it was stored.
        reports: what unpacking left out, a report a layer; None for a layer that was there.
    """

    digest: str
    config_digest: str
    config: ConfigFacts
    diff_ids: tuple[str, ...]
    owner_kind: OwnerKind
    reference: str
    history: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    reports: tuple[UnpackReport | None, ...] = ()
    visible_from: int = 0
    layers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def unpack_here(
    layer: LayerBlob, directory_fd: int, keep_owner: bool, limits: Limits
) -> UnpackReport:
    """Unpack in this process: right for "single", and for root of a user namespace."""
    return unpack_layer(layer.entries(limits), directory_fd, keep_owner=keep_owner, limits=limits)


class ContentStore:
    """The store under `root`, which is made when something is first put in it.

    Args:
        remove: removes a tree in a directory; for layers of the kind "range", an ordinary user
            passes one that works as root of the user namespace that owns the files.
    """

    def __init__(self, root: str, remove: Remove = remove_tree) -> None:
        self.root, self._remove = root, remove

    def put(
        self,
        image: Image,
        limits: Limits,
        owner_kind: OwnerKind = "single",
        *,
        unpack: Unpack = unpack_here,
        names: Iterable[str] = (),
    ) -> StoredImage:
        """Unpack the layers that are not there yet, and record the image.

        Args:
            unpack: writes one layer into an empty directory.
            names: references that shall lead to it from now on.

        Raises:
            UnsupportedError: a plain directory: without a digest it cannot be known again.
            InputError: a layer is damaged, hostile or not what its digests promise; nothing of it
                is left then.
            MachineError: the disk, or another process held the store too long.
        """
        if not image.config_digest or not all(layer.diff_id for layer in image.layers):
            raise UnsupportedError(
                f'"{image.reference}" has no digest, so it cannot be stored',
                do="Make an image of the directory first.",
            )
        wanted = tuple(str(Reference.parse(name)) for name in names)
        with self._locked():
            self._collect_leftovers()
            reports = tuple(
                self._put_layer(layer, limits, owner_kind, unpack) for layer in image.layers
            )
            self._write_record(image, owner_kind, reports)
            self._write_names(self._names() | dict.fromkeys(wanted, image.config_digest))
            return self._needed(image.config_digest, owner_kind)

    def find(self, name_or_digest: str, owner_kind: OwnerKind | None = None) -> StoredImage | None:
        """The image of that name, manifest or config digest, or abbreviated hex digest.

        Args:
            owner_kind: None takes either.

        Raises:
            UsageError: an abbreviated digest fits several images.
        """
        images = [one for one in self.list() if owner_kind in (None, one.owner_kind)]
        found = _named(images, name_or_digest) or _digested(images, name_or_digest)
        if len({one.config_digest for one in found}) > 1:
            raise UsageError(
                f'"{name_or_digest}" fits {len(found)} images', do="Write more of the digest."
            )
        return found[0] if found else None

    def list(self) -> tuple[StoredImage, ...]:
        """All images; one that is stored for both kinds of owner comes twice."""
        names = self._names()
        records = (
            self._record(os.path.join(self.root, "records", kind, name))
            for kind in OWNER_KINDS
            for name in self._listed(f"records/{kind}")
            if name.endswith(".json")
        )
        # A record may be removed between the two looks.
        return tuple(self._completed(one, names) for one in records if one is not None)

    def tag(self, name_or_digest: str, name: str) -> None:
        """Let `name` lead to an image from now on.

        Raises:
            NotFoundError: there is no such image.
            UsageError: `name` is no reference.
        """
        reference = str(Reference.parse(name))
        with self._locked():
            image = self._needed(name_or_digest)
            self._write_names(self._names() | {reference: image.config_digest})

    def remove(self, name_or_digest: str) -> tuple[str, ...]:
        """Remove an image, its names, and every layer that no other image needs.

        Returns:
            The directories of the removed layers.

        Raises:
            NotFoundError: there is no such image.
        """
        with self._locked():
            image = self._needed(name_or_digest)
            names = {n: d for n, d in self._names().items() if d != image.config_digest}
            self._write_names(names)
            for kind in OWNER_KINDS:
                remove_quietly(self._record_path(image.config_digest, kind))
            self._collect_leftovers()
            return self._collect_layers()

    def _put_layer(
        self, layer: LayerBlob, limits: Limits, kind: OwnerKind, unpack: Unpack
    ) -> UnpackReport | None:
        final = self._layer_path(layer.diff_id, kind)
        if os.path.isdir(final):
            return None
        make_private_dir(os.path.dirname(final))
        folder = os.path.join(self.root, "temporary")
        make_private_dir(folder)
        temporary = os.path.join(folder, f"{os.getpid()}.{os.urandom(8).hex()}")
        try:
            os.mkdir(temporary)
            os.chmod(temporary, IMPLIED_MODE)  # of the root, where the layer does not tell one
            fd = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                report = unpack(layer, fd, kind == "range", limits)
            finally:
                os.close(fd)
            os.rename(temporary, final)
            sync_dir(os.path.dirname(final))
        except BaseException as cause:
            self._remove_in(folder, os.path.basename(temporary))
            if isinstance(cause, OSError):
                raise MachineError(f'cannot unpack to "{folder}": {cause.strerror}') from cause
            raise
        return report

    def _write_record(
        self, image: Image, kind: OwnerKind, reports: tuple[UnpackReport | None, ...]
    ) -> None:
        path = self._record_path(image.config_digest, kind)
        make_private_dir(os.path.dirname(path))
        earlier = self._record(path)
        if earlier is not None:
            reports = tuple(new or old for new, old in zip(reports, earlier.reports, strict=True))
        paths = tuple(self._layer_path(layer.diff_id, kind) for layer in image.layers)
        record = StoredImage(
            digest=image.digest,
            config_digest=image.config_digest,
            config=image.config_facts,
            diff_ids=tuple(layer.diff_id for layer in image.layers),
            owner_kind=kind,
            reference=image.reference,
            history=image.history,
            digests=tuple({*(earlier.digests if earlier else ()), image.digest}),
            reports=reports,
            visible_from=len(paths) - len(visible_layers(paths)),
        )
        write_file(path, msgspec.json.encode(record, order="sorted"))

    def _completed(self, record: StoredImage, names: dict[str, str]) -> StoredImage:
        paths = tuple(self._layer_path(one, record.owner_kind) for one in record.diff_ids)
        mine = tuple(sorted(n for n, digest in names.items() if digest == record.config_digest))
        return msgspec.structs.replace(record, layers=paths[record.visible_from :], names=mine)

    def _record(self, path: str) -> StoredImage | None:
        raw = _read(path)
        try:
            return None if raw is None else msgspec.json.decode(raw, type=StoredImage)
        except msgspec.MsgspecError as cause:
            raise TamperedError(f'"{path}" is not as it was written: {cause}') from cause

    def _names(self) -> dict[str, str]:
        path = os.path.join(self.root, "names.json")
        raw = _read(path)
        try:
            return {} if raw is None else msgspec.json.decode(raw, type=dict[str, str])
        except msgspec.MsgspecError as cause:
            raise TamperedError(f'"{path}" is not as it was written: {cause}') from cause

    def _write_names(self, names: dict[str, str]) -> None:
        path = os.path.join(self.root, "names.json")
        write_file(path, msgspec.json.encode(names, order="sorted"))

    def _needed(self, name_or_digest: str, kind: OwnerKind | None = None) -> StoredImage:
        image = self.find(name_or_digest, kind)
        if image is None:
            raise NotFoundError(f'no image "{name_or_digest}" is stored here')
        return image

    def _collect_leftovers(self) -> None:
        """Whoever made these was killed: the lock is ours, so nobody is at work."""
        folder = os.path.join(self.root, "temporary")
        for name in self._listed("temporary"):
            self._remove_in(folder, name)

    def _collect_layers(self) -> tuple[str, ...]:
        images = self.list()
        gone = []
        for kind in OWNER_KINDS:
            mine = [one for one in images if one.owner_kind == kind]
            needed = {self._layer_path(diff_id, kind) for one in mine for diff_id in one.diff_ids}
            folder = os.path.join(self.root, "layers", kind)
            for name in self._listed(f"layers/{kind}"):
                path = os.path.join(folder, name)
                if path not in needed:
                    self._discard(path)
                    gone.append(path)
        return tuple(gone)

    def _discard(self, path: str) -> None:
        # Out of its place at once: half a layer must never stand under a layer's name.
        folder = os.path.join(self.root, "temporary")
        make_private_dir(folder)
        name = f"{os.getpid()}.{os.urandom(8).hex()}"
        os.rename(path, os.path.join(folder, name))
        self._remove_in(folder, name)

    def _remove_in(self, folder: str, name: str) -> None:
        try:
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                self._remove(fd, os.fsencode(name))
            finally:
                os.close(fd)
        except OSError as cause:
            raise MachineError(
                f'cannot remove "{folder}/{name}": {cause.strerror}',
                do="Remove it as root.",
            ) from cause

    def _listed(self, folder: str) -> tuple[str, ...]:
        try:
            return tuple(sorted(os.listdir(os.path.join(self.root, folder))))
        except FileNotFoundError:
            return ()

    def _locked(self) -> Lock:
        make_private_dir(self.root)
        return Lock(os.path.join(self.root, "lock"), _WAIT_S)

    def _layer_path(self, diff_id: str, kind: OwnerKind) -> str:
        return os.path.join(self.root, "layers", kind, Digest.parse(diff_id).hex)

    def _record_path(self, config_digest: str, kind: OwnerKind) -> str:
        return os.path.join(self.root, "records", kind, f"{Digest.parse(config_digest).hex}.json")


def _named(images: list[StoredImage], text: str) -> list[StoredImage]:
    try:
        reference = Reference.parse(text)
    except SecureError:
        return []
    if reference.digest:
        return [one for one in images if reference.digest in (one.config_digest, *one.digests)]
    return [one for one in images if str(reference) in one.names]


def _digested(images: list[StoredImage], text: str) -> list[StoredImage]:
    digits = text.removeprefix("sha256:")
    if len(digits) < _LEAST_PREFIX or not set(digits) <= set("0123456789abcdef"):
        return []
    return [
        one
        for one in images
        if any(
            digest.partition(":")[2].startswith(digits)
            for digest in (one.config_digest, *one.digests)
        )
    ]


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(1 << 26)
    except FileNotFoundError:
        return None
    except OSError as cause:
        raise MachineError(f'cannot read "{path}": {cause.strerror}') from cause
