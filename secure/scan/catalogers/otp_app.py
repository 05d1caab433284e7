"""Erlang and Elixir applications as installed: ebin/NAME.app.

Source: Erlang/OTP, app(4): {application, Name, [{description, "…"}, {vsn, "…"}, …]}.
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked
from secure.scan.formats.tree import words_in

_COMMENT = re.compile(r"(?m)^[ \t]*%.*$")
_NAME = re.compile(
    r"\{\s*application\s*,\s*(?:'([^'\n]{1,200})'|([a-z][\w@]{0,200}))\s*,", re.ASCII
)
_VERSION = re.compile(r'\{\s*vsn\s*,\s*"([^"\n]{1,200})"\s*\}')
_NEEDS = re.compile(r"\{\s*applications\s*,\s*\[([^\]{]{0,20000})\]")


def parse_app(file: FileView) -> Found:
    content = _COMMENT.sub("", text(file.content))
    name = _NAME.search(content)
    if name is None:
        yield file.unreadable("is no application resource file")
        return
    version = _VERSION.search(content)
    needs = _NEEDS.search(content)
    package = Package(
        type="otp",
        name=name[1] or name[2],
        version=version[1] if version else "",
        location=file.location,
        found_by=OTP_APP.name,
    )
    yield checked(file, package, tuple((one,) for one in words_in(needs[1] if needs else "")))


OTP_APP = Cataloger(
    name="otp-app",
    version=1,
    wants=("*/ebin/*.app",),
    max_bytes=1 * MIB,
    parse=parse_app,
    database=False,
)
