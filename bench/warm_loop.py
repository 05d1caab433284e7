"""Run by the product's interpreter: containers from one warm process, in turn with a command.

Usage: python3 -I warm_loop.py IMAGE RUNS COMMAND...; prints milliseconds, [[ours], [its]], as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main(image: str, runs: int, other: tuple[str, ...]) -> None:
    from secure.flows.launcher import Launcher
    from secure.runtime.request import RunRequest

    request = RunRequest(image=image, command=("/bin/true",), user="10001:10001")
    launcher = Launcher(request, str)  # nothing is said
    launcher.run()
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        started = time.perf_counter()
        if launcher.run().exit_code != 0:
            raise RuntimeError("the container failed")
        found[0].append((time.perf_counter() - started) * 1e3)
        started = time.perf_counter()
        pid = os.posix_spawn(other[0], other, os.environ)
        if os.waitpid(pid, 0)[1] != 0:
            raise RuntimeError(f"{other[0]} failed")
        found[1].append((time.perf_counter() - started) * 1e3)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), tuple(sys.argv[3:]))
