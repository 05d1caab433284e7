"""HTML that cannot be broken out of: only `text` turns input into `Html`, and it escapes.

Attributes never hold input. Type checkers keep `str` and `Html` apart.
"""

from __future__ import annotations

import re
from html import escape
from typing import NewType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Html = NewType("Html", str)

NOTHING = Html("")
_MAX_SHOWN = 2_000  # characters of one value; the JSON form has it whole
_BREAKS = re.compile("(?<=[:/.])(?=[^0-9])")
_OPEN_UP_TO = 12  # rows; longer lists are folded


def text(value: object) -> Html:
    """Any value as text: escaped, its invisible and direction-changing characters made visible."""
    full = str(value)
    shown = full[:_MAX_SHOWN]
    if not shown.isprintable():
        markup = "".join(escape(c) if c.isprintable() else _visible(c) for c in shown)
    else:
        markup = escape(shown)
    if len(full) > _MAX_SHOWN:
        markup += f'<span class="code">… {len(full) - _MAX_SHOWN:,} more characters</span>'
    return Html(markup)


def breakable(value: str) -> Html:
    """Text that may go on in the next line after ":", "/" and ".": names without spaces."""
    parts = _BREAKS.split(value) if len(value) <= _MAX_SHOWN else [value]
    return Html("<wbr>".join(map(text, parts)))


def element(name: str, *inside: Html, kind: str = "") -> Html:
    """`<name class="kind">inside</name>`; `name` and `kind` are ours."""
    opening = f'{name} class="{kind}"' if kind else name
    return Html(f"<{opening}>{''.join(inside)}</{name}>")


def code(value: object) -> Html:
    """A raw value: a digest, a path, what the kernel wrote."""
    return element("code", text(value))


def badge(word: str, kind: str) -> Html:
    """A coloured word; the word alone already says it."""
    return element("span", text(word), kind=f"badge {kind}")


def section(identifier: str, title: Html, *inside: Html) -> Html:
    """A chapter that the contents can point to; `identifier` is ours."""
    heading = element("h2", title)
    return Html(f'<section id="{identifier}">{heading}{"".join(inside)}</section>')


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Html]]) -> Html:
    """A table whose first cell of each row names the row."""
    head = "".join(f'<th scope="col">{text(column)}</th>' for column in columns)
    body = "".join(_row(row) for row in rows)
    return Html(
        f'<div class="wide"><table><caption>{text(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def folded(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Html]],
    *,
    opened: bool | None = None,
) -> Html:
    """A table that can be folded, and is if it is long; nothing at all without rows."""
    if not rows:
        return NOTHING
    state = " open" if (len(rows) <= _OPEN_UP_TO if opened is None else opened) else ""
    words = f"{caption} ({len(rows):,})"
    inside = table(caption, columns, rows)
    return Html(f"<details{state}><summary>{text(words)}</summary>{inside}</details>")


def pairs(rows: Iterable[tuple[str, Html]]) -> Html:
    """Names and values."""
    items = "".join(f"<div><dt>{text(name)}</dt><dd>{value}</dd></div>" for name, value in rows)
    return Html(f"<dl>{items}</dl>")


def size(count: int) -> str:
    """Bytes for people."""
    if count < 1024:
        return f"{count} B"
    power = min((count.bit_length() - 1) // 10, 4)
    return f"{count / 1024**power:.1f} {('KiB', 'MiB', 'GiB', 'TiB')[power - 1]}"


def _row(cells: Sequence[Html]) -> str:
    first, *others = cells
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'


def _visible(character: str) -> str:
    """A character that shows nothing, or changes how others show, by its number."""
    return f'<span class="code">U+{ord(character):04X}</span>'
