"""Only a Python runtime has it: an import after `pivot_root` runs a file of the image.

Init imports everything before the clone, then makes every import fail. The images here hold a
poisoned module where the interpreter would look for it.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest
from attack import INIT, Arena, Replacement
from containers import Caller

pytestmark = pytest.mark.kernel

MODULE = "colorsys"  # of the standard library, and imported by nobody here
POISON = b"import os\nos.write(2, b'code of the image ran\\n')\n"
# What a careless change would do: import something when the root is already the image's.
LATE_IMPORT: Replacement = (
    INIT,
    "    _sethostname(plan.hostname)\n",
    f"    import {MODULE} as _late\n    _sethostname(plan.hostname)\n",
)
IMPORTS_ALLOWED: Replacement = (INIT, "        forbid_imports()\n", "")


def poisoned(arena: Arena, content: bytes) -> Path:
    """A layer with modules of that content in every place of this interpreter's."""
    folder = arena.image("poisoned-modules")
    places = {sysconfig.get_path("stdlib"), *(path for path in sys.path if path.startswith("/"))}
    for place in (Path(path) for path in places if not path.endswith((".py", ".zip"))):
        for name in (MODULE, "encodings/idna", "encodings/punycode", "locale", "struct"):
            file = folder / str(place).lstrip("/") / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return folder


def test_a_poisoned_image_runs_no_python_of_its_own(arena: Arena, who: Caller) -> None:
    found = arena.try_on(who, "echo program", layers=(poisoned(arena, POISON),))
    assert (found.code, found.out, found.err) == (0, "program\n", "")


def test_errors_are_told_without_an_import(arena: Arena, who: Caller) -> None:
    # Names that are no text, and failures on every late step, are where codecs load lazily.
    layer = poisoned(arena, POISON)
    for cwd in ("/nö/such/\udcff", "/proc/self/fd/9"):
        found = arena.try_on(who, "true", layers=(layer,), cwd=cwd)
        assert found.code != 0
        assert "code of the image" not in found.err


def test_a_late_import_stops_the_start_instead(arena: Arena, who: Caller) -> None:
    package = arena.package((), (LATE_IMPORT,), gate=True)
    layers = [str(p) for p in (arena.shop.rootfs, arena.layer, poisoned(arena, POISON))]
    found = arena.shop.start(who, "/bin/true", package=package, layers=layers)
    assert found.code != 0
    assert "code of the image" not in found.err
    assert MODULE in found.err


def test_control_with_imports_allowed_the_images_code_runs(arena: Arena, who: Caller) -> None:
    package = arena.package((), (LATE_IMPORT, IMPORTS_ALLOWED), gate=True)
    layers = [str(p) for p in (arena.shop.rootfs, arena.layer, poisoned(arena, POISON))]
    found = arena.shop.start(who, "/bin/true", package=package, layers=layers)
    assert "code of the image ran" in found.err
