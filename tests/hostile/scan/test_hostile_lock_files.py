"""Lock files and wheels that ask for a million things, swell or end early: bounded, and named."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from itertools import chain

import pytest
from catalogued import catalogued
from hypothesis import given
from hypothesis import strategies as st

from secure.scan.formats.checked import MAX_PACKAGES

MIB = 1 << 20
METADATA = b"Metadata-Version: 2.1\nName: a\nVersion: 1\n"


def many(entry: str, between: str = "") -> str:
    return between.join(entry.replace("%", str(n)) for n in range(MAX_PACKAGES + 10))


def wheel(*members: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members:
            opened.writestr(name, content)
    return made.getvalue()


GOOD = wheel(("a/__init__.py", b"x" * 999), ("a-1.dist-info/METADATA", METADATA), ("b", b"y"))


@pytest.mark.parametrize(
    ("place", "content"),
    [
        ("requirements.txt", many("a%==1\n")),
        ("yarn.lock", many('a%@1:\n  version "1"\n')),
        ("bun.lock", '{"packages":{' + many('"%":["a%@1"]', ",") + "}}"),
        ("package-lock.json", '{"dependencies":{' + many('"a%":{"version":"1"}', ",") + "}}"),
        ("Pipfile.lock", '{"_meta":{"a":1},"b":{' + many('"a%":{"version":"==1"}', ",") + "}}"),
    ],
)
def test_packages_without_end_are_read_up_to_a_number_and_the_rest_is_named(
    place: str, content: str
) -> None:
    packages, (why,) = catalogued(place, content)
    assert len(packages) == MAX_PACKAGES
    assert why == f"names {MAX_PACKAGES} packages; what follows was not read"


@pytest.mark.parametrize(
    ("place", "content"),
    [("yarn.lock", "a:\n" * MIB), ("bun.lock", '{"packages":{' + many('"%":[]', ",") + "}}")],
)
def test_faults_without_end_are_counted(place: str, content: str) -> None:
    packages, reasons = catalogued(place, content)
    assert packages == []
    assert len(reasons) == 102
    assert "more entries could not be read" in reasons[-1]


def test_one_package_told_a_hundred_thousand_times_is_one() -> None:
    places = (
        f'"{n}/node_modules/a":{{"version":"1","dependencies":{{"x{n}":"1"}}}}'
        for n in range(100_000)
    )
    packages, reasons = catalogued("package-lock.json", '{"packages":{' + ",".join(places) + "}}")
    assert (len(packages), reasons) == (1, [])


@pytest.mark.parametrize(
    ("place", "piece"), [("bun.lock", ",}"), ("yarn.lock", "\n"), ("yarn.lock", "a\n")]
)
def test_small_pieces_take_no_memory_beyond_their_file(place: str, piece: str) -> None:
    content = (piece * (MIB // len(piece))).encode()
    tracemalloc.start()
    catalogued(place, content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * len(content)


def test_dependencies_in_dependencies_without_end_are_refused() -> None:
    content = '{"dependencies":' + '{"a":{"dependencies":' * 5_000 + "{}" + "}}" * 5_000 + "}"
    packages, (why,) = catalogued("package-lock.json", content)
    assert packages == []
    assert "nested too deep" in why


def test_a_bomb_in_a_wheel_is_unpacked_in_pieces() -> None:
    bomb = wheel(("zeros", bytes(64 * MIB)), ("a-1.dist-info/METADATA", METADATA))
    tracemalloc.start()
    packages, reasons = catalogued("a-1-py3-none-any.whl", bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(packages), reasons) == (1, [])
    assert peak < 4 * MIB


def test_metadata_of_gigabytes_are_not_held() -> None:
    bomb = wheel(("a-1.dist-info/METADATA", bytes(64 * MIB)))
    packages, (why,) = catalogued("a-1-py3-none-any.whl", bomb)
    assert packages == []
    assert "has more than" in why


@given(st.data())
def test_a_changed_wheel_is_read_or_reported(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 40)))
    content = GOOD[:start] + data.draw(st.binary(max_size=40)) + GOOD[end:]
    packages, reasons = catalogued("a-1-py3-none-any.whl", content)
    assert packages or reasons
    assert all(why.isprintable() for why in reasons)
    assert all(char.isprintable() for char in chain(*(one.name for one in packages)))


@pytest.mark.parametrize("group", ["a&#x9b;31m", "a&#x202e;b", "a" * 1_100])
def test_a_group_that_no_terminal_should_show_is_no_package(group: str) -> None:
    content = (
        f'<verification-metadata><components><component group="{group}" name="b" version="1"/>'
        "</components></verification-metadata>"
    )
    packages, unreadable = catalogued("gradle/verification-metadata.xml", content)
    assert (packages, unreadable) == ([], ['"b" has a name or version that is none'])
