"""A CycloneDX document of 5,000 components, against cyclonedx-python-lib.

Three processes in turn: one loads the facts and stops, one also writes the document as we do, one
by the library. What the first takes is subtracted from both others; importing counts for each.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from runner import Command, Figure, Goal, Series, arguments, interleave, table

_FACTS, _OURS, _LIBRARY = "facts only", "secure", "cyclonedx-python-lib"
_MOST_MS = 200
_LEAST_RATIO = 50
_MOST_MIB = 40


def measure(runs: int) -> Figure:
    """The figure; as whoever runs it, for no privilege changes it."""
    with tempfile.TemporaryDirectory(prefix="secure-bench-") as folder:
        path = f"{folder}/facts.json"
        peer = str(Path(__file__).with_name("sbom_peer.py"))
        env = {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        # In a process of its own: what this one holds would count for its children.
        subprocess.run([sys.executable, peer, "make", path], env=env, check=True)
        commands = tuple(
            Command(name, (sys.executable, peer, way, path), env)
            for name, way in ((_FACTS, "facts"), (_OURS, "ours"), (_LIBRARY, "library"))
        )
        found = interleave(commands, runs)
    return Figure("sbom", table(found, _FACTS), _goals(found))


def _goals(found: dict[str, Series]) -> tuple[Goal, ...]:
    least, middle = (_over(found, _OURS, how) for how in ("least_ms", "median_ms"))
    peer = [_over(found, _LIBRARY, how) for how in ("least_ms", "median_ms")]
    shares = (least / peer[0], middle / peer[1])
    memory = found[_OURS].rss_mib - found[_FACTS].rss_mib
    return (
        Goal("5,000 components, written", _MOST_MS, (least, middle), " ms"),
        Goal(f"the same against {_LIBRARY}", 1 / _LEAST_RATIO, shares),
        Goal("memory over the facts", _MOST_MIB, (memory,), " MiB"),
    )


def _over(found: dict[str, Series], name: str, how: str) -> float:
    time_ms: float = getattr(found[name], how) - getattr(found[_FACTS], how)
    return time_ms


if __name__ == "__main__":
    print(measure(arguments(__doc__ or "").runs).text())
