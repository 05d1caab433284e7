"""Attacks on the place where the log lies, on its writers, and on those who read it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from secure.audit import chain
from secure.audit.faults import ALTERED, INSERTED
from secure.audit.lines import open_log
from secure.audit.read import read
from secure.audit.record import Head, content, parse
from secure.audit.verify import verify
from secure.errors import InputError, MachineError, NotFoundError, TamperedError

ROOT = Path(__file__).resolve().parents[3]
NOW = "2026-11-24T07:30:00.123Z"

APPEND_FOREVER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from secure.audit import chain
from secure.oci.limits import Limits
log, count, segment = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
limits = Limits(audit_segment_bytes=segment)
for n in range(count):
    body = {{"n": n, "x": "y" * (n % 7000)}}
    chain.append(log, "launch", body, {NOW!r}, sync=False, limits=limits)
    print(n, flush=True)
"""


@pytest.fixture
def log(tmp_path: Path) -> str:
    return chain.log_path(str(tmp_path / "data"))


def start(log: str, count: int, segment: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", APPEND_FOREVER, log, str(count), str(segment)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_appenders_at_the_same_time_make_one_chain(log: str) -> None:
    writers = [start(log, 150, 100_000) for _ in range(4)]
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0] * 4
    result = verify(log)
    assert result.broken is None
    assert result.torn == ()
    assert len(list(read(log, kind="launch"))) == 600


def test_a_reader_never_sees_a_half_written_record(log: str) -> None:
    chain.append(log, "launch", {}, NOW)
    writers = [start(log, 300, 200_000) for _ in range(2)]
    faults = []
    while any(writer.poll() is None for writer in writers):
        faults.append(verify(log).broken)
        faults.extend(verify(log).torn)
    for writer in writers:
        writer.communicate(timeout=60)
    assert set(faults) == {None}


@pytest.mark.parametrize("wait_s", [0.0, 0.005, 0.02, 0.05, 0.1])
def test_kill_9_while_appending_leaves_a_log_that_verifies_and_goes_on(
    log: str, wait_s: float
) -> None:
    writer = start(log, 100_000, 50_000)
    assert writer.stdout
    assert writer.stdout.readline() == b"0\n"
    time.sleep(wait_s)
    writer.send_signal(signal.SIGKILL)
    acknowledged = writer.communicate(timeout=60)[0].split()
    chain.append(log, "exit", {}, NOW)
    result = verify(log)
    launches = list(read(log, kind="launch"))
    assert result.broken is None
    assert len(launches) >= 1 + len(acknowledged)


def test_a_full_disk_refuses_the_record_and_what_was_written_stays_whole(tmp_path: Path) -> None:
    script = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from secure.audit import chain
from secure.audit.verify import verify
from secure.errors import MachineError
log = chain.log_path("data")
written = 0
try:
    while True:
        chain.append(log, "launch", {{"x": "y" * 5000}}, {NOW!r}, sync=False)
        written += 1
except MachineError as error:
    print(error.what)
result = verify(log)
assert result.broken is None and result.torn == (), result
assert result.records == written > 5, (result.records, written)
"""
    mount = f'mount -t tmpfs -o size=96k none "{tmp_path}" && cd "{tmp_path}" && exec "$@"'
    command = ["unshare", "-rm", "sh", "-c", mount, "sh", sys.executable, "-c", script]
    probe = subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True)
    if probe.returncode:
        pytest.skip("no user namespaces: cannot mount a small tmpfs")
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "bytes fitted" in done.stdout or "No space left" in done.stdout


def test_a_log_that_is_a_symbolic_link_is_not_followed(log: str, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"")
    os.makedirs(os.path.dirname(log), mode=0o700)
    os.symlink(victim, log)
    with pytest.raises(MachineError, match="not a plain file"):
        chain.append(log, "launch", {}, NOW)
    assert victim.read_bytes() == b""


def test_a_folder_that_is_a_symbolic_link_is_refused(log: str, tmp_path: Path) -> None:
    os.makedirs(tmp_path / "elsewhere", mode=0o700)
    os.makedirs(tmp_path / "data")
    os.symlink(tmp_path / "elsewhere", os.path.dirname(log))
    with pytest.raises(MachineError, match="is a symbolic link"):
        chain.append(log, "launch", {}, NOW)
    assert os.listdir(tmp_path / "elsewhere") == []


def test_a_log_with_a_second_name_is_refused(log: str, tmp_path: Path) -> None:
    chain.append(log, "launch", {}, NOW)
    os.link(log, tmp_path / "second")
    with pytest.raises(MachineError, match="second name"):
        chain.append(log, "launch", {}, NOW)


def test_a_log_that_is_a_pipe_blocks_nobody(log: str) -> None:
    os.makedirs(os.path.dirname(log), mode=0o700)
    os.mkfifo(log)
    with pytest.raises(MachineError, match="not a plain file"):
        chain.append(log, "launch", {}, NOW)
    with pytest.raises(MachineError, match="not a plain file"):
        verify(log)


def test_a_log_that_is_a_directory_is_named_as_such(log: str) -> None:
    os.makedirs(log, mode=0o700)
    with pytest.raises(MachineError, match="not a plain file"):
        chain.append(log, "launch", {}, NOW)


def test_a_log_of_another_user_is_refused(log: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to give the log away")
    chain.append(log, "launch", {}, NOW)
    os.chown(log, 12345, 12345)
    with pytest.raises(MachineError, match="belongs to uid 12345"):
        chain.append(log, "launch", {}, NOW)
    assert verify(log).broken is None


def test_a_last_record_that_was_altered_stays_named_after_more_is_appended(log: str) -> None:
    for _ in range(3):
        chain.append(log, "launch", {"user": "alice"}, NOW)
    altered = Path(log).read_bytes()
    place = altered.rindex(b"alice")
    Path(log).write_bytes(altered[:place] + b"mallo" + altered[place + 5 :])
    chain.append(log, "launch", {"user": "bob"}, NOW)
    fault = verify(log).broken
    assert fault
    assert (fault.what, fault.line, fault.seq) == (ALTERED, 3, 3)


def test_a_repair_record_does_not_excuse_lines_put_before_it(log: str) -> None:
    chain.append(log, "launch", {}, NOW)
    with open(log, "ab") as file:
        file.write(b"torn")
    chain.append(log, "launch", {}, NOW)
    lines = Path(log).read_bytes().splitlines(keepends=True)
    for forged in ([b"more\n", *lines[1:]], [b"TORN\n", *lines[2:]], lines[2:]):
        Path(log).write_bytes(lines[0] + b"".join(forged))
        assert verify(log).broken is not None


def test_a_line_without_end_is_read_in_bounded_memory(log: str) -> None:
    chain.append(log, "launch", {}, NOW)
    with open(log, "ab") as file:
        file.truncate(300_000_000)
        file.seek(0, os.SEEK_END)
        file.write(b"\n")
    script = f"""
import resource, sys
sys.path.insert(0, {str(ROOT)!r})
from secure.audit.verify import verify
resource.setrlimit(resource.RLIMIT_AS, (150 << 20, 150 << 20))
fault = verify({log!r}).broken
print(fault.what, fault.line)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert (done.stdout, done.stderr) == (b"altered 2\n", b"")
    with pytest.raises(TamperedError, match="hold no record"):
        chain.append(log, "launch", {}, NOW)


def test_quotes_without_end_do_not_take_quadratic_time(log: str) -> None:
    chain.append(log, "launch", {}, NOW)
    with open(log, "ab") as file:
        file.write(b'"' + b'\\"' * 1_500_000 + b',"hash":"' + b"0" * 64 + b'"}\n')
    before = time.process_time()
    verify(log)
    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b'{"seq":1}',
        b"\xff" * 300,
        b'{"seq":' + b"9" * 10_000 + b',"hash":"' + b"0" * 64 + b'"}',
        b"[" * 100_000,
    ],
)
def test_a_line_that_is_no_record_is_named(log: str, line: bytes) -> None:
    chain.append(log, "launch", {}, NOW)
    chain.append(log, "exit", {}, NOW)
    first, second = Path(log).read_bytes().splitlines()
    Path(log).write_bytes(b"\n".join([first, line, second, b""]))
    fault = verify(log).broken
    assert fault
    assert (fault.what, fault.line) == (INSERTED, 2)


def test_a_body_that_is_no_json_but_rightly_sealed_is_an_input_error() -> None:
    import hashlib

    for body in (b"nonsense", b"[" * 100_000, b"[1]", b'"x"'):
        sealed = b'{"seq":1,"time":"%s","kind":"x","prev":"%s","body":%s' % (
            NOW.encode(),
            b"0" * 64,
            body,
        )
        record = parse(sealed + b',"hash":"%s"}' % hashlib.sha256(sealed).hexdigest().encode())
        assert record
        with pytest.raises(InputError):
            content(record)


def test_a_log_that_is_gone_is_not_an_empty_log(log: str) -> None:
    last = chain.append(log, "launch", {}, NOW)
    shutil.rmtree(os.path.dirname(log))
    with pytest.raises(NotFoundError):
        verify(log, expected_head=Head(last.seq, last.hash))


def test_a_stopped_writer_is_named_after_a_while_instead_of_waiting_forever(log: str) -> None:
    chain.append(log, "launch", {}, NOW)
    lock = os.path.join(os.path.dirname(log), "lock")
    holder = subprocess.Popen(["flock", "--no-fork", lock, "sleep", "60"])
    try:
        time.sleep(0.3)
        with pytest.raises(MachineError, match="still being written"), open_log(log, 0.2):
            pass
    finally:
        holder.kill()
        holder.wait()
