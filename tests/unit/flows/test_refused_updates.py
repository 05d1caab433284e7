"""What an update is asked for and cannot be: refused at once, before anything is fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure.cli.main import main
from secure.errors import UsageError
from secure.flows.db import feed_list
from secure.flows.db_wanted import check_ecosystems


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


_NAMES = [
    (("--ecosystem", "Nope"), 'there are no advisories of "Nope"', "There is: AlmaLinux, "),
    (("--ecosystem", "pypi"), 'there are no advisories of "pypi"', "Did you mean PyPI?"),
    (("--ecosystem", "rubygem"), 'there are no advisories of "rubygem"', "Did you mean RubyGems?"),
    (("--ecosystem", "red hat vx"), '"red hat vx"', "Did you mean Red Hat VEX or Red Hat?"),
    (("--ecosystem", "npm", "--ecosystem", "a", "--ecosystem", "b"), '"a", "b"', "There is: "),
    (("--ecosystem", "Amazon Linux:2"), '"Amazon Linux:2"', "Did you mean Amazon Linux"),
    (("--ecosystem", "\x1b[2J"), r'there are no advisories of "\x1b[2J"', "There is: "),
    (("--also", "Nope"), 'nothing is on request as "Nope"', "There is: Alpine secdb, "),
    (("--also", "SUSE"), 'nothing is on request as "SUSE"', "Did you mean SUSE OVAL?"),
]
_SERVERS = [
    ("ftp://127.0.0.1/osv", "ftp://127.0.0.1/osv", "it is not http:// or https://"),
    ("mirror.example/osv", "mirror.example/osv", "it is not http:// or https://"),
    ("file:///etc", "file:///etc", "it is not http:// or https://"),
    ("https:///osv", "https:///osv", "it names no server"),
    ("https://:443/osv", "https://:443/osv", "it names no server"),
    ("https://me:made-up@127.0.0.1/osv", "https://127.0.0.1/osv", "it has a user or a password"),
    ("https://me@127.0.0.1/osv", "https://127.0.0.1/osv", "it has a user or a password"),
    ("https://127.0.0.1:99999/", "https://127.0.0.1:99999/", "Port out of range"),
    ("https://[::1/", "https://[::1/", "Invalid IPv6 URL"),
    ("https://127.0.0.1/o v", "https://127.0.0.1/o v", "it has characters that no web address has"),
    ("https://127.0.0.1/\r\nX: y", r"https://127.0.0.1/\r\nX: y", "it has characters that no"),
    (
        "https://127.0.0.1/osv?key=1",
        "https://127.0.0.1/osv?key=1",
        "it has a question or a fragment",
    ),
]


@pytest.mark.parametrize(("argv", "what", "do"), _NAMES)
def test_a_name_that_nobody_has_is_refused_with_those_that_are_like_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], what: str, do: str
) -> None:
    assert main(["db", "update", *argv]) == 2
    said = capsys.readouterr().err
    assert what in said
    assert do in said
    assert list(tmp_path.iterdir()) == []  # no folder of a download or a database


@pytest.mark.parametrize(("url", "named", "why"), _SERVERS)
def test_what_is_no_server_is_refused_once_and_tells_no_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, named: str, why: str
) -> None:
    assert main(["db", "update", "--url", "https://127.0.0.1:1", "--url", url]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) <= 2
    assert f'"{named}": {why}' in said
    assert "made-up" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/db", "https://me:made-up@127.0.0.1/db"])
def test_an_import_from_no_web_address_is_refused_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    assert main(["db", "import", url]) == 2
    said = capsys.readouterr().err
    assert "cannot import" in said
    assert "made-up" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["Debian:12", "Bitnami", "Linux", "Fedora", "Debian tracker"])
def test_names_of_osv_and_of_ours_are_known(name: str) -> None:
    check_ecosystems(feed_list(), [name])


def test_all_that_is_fetched_usually_can_be_asked_for_by_name() -> None:
    feeds = feed_list()
    check_ecosystems(feeds, (*feeds.ecosystems, *feeds.vendors, *feeds.on_request))
    with pytest.raises(UsageError):
        check_ecosystems(feeds, [f"{name}x" for name in feeds.ecosystems])
