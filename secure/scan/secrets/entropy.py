"""How random a value looks, and what people write where a secret will be."""

from __future__ import annotations

from math import log2

_COUNTED = (b"0123456789", b"1234567890", b"abcdefghij", b"9876543210", b"qwertyuiop")
_FILLERS = (
    b"changeme", b"change_me", b"change-me", b"replaceme", b"replace_me", b"replace-me",
    b"placeholder", b"example", b"sample", b"dummy", b"insert", b"redacted", b"your_", b"your-",
    b"yourpass", b"my_password", b"mypassword", b"todo", b"fixme", b"xxxx", b"****", b"....",
    b"____", b"notasecret", b"not-a-secret", b"undefined", b"<", b"${", b"{{", b"$(", b"%(", b"%s",
)  # fmt: skip
# Words that stand for a password in documentation; as a password they protect nothing either.
WORDS = frozenset(
    b"password passwd passphrase pass pwd secret token apikey api_key key user username login foo "
    b"bar foobar baz test testing none null true false default empty string str value credentials "
    b"admin root guest hunter2 letmein p4ssw0rd passw0rd pa55word password1 password123 pass123 "
    b"secret123 s3cr3t s3cret mysecret mytoken mykey".split()
)


def shannon(value: bytes) -> float:
    """Bits per byte of `value` by the frequency of its bytes; 0.0 for nothing."""
    length = len(value)
    counts = [value.count(byte) for byte in set(value)]
    return -sum(count / length * log2(count / length) for count in counts)


def is_filler(value: bytes) -> bool:
    """Is this what stands in for a secret: one byte repeated, counted up, or a known word?"""
    low = value.lower()
    if len(set(low)) <= 3 or low in WORDS:
        return True
    return any(part in low for part in _FILLERS) or any(part in low for part in _COUNTED)
