"""What a browser would make of a page: its elements and its text."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "br", "wbr"}


class Outline(HTMLParser):
    """Args:
    page: HTML.
    """

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []  # without the marks for invisible characters
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.unbalanced: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(page)
        self.close()
        self.unbalanced += [name for name, _ in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        mark = tag == "span" and ("class", "code") in attrs
        if not mark:
            self.elements.append(tag)
        self.attributes += [(tag, name, content or "") for name, content in attrs]
        if tag not in VOID:
            self._open.append((tag, mark))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop()[0] != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.elements.append(f"!--{data}")

    def handle_pi(self, data: str) -> None:
        self.elements.append(f"?{data}")

    def unknown_decl(self, data: str) -> None:
        self.elements.append(f"![{data}")
