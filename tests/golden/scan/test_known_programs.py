"""Programs of this machine: the version in their strings against the package they are from."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from programs import Read, run
from scanning import NOW, cache_folder

from secure.images.source import open_image
from secure.scan.image import scan_image

PROGRAMS = {
    "bash": "bash", "openssl": "openssl", "curl": "curl", "gzip": "gzip", "xz": "xz",
    "perl": "perl",
    "tar": "tar", "ls": "coreutils", "getopt": "util-linux", "git": "git", "python3": "python",
    "node": "node", "wget": "wget", "busybox": "busybox", "zstd": "zstd", "ssh": "openssh",
    "jq": "jq", "rsync": "rsync",
}  # fmt: skip


def upstream(version: str) -> str:
    """A Debian version without its epoch, its revision and what was taken out of the source."""
    return version.partition(":")[2 if ":" in version else 0].split("-")[0].split("+")[0]


def of_package(path: Path) -> str:
    """The version of the Debian package that brought a file, as dpkg tells it."""
    if shutil.which("dpkg-query") is None:
        pytest.skip("no dpkg here")
    for name in (str(path), str(path).removeprefix("/usr"), os.path.realpath(path)):
        asked = ["dpkg-query", "-S", name]
        found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        if found and not found.startswith("diversion"):
            package = found.partition(": ")[0].partition(",")[0]
            return run(["dpkg-query", "-W", "-f", "${Version}", package], Path("/"))
    pytest.skip(f"{path} is from no Debian package")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_says_the_version_that_its_package_has(program: str) -> None:
    found = next((p for d in ("/usr/bin", "/bin") if (p := Path(d, program)).exists()), None)
    if found is None:
        pytest.skip(f"no {program} here")
    path = found.resolve()
    expected = upstream(of_package(path))
    told = Read(str(path)[1:], path.read_bytes()).versions("binary-classifier")
    assert told[PROGRAMS[program]] == expected


def test_launcher_and_description_of_a_java_runtime_are_one_package(tmp_path: Path) -> None:
    homes = [one.parent for one in sorted(Path("/usr/lib/jvm").glob("*/release"))]
    homes = [h for h in homes if (h / "bin/java").is_file() and not h.is_symlink()]
    if not homes:
        pytest.skip("no Java runtime below /usr/lib/jvm")
    for home in homes:
        into = tmp_path / "usr/lib/jvm" / home.name
        (into / "bin").mkdir(parents=True)
        shutil.copy(home / "release", into)
        shutil.copy(home / "bin/java", into / "bin")
    with open_image(str(tmp_path)) as image:
        packages = scan_image(image, cache_dir=cache_folder().name, now=NOW).packages
    told = {p.location.path: [one.path for one in p.also_at] for p in packages}
    places = [f"usr/lib/jvm/{home.name}" for home in homes]
    assert told == {f"{place}/bin/java": [f"{place}/release"] for place in places}
