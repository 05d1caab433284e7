"""Where the launcher starts: put our packages on the path, and nothing else."""

from __future__ import annotations

import os
import sys


def _site() -> list[str]:
    """The folder that holds us; in a checkout also the virtual environment's packages."""
    here = __file__.rsplit("/", 2)[0]
    if here.endswith("-packages"):
        return [here]
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    prefix = sys.executable.rsplit("/", 2)[0]
    return [here, f"{prefix}/lib/{version}/site-packages"]


if __name__ == "__main__":
    # Behind the standard library, which nothing here may stand in for.
    sys.path += [folder for folder in _site() if folder not in sys.path]
    from secure.cli.main import main

    status = main(sys.argv[1:])
    # Not sys.exit: taking the interpreter apart costs 3 ms, and every file of ours is closed.
    os._exit(status)
