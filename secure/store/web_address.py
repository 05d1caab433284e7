"""What an address on the web must be, and how it is shown."""

from __future__ import annotations

from urllib.parse import urlsplit

from secure.facts.plain import plain


def fault_of(url: str) -> str:
    """Why nothing can be asked for at `url`; "" where it is a web address."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return "it has characters that no web address has"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as cause:
        return str(cause)
    if parts.scheme not in {"http", "https"}:
        return "it is not http:// or https://"
    if not parts.hostname or port == 0:
        return "it names no server"
    if "@" in parts.netloc:
        # It would stand in the log of every proxy, in the list of processes, in our own messages.
        return "it has a user or a password in it"
    return ""


def shown(url: str) -> str:
    """The address for a message: without what may be a password."""
    scheme, slashes, rest = url.partition("://")
    server, slash, path = rest.partition("/")
    return plain(f"{scheme}{slashes}{server.rpartition('@')[2]}{slash}{path}")
