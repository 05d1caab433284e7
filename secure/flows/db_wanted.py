"""What an update is asked for, compared with what there is before anything is fetched."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from secure.errors import UsageError
from secure.facts.plain import plain
from secure.flows.db import FeedList
from secure.store.web_address import fault_of, shown
from secure.vulns.versions.ecosystems import ECOSYSTEMS


def check_ecosystems(feeds: FeedList, names: Iterable[str]) -> None:
    """Refuse names of which no server has anything.

    Args:
        names: of the list of feeds, or OSV's, also with a release ("Debian:12").

    Raises:
        UsageError: of all that are unknown.
    """
    own = {*feeds.ecosystems, *feeds.vendors, *feeds.on_request}
    exported = ECOSYSTEMS - feeds.vendors.keys()
    unknown = [name for name in names if name not in own and name.partition(":")[0] not in exported]
    if unknown:
        raise UsageError(
            f"--ecosystem: there are no advisories of {_quoted(unknown)}",
            do=_nearest(unknown, own | exported)
            or f"There is: {', '.join((*feeds.ecosystems, *feeds.vendors))}.",
        )


def check_requests(feeds: FeedList, names: Iterable[str]) -> None:
    """Refuse names of what is not on request.

    Raises:
        UsageError: of all that are unknown.
    """
    unknown = [name for name in names if name not in feeds.vendors | feeds.on_request]
    if unknown:
        raise UsageError(
            f"--also: nothing is on request as {_quoted(unknown)}",
            do=_nearest(unknown, feeds.on_request) or f"There is: {', '.join(feeds.on_request)}.",
        )


def check_servers(urls: Iterable[str]) -> None:
    """Refuse what cannot be the address of a server, before it is tried for every feed.

    Raises:
        UsageError: of all such.
    """
    wrong = [f'"{shown(url)}": {fault}' for url in urls if (fault := _fault_of_base(url))]
    if wrong:
        raise UsageError(
            f"--url: no address of a server: {'; '.join(wrong)}",
            do="Give one like https://mirror.example/osv.",
        )


def _fault_of_base(url: str) -> str:
    """Names of files are put behind it."""
    return fault_of(url) or ("it has a question or a fragment" if {"?", "#"} & {*url} else "")


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{plain(name[:100])}"' for name in names[:10])


def _nearest(unknown: list[str], known: Iterable[str]) -> str:
    """A question that names what may have been meant; "" where nothing is like it."""
    by_form = {name.casefold(): name for name in sorted(known)}
    found = dict.fromkeys(
        by_form[near]
        for name in unknown[:10]
        for near in get_close_matches(name[:100].casefold(), by_form, 3)
    )
    return f"Did you mean {' or '.join(found)}?" if found else ""
