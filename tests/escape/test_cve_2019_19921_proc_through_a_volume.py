"""CVE-2019-19921: /proc of the image is a link into a volume that another container changes.

The second container exchanges the directory in the volume between mount and use, so that the first
one's labels and masks go to the wrong files.
"""

from __future__ import annotations

import pytest
from attack import Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel

LOOK = "echo link=$(readlink /proc); echo kind=$(stat -f -c %T /proc); ls -A /data"
PLACES = dict.fromkeys(("dev", "sys", "etc", "run", "tmp", "data"), "/")


def test_proc_is_a_directory_of_ours_and_the_volume_stays_untouched(
    arena: Arena, who: Caller
) -> None:
    volume = arena.open_folder("volume")
    (volume / "x").mkdir()
    image = arena.image("proc-in-volume", proc="-> /data/x", **PLACES)
    found = arena.try_on(who, LOOK, layers=(image,), binds=[[str(volume), "/data", False]])
    assert said(found) == {"link": "", "kind": "proc"}
    assert found.out.splitlines()[2:] == ["x"]
    assert list((volume / "x").iterdir()) == []


def test_control_links_followed_and_nothing_over_them_proc_is_where_the_image_says(
    arena: Arena, user: Caller
) -> None:
    image = arena.image("proc-in-place", proc="-> /data", **PLACES)
    found = arena.try_on(user, LOOK, layers=(image,), without=("skeleton", "no-links", "landlock"))
    # The link is still there: whoever can exchange what it leads to decides what /proc is.
    assert said(found)["link"] == "/data", found.err
