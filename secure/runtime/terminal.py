"""The caller's terminal while a container has a pty of its own (`-t`)."""

from __future__ import annotations

import os
import termios

from secure.errors import KernelError, UsageError
from secure.kernel import tty
from secure.runtime.stdio import Relay, patient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from typing import Any


class Terminal:
    """The master side of the container's pty, joined to the caller's terminal in raw mode."""

    def __init__(self, master: int, saved: list[Any]) -> None:
        self._master = master
        self._screen = patient(1)
        self._saved = saved

    @classmethod
    def join(cls, master: int) -> Terminal:
        """Put the caller's terminal into raw mode, for the pty behind `master`."""
        saved = termios.tcgetattr(0)
        termios.tcsetattr(0, termios.TCSADRAIN, _raw(saved))
        terminal = cls(master, saved)
        terminal.resize()
        return terminal

    def relays(self) -> tuple[Relay, Relay]:
        """Keyboard in, screen out."""
        return Relay(0, self._master, inward=True), Relay(self._master, self._screen, inward=False)

    def resize(self) -> None:
        """Pass the size of the caller's window on; the kernel tells the program by SIGWINCH."""
        try:
            tty.copy_window_size(0, self._master)
        except (KernelError, OSError):
            return  # the caller's terminal is going away; its end will be read next

    def restore(self) -> None:
        """Give the caller's terminal back as it was, and this one up."""
        os.close(self._master)
        if self._screen != 1:
            os.close(self._screen)
        try:
            termios.tcsetattr(0, termios.TCSADRAIN, self._saved)
        except termios.error:
            return  # hung up: nothing to restore


def channel() -> tuple[socket, socket]:
    """Supervisor's and init's end of what the pty's master is sent over.

    Raises:
        UsageError: standard input is not a terminal.
    """
    if not os.isatty(0):
        raise UsageError("-t needs a terminal on standard input", do="Leave -t out.")
    return tty.descriptor_channel()


def _raw(attributes: list[Any]) -> list[Any]:
    """cfmakeraw(3)."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, characters = attributes
    iflag &= ~(
        termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.INLCR
        | termios.IGNCR | termios.ICRNL | termios.IXON
    )  # fmt: skip
    oflag &= ~termios.OPOST
    lflag &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
    cflag = cflag & ~(termios.CSIZE | termios.PARENB) | termios.CS8
    return [iflag, oflag, cflag, lflag, ispeed, ospeed, list(characters)]
