"""NSS: getpwnam(3) loads libnss_*.so by the nsswitch.conf of the root it runs in (CVE-2019-14271).

After `pivot_root` that root is the image. Names are looked up in the image's files by secure's own
reader before anything starts, and init asks nobody.
"""

from __future__ import annotations

import ctypes.util
from pathlib import Path

import pytest
from attack import INIT, Arena, Replacement
from containers import Caller

pytestmark = pytest.mark.kernel

LIBRARY = """
#include <unistd.h>
__attribute__((constructor)) static void loaded(void)
{
    static const char text[] = "library of the image ran\\n";
    ssize_t ignored = write(2, text, sizeof text - 1);
    (void)ignored;
}
"""
# `pwd` is built in or loaded before: only the lookup itself happens inside the image.
LOOKUP: tuple[Replacement, ...] = (
    (INIT, "import gc\n", "import gc\nimport pwd\n"),
    (
        INIT,
        "    _sethostname(plan.hostname)\n",
        (
            "    try:\n        pwd.getpwnam('nobody-at-all')\n    except KeyError:\n        pass\n"
            "    _sethostname(plan.hostname)\n"
        ),
    ),
)


@pytest.fixture(scope="module")
def image(arena: Arena) -> Path:
    """A layer whose name service is the attacker's."""
    if ctypes.util.find_library("c") != "libc.so.6":
        pytest.skip("the interpreter here does not use glibc: no NSS")
    folder = arena.compiled("libnss_evil.so.2", LIBRARY, "-shared", "-fPIC", place="lib")
    (folder / "etc").mkdir(exist_ok=True)
    (folder / "etc/nsswitch.conf").write_text("passwd: evil\ngroup: evil\n")
    (folder / "usr/lib").mkdir(parents=True, exist_ok=True)
    for place in ("lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"):
        for root in (folder, folder / "usr"):
            (root / place).mkdir(parents=True, exist_ok=True)
            target = root / place / "libnss_evil.so.2"
            target.write_bytes((folder / "lib/libnss_evil.so.2").read_bytes())
            target.chmod(0o755)
    return folder


def test_no_library_of_the_image_is_loaded(arena: Arena, who: Caller, image: Path) -> None:
    found = arena.try_on(who, "echo program", layers=(image,))
    assert (found.code, found.out, found.err) == (0, "program\n", "")


def test_control_a_lookup_inside_loads_it(arena: Arena, who: Caller, image: Path) -> None:
    found = arena.try_on(who, "true", layers=(image,), replaced=LOOKUP)
    assert "library of the image ran" in found.err
