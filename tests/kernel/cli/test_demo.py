"""The main job: `secure demo` as a new user would try it, twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from containers import caller
from installation import Account, Ended, Installed, leaves_nothing
from made_images import Images

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module", params=["user", "root"])
def tried(
    request: pytest.FixtureRequest, installed: Installed
) -> Iterator[tuple[Account, tuple[Ended, Ended], float]]:
    """A fresh home, both runs, and how long they took."""
    with installed.account(caller(request.param)) as account:
        started = time.monotonic()
        with leaves_nothing(account):
            runs = (account.secure("demo"), account.secure("demo"))
        yield account, runs, time.monotonic() - started


Tried = tuple[Account, tuple[Ended, Ended], float]


def test_it_ends_well_twice_and_in_time(tried: Tried) -> None:
    _, runs, seconds = tried
    assert [run.code for run in runs] == [0, 0], runs[0].err + runs[1].err
    assert seconds < 60


@pytest.mark.parametrize("number", [0, 1])
def test_it_shows_the_whole_line(tried: Tried, number: int) -> None:
    out = tried[1][number].out
    for words in (
        "DENIED", "ALLOWED", "hello from", "I am uid=10001", "I cannot write to my image",
        "I cannot make namespaces", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2",
        "records hold", "report.html",
    ):  # fmt: skip
        assert words in out, words


def test_the_bad_image_is_refused_for_what_is_bad(tried: Tried) -> None:
    account, _, _ = tried
    ended = account.secure("check", str(account.data / "demo/bad.tar"), "--format", "json")
    assert ended.code == 1
    found = {one["rule"] for one in json.loads(ended.out)["findings"]}
    assert {"IMG001", "CON006"} <= found


def test_the_bad_image_never_ran(tried: Tried) -> None:
    account, _, _ = tried
    launched = [body["image"]["reference"] for kind, body in account.records() if kind == "launch"]
    assert len(launched) == 2
    assert all(reference.endswith("good.tar") for reference in launched)
    refused = [body["image"]["reference"] for kind, body in account.records() if kind == "refusal"]
    assert len(refused) == 2
    assert all(reference.endswith("bad.tar") for reference in refused)


def test_the_report_holds_both_verdicts(tried: Tried) -> None:
    account, _, _ = tried
    page = (account.data / "demo/report.html").read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>")
    for words in ("good.tar", "bad.tar", "denied", "allowed"):
        assert words in page.lower(), words


def test_the_log_holds_and_the_bills_are_there(tried: Tried) -> None:
    account, _, _ = tried
    assert account.secure("audit", "verify").code == 0
    for name in ("good", "bad"):
        bill = json.loads((account.data / f"demo/{name}.tar.cdx.json").read_text())
        assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")


def test_it_takes_an_image_of_the_users_own(newcomer: Account, images: Images) -> None:
    ended = newcomer.secure("demo", "--image", images.good)
    assert ended.code == 0, ended.err
    assert "uid=10001(app)" in ended.out
    assert (newcomer.data / "demo/report.html").exists()


def test_an_image_of_the_users_own_is_stopped_after_a_while(
    newcomer: Account, images: Images
) -> None:
    path = images.made("sleeper", cmd=("/bin/sleep", "300"))
    with leaves_nothing(newcomer):
        ended = newcomer.secure("demo", "--image", path, "--seconds", "1")
    assert ended.code == 0, ended.err
    assert (newcomer.data / "demo/report.html").exists()
