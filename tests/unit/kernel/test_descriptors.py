"""Descriptors sent over a socket pair."""

from __future__ import annotations

import os
import signal
import threading

from secure.kernel import descriptors


def test_a_descriptor_arrives_with_its_byte_and_close_on_exec() -> None:
    mine, theirs = descriptors.socket_pair()
    reader, writer = os.pipe()
    try:
        assert not os.get_inheritable(mine)
        descriptors.send(theirs, b"l", writer)
        byte, received = descriptors.receive(mine)
        assert byte == b"l"
        assert not os.get_inheritable(received)
        os.write(received, b"through")
        os.close(received)
        assert os.read(reader, 16) == b"through"
    finally:
        for fd in (mine, theirs, reader, writer):
            os.close(fd)


def test_a_byte_alone_and_the_end_bring_no_descriptor() -> None:
    mine, theirs = descriptors.socket_pair()
    os.write(theirs, b"f and more")
    assert descriptors.receive(mine) == (b"f", -1)
    assert os.read(mine, 16) == b" and more"
    os.close(theirs)
    assert descriptors.receive(mine) == (b"", -1)
    os.close(mine)


def test_a_signal_while_waiting_is_not_an_end() -> None:
    mine, theirs = descriptors.socket_pair()
    seen = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: seen.set())
    main = threading.get_ident()

    def disturb() -> None:
        # Until it has arrived for certain: the first one may come before the wait.
        while not seen.wait(0.01):
            signal.pthread_kill(main, signal.SIGUSR1)
        os.write(theirs, b"x")

    signal.pthread_kill(main, signal.SIGUSR1)
    seen.clear()
    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        assert descriptors.receive(mine) == (b"x", -1)
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
        os.close(mine)
        os.close(theirs)
