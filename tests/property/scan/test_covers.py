"""Law: what a layer takes away is the same asked layer by layer (a scan) and of all at once."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from secure.images.squash import Squash
from secure.scan.covers import Cover
from secure.scan.layer_facts import LayerFacts

PARTS = st.sampled_from([b"a", b"b", b"c"])
NAMES = st.lists(PARTS, min_size=1, max_size=4).map(b"/".join)
SETS = st.frozensets(NAMES, max_size=6)


@st.composite
def layers(draw: st.DrawFn) -> LayerFacts:
    taken, directories = draw(SETS), draw(SETS)
    return LayerFacts(
        taken=b"\0".join(sorted(taken)),
        directories=b"\0".join(sorted(directories - taken)),
        whiteouts=tuple(sorted(draw(SETS))),
        opaques=tuple(sorted(draw(st.frozensets(NAMES | st.just(b""), max_size=2)))),
    )


def names(joined: bytes) -> list[bytes]:
    return joined.split(b"\0") if joined else []


# What says that a directory is opaque lies in it, so the directory and those above it are there.
@example(b"a", False, LayerFacts(opaques=(b"a/a",)))
@example(b"a/a", False, LayerFacts(opaques=(b"a/a",)))
@given(NAMES, st.booleans(), layers())
def test_a_cover_agrees_with_the_squash(name: bytes, directory: bool, upper: LayerFacts) -> None:
    squash = Squash()
    squash.add_layer(() if directory else (name,), (name,) if directory else ())
    squash.add_layer(names(upper.taken), names(upper.directories), upper.whiteouts, upper.opaques)
    gone = squash.removed_by(name, 0) is not None
    assert Cover(upper).takes_away(name, directory=directory) == gone
