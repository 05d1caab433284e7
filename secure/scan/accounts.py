"""Accounts of an image: passwd(5) joined with shadow(5), and its groups: group(5)."""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.files import Account, Group
from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.scan.cataloger import FileView
from secure.scan.layer_facts import Shadow

PASSWD = b"etc/passwd"
SHADOW = b"etc/shadow"
GROUP = b"etc/group"
MAX_BYTES = 4 * 1024 * 1024

_IN_SHADOW = "x"


def parse_passwd(file: FileView) -> Iterator[Account | Unreadable]:
    """One account per line; `password` stays "" where /etc/shadow has to say it."""
    for number, line in _lines(file.content):
        parts = line.split(":")
        # NIS entries ("+::::::") name no account of the image itself.
        if line[0] in "+-":
            continue
        if len(parts) != 7 or not (parts[2].isdecimal() and parts[3].isdecimal()):
            yield file.unreadable(f"line {number} is no passwd line")
            continue
        name, password, uid, gid, _, home, shell = parts
        state = "" if password == _IN_SHADOW else password_state(password)
        yield Account(name, _number(uid), _number(gid), home, shell, state)


def parse_shadow(file: FileView) -> Iterator[Shadow | Unreadable]:
    for number, line in _lines(file.content):
        name, colon, rest = line.partition(":")
        if colon:
            yield Shadow(name, password_state(rest.partition(":")[0]))
        else:
            yield file.unreadable(f"line {number} is no shadow line")


def parse_group(file: FileView) -> Iterator[Group | Unreadable]:
    for number, line in _lines(file.content):
        parts = line.split(":")
        if line[0] in "+-":
            continue
        if len(parts) == 4 and parts[2].isdecimal():
            yield Group(parts[0], _number(parts[2]))
        else:
            yield file.unreadable(f"line {number} is no group line")


def password_state(field: str) -> str:
    """ "empty": anyone may log in; "locked": no password matches; "hash": one does.

    shadow(5): a leading "!" locks; "*" and every other string that crypt(3) cannot make match
    nothing.
    """
    if not field:
        return "empty"
    if field[0] in "!*":
        return "locked"
    # DES crypt hashes have 13 characters, BSDi's start with "_"; all others with "$".
    return "hash" if field[0] in "$_" or len(field) == 13 else "locked"


def joined(accounts: tuple[Account, ...], shadows: tuple[Shadow, ...]) -> tuple[Account, ...]:
    """Accounts with the password state their shadow line gives."""
    states = {line.name: line.password for line in reversed(shadows)}
    return tuple(
        account
        if account.password
        else Account(
            account.name,
            account.uid,
            account.gid,
            account.home,
            account.shell,
            states.get(account.name, ""),
        )
        for account in accounts
    )


def _lines(content: bytes) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text(content).split("\n"), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line.rstrip("\r")


def _number(digits: str) -> int:
    # A uid beyond 32 bits is no uid; programs cut it to its low bits, so that 2^32 is root.
    return int(digits[:20]) & 0xFFFFFFFF
