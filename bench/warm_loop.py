"""Run by the product's interpreter: containers from one warm process, in turn with a command.

Usage: python3 -I warm_loop.py IMAGE RUNS COMMAND...; prints milliseconds of one, the mean of
some in a row, [[ours], [its]], as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time

_IN_A_ROW = 5
_PAUSE_S = 0.03  # until who stands by is ready


def main(image: str, runs: int, other: tuple[str, ...]) -> None:
    from secure.flows.launcher import Launcher
    from secure.runtime.request import RunRequest

    request = RunRequest(image=image, command=("/bin/true",), user="10001:10001")
    found: tuple[list[float], list[float]] = ([], [])

    def ours() -> None:
        if launcher.run().exit_code != 0:
            raise RuntimeError("the container failed")

    def its() -> None:
        pid = os.posix_spawn(other[0], other, os.environ)
        if os.waitpid(pid, 0)[1] != 0:
            raise RuntimeError(f"{other[0]} failed")

    with Launcher(request, str) as launcher:  # nothing is said
        for _ in range(runs):
            for kind, times in zip((ours, its), found, strict=True):
                # Not counted: the first finds a container ready that it did not pay for, and what
                # it makes stand by must not work while the other is measured.
                kind()
                started = time.perf_counter()
                for _ in range(_IN_A_ROW):
                    kind()
                times.append((time.perf_counter() - started) * 1e3 / _IN_A_ROW)
                time.sleep(_PAUSE_S)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), tuple(sys.argv[3:]))
