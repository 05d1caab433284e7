"""The image config (image-spec 1.1, config.md): what an image runs, and which layers it has."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from secure.errors import DocumentError, LimitExceededError
from secure.oci.digest import DigestText
from secure.oci.document import decode_document
from secure.oci.limits import Limits


class Healthcheck(msgspec.Struct, frozen=True):
    """Docker's extension: how to ask a container for its health. Durations are nanoseconds."""

    test: tuple[str, ...] | None = msgspec.field(default=None, name="Test")
    interval: int | None = msgspec.field(default=None, name="Interval")
    timeout: int | None = msgspec.field(default=None, name="Timeout")
    start_period: int | None = msgspec.field(default=None, name="StartPeriod")
    retries: int | None = msgspec.field(default=None, name="Retries")


class Execution(msgspec.Struct, frozen=True, rename="pascal"):
    """The `config` object: defaults for a container. `None` is "not set"."""

    user: str | None = None
    exposed_ports: dict[str, object] | None = None
    env: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    volumes: dict[str, object] | None = None
    working_dir: str | None = None
    labels: dict[str, str] | None = None
    stop_signal: str | None = None
    healthcheck: Healthcheck | None = None
    on_build: tuple[str, ...] | None = None
    shell: tuple[str, ...] | None = None


class RootFs(msgspec.Struct, frozen=True):
    """The layers, base first, by the digests of their uncompressed tars."""

    type: str
    diff_ids: tuple[DigestText, ...] | None


class History(msgspec.Struct, frozen=True):
    """How one layer was made; an empty layer only changed the config."""

    created: str | None = None
    created_by: str | None = None
    author: str | None = None
    comment: str | None = None
    empty_layer: bool | None = None


class ImageConfig(msgspec.Struct, frozen=True):
    """The whole config. Fields it does not know are ignored, as config.md asks."""

    rootfs: RootFs
    os: str = ""
    architecture: str = ""
    variant: str | None = None
    os_version: str | None = msgspec.field(default=None, name="os.version")
    created: str | None = None
    author: str | None = None
    config: Execution | None = None
    history: tuple[History, ...] | None = None

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """Base first."""
        return self.rootfs.diff_ids or ()

    @property
    def execution(self) -> Execution:
        """The `config` object; an empty one where there is none."""
        return self.config or Execution()

    def created_by(self) -> tuple[str, ...]:
        """For each layer, the history line that made it; "" where there is no history."""
        lines = [h.created_by or "" for h in self.history or () if not h.empty_layer]
        return tuple(lines) or ("",) * len(self.diff_ids)


def decode_image_config(raw: bytes, where: str, limits: Limits) -> ImageConfig:
    """An image config that agrees with itself.

    Raises:
        DocumentError: malformed; `rootfs` is not of layers; the history tells of more or fewer
            layers than `rootfs` has; an environment line has no name.
        LimitExceededError: `config_bytes`, `json_depth`, `layers`, `history` or `env`.
    """
    made = decode_document(raw, ImageConfig, where, limit="config_bytes", limits=limits)
    _check_counts(made, where, limits)
    if made.rootfs.type != "layers":
        raise DocumentError(f'{where}: rootfs.type is {made.rootfs.type[:40]!r}, expected "layers"')
    told = [one for one in made.history or () if not one.empty_layer]
    # History is optional as a whole, but where it is told it has to fit (config.md, "history").
    if told and len(told) != len(made.diff_ids):
        raise DocumentError(
            f"{where}: the history tells of {len(told)} layers, rootfs.diff_ids has "
            f"{len(made.diff_ids)}",
            do="The config was altered or badly written; build the image again.",
        )
    for line in made.execution.env or ():
        if line.startswith("=") or "=" not in line:
            raise DocumentError(f"{where}: the Env line {line[:40]!r} is not NAME=VALUE")
    return made


def _check_counts(made: ImageConfig, where: str, limits: Limits) -> None:
    for name, count, most in _counts(made, limits):
        if count > most:
            raise LimitExceededError(name, where, f"{most} items")


def _counts(made: ImageConfig, limits: Limits) -> Iterator[tuple[str, int, int]]:
    yield "layers", len(made.diff_ids), limits.layers
    yield "history", len(made.history or ()), limits.history
    yield "env", len(made.execution.env or ()), limits.env
