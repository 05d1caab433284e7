"""A small chart as SVG: lines over two logarithmic axes, readable on light and dark ground."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 360, 64, 150, 34, 46
_COLOURS = ("#2563eb", "#ea580c", "#059669", "#9333ea")
_GREY = "#808080"
_OPENING = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
    'font-family="sans-serif" font-size="12">'
)


@dataclass(frozen=True)
class Line:
    """One curve: points from left to right; x and y are above 0."""

    name: str
    points: tuple[tuple[float, float], ...]


def chart(title: str, across: str, up: str, lines: Sequence[Line]) -> str:
    """The SVG of all lines.

    Args:
        across, up: what the axes say.
    """
    x, y = (
        _Axis(_LEFT, _WIDTH - _RIGHT, _values(lines, 0)),
        _Axis(_HEIGHT - _BOTTOM, _TOP, _values(lines, 1)),
    )
    parts = [
        _OPENING,
        _text(_LEFT, 18, title, "start", 14),
        _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, across),
        _text(_LEFT - 6, _TOP - 6, up, "end"),
    ]
    for value in x.ticks():
        at = x.place(value)
        parts += [_rule(at, _TOP, at, _HEIGHT - _BOTTOM),
                  _text(at, _HEIGHT - _BOTTOM + 16, _short(value))]  # fmt: skip
    for value in y.ticks():
        at = y.place(value)
        parts += [_rule(_LEFT, at, _WIDTH - _RIGHT, at),
                  _text(_LEFT - 6, at + 4, _short(value), "end")]  # fmt: skip
    for line, colour in zip(lines, _COLOURS, strict=False):
        parts += _curve(line, colour, x, y)
    return "\n".join([*parts, "</svg>", ""])


class _Axis:
    """Whole decades from the first pixel to the last."""

    def __init__(self, first: float, last: float, values: Sequence[float]) -> None:
        self._first, self._last = first, last
        self._low = math.floor(math.log10(min(values)))
        self._high = max(self._low + 1, math.ceil(math.log10(max(values))))

    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self._low, self._high + 1)]

    def place(self, value: float) -> float:
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return self._first + share * (self._last - self._first)


def _values(lines: Sequence[Line], which: int) -> list[float]:
    return [point[which] for line in lines for point in line.points]


def _curve(line: Line, colour: str, x: _Axis, y: _Axis) -> list[str]:
    places = [(x.place(across), y.place(up)) for across, up in line.points]
    path = " ".join(f"{across:.1f},{up:.1f}" for across, up in places)
    dots = [f'<circle cx="{a:.1f}" cy="{u:.1f}" r="3" fill="{colour}"/>' for a, u in places]
    end = places[-1]
    name = _text(end[0] + 8, end[1] + 4, line.name, "start", colour=colour)
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
            *dots, name]  # fmt: skip


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{_GREY}" stroke-opacity="0.35"/>'
    )


def _text(
    x: float, y: float, words: str, anchor: str = "middle", size: int = 12, *, colour: str = _GREY
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{colour}">{escape(words)}</text>'
    )


def _short(value: float) -> str:
    for factor, unit in ((1e6, " M"), (1e3, " k")):
        if value >= factor:
            return f"{value / factor:g}{unit}"
    return f"{value:g}"
