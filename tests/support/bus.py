"""Message buses: a real dbus-daemon, and servers that answer what they like."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_CONFIGURATION = """<busconfig><type>session</type><listen>unix:path={path}</listen>
<auth>EXTERNAL</auth><policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""


@contextmanager
def real_bus(folder: Path) -> Iterator[str]:
    """A dbus-daemon of our own; the path of its socket.

    Skips:
        without dbus-daemon.
    """
    program = shutil.which("dbus-daemon")
    if program is None:
        pytest.skip("dbus-daemon is not installed (apt-get install dbus-daemon)")
    path, configuration = folder / "bus", folder / "bus.conf"
    configuration.write_text(_CONFIGURATION.format(path=path), encoding="utf-8")
    words = [
        program,
        f"--config-file={configuration}",
        "--nofork",
        "--nopidfile",
        "--print-address",
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as daemon:
        assert daemon.stdout is not None
        daemon.stdout.readline()  # it listens
        try:
            yield str(path)
        finally:
            daemon.terminate()


@contextmanager
def answering(folder: Path, serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A socket whose first visitor is served by `serve`; its path."""
    path = str(folder / "bus")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)

        def work() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(10)
                try:
                    serve(connection)
                except OSError:  # the visitor had enough
                    return

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield path
        finally:
            thread.join()
