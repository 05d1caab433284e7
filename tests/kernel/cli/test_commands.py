"""Every command but `run`: exit codes, and output that its readers can read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from installation import Account, leaves_nothing
from made_images import Images

from secure.images.write import NewFile

pytestmark = pytest.mark.kernel


@pytest.fixture
def bad(images: Images) -> str:
    """An image that the checklist denies."""
    return images.made("bad", NewFile(b"bin/tool", b"#!/bin/sh\n", mode=0o4755), user="root")


def test_check_says_yes_no_and_cannot_say(person: Account, images: Images, bad: str) -> None:
    yes, no = person.secure("check", images.good), person.secure("check", bad)
    assert (yes.code, no.code, person.secure("check", images.truncated()).code) == (0, 1, 3)
    assert yes.out.startswith("ALLOWED")
    assert no.out.startswith("DENIED")
    assert "IMG001" in no.out
    assert "CON006" in no.out


def test_check_speaks_json_and_sarif(person: Account, bad: str) -> None:
    verdict = person.secure("check", "--format", "json", bad)
    assert verdict.code == 1
    assert json.loads(verdict.out)["verdict"]["outcome"] == "deny"
    sarif = person.secure("check", "--format", "sarif", bad)
    assert sarif.code == 1
    document = json.loads(sarif.out)
    assert document["version"] == "2.1.0"
    assert {"IMG001", "CON006"} <= {one["ruleId"] for one in document["runs"][0]["results"]}


def test_output_goes_to_a_file_whole(person: Account, bad: str) -> None:
    path = person.folder / "verdict.json"
    ended = person.secure("check", "--format", "json", "-o", str(path), bad)
    assert (ended.code, ended.out) == (1, "")
    assert json.loads(path.read_text())["verdict"]["outcome"] == "deny"


def test_output_that_cannot_be_written_is_told(person: Account, images: Images) -> None:
    with leaves_nothing(person):
        ended = person.secure("sbom", "-o", "/proc/no/such/file", images.good)
    assert ended.code == 4
    assert "/proc/no/such/file" in ended.err


def test_scan_speaks_json_and_cyclonedx(person: Account, images: Images) -> None:
    facts = person.secure("scan", "--format", "json", images.good)
    assert facts.code == 0
    assert "busybox-static" in {one["name"] for one in json.loads(facts.out)["packages"]}
    bill = person.secure("scan", "--format", "cyclonedx", images.good)
    assert json.loads(bill.out)["components"][0]["purl"].startswith("pkg:deb/debian/busybox")
    assert "busybox-static" in person.secure("scan", images.good).out


def test_sbom_is_the_same_bill_in_a_file(person: Account, images: Images) -> None:
    path = person.folder / "bill.cdx.json"
    assert person.secure("sbom", images.good, "-o", str(path)).code == 0
    assert json.loads(path.read_text())["specVersion"] == "1.6"


def test_messages_that_cannot_be_written_stop_no_launch(person: Account, images: Images) -> None:
    words = ("run", "--rm", images.good, "echo", "works")
    with (
        leaves_nothing(person),
        open("/dev/full", "wb") as full,
        person.start(*words, stderr=full) as process,
    ):
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "works\n")


def test_policies_are_listed_shown_and_explained(person: Account) -> None:
    assert person.secure("policy", "list").out.split() == ["checklist", "hardened", "oci"]
    assert "CON014" in person.secure("policy", "show", "hardened").out
    why = person.secure("policy", "explain", "RUN005")
    assert why.code == 0
    assert "uid 0" in why.out
    assert person.secure("policy", "explain", "NO999").code == 2
    assert person.secure("policy", "show", "nothing").code == 3


def test_a_valid_policy_is_told_to_be_one(person: Account) -> None:
    path = person.made(
        "mine.yaml", "apiVersion: secure/v1\nkind: Policy\nname: mine\nextends: checklist\n"
    )
    ended = person.secure("policy", "validate", str(path))
    assert (ended.code, ended.out) == (0, f"{path}: a valid policy, mine\n")


def test_images_are_loaded_run_by_name_and_removed(account: Account, images: Images) -> None:
    path = images.made("named", NewFile(b"app/named", b"yes"))
    ids = ["--userns", account.who.id_map] if account.who.id_map else []
    loaded = account.secure("images", "load", path, "--name", "web:1", *ids)
    assert loaded.code == 0, loaded.err
    digest = loaded.out.strip()
    assert f"{digest[7:19]}" in account.secure("images", "list").out
    assert account.secure("run", "web:1", "cat", "/app/named").out == "yes"
    assert account.secure("run", digest[7:19], "cat", "/app/named").out == "yes"
    with leaves_nothing(account):
        removed = account.secure("images", "rm", "web:1")
    assert removed.code == 0
    assert "removed " in removed.out
    assert digest[7:19] not in account.secure("images", "list").out
    assert account.secure("run", "web:1").code == 125
    assert account.secure("images", "rm", "web:1").code == 3


def test_a_removed_image_is_prepared_again_from_its_file(account: Account, images: Images) -> None:
    path = images.made("again", NewFile(b"app/again", b"yes"))
    assert account.secure("run", path, "cat", "/app/again").out == "yes"
    listed = account.secure("images", "list").out.splitlines()
    name = next(line.split()[0] for line in listed if "again.tar" in line)
    assert account.secure("images", "rm", name).code == 0
    assert account.secure("run", path, "cat", "/app/again").out == "yes"


def test_the_log_is_shown_verified_and_reported(person: Account, images: Images) -> None:
    person.secure("run", images.good)
    assert "launch" in person.secure("audit", "log", "-n", "2").out
    told = person.secure("audit", "evidence").out
    assert "enforced" in told
    head = person.secure("audit", "verify").out.split()[-1]
    person.secure("run", images.good)
    assert person.secure("audit", "verify", "--head", head).code == 0
    report = json.loads(person.secure("audit", "report", "--format", "json").out)
    assert report["launches"]
    assert "</html>" in person.secure("audit", "report").out


def test_a_changed_log_is_told_with_its_record(newcomer: Account, images: Images) -> None:
    for code in ("1", "2", "3"):
        newcomer.secure("run", images.good, "sh", "-c", f"exit {code}")
    assert newcomer.secure("audit", "verify").code == 0
    text = newcomer.log.read_text()
    newcomer.log.write_text(text.replace('"exit_code":2', '"exit_code":0'))
    ended = newcomer.secure("audit", "verify")
    assert (ended.code, ended.out) == (3, "")
    assert "record 4" in ended.err
    assert newcomer.secure("audit", "report", "-o", str(newcomer.folder / "r.html")).code == 0
    assert "record 4" in (newcomer.folder / "r.html").read_text()


def test_a_shortened_log_is_told_by_the_head_that_was_noted(
    newcomer: Account, images: Images
) -> None:
    newcomer.secure("run", images.good)
    head = newcomer.secure("audit", "verify").out.split()[-1]
    lines = newcomer.log.read_text().splitlines(keepends=True)
    newcomer.log.write_text("".join(lines[:-1]))
    assert newcomer.secure("audit", "verify", "--head", head).code == 3


def test_info_tells_what_this_machine_enforces(person: Account) -> None:
    ended = person.secure("info")
    assert ended.code == 0
    for words in ("user namespaces", "seccomp", "Landlock", "memory limit", "pids limit"):
        assert words in ended.out


@pytest.mark.parametrize(
    "words", [(), ("--help",), ("run", "--help"), ("check", "-h"), ("--version",)], ids=" ".join
)
def test_help_and_version_write_nothing(newcomer: Account, words: tuple[str, ...]) -> None:
    assert newcomer.secure(*words).code == 0
    assert not newcomer.data.exists()
    assert not newcomer.cache.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("chekc",), ("check",), ("check", "--formt", "json", "x"), ("check", "a", "b"),
        ("policy", "list", "x"), ("images", "frobnicate"), ("audit", "erase"),
        ("scan", "--format", "xml", "x"), ("run",), ("run", "--memory"),
        ("audit", "log", "-n", "0"), ("audit", "verify", "--head", "x"),
        ("demo", "--seconds", "soon", "--image", "x"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_2_and_says_how(newcomer: Account, words: tuple[str, ...]) -> None:
    ended = newcomer.secure(*words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("secure: error: ")


def test_a_reader_that_goes_away_is_no_error(person: Account, images: Images) -> None:
    process = person.start("scan", "--format", "json", images.good)
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    assert process.stderr.read() == ""
    assert process.wait(60) in {0, 3}
    process.stderr.close()


def test_state_is_for_its_owner_alone(newcomer: Account, images: Images) -> None:
    newcomer.secure("check", images.good)
    newcomer.secure("run", images.good)
    assert newcomer.data.stat().st_mode & 0o777 == 0o700
    assert newcomer.cache.stat().st_mode & 0o777 == 0o700
    assert newcomer.log.stat().st_mode & 0o077 == 0


def test_relative_paths_are_taken_from_the_working_directory(
    person: Account, images: Images
) -> None:
    folder = Path(images.good).parent
    assert person.secure("check", "./good.tar", cwd=folder).code == 0
    assert person.secure("run", "good.tar", "true", cwd=folder).code == 0
