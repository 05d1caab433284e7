"""Containers from one warm process by `Launcher`, against `crun run` of the same files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from callers import Caller, as_caller, caller, in_child, ordinary
from images import Busybox, busybox
from installed import Installed, installed
from runner import Figure, Goal, Sample, Series, adopt_orphans, arguments, ratio, table
from tools import crun_run, proved

_OURS = "Launcher.run()"
_LOOP = Path(__file__).with_name("warm_loop.py")


def measure(product: Installed, runs: int) -> Figure:
    """The figure, as the ordinary user."""
    with caller(ordinary()) as who:
        adopt_orphans()
        image = in_child(lambda: busybox(who.home))
        return as_caller(who, lambda: _measure(product, image, runs, who))


def _measure(product: Installed, image: Busybox, runs: int, who: Caller) -> Figure:
    crun = proved(crun_run(image, who))
    loop = f"{who.home}/warm_loop.py"
    Path(loop).write_bytes(_LOOP.read_bytes())
    done = subprocess.run(
        [product.python, "-I", loop, image.archive, str(runs), *crun.argv],
        capture_output=True, text=True, check=False, env=who.env, cwd="/",
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{_OURS}: {done.stderr.strip()[-300:]}")
    pairs = zip((_OURS, crun.name), json.loads(done.stdout), strict=True)
    found = {name: Series(name, tuple(Sample(ms, 0, 0) for ms in times)) for name, times in pairs}
    goal = Goal(f"{_OURS} against {crun.name}", 0.8, ratio(found[_OURS], found[crun.name]))
    return Figure("from a warm process", table(found, crun.name), (goal,))


if __name__ == "__main__":
    given = arguments(__doc__ or "")
    with installed() as product_here:
        print(measure(product_here, given.runs).text())
