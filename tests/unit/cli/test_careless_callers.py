"""What a stranger types: names that are none, empty variables, closed streams, devices as files."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from secure.audit import chain
from secure.cli.arguments import Arguments, help_text, parse
from secure.cli.check import COMMAND as CHECK
from secure.cli.db import COMMAND as DB
from secure.cli.diff import COMMAND as DIFF
from secure.cli.run import COMMAND as RUN
from secure.cli.scan import COMMAND as SCAN
from secure.cli.terminal import write
from secure.errors import DocumentError, UsageError
from secure.facts.verdict import SEVERITIES
from secure.flows.sbom_facts import file_content

MAIN = Path(__file__).resolve().parents[3] / "secure/__main__.py"
NOW = "2026-11-24T00:00:00.000Z"
SECURE = [sys.executable, "-I", "-S", str(MAIN)]


def _secure(
    folder: Path, *words: str | bytes, streams: str = "", **further: str
) -> subprocess.CompletedProcess[bytes]:
    """One command with places of its own, its streams redirected as a shell does it."""
    kept = {f"XDG_{name}_HOME": str(folder / name) for name in ("DATA", "CACHE", "CONFIG")}
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {streams}', "sh", *SECURE, *words],
        env=dict(os.environ) | kept | further,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_a_pipe_or_device_as_output_is_written_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write("verdict", str(pipe))
    assert os.read(reader, 100) == b"verdict"
    assert stat.S_ISFIFO(pipe.lstat().st_mode)
    os.close(reader)


def test_a_link_as_output_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    write("verdict", str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "verdict"


@pytest.mark.parametrize("verb", ["export", "import"])
def test_a_database_is_neither_put_into_a_pipe_nor_waited_for_in_one(
    tmp_path: Path, verb: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = _secure(tmp_path, "db", verb, str(tmp_path / "pipe"))
    assert (done.returncode, b"not a file" in done.stderr) == ({"export": 2, "import": 3}[verb], 1)
    assert stat.S_ISFIFO((tmp_path / "pipe").lstat().st_mode)


@pytest.mark.parametrize("option", ["--policy", "--platform", "--output", "--vex"])
def test_an_unset_variable_as_value_is_wrong_usage(option: str) -> None:
    with pytest.raises(UsageError, match=f"{option} has an empty value"):
        parse(CHECK, [option, "", "app.tar"])


def test_a_digest_that_is_empty_is_not_no_digest() -> None:
    with pytest.raises(UsageError, match="--sha256 has an empty value"):
        parse(DB, ["import", "--sha256=", "db.zst"])


def test_an_entry_point_can_be_taken_away() -> None:
    assert parse(RUN, ["--entrypoint", "", "app.tar"]).has("--entrypoint")


def test_a_name_that_is_not_utf_8_is_wrong_usage(tmp_path: Path) -> None:
    done = _secure(tmp_path, "check", b"caf\xe9.tar")
    assert done.returncode == 2
    assert b'"caf\\xe9.tar" is not UTF-8' in done.stderr


def test_what_goes_to_the_program_alone_may_be_any_bytes() -> None:
    given = parse(RUN, ["-e", "A=\udcff", "app.tar", "echo", "\udcff"])
    assert isinstance(given, Arguments)
    assert given.words[-1] == "\udcff"


def test_a_mount_target_that_is_not_utf_8_is_wrong_usage(tmp_path: Path) -> None:
    done = _secure(tmp_path, "run", "-v", b"./:/caf\xe9", "app.tar")
    assert done.returncode == 2
    assert b'"/caf\\xe9" is not UTF-8' in done.stderr


def test_the_name_of_an_image_does_not_steer_the_terminal(tmp_path: Path) -> None:
    done = _secure(tmp_path, "run", "\x1b[31m\u202ered.tar")
    assert done.returncode == 125
    told = done.stderr.decode()
    assert told.count(r"\x1b[31m\u202ered.tar") == 2  # while it is prepared, and in the error
    assert "\x1b" not in told
    assert "\u202e" not in told


@pytest.mark.parametrize("words", [("--help",), ("policy", "list"), ("info",)])
def test_a_result_without_a_standard_output_is_no_success(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = _secure(tmp_path, *words, streams=">&-")
    assert done.returncode == 4
    assert done.stderr == b"secure: error: cannot write the result: Bad file descriptor\n"


def test_without_any_stream_the_exit_code_is_the_same(tmp_path: Path) -> None:
    assert _secure(tmp_path, "policy", "list", streams="<&- >&- 2>&-").returncode == 4
    assert _secure(tmp_path, "nonsense", streams="<&- >&- 2>&-").returncode == 2


def test_a_policy_file_without_a_folder_is_told_how_to_be_named(tmp_path: Path) -> None:
    done = _secure(tmp_path, "check", "app.tar", "--policy", "mine")
    assert done.returncode == 3
    assert b'called "mine"' in done.stderr
    assert b"such as ./mine" in done.stderr


def test_a_data_directory_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "DATA").write_text("")
    done = _secure(tmp_path, "db", "status")
    assert (done.returncode, b"set XDG_DATA_HOME" in done.stderr) == (4, True)


def test_files_without_an_advisory_replace_no_database(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text("[]")
    done = _secure(tmp_path, "db", "build", "--from", str(tmp_path / "none.json"))
    assert (done.returncode, b"no advisory is in" in done.stderr) == (3, True)
    assert not (tmp_path / "DATA/secure/vulndb/current.json").exists()


def test_a_check_of_an_sbom_says_what_to_do_instead(tmp_path: Path) -> None:
    done = _secure(tmp_path, "check", "sbom:app.cdx.json")
    assert (done.returncode, b"secure scan sbom:FILE" in done.stderr) == (2, True)


def test_a_verb_without_its_file_is_no_image(tmp_path: Path) -> None:
    done = _secure(tmp_path, "sbom", "quality")
    assert (done.returncode, b"makes no sense" in done.stderr) == (2, True)


def test_a_packed_root_file_system_is_told_from_an_image(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "root.tar", "w") as archive:
        console = tarfile.TarInfo("dev/console")
        console.type = tarfile.CHRTYPE
        archive.addfile(console)
    done = _secure(tmp_path, "scan", str(tmp_path / "root.tar"))
    assert done.returncode == 3
    assert b'"dev/console" is a character device' in done.stderr
    assert b"unpack it and give the directory" in done.stderr


def test_the_demo_of_an_image_that_is_not_there_is_no_success(tmp_path: Path) -> None:
    done = _secure(tmp_path, "demo", "--image", "missing.tar")
    assert done.returncode == 3
    assert done.stderr.count(b"there is no image at") == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = "/proc/self/mem"  # at its beginning no process has memory: EIO
    done = _secure(tmp_path, "db", "build", "--from", file)
    assert (done.returncode, b"Traceback" in done.stderr) == (3, False)
    assert f'cannot read "{file}"'.encode() in done.stderr
    with pytest.raises(DocumentError, match=f'cannot read "{file}"'):
        file_content(file, 100)


@pytest.mark.parametrize(("typed", "hint"), [
    ("ap.tar", 'Did you mean "app.tar"?'),
    ("./ap.tar", 'Did you mean "./app.tar"?'),
    ("nginx:1.27", "not from registries: docker save nginx:1.27 -o image.tar"),
    ("registry.example/team/web", "not from registries"),
    ("/nowhere/at-all.tar", "Give the path of an archive"),
])  # fmt: skip
def test_who_names_an_image_that_is_not_there_is_told_what_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.tar").touch()
    done = _secure(tmp_path, "check", typed)
    assert done.returncode == 3
    said = done.stderr.decode().splitlines()
    assert said[0] == f'secure: error: there is no image at "{typed}"'
    assert hint in said[1]
    assert len(said) == 2


@pytest.mark.parametrize("command", ["check", "scan", "run", "diff", "audit", "images", "policy"])
def test_a_command_without_what_it_needs_says_where_its_help_is(
    tmp_path: Path, command: str
) -> None:
    done = _secure(tmp_path, command)
    assert done.returncode == 2
    assert done.stderr.decode().endswith(f"See: secure {command} --help\n")


def test_every_severity_that_fail_on_takes_is_in_its_help(tmp_path: Path) -> None:
    for severity in SEVERITIES:
        assert severity in help_text(SCAN)
        assert severity in help_text(DIFF)
        done = _secure(tmp_path, "scan", "--fail-on", severity, "none.tar")
        assert b"there is no image" in done.stderr


def test_the_log_calls_a_torn_line_what_verification_calls_it(tmp_path: Path) -> None:
    log = tmp_path / "DATA/secure/audit/log.jsonl"
    chain.append(str(log), "launch", {"id": "1", "image": {"reference": "a"}, "argv": []}, NOW)
    log.write_bytes(log.read_bytes() + b'{"seq":2,')
    told = _secure(tmp_path, "audit", "log").stdout.decode()
    assert "!!! log.jsonl:2 is no record; why: secure audit verify" in told
    verified = _secure(tmp_path, "audit", "verify").stdout.decode()
    assert "log.jsonl:2: record 2 is torn" in verified
    assert "1 record holds" in verified
