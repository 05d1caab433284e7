"""Appending to the audit log."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.audit import chain
from secure.audit.canonical import encode
from secure.audit.faults import TORN
from secure.audit.read import read
from secure.audit.record import GENESIS, Head, Record, content, parse, seal
from secure.audit.verify import verify
from secure.errors import LimitExceededError, MachineError, NotFoundError, SecureError
from secure.oci.limits import DEFAULT_LIMITS, Limits

ROOT = Path(__file__).resolve().parents[3]
NOW = "2026-11-24T07:30:00.123Z"
SMALL_SEGMENTS = Limits(audit_segment_bytes=1000)

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.fixture
def log(tmp_path: Path) -> str:
    return chain.log_path(str(tmp_path / "data"))


def fill(log: str, count: int, limits: Limits = DEFAULT_LIMITS) -> list[Record]:
    return [
        chain.append(log, "launch", {"n": n}, NOW, sync=False, limits=limits) for n in range(count)
    ]


def test_the_first_record_follows_genesis_and_the_next_follows_the_first(log: str) -> None:
    first, second = fill(log, 2)
    assert (first.seq, first.prev) == (1, GENESIS)
    assert (second.seq, second.prev) == (2, first.hash)


def test_a_line_is_json_whose_hash_anyone_can_compute(log: str) -> None:
    fill(log, 1)
    line = Path(log).read_bytes().rstrip(b"\n")
    record = json.loads(line)
    assert record["body"] == {"n": 0}
    assert record["hash"] == hashlib.sha256(line.partition(b',"hash":')[0]).hexdigest()


def test_head_is_the_last_record(log: str) -> None:
    last = fill(log, 5)[-1]
    assert chain.head(log) == Head(5, last.hash)


def test_the_log_and_its_folder_are_private(log: str) -> None:
    fill(log, 1)
    assert stat.S_IMODE(os.stat(log).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(log)).st_mode) == 0o700


def test_a_full_segment_is_closed_and_the_chain_goes_on_in_the_next(log: str) -> None:
    fill(log, 20, SMALL_SEGMENTS)
    result = verify(log)
    assert result.broken is None
    assert result.segments > 2
    assert chain.head(log) == result.head


def test_a_new_segment_names_the_last_hash_of_the_one_before(log: str) -> None:
    fill(log, 20, SMALL_SEGMENTS)
    first_of_second = Path(log).with_name("log.000002.jsonl").read_bytes().splitlines()[0]
    last_of_first = Path(log).with_name("log.000001.jsonl").read_bytes().splitlines()[-1]
    opening, closing = parse(first_of_second), parse(last_of_first)
    assert opening
    assert closing
    assert opening.prev == closing.hash
    assert content(opening) == {"closed": 1, "hash": closing.hash, "records": closing.seq}


def test_death_between_closing_a_segment_and_opening_the_next_loses_nothing(log: str) -> None:
    fill(log, 3)
    os.rename(log, Path(log).with_name("log.000001.jsonl"))
    record = chain.append(log, "exit", {}, NOW)
    assert record.seq == 5  # the "segment" record is number 4
    assert verify(log).broken is None


def test_an_unfinished_line_is_ended_kept_and_recorded(log: str) -> None:
    fill(log, 2)
    with open(log, "ab") as file:
        file.write(b'{"seq":3,"ti')
    after = chain.append(log, "launch", {}, NOW)
    result = verify(log)
    assert after.seq == 4
    assert b'{"seq":3,"ti\n' in Path(log).read_bytes()
    assert result.broken is None
    assert [(fault.what, fault.line) for fault in result.torn] == [(TORN, 3)]


def test_a_repair_that_was_itself_cut_off_is_repaired(log: str) -> None:
    fill(log, 1)
    for cut in (b'{"seq":2,"ti', b'\n{"seq":2,"time":"20'):
        with open(log, "ab") as file:
            file.write(cut)
    chain.append(log, "launch", {}, NOW)
    result = verify(log)
    assert result.broken is None
    assert len(result.torn) == 1
    assert result.head.seq == 3


def test_blocks_of_zeros_after_power_loss_are_an_unfinished_line(log: str) -> None:
    fill(log, 1)
    with open(log, "ab") as file:
        file.write(b"\0" * 4096)
    fill(log, 1)
    result = verify(log)
    assert result.broken is None
    assert result.torn[0].line == 2


def test_a_log_that_is_cut_off_in_its_first_line_starts_again(log: str) -> None:
    fill(log, 1)
    os.truncate(log, 20)
    fill(log, 1)
    result = verify(log)
    assert result.broken is None
    assert (result.torn[0].line, result.head.seq) == (1, 2)


def test_a_body_cut_where_it_looks_like_the_end_is_an_unfinished_line(log: str) -> None:
    fill(log, 1)
    size = os.path.getsize(log)
    chain.append(log, "launch", {"a": 1, "b": {"a": "{", "hash": "0" * 64}}, NOW)
    os.truncate(log, size + Path(log).read_bytes()[size:].index(b'0"}}') + 3)
    assert verify(log).torn[0].line == 2
    assert verify(log).broken is None


def test_a_last_line_that_lost_only_its_newline_counts(log: str) -> None:
    fill(log, 2)
    os.truncate(log, os.path.getsize(log) - 1)
    assert verify(log).torn[0].line == 2
    assert fill(log, 1)[0].seq == 3
    assert verify(log).torn == ()


def test_a_file_size_limit_leaves_no_part_of_a_record(log: str) -> None:
    before = fill(log, 3)[-1]
    size = os.path.getsize(log)
    script = f"""
import resource, sys
sys.path.insert(0, {str(ROOT)!r})
from secure.audit import chain
from secure.errors import MachineError
resource.setrlimit(resource.RLIMIT_FSIZE, ({size + 50}, {size + 50}))
try:
    chain.append({log!r}, "launch", {{"n": 1}}, {NOW!r})
except MachineError as error:
    sys.exit(7 if "bytes fitted" in error.what else 8)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == 7
    assert os.path.getsize(log) == size
    assert chain.head(log) == Head(3, before.hash)


def test_a_record_over_the_limit_is_refused_and_the_log_stays_whole(log: str) -> None:
    fill(log, 1)
    with pytest.raises(LimitExceededError, match="audit_record_bytes"):
        chain.append(log, "launch", {"x": "a" * 2_000_000}, NOW)
    assert verify(log).records == 1


def test_a_record_just_under_the_limit_is_found_again(log: str) -> None:
    large = chain.append(log, "launch", {"x": "a" * 1_048_000}, NOW)
    assert fill(log, 1)[0].prev == large.hash


@pytest.mark.parametrize("kind", ["", "Launch", "a b", "x" * 33, "repair", "segment", 'a"b'])
def test_a_kind_that_is_not_a_kind_is_our_bug(log: str, kind: str) -> None:
    with pytest.raises(SecureError) as caught:
        chain.append(log, kind, {}, NOW)
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("now", ["", "2026-11-24", "2026-11-24T07:30:00Z", f"{NOW} ", "x" * 24])
def test_a_time_of_another_form_is_our_bug(log: str, now: str) -> None:
    with pytest.raises(SecureError, match="not a time"):
        chain.append(log, "launch", {}, now)


@pytest.mark.parametrize("body", [{"x": 1.5}, {"x": b"y"}, {1: "x"}, {"x": object()}])
def test_a_body_that_is_not_plain_is_our_bug(log: str, body: dict[str, str]) -> None:
    with pytest.raises(SecureError) as caught:
        chain.append(log, "launch", body, NOW)
    assert caught.value.exit_code == 5


def test_a_body_that_contains_itself_is_our_bug() -> None:
    body: dict[str, object] = {}
    body["x"] = body
    with pytest.raises(SecureError, match="nested deeper"):
        encode(body)  # type: ignore[arg-type]  # a cycle has no finite type


@given(PLAIN)
def test_canonical_json_is_what_the_json_module_writes(value: object) -> None:
    expected = json.dumps(value, sort_keys=True, separators=(",", ":"))
    assert encode(value) == expected.encode()  # type: ignore[arg-type]  # PLAIN makes only those


@given(st.dictionaries(st.text(), PLAIN), st.integers(1, 10**12))
def test_what_is_sealed_is_recognised(body: dict[str, object], seq: int) -> None:
    record, line = seal(seq, NOW, "launch", GENESIS, body)  # type: ignore[arg-type]  # plain
    assert parse(line) == record
    assert content(record) == body


def test_there_is_no_head_without_a_log(log: str) -> None:
    with pytest.raises(NotFoundError, match="no audit log"):
        chain.head(log)


def test_read_shows_the_newest_in_order_across_segments(log: str) -> None:
    fill(log, 30, SMALL_SEGMENTS)
    shown = [item for item in read(log, limit=7, kind="launch") if isinstance(item, Record)]
    assert [content(record)["n"] for record in shown] == [23, 24, 25, 26, 27, 28, 29]


def test_read_shows_a_damaged_line_instead_of_skipping_it(log: str) -> None:
    fill(log, 2)
    with open(log, "ab") as file:
        file.write(b"garbage\n")
    assert getattr(list(read(log))[2], "line", 0) == 3


def test_appending_imports_no_slow_module(tmp_path: Path) -> None:
    log = chain.log_path(str(tmp_path))
    script = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from secure.audit import chain
chain.append({log!r}, "launch", {{"n": [1, "x", None]}}, {NOW!r})
slow = {{"json", "re", "enum", "typing", "dataclasses", "hashlib", "pathlib", "contextlib",
        "collections", "functools", "subprocess", "logging", "msgspec"}}
print(sorted(slow & set(sys.modules)))
"""
    command = [sys.executable, "-I", "-S", "-c", script]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_a_fault_is_a_sentence_for_people(log: str) -> None:
    fill(log, 3)
    lines = Path(log).read_bytes().splitlines(keepends=True)
    Path(log).write_bytes(lines[0] + lines[2])
    told = "log.jsonl:2: record 2 is removed: it is missing before record 3"
    assert str(verify(log).broken) == told


def test_a_folder_that_others_may_change_is_refused(log: str) -> None:
    fill(log, 1)
    os.chmod(os.path.dirname(log), 0o770)  # noqa: S103 - the fault under test
    with pytest.raises(MachineError, match="can be changed by other users"):
        chain.append(log, "launch", {}, NOW)


def test_a_log_that_others_may_change_is_refused(log: str) -> None:
    fill(log, 1)
    os.chmod(log, 0o602)  # noqa: S103 - the fault under test
    with pytest.raises(MachineError, match="can be changed by other users"):
        chain.append(log, "launch", {}, NOW)
