"""What several feeds write alike: ids of CVE, streams of modules, pages on the web."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from secure.vulns.osv import Reference

CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,12}")
_NAME = r"[A-Za-z0-9._+-]{1,100}"
MODULE = re.compile(f"{_NAME}:{_NAME}")  # name and stream: "httpd:2.4"
_WEB = ("https://", "http://")
_MOST_REFERENCES = 200


def pages(told: Iterable[tuple[str, str]]) -> tuple[Reference, ...]:
    """(type, address) as OSV has them: each once, of the web alone, and not without end."""
    on_web = (Reference(kind, url) for kind, url in dict.fromkeys(told) if url.startswith(_WEB))
    return tuple(islice(on_web, _MOST_REFERENCES))
