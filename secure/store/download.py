"""A file from a web server onto this machine: resumed, checked, or not there.

Kept beside `path` is a note of what the server said of the file (`path`.json), so that an unchanged
one is not sent again (RFC 9110, 13), and the part that came before an interruption (`path`.part),
so that only the rest is asked for (14). Mirrors are tried in their order.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from email.utils import parsedate_to_datetime
from typing import IO

import msgspec

from secure.errors import (
    DigestMismatchError,
    InputError,
    LimitExceededError,
    MachineError,
    NotFoundError,
)
from secure.facts.plain import plain
from secure.store.atomic import remove_quietly, write_file
from secure.store.web_address import fault_of, shown

_PIECE = 256 * 1024
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class Patience(msgspec.Struct, frozen=True):
    """How long and how often to wait.

    Args:
        attempts: requests to one server for one file.
        first_pause_s: before the second attempt; doubled for each further one.
        longest_pause_s: also where a server asks for more (Retry-After).
        stall_s: without a single byte, or at less than `least_bytes_per_s` on average.
    """

    attempts: int = 5
    first_pause_s: float = 1.0
    longest_pause_s: float = 120.0
    stall_s: float = 30.0
    least_bytes_per_s: int = 1024
    pause: Callable[[float], None] = time.sleep


class UnreachableError(MachineError):
    """No server gave the file.

    Args:
        silent: no connection to any of them came about, so other files will not be had either.
    """

    def __init__(self, what: str, *, do: str = "", silent: bool = False) -> None:
        super().__init__(plain(what), do=do)  # a status line is the server's own words
        self.silent = silent


class _Note(msgspec.Struct, frozen=True):
    """What was said of the file that is there, or of its part."""

    url: str = ""
    etag: str = ""
    modified: str = ""
    size: int = -1
    sha256: str = ""


class _Retry(Exception):  # noqa: N818 - not an error: another attempt may help
    """Another attempt may help."""

    def __init__(self, why: str, after_s: float = 0.0, *, silent: bool = False) -> None:
        super().__init__(why)
        self.after_s, self.silent = after_s, silent


class _Wanted(msgspec.Struct, frozen=True):
    """One file at one server; see `download`."""

    url: str
    path: str
    max_bytes: int
    digest: str


def download(
    urls: list[str], path: str, max_bytes: int, patience: Patience, digest: str = ""
) -> bool:
    """Have what is at one of `urls` at `path`; True where it is another file than before.

    Args:
        digest: what it must be, as "sha256:HEX" or "sha512:HEX"; "" where nobody says.

    Raises:
        NotFoundError: every server says that there is none.
        UnreachableError: no server gave it; the file at `path` is as it was.
        LimitExceededError: it is larger than `max_bytes`.
    """
    said: list[InputError | MachineError] = []
    for url in urls:
        try:
            return _from_one(_Wanted(url, path, max_bytes, digest), patience)
        except (NotFoundError, UnreachableError, DigestMismatchError) as cause:
            said.append(cause)
    if all(isinstance(one, NotFoundError) for one in said):
        raise said[-1]
    raise UnreachableError(
        "; ".join(one.what for one in said),
        do="Try again later, or name a mirror with --url.",
        silent=all(isinstance(one, UnreachableError) and one.silent for one in said),
    )


def _from_one(wanted: _Wanted, patience: Patience) -> bool:
    if fault := fault_of(wanted.url):
        raise NotFoundError(f'"{shown(wanted.url)}" is no web address: {fault}')
    pause, why, silent = patience.first_pause_s, "", True
    for attempt in range(patience.attempts):
        try:
            return _attempt(wanted, patience)
        except _Retry as again:
            why, silent = str(again), silent and again.silent
            if attempt + 1 < patience.attempts:
                patience.pause(min(max(pause, again.after_s), patience.longest_pause_s))
                pause *= 2
    raise UnreachableError(
        f'"{wanted.url}" was not given in {patience.attempts} attempts: {why}', silent=silent
    )


def _attempt(wanted: _Wanted, patience: Patience) -> bool:
    url, path = wanted.url, wanted.path
    part, known, begun = f"{path}.part", _note(path), _note(f"{path}.part")
    have = os.path.getsize(part) if os.path.exists(part) and begun.url == url else 0
    request = urllib.request.Request(url, headers={"User-Agent": "secure"})  # noqa: S310 - checked
    if have and begun.etag:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", begun.etag)
    elif os.path.exists(path) and known.url == url:
        have = 0
        for header, value in (("If-None-Match", known.etag), ("If-Modified-Since", known.modified)):
            if value:
                request.add_header(header, value)
    try:
        answer = _opener().open(request, timeout=patience.stall_s)
    except urllib.error.HTTPError as cause:
        with closing(cause):
            return _refused(cause, url, part)
    except (OSError, http.client.HTTPException) as cause:
        reason = getattr(cause, "reason", cause)
        # What urllib wraps came before an answer: no such host, refused, no TLS.
        silent = isinstance(cause, urllib.error.URLError)
        raise _Retry(str(reason) or type(cause).__name__, silent=silent) from cause
    except ValueError as cause:  # urllib's, of what cannot be asked for
        raise UnreachableError(f'"{url}" is or leads to no web address: {cause}') from cause
    with answer:
        try:
            return _receive(answer, wanted, have, patience)
        except OSError as cause:  # not of the network, whose errors `_piece` catches
            raise MachineError(
                f'cannot keep "{path}": {cause.strerror}', do="Free some space there."
            ) from cause
        except LimitExceededError:
            remove_quietly(part)  # the rest would be no more welcome the next time
            remove_quietly(f"{part}.json")
            raise


def _refused(answer: urllib.error.HTTPError, url: str, part: str) -> bool:
    """What a status other than 200 and 206 means."""
    if answer.code == 304:
        return False
    if answer.code == 416:  # the part is longer than the file is now
        remove_quietly(part)
        raise _Retry("the file has become shorter")
    if answer.code in _AGAIN:
        raise _Retry(f"{answer.code} {answer.reason}", _retry_after(answer.headers["Retry-After"]))
    if answer.code in {404, 410}:
        raise NotFoundError(f'"{url}" does not exist ({answer.code})')
    raise UnreachableError(f'"{url}" was refused: {answer.code} {answer.reason}')


def _retry_after(text: str | None) -> float:
    """Seconds; RFC 9110, 10.2.3 also allows a date."""
    if not text:
        return 0.0
    if text.isdecimal():
        return float(text[:9])
    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, OverflowError):
        return 0.0


def _receive(
    answer: http.client.HTTPResponse, wanted: _Wanted, have: int, patience: Patience
) -> bool:
    url, path, max_bytes = wanted.url, wanted.path, wanted.max_bytes
    headers, part = answer.headers, f"{path}.part"
    if answer.status != 206 or not _continues(headers["Content-Range"], have):
        have = 0
    length = headers["Content-Length"]
    # No file has more digits than that; int() takes no more than 4,300.
    size = have + int(length[:19]) if length and length.isdecimal() else -1
    if size > max_bytes:
        raise LimitExceededError("max_bytes", url, f"{max_bytes} bytes")
    note = _Note(url, headers["ETag"] or "", headers["Last-Modified"] or "", size)
    write_file(f"{part}.json", msgspec.json.encode(note))
    with open(part, "r+b" if have else "wb") as file:
        file.seek(have)
        file.truncate()
        made = have + _copy(answer, file.write, max_bytes - have, url, patience)
        file.flush()
        os.fsync(file.fileno())
    if size >= 0 and made != size:
        raise _Retry(f"the connection ended after {made} of {size} bytes")
    _check_told(part, wanted)
    digest = _checked(part, headers["X-Goog-Hash"] or "", headers["Repr-Digest"] or "", url)
    os.rename(part, path)
    remove_quietly(f"{part}.json")
    write_file(f"{path}.json", msgspec.json.encode(msgspec.structs.replace(note, sha256=digest)))
    return True


def _continues(content_range: str | None, have: int) -> bool:
    return bool(have) and (content_range or "").startswith(f"bytes {have}-")


def _copy(
    answer: http.client.HTTPResponse,
    write: Callable[[bytes], object],
    most: int,
    url: str,
    patience: Patience,
) -> int:
    made, begun = 0, time.monotonic()
    while piece := _piece(answer):
        made += len(piece)
        if made > most:
            raise LimitExceededError("max_bytes", url, f"{most} bytes")
        write(piece)
        spent = time.monotonic() - begun
        if spent > patience.stall_s and made < spent * patience.least_bytes_per_s:
            raise _Retry(f"only {made} bytes came in {spent:.0f} s")
    return made


def _piece(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read1(_PIECE)
    except (OSError, http.client.HTTPException) as cause:
        raise _Retry(str(cause) or type(cause).__name__) from cause


def _check_told(part: str, wanted: _Wanted) -> None:
    """What came is what somebody else said it would be: a list that names the file."""
    algorithm, _, told = wanted.digest.partition(":")
    if told and digest_of(part, algorithm) != told:
        remove_quietly(part)
        raise DigestMismatchError(f'"{wanted.url}" has not the {algorithm} that it must have')


def digest_of(path: str, algorithm: str) -> str:
    """Of the file at `path`, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _checked(part: str, goog_hash: str, repr_digest: str, url: str) -> str:
    """The sha256 of what came, after it was held against the digests that the server told.

    Source: Google Cloud Storage, "x-goog-hash"; RFC 9530, "Repr-Digest".
    """
    with open(part, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256")
    expected = {}
    for one in repr_digest.split(","):
        name, _, value = one.strip().partition("=")
        if name == "sha-256":
            expected[value.strip(":")] = sha256.digest()
    for one in goog_hash.split(","):
        name, _, value = one.strip().partition("=")
        if name == "md5":
            with open(part, "rb") as file:
                expected[value] = hashlib.file_digest(file, _md5).digest()
    for text, found in expected.items():
        if base64.b64encode(found).decode() != text:
            remove_quietly(part)
            raise DigestMismatchError(f'"{url}" has not the digest that its server tells')
    return sha256.hexdigest()


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)


def _note(path: str) -> _Note:
    try:
        with open(f"{path}.json", "rb") as file:
            return msgspec.json.decode(file.read(_PIECE), type=_Note)
    except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
        return _Note()


class _NoWayDown(urllib.request.HTTPRedirectHandler):
    """A redirection leads to the web, and from https to https."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        down = req.full_url.startswith("https:") and not newurl.startswith("https:")
        if down or fault_of(newurl):
            fp.close()
            raise UnreachableError(f'"{req.full_url}" leads to "{shown(newurl)}"')
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
    ) -> object:
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError:  # it leads to what is no address
            fp.close()
            raise

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _opener() -> urllib.request.OpenerDirector:
    """http and https only: no file:, ftp: or data: behind a redirection."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _NoWayDown(),
    ):
        opener.add_handler(handler)
    return opener
