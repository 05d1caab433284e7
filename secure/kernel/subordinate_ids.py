"""Subordinate ids: ranges that root gave a user, and the setuid tools that map them.

Source: subuid(5), newuidmap(1). No name service is asked: it would load libraries; a user that only
LDAP knows is found by the number.
"""

from __future__ import annotations

import _stat as stat  # its C half, which is in the interpreter

from secure import system as os
from secure.kernel.feature import Feature

FEWEST = 65_536
PLACES = ("/usr/bin", "/usr/local/bin", "/bin")
_FIRST_FREE = 100_000
_MAX_BYTES = 1 << 20


def look(
    etc: str = "/etc", places: tuple[str, ...] = PLACES, status: str = "/proc/self/status"
) -> Feature:
    """Whether this user can map a range of `FEWEST` uids and gids.

    Args:
        etc: where subuid, subgid and passwd are.
        places: where newuidmap and newgidmap may be.
        status: the caller's /proc/PID/status.
    """
    uid = os.geteuid()
    if uid == 0:
        return Feature(True, "root maps any range")
    name = login_name(_content(f"{etc}/passwd"), uid)
    for file in ("subuid", "subgid"):
        content = _content(f"{etc}/{file}")
        if not any(count >= FEWEST for _, count in ranges(content, name, uid)):
            start = max(_first_free(_content(f"{etc}/{each}")) for each in ("subuid", "subgid"))
            new = f"{start}-{start + FEWEST - 1}"
            return Feature(
                False,
                "none",
                f'{etc}/{file} gives user "{name}" no range of {FEWEST} ids',
                f"Once as root: usermod --add-subuids {new} --add-subgids {new} {name}",
            )
    return _tools(places, status)


def first_range(file: str, uid: int, etc: str = "/etc") -> int:
    """First id of a range of `FEWEST` or more that "subuid" or "subgid" gives the user; 0: none."""
    name = login_name(_content(f"{etc}/passwd"), uid)
    found = ranges(_content(f"{etc}/{file}"), name, uid)
    return next((start for start, count in found if count >= FEWEST and start > 0), 0)


def ranges(content: bytes, name: str, uid: int) -> tuple[tuple[int, int], ...]:
    """(first id, count) of each line of subuid(5) for this user, by name or number."""
    return tuple(
        (start, count) for owner, start, count in _lines(content) if owner in (name, str(uid))
    )


def login_name(passwd: bytes, uid: int) -> str:
    """The name of `uid` in the form of passwd(5); the number where it has none."""
    for line in passwd.decode("utf-8", "surrogateescape").splitlines():
        fields = line.split(":")
        if len(fields) >= 3 and fields[2] == str(uid):
            return fields[0]
    return str(uid)


def _tools(places: tuple[str, ...], status: str) -> Feature:
    for tool in ("newuidmap", "newgidmap"):
        path = next((f"{p}/{tool}" for p in places if os.path.isfile(f"{p}/{tool}")), "")
        if not path:
            return Feature(
                False, "ids, but no tool", f"{tool} is not installed", "apt-get install uidmap"
            )
        if not _privileged(path):
            return Feature(
                False,
                "ids, but no tool",
                f"{path} is neither setuid root nor has file capabilities",
                f"Once as root: chmod u+s {path}",
            )
    if b"\nNoNewPrivs:\t1" in _content(status):
        return Feature(
            False,
            "ids, but no tool",
            "no_new_privs is set on this process, so newuidmap gets no privilege",
            "Start it from a shell without no_new_privs.",
        )
    return Feature(True, "newuidmap and newgidmap")


def _privileged(path: str) -> bool:
    found = os.stat(path)
    if found.st_mode & stat.S_ISUID and found.st_uid == 0:
        return True
    try:
        return bool(os.getxattr(path, "security.capability"))
    except OSError:
        return False


def _first_free(content: bytes) -> int:
    return max((start + count for _, start, count in _lines(content)), default=_FIRST_FREE)


def _lines(content: bytes) -> tuple[tuple[str, int, int], ...]:
    found = []
    for line in content.decode("utf-8", "surrogateescape").splitlines():
        owner, _, rest = line.strip().partition(":")
        start, _, count = rest.partition(":")
        if owner and _is_number(start) and _is_number(count):
            found.append((owner, int(start), int(count)))
    return tuple(found)


def _is_number(text: str) -> bool:
    # isdecimal alone takes other scripts' digits; ten digits hold every uid.
    return text.isascii() and text.isdecimal() and len(text) <= 10


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_BYTES)
    except OSError:
        return b""
