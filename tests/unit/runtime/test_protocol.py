"""What supervisor and init say to each other, over real pipes."""

from __future__ import annotations

import os
import threading

import pytest

from secure.errors import LaunchError
from secure.runtime import protocol

_ARGUMENTS = [
    ("true",),
    ("sh", "-c", "echo a\nb", "", "ä \udcff"),
    ("one", "x" * 200_000),  # more than a pipe holds
]


@pytest.mark.parametrize("argv", _ARGUMENTS, ids=["one", "odd", "long"])
def test_a_command_arrives_as_it_was_sent(argv: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    found: list[list[bytes]] = []
    init = threading.Thread(target=lambda: found.append(protocol.await_go(reader)))
    init.start()
    protocol.send_command(writer, argv)
    os.write(writer, protocol.GO)
    init.join()
    os.close(reader)
    os.close(writer)
    assert found == [[os.fsencode(part) for part in argv]]


def test_without_a_command_the_planned_one_stays() -> None:
    reader, writer = os.pipe()
    os.write(writer, protocol.GO)
    assert protocol.await_go(reader) == []
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("said", [b"", b"c3\nab", b"c2\nab", b"x"])
def test_who_says_anything_else_starts_nothing(said: bytes) -> None:
    reader, writer = os.pipe()
    os.write(writer, said)
    os.close(writer)
    with pytest.raises(LaunchError):
        protocol.await_go(reader)
    os.close(reader)
