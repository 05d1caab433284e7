"""Sizes and processor counts as docker writes them. Pure."""

from __future__ import annotations

from secure.errors import UsageError

_FACTORS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def size(flag: str, text: str) -> int:
    """Bytes of "512m", "1.5g", "1048576", "64MiB".

    Raises:
        UsageError: not a size, or not positive.
    """
    lowered = text.strip().lower()
    number = lowered.removesuffix("ib") if lowered[-3:-2].isalpha() else lowered
    number = number.removesuffix("b") if number[-2:-1].isalpha() else number
    unit = number[-1:] if number[-1:].isalpha() else ""
    digits = number.removesuffix(unit) if unit else number
    whole, _, part = digits.partition(".")
    if unit not in _FACTORS or not (whole + part).isdecimal() or not (whole + part).isascii():
        raise UsageError(f'{flag} "{text}" is not a size', do="Write it like 512m or 2g.")
    bytes_ = int(float(digits) * _FACTORS[unit])
    if bytes_ <= 0 or bytes_ >= 1 << 62:
        raise UsageError(f'{flag} "{text}" is out of range')
    return bytes_


def millicpus(flag: str, text: str) -> int:
    """Thousandths of a processor of "1.5".

    Raises:
        UsageError: not a positive number of processors.
    """
    whole, _, part = text.partition(".")
    if not (whole + part).isdecimal() or not (whole + part).isascii() or len(text) > 12:
        raise UsageError(f'{flag} "{text}" is not a number of processors', do="Write 0.5 or 2.")
    thousandths = int(float(text) * 1000)
    if thousandths < 10:
        raise UsageError(f'{flag} "{text}" is too small', do="Use at least 0.01.")
    return thousandths


def count(flag: str, text: str) -> int:
    """A positive whole number.

    Raises:
        UsageError: it is not.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and int(text) > 0):
        raise UsageError(f'{flag} "{text}" is not a positive whole number')
    return int(text)
