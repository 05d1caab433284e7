"""Fills the disk that the guest gets: the product as installed, the checkout, pytest.

    python3 payload.py FOLDER TEST...

The names of the tests to run in the guest go to FOLDER/selected.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/support")]

import installation  # noqa: E402 - found through the path above

FOR_TESTS = ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "hypothesis")
ALSO_FOR_TESTS = ("sortedcontainers", "attrs", "jsonschema")


def fill(folder: Path, tests: list[str]) -> None:
    """Copy everything into an empty folder."""
    installation.install(folder)
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("bin", "secure", "policies", "vulndb", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder)
    packages = folder / "packages"
    packages.mkdir()
    for name in (*FOR_TESTS, *ALSO_FOR_TESTS):
        installation.copy_distribution(name, packages)
    (folder / "selected").write_text("\n".join(tests), encoding="utf-8")
    subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)


if __name__ == "__main__":
    fill(Path(sys.argv[1]), sys.argv[2:])
