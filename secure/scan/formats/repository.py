"""Addresses of source repositories, as lock files write them."""

from __future__ import annotations

import re

_SCHEME = re.compile(r"(?:git\+)?[a-z]{2,10}://(?:[^/@]{1,200}@)?", re.IGNORECASE)
_PARTS = re.compile(
    r"([a-z][a-z0-9+.-]{0,30}://)(?:([^/?#]*)@)?([^?#]*)(?:\?[^#]*)?(#.*)?",
    re.IGNORECASE | re.DOTALL,
)
_SCP = re.compile(r"(?:[\w.-]{1,100}@)?([\w.-]{1,200}):(?!//)(?!\d+/)(.*)", re.DOTALL)


def repository(url: str) -> tuple[str, str]:
    """("host/owner", "name") of a repository's address; two empty texts where it is none.

    Both forms of git-clone(1): a URL, and [user@]host:path. A port and ".git" are left out.
    """
    scheme = _SCHEME.match(url)
    if scheme:
        rest = url[scheme.end() :]
    elif scp := _SCP.fullmatch(url):
        rest = f"{scp[1]}/{scp[2]}"
    else:
        return "", ""
    host, _, path = rest.partition("/")
    path = path.strip("/").removesuffix(".git")
    owner, _, name = path.rpartition("/")
    if not host or not name:
        return "", ""
    return "/".join(part for part in (host.partition(":")[0].lower(), owner) if part), name


def public(url: str) -> str:
    """A URL without what may be a secret: user and password (but "git") and the query."""
    parts = _PARTS.fullmatch(url)
    if parts is None:
        return url
    scheme, user, place, fragment = parts.groups(default="")
    return scheme + ("git@" if user == "git" else "") + place + fragment


def git_url(address: str) -> str:
    """The address of a git repository as package URLs have it (`vcs_url`): "git+https://…"."""
    plain = address.removeprefix("git+")
    if "://" not in plain and (scp := _SCP.fullmatch(plain)):
        plain = f"ssh://{plain[: scp.start(1)]}{scp[1]}/{scp[2]}"
    return "git+" + public(plain)
