"""CVE-2024-0132 (a toolkit's mounts) and its like: the image has links where the runtime mounts.

If they are followed, a file of the host is mounted where the image wants it, or what is mounted
lands on a path of the host. CVE-2025-23266 next to it (a hook with the image's LD_PRELOAD) has no
counterpart: nothing of the image reaches the environment of a process of the host.
"""

from __future__ import annotations

import pytest
from attack import Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel

LINKS = {
    "opt": "-> /tmp",
    "etc__app.conf": "-> /tmp/stolen",
    "usr__lib__driver": "-> ../../../../../../tmp",
    "etc__hosts": "-> /tmp/hosts",
    "etc__resolv.conf": "-> /proc/1/environ",
    "etc__hostname": "-> /dev/null",
}
TARGETS = ("/opt/place", "/etc/app.conf", "/usr/lib/driver/deep")
LOOK = (
    "echo one=$(cat /opt/place); echo two=$(cat /etc/app.conf); "
    "echo three=$(cat /usr/lib/driver/deep); echo links=$(ls -l /opt /etc/app.conf /etc/hosts "
    "/etc/resolv.conf | grep -c '^l'); echo tmp=$(ls -A /tmp); echo name=$(cat /etc/hostname)"
)


def test_mounts_go_on_places_of_ours_and_never_through_a_link(arena: Arena, who: Caller) -> None:
    file = arena.open_folder("file") / "content"
    file.write_text("shared")
    file.chmod(0o644)
    image = arena.image("links-at-targets", **LINKS)
    binds = [[str(file), target, True] for target in TARGETS]
    found = arena.try_on(who, LOOK, layers=(image,), binds=binds)
    assert said(found) == {
        "one": "shared", "two": "shared", "three": "shared",
        "links": "0", "tmp": "", "name": "inside",
    }  # fmt: skip


def test_control_links_followed_the_mount_lands_where_the_image_says(
    arena: Arena, user: Caller
) -> None:
    places = dict.fromkeys(("dev", "sys", "proc", "run", "tmp", "etc"), "/")
    image = arena.image("links-followed", opt="-> /srv", srv__place=b"", **places)
    file = arena.open_folder("file") / "content"
    file.write_text("shared")
    file.chmod(0o644)
    found = arena.try_on(
        user, "echo where=$(cat /srv/place)", layers=(image,),
        binds=[[str(file), "/opt/place", True]],
        without=("skeleton", "no-links", "landlock"),
    )  # fmt: skip
    assert said(found) == {"where": "shared"}, found.err
