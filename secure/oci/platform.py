"""Platforms: operating system, architecture, variant; which entry of an index fits a machine."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from secure.errors import UsageError

# uname -m to GOARCH and variant (image-spec 1.1, image-index.md, "Platform Variants").
_MACHINES = {
    "x86_64": ("amd64", ""),
    "aarch64": ("arm64", "v8"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i686": ("386", ""),
    "i386": ("386", ""),
    "ppc64le": ("ppc64le", ""),
    "s390x": ("s390x", ""),
    "riscv64": ("riscv64", ""),
    "loongarch64": ("loong64", ""),
}
# What an entry without a variant means (containerd platforms, "Normalization").
_USUAL_VARIANT = {"arm64": "v8", "arm": "v7", "amd64": "v1"}
_PART = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Platform(msgspec.Struct, frozen=True):
    """The `platform` of a descriptor in an index; "" where it says nothing."""

    os: str = ""
    architecture: str = ""
    variant: str | None = ""
    os_version: str | None = msgspec.field(default="", name="os.version")

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @property
    def usual_variant(self) -> str:
        """The variant, filled in where it goes without saying."""
        return self.variant or _USUAL_VARIANT.get(self.architecture, "")


def parse_platform(text: str) -> Platform:
    """`os/architecture[/variant]`, or `architecture` alone for Linux.

    Raises:
        UsageError: `text` has another form.
    """
    parts = text.split("/")
    if len(parts) == 1:
        parts = ["linux", *parts]
    if len(parts) > 3 or not all(_PART.fullmatch(part) for part in parts):
        raise UsageError(
            f"{text[:100]!r} is not a platform", do="Write for example linux/amd64 or linux/arm/v7."
        )
    return Platform(*parts)


def machine_platform(machine: str) -> Platform:
    """The platform of Linux on `machine`, as uname(2) names it."""
    architecture, variant = _MACHINES.get(machine, (machine, ""))
    return Platform("linux", architecture, variant)


def best_match(wanted: Platform, offered: Iterable[Platform | None]) -> int | None:
    """The index of the first offer that fits best; None if none does.

    An offer of the same variant is best; an older ARM variant still runs on a newer machine.
    """
    best: tuple[int, int] | None = None
    for number, offer in enumerate(offered):
        if offer is None or (offer.os, offer.architecture) != (wanted.os, wanted.architecture):
            continue
        distance = _distance(wanted, offer)
        if distance is not None and (best is None or distance < best[0]):
            best = (distance, number)
    return best[1] if best else None


def _distance(wanted: Platform, offer: Platform) -> int | None:
    have, need = offer.usual_variant, wanted.usual_variant
    if have == need:
        return 0
    if not (have[:1] == need[:1] == "v" and have[1:].isdecimal() and need[1:].isdecimal()):
        return None
    steps = int(need[1:]) - int(have[1:])
    return steps if steps > 0 else None
