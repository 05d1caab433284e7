"""A scope of the user's systemd: asked of a real bus, of hostile ones, and of systemd itself.

The last test needs a user manager on cgroup v2: scripts/vm-check has one.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bus import answering, real_bus
from confinement import ROOT

from secure.errors import MachineError
from secure.kernel import dbus_messages, systemd_scope
from secure.kernel.cgroup_support import RUNS_SYSTEMD

pytestmark = pytest.mark.kernel

REFUSED = "org.freedesktop.DBus.Error.ServiceUnknown"


def asked(
    path: str, monkeypatch: pytest.MonkeyPatch, call: Callable[[], object] = systemd_scope.enter
) -> str:
    """What the error says when systemd is asked for something on the bus at `path`."""
    for bus in ("SESSION", "SYSTEM"):
        monkeypatch.setenv(f"DBUS_{bus}_BUS_ADDRESS", f"unix:path={path},guid=0")
    with pytest.raises(MachineError) as error:
        call()
    return str(error.value)


def test_a_bus_without_systemd_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with real_bus(tmp_path) as path:
        assert f"systemd refuses a scope: {REFUSED}" in asked(path, monkeypatch)


def heard(folder: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[[], object]) -> str:
    """The call to systemd, as another program understands its bytes."""
    monitor = shutil.which("dbus-monitor")
    if monitor is None:
        pytest.skip("dbus-monitor is not installed (apt-get install dbus-bin)")
    with (
        real_bus(folder) as path,
        subprocess.Popen(
            [monitor, "--address", f"unix:path={path}"], stdout=subprocess.PIPE, text=True
        ) as watching,
    ):
        assert watching.stdout is not None
        watching.stdout.readline()  # it watches
        asked(path, monkeypatch, call)
        lines = []
        for line in watching.stdout:
            lines.append(" ".join(line.split()))
            if REFUSED in line:
                break
        watching.terminate()
    first = next(n for n, line in enumerate(lines) if "systemd1.Manager" in line)
    return " ".join(lines[first:]).partition("member=")[2]


def test_another_program_reads_the_call_as_it_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = heard(tmp_path, monkeypatch, systemd_scope.enter)
    assert told.startswith(f'StartTransientUnit string "secure-{os.getpid()}-')
    assert 'struct { string "Delegate" variant boolean true }' in told
    assert 'struct { string "PIDs" variant array [ uint32 0 ] }' in told
    assert "} ] array [ ] error" in told
    assert "Slice" not in told


def test_slice_and_weights_are_read_as_they_are_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = (("CPUWeight", 39), ("KillSignal", 37), ("TasksMax", 2**64 - 1))
    told = heard(tmp_path, monkeypatch, lambda: systemd_scope.enter("a.scope", "b.slice", numbers))
    assert told.startswith('StartTransientUnit string "a.scope" string "fail"')
    assert 'struct { string "Slice" variant string "b.slice" }' in told
    assert 'struct { string "CPUWeight" variant uint64 39 }' in told
    assert 'struct { string "KillSignal" variant int32 37 }' in told
    assert 'struct { string "TasksMax" variant uint64 18446744073709551615 }' in told
    assert "} ] array [ ] error" in told


def test_a_change_is_read_as_it_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = heard(tmp_path, monkeypatch, lambda: systemd_scope.change("a.scope", (("IOWeight", 5),)))
    assert told.startswith('SetUnitProperties string "a.scope" boolean true array [')
    assert 'struct { string "IOWeight" variant uint64 5 } ] error' in told


_AS_ROOT_INSIDE = """
import sys
sys.path.insert(0, sys.argv[1])
from secure.errors import MachineError
from secure.kernel import systemd_scope
try:
    systemd_scope.enter()
except MachineError as error:
    print(error)
"""


def test_root_of_a_user_namespace_is_known_by_its_uid_outside(tmp_path: Path) -> None:
    """As podman starts a runtime for an ordinary user."""
    with real_bus(tmp_path) as path:
        done = subprocess.run(
            ["unshare", "--map-root-user", sys.executable, "-I", "-c", _AS_ROOT_INSIDE, str(ROOT)],
            capture_output=True, text=True, timeout=60, check=False,
            env={"DBUS_SESSION_BUS_ADDRESS": f"unix:path={path}", "PATH": os.environ["PATH"]},
        )  # fmt: skip
    assert f"systemd refuses a scope: {REFUSED}" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "address",
    ["tcp:host=127.0.0.1,port=9", "autolaunch:", "unixexec:path=/bin/false", "unix:abstract=/x",
     "unix:path={file}", "unix:path={missing}", "unix:path=%2Ftmp"],
)  # fmt: skip
def test_only_a_socket_of_the_callers_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    (tmp_path / "file").touch()
    found = address.format(file=tmp_path / "file", missing=tmp_path / "missing")
    for bus in ("SESSION", "SYSTEM"):
        monkeypatch.setenv(f"DBUS_{bus}_BUS_ADDRESS", found)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    if os.geteuid() == 0 and os.path.isdir(RUNS_SYSTEMD):
        pytest.skip("systemd runs this machine, and its bus is found for root")
    assert systemd_scope.address() == ("", False)


def nothing(connection: socket.socket) -> None:
    connection.recv(1)


def endless_line(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"O" * 512)


def stranger(connection: socket.socket) -> None:
    connection.recv(512)
    connection.sendall(b"REJECTED EXTERNAL\r\n")


def accepted(then: bytes, times: int = 1) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.recv(512)
        connection.sendall(b"OK 0123\r\n")
        for _ in range(times):
            connection.sendall(then)
        while connection.recv(512):
            pass

    return serve


SIGNAL = b"l\x04\0\x01" + bytes(4) + (1).to_bytes(4, "little") + bytes(4)
HUGE = b"l\x02\0\x01" + b"\xff\xff\xff\x07" + bytes(8)


@pytest.mark.parametrize(
    ("serve", "said"),
    [
        (nothing, "cannot be used|hung up"),
        (endless_line, "does not speak D-Bus"),
        (stranger, "does not accept this user"),
        (accepted(b"HTTP/1.1 200 OK\r\n\r\n"), "does not speak D-Bus"),
        (accepted(HUGE), "a message of 134217743 bytes"),
        (accepted(SIGNAL, 200), "everything but an answer"),
        (accepted(b"l\x03\0\x01" + bytes(8) + (40).to_bytes(4, "little") + b"\xff" * 40), "none"),
    ],
)
def test_a_hostile_bus_is_left_in_bounds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    serve: Callable[[socket.socket], None],
    said: str,
) -> None:
    with answering(tmp_path, serve) as path:
        assert any(words in asked(path, monkeypatch) for words in said.split("|"))


def test_a_bus_that_is_silent_costs_no_more_than_the_time_there_is(tmp_path: Path) -> None:
    with answering(tmp_path, accepted(b"")) as path:
        bus = systemd_scope._Bus(path, time.monotonic() + 0.2)
        try:
            with pytest.raises(MachineError, match="does not answer"):
                bus.call(dbus_messages.hello(bus.serial()))
        finally:
            bus.close()


_ENTER = """
import sys
sys.path.insert(0, sys.argv[1])
from secure.kernel import systemd_scope
from secure.kernel.cgroup_support import CgroupLimits
from secure.kernel.cgroups import Cgroup
from secure.kernel.cgroups_detect import detect
promised = systemd_scope.manager_controllers()
unit = systemd_scope.enter()
found = detect()
assert unit in open("/proc/self/cgroup").read()
assert set(promised) <= set(found.usable()), (promised, found)
made = Cgroup.create(found, "test", CgroupLimits(64 << 20, 500, 20))
assert made.read_back() == made.planned()
made.remove()
print("entered")
"""


def test_systemd_gives_a_delegated_scope() -> None:
    if os.geteuid() == 0 or not os.path.isdir(RUNS_SYSTEMD):
        pytest.skip("needs an ordinary user's systemd manager (scripts/vm-check)")
    if len(systemd_scope.manager_controllers()) < 3:
        pytest.skip("this user's manager is not delegated memory, cpu and pids on cgroup v2")
    done = subprocess.run(
        [sys.executable, "-I", "-c", _ENTER, str(ROOT)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "entered\n"), done.stderr
