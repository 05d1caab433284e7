"""ctypes.util.find_library runs ldconfig, gcc and ld from the root it is called in.

secure never calls it on the way to a container: the C library is the one that the interpreter has
loaded already (`dlopen(NULL)`).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from attack import INIT, Arena, Replacement
from containers import ROOT, Caller

pytestmark = pytest.mark.kernel

PROGRAMS = ("sbin/ldconfig", "usr/sbin/ldconfig", "bin/gcc", "usr/bin/gcc", "usr/bin/cc",
            "usr/bin/ld", "bin/ld", "usr/bin/objdump")  # fmt: skip
# Everything that the search needs is imported in good time, so that only its programs are late.
SEARCH: tuple[Replacement, ...] = (
    (INIT, "import gc\n", "import gc\nimport ctypes.util, subprocess, tempfile, shutil, struct\n"),
    (
        INIT,
        "    _sethostname(plan.hostname)\n",
        "    ctypes.util._findSoname_ldconfig('nothing')\n    _sethostname(plan.hostname)\n",
    ),
)


@pytest.fixture(scope="module")
def image(arena: Arena) -> Path:
    """A layer that has a program of the attacker's under each of the names."""
    folder = arena.image("build-tools")
    for name in PROGRAMS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("#!/bin/sh\necho program of the image ran >&2\n")
        (folder / name).chmod(0o755)
    (folder / "bin/sh").unlink(missing_ok=True)
    return folder


def test_no_program_of_the_image_is_started_by_init(arena: Arena, who: Caller, image: Path) -> None:
    found = arena.try_on(who, "echo program", layers=(image,))
    assert (found.code, found.out, found.err) == (0, "program\n", "")


def test_nothing_of_the_launch_path_names_it() -> None:
    for folder in ("runtime", "kernel"):
        for path in (ROOT / "secure" / folder).rglob("*.py"):
            assert "find_library" not in path.read_text(encoding="utf-8"), path.name


def test_control_a_search_inside_starts_the_images_program(
    arena: Arena, who: Caller, image: Path
) -> None:
    tell = (
        (SEARCH[1][0], SEARCH[1][1], SEARCH[1][2].replace(
            "ctypes.util._findSoname_ldconfig('nothing')",
            "subprocess.call(['/sbin/ldconfig', '-p'])")),
    )  # fmt: skip
    found = arena.try_on(who, "true", layers=(image,), replaced=(SEARCH[0], *tell))
    assert "program of the image ran" in found.err
