"""Downloads over the faults of real servers: resumed, not repeated, checked, bounded."""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from feed_server import FeedServer, serving

from secure.errors import DigestMismatchError, LimitExceededError, MachineError, NotFoundError
from secure.store.download import Patience, UnreachableError, download

_CONTENT = bytes(range(256)) * 2000


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serving() as made:
        made.files["/a.zip"] = _CONTENT
        yield made


class _Waits(list[float]):
    """How long was waited, without waiting."""

    def patience(self, **more: float) -> Patience:
        return Patience(pause=self.append, **more)  # type: ignore[arg-type]  # only floats are given


def _get(server: FeedServer, path: Path, patience: Patience | None = None) -> bool:
    patience = patience or _Waits().patience()
    return download([f"{server.url}/a.zip"], str(path), 10 << 20, patience)


def test_what_is_unchanged_is_not_sent_again(server: FeedServer, tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert _get(server, path)
    assert not _get(server, path)
    server.files["/a.zip"] = b"other"
    assert _get(server, path)
    assert path.read_bytes() == b"other"


def test_a_connection_that_ended_is_resumed_where_it_ended(
    server: FeedServer, tmp_path: Path
) -> None:
    server.faults = ["cut"]
    assert _get(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == _CONTENT
    assert server.asked == [("/a.zip", ""), ("/a.zip", f"bytes={len(_CONTENT) // 2}-")]


def test_what_a_killed_download_left_is_resumed(server: FeedServer, tmp_path: Path) -> None:
    server.faults = ["cut"]
    with pytest.raises(UnreachableError):
        _get(server, tmp_path / "a", Patience(attempts=1))
    assert not (tmp_path / "a").exists()
    assert _get(server, tmp_path / "a")
    assert server.asked[-1][1] == f"bytes={len(_CONTENT) // 2}-"
    assert (tmp_path / "a").read_bytes() == _CONTENT


def test_another_file_since_the_interruption_is_fetched_whole(
    server: FeedServer, tmp_path: Path
) -> None:
    server.faults = ["cut"]
    with pytest.raises(UnreachableError):
        _get(server, tmp_path / "a", Patience(attempts=1))
    server.files["/a.zip"] = b"other" * 100_000
    assert _get(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"other" * 100_000


def test_a_busy_server_is_asked_again_when_it_says(server: FeedServer, tmp_path: Path) -> None:
    waits = _Waits()
    server.faults = ["429", "503", "500"]
    server.retry_after = "7"
    assert _get(server, tmp_path / "a", waits.patience())
    assert waits == [7.0, 7.0, 7.0]


def test_without_a_word_of_the_server_the_pauses_double(server: FeedServer, tmp_path: Path) -> None:
    waits = _Waits()
    server.faults = ["503"] * 4
    server.retry_after = "not a time"
    assert _get(server, tmp_path / "a", waits.patience())
    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_no_pause_is_longer_than_ours(server: FeedServer, tmp_path: Path) -> None:
    waits = _Waits()
    server.faults, server.retry_after = ["429"], "999999999"
    assert _get(server, tmp_path / "a", waits.patience(longest_pause_s=60.0))
    assert waits == [60.0]


def test_a_server_that_stays_busy_is_given_up_by_name(server: FeedServer, tmp_path: Path) -> None:
    server.faults = ["503"] * 5
    with pytest.raises(UnreachableError, match="in 5 attempts: 503"):
        _get(server, tmp_path / "a")


def test_a_connection_that_stalls_is_left_and_resumed(server: FeedServer, tmp_path: Path) -> None:
    server.faults = ["stall"]
    assert _get(server, tmp_path / "a", _Waits().patience(stall_s=0.3))
    assert (tmp_path / "a").read_bytes() == _CONTENT


def test_the_next_mirror_is_asked_where_one_fails(server: FeedServer, tmp_path: Path) -> None:
    urls = ["http://127.0.0.1:1/a.zip", f"{server.url}/none", f"{server.url}/a.zip"]
    assert download(urls, str(tmp_path / "a"), 10 << 20, _Waits().patience(attempts=1))
    assert (tmp_path / "a").read_bytes() == _CONTENT


def test_what_no_server_has_is_not_found(server: FeedServer, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="404"):
        download([f"{server.url}/none"], str(tmp_path / "a"), 100, _Waits().patience())


def test_content_with_another_digest_is_refused(server: FeedServer, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    server.faults = ["wrong-digest"]
    with pytest.raises((DigestMismatchError, UnreachableError), match="digest"):
        _get(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"old"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_content_with_another_digest_than_a_list_says_is_refused(
    server: FeedServer, tmp_path: Path, algorithm: str
) -> None:
    urls, path = [f"{server.url}/a.zip"], tmp_path / "a"
    told = f"{algorithm}:{hashlib.new(algorithm, _CONTENT).hexdigest()}"
    assert download(urls, str(path), 10 << 20, Patience(attempts=1), told)
    server.files["/a.zip"] = b"other"
    with pytest.raises(UnreachableError, match=f"not the {algorithm}"):
        download(urls, str(path), 10 << 20, Patience(attempts=1), told)
    assert path.read_bytes() == _CONTENT
    assert not (tmp_path / "a.part").exists()


def test_the_digest_of_googles_storage_is_compared(server: FeedServer, tmp_path: Path) -> None:
    server.faults = ["goog"]
    assert _get(server, tmp_path / "a")
    server.faults = ["wrong-goog"]
    with pytest.raises(UnreachableError, match="not the digest"):
        _get(server, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_part_that_is_longer_than_the_file_is_thrown_away(
    server: FeedServer, tmp_path: Path
) -> None:
    server.faults = ["cut", "416"]
    assert _get(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == _CONTENT
    assert [asked for _, asked in server.asked] == ["", f"bytes={len(_CONTENT) // 2}-", ""]


def test_a_file_that_is_too_large_is_not_taken(server: FeedServer, tmp_path: Path) -> None:
    for fault in ("", "endless"):
        server.faults = [fault]
        with pytest.raises(LimitExceededError):
            download([f"{server.url}/a.zip"], str(tmp_path / "a"), 1000, _Waits().patience())
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_is_no_fault_of_the_server(server: FeedServer, tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands for it: write(2) fails in the middle of a file alike."""
    waits = _Waits()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(MachineError, match=r'cannot keep ".*": File too large') as told:
            _get(server, tmp_path / "a", waits.patience())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not isinstance(told.value, UnreachableError)
    assert (len(server.asked), waits) == (1, [])


@pytest.mark.parametrize("where", ["file:///etc/passwd", "ftp://127.0.0.1:1/x", "data:,x"])
def test_a_redirection_leads_to_the_web_only(
    server: FeedServer, tmp_path: Path, where: str
) -> None:
    server.faults = [f"to:{where}"]
    with pytest.raises((UnreachableError, NotFoundError)):
        _get(server, tmp_path / "a", _Waits().patience(attempts=1))
    assert not (tmp_path / "a").exists()


def test_a_file_of_this_machine_is_no_web_address(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no web address"):
        download(["file:///etc/passwd"], str(tmp_path / "a"), 1000, Patience())


@pytest.mark.parametrize(
    "answer",
    [
        "HTTP/1.1 403 \x1b[2Jgone\r\n\r\n",
        "HTTP/1.1 503 \x1b[2Jbusy\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://localhost:port/\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: //\x1b[2J/\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nContent-Length: {'9' * 5000}\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    ],
)
def test_an_answer_that_is_none_is_named_in_plain_words(
    server: FeedServer, tmp_path: Path, answer: str
) -> None:
    server.faults = [f"raw:{answer}"]
    with pytest.raises((UnreachableError, LimitExceededError)) as caught:
        _get(server, tmp_path / "a", Patience(attempts=1))
    assert caught.value.what.isprintable()
    assert _get(server, tmp_path / "a")


@pytest.mark.parametrize("url", ["http://[::1/a", "http://127.0.0.1:9/\xe9", "http://a b/\n"])
def test_what_is_no_address_is_named(tmp_path: Path, url: str) -> None:
    with pytest.raises((UnreachableError, NotFoundError)):
        download([url], str(tmp_path / "a"), 10, Patience(attempts=1))
