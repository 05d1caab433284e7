"""CVE-2024-1753: the source of a mount was a link that the build had made, to the host's root.

A source is opened once, judged by device and inode, and must be the same when init opens it.
"""

from __future__ import annotations

import pytest
from attack import ROOTFS, Arena, Replacement
from containers import Caller, Result
from installation import Account
from made_images import Images

pytestmark = pytest.mark.kernel

# Between the supervisor's look and init's, somebody puts a link in the source's place.
EXCHANGED: tuple[Replacement, ...] = (
    (
        ROOTFS,
        "    fd = os.open(item.source, os.O_PATH | os.O_CLOEXEC)\n",
        """\
    if item.kind == "bind":
        os.rename(item.source, item.source + ".kept")
        os.symlink("/etc", item.source)
    fd = os.open(item.source, os.O_PATH | os.O_CLOEXEC)
""",
    ),
)
NO_IDENTITY: Replacement = (
    ROOTFS,
    "    elif (status.st_dev, status.st_ino) != item.identity:\n",
    "    elif False:\n",
)


@pytest.mark.parametrize("form", ["link", "link-to-link", "folder-link"])
def test_a_link_to_the_host_is_judged_by_what_it_leads_to(
    person: Account, images: Images, form: str
) -> None:
    first = person.folder / f"{form}-1"
    first.symlink_to("/")
    second = person.folder / f"{form}-2"
    second.symlink_to(first.name)
    source = {"link": first, "link-to-link": second, "folder-link": first / "etc"}[form]
    ended = person.secure("run", "-v", f"{source}:/x", images.good, "ls", "/x")
    assert (ended.code, ended.out) == (125, "")
    assert "RUN021" in ended.err


def exchange(arena: Arena, who: Caller, *more: Replacement) -> Result:
    """Start while the source is being exchanged."""
    folder = arena.open_folder("exchanged")
    (folder / "source").mkdir()
    package = arena.package((), (*EXCHANGED, *more), gate=True)
    return arena.shop.start(
        who, "/bin/ls", "/x", package=package, binds=[[str(folder / "source"), "/x", True]]
    )


def test_a_source_that_was_exchanged_meanwhile_is_refused(arena: Arena, who: Caller) -> None:
    found = exchange(arena, who)
    assert (found.code, found.out) == (125, "")
    assert "was exchanged while the container was being started" in found.err


def test_control_without_the_comparison_the_hosts_files_are_inside(
    arena: Arena, who: Caller
) -> None:
    assert "passwd" in exchange(arena, who, NO_IDENTITY).out.split()
