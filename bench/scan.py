"""Scan of a Debian image, every secret rule on and nothing cached, against gzip | sha256sum.

The floor is what a shell script would do to no more than check the layers: `gzip -dc LAYER |
sha256sum`, two at a time. The scan checks both digests of each layer as well, walks it, catalogues
packages and files and searches for secrets.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

from callers import Caller, as_caller, caller, in_child, ordinary
from images import bootstrap, debian_tar, layer_blobs, layered_archive, secret_rules
from installed import Installed, installed
from runner import Command, Figure, Goal, arguments, interleave, ratio, table

_SCAN = "secure scan"
_FLOOR = "gzip -dc | sha256sum, xargs -P2"
_LAYERS = 3
_MOST_MIB = 80


def measure(product: Installed, runs: int, image: str = "") -> Figure:
    """The figure, as the ordinary user.

    Args:
        image: an OCI archive with gzip layers; "" makes one.
    """
    with caller(ordinary()) as who:
        archive = f"{who.home}/debian.tar"
        if image:
            shutil.copy(image, archive)
            what = os.path.basename(image)
        else:
            what = in_child(lambda: layered_archive(archive, debian_tar(), _LAYERS))
        blobs = in_child(lambda: layer_blobs(archive, who.home))
        rules = in_child(secret_rules)
        figure = as_caller(who, lambda: _measure(product, archive, blobs, runs, who))
    about = f"{what}; {rules} secret rules; layer cache emptied before each run"
    return replace(figure, lines=(about, "", *figure.lines))


def _measure(
    product: Installed, archive: str, blobs: tuple[str, ...], runs: int, who: Caller
) -> Figure:
    cache = f"{who.home}/cache/secure/layers"
    floor = f"printf '%s\\n' {' '.join(blobs)} | xargs -P2 -I@ sh -c 'gzip -dc @ | sha256sum'"
    commands = (
        Command(_FLOOR, ("/bin/sh", "-c", floor), who.env),
        Command(
            _SCAN,
            (product.secure, "scan", "--format", "json", archive),
            who.env,
            before=lambda: shutil.rmtree(cache, ignore_errors=True),
        ),
    )
    found = interleave(commands, runs)
    scan = found[_SCAN]
    goals = (
        Goal(f"{_SCAN} against {_FLOOR}", 0.5, ratio(scan, found[_FLOOR])),
        Goal("memory of the largest process of a scan", _MOST_MIB, (scan.rss_mib,), " MiB"),
    )
    return Figure("scan", table(found, _FLOOR), goals)


if __name__ == "__main__":
    given = arguments(
        __doc__ or "",
        ("--image", "an OCI archive with gzip layers, instead of the one made here"),
        ("--bootstrap", "yes: make a larger Debian with mmdebstrap first, once; needs root"),
    )
    if given.bootstrap:
        bootstrap()
    with installed() as product_here:
        print(measure(product_here, given.runs, given.image or "").text())
