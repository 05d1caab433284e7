"""How many small things become one blob of a database, and how one of them is found in it again.

Neighbours resemble each other: compressed together they take half of the room or less. How many are
together weighs that against what is unpacked for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec
import zstandard

from secure.vulns import schema
from secure.vulns.schema import Description, StoredHead

_GROUP_BYTES = 512  # of lists of affected: a lookup unpacks one group
_GROUP_NAMES = 16
_MOST_NAMES = 8  # of an advisory: one letter stands for each in its references
_LONGEST_NAME = 64
_CONTROLS = dict.fromkeys(range(32))  # C0: they part texts, and stand for names

_encode = msgspec.msgpack.Encoder().encode
_prose = msgspec.msgpack.Decoder(tuple[str, str, str])
GROUP = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])


def dictionary(samples: Sequence[bytes]) -> zstandard.ZstdCompressionDict:
    """What zstd knows beforehand of groups; nothing where there are too few to learn from."""
    try:
        return zstandard.train_dictionary(schema.DICTIONARY_BYTES, [*samples])
    except zstandard.ZstdError:
        return zstandard.ZstdCompressionDict(b"", zstandard.DICT_TYPE_RAWCONTENT)


def list_of(items: list[bytes]) -> bytes:
    """Packed items as one packed list."""
    count = len(items)
    if count < 16:
        head = bytes([0x90 | count])
    elif count < 65_536:
        head = b"\xdc" + count.to_bytes(2)
    else:
        head = b"\xdd" + count.to_bytes(4)
    return head + b"".join(items)


def grouped(lists: Iterable[tuple[int, str, bytes]]) -> Iterator[tuple[int, str, bytes]]:
    """Neighbours of one ecosystem together: under the first name, what `GROUP` decodes.

    Args:
        lists: (ecosystem, package, its list), sorted.
    """
    first: tuple[int, str] | None = None
    group: dict[str, msgspec.Raw] = {}
    size = 0
    for ecosystem, name, content in lists:
        full = size + len(content) > _GROUP_BYTES or len(group) >= _GROUP_NAMES
        if first is None or full or ecosystem != first[0]:
            if first is not None:
                yield *first, _encode(group)
            first, group, size = (ecosystem, name), {}, 0
        group[name] = msgspec.Raw(content)
        size += len(content) + len(name)
    if first is not None:
        yield *first, _encode(group)


def packed_prose(block: Sequence[tuple[Description, Sequence[str]]]) -> bytes:
    """Like beside like: all summaries, then all details, then all references.

    Args:
        block: each with the names of its advisory, which its references repeat; see `short_names`.
    """
    return _encode((
        "\0".join(_clean(one.summary) for one, _ in block),
        "\0".join(_clean(one.details) for one, _ in block),
        "\0".join(
            "\n".join(_reference(told, names) for told in one.references) for one, names in block
        ),
    ))  # fmt: skip


def short_names(head: StoredHead) -> tuple[str, ...]:
    """The names of an advisory that its references have as one letter each; "" for the others.

    Long ones are left as they are: what is made of a stranger's block stays in proportion to it.
    """
    names = (head.id, *head.aliases, *head.upstream)[:_MOST_NAMES]
    return tuple(
        name if len(name) <= _LONGEST_NAME and name == _line(name) else "" for name in names
    )


def summaries_of(block: bytes) -> bytes:
    """The block without details and references.

    Raises:
        msgspec.MsgspecError: it is no block.
    """
    return _encode((_prose.decode(block)[0], "", ""))


def _clean(text: str) -> str:
    return text.replace("\0", "")


def _line(text: str) -> str:
    return text.translate(_CONTROLS)


def _reference(told: tuple[str, str], names: Sequence[str]) -> str:
    """The type, then the URL, in which U+0001 stands for the first of `names` and so on."""
    kind, url = map(_line, told)
    for place, name in enumerate(names, start=1):
        if name:
            url = url.replace(name, chr(place), 1)
    return f"{kind.replace(' ', '')} {url}"


def prose_at(block: bytes, at: int, names: Sequence[str] = ()) -> Description:
    """The one at this place of a block; an empty one where there is none.

    Args:
        names: as for `packed_prose`.

    Raises:
        msgspec.MsgspecError: it is no block.
    """
    summary, details, references = (_field(column, at) for column in _prose.decode(block))
    found = (line.partition(" ") for line in references.split("\n") if line)
    return Description(
        summary, details, tuple((kind, _written_out(url, names)) for kind, _, url in found)
    )


def _written_out(url: str, names: Sequence[str]) -> str:
    for place, name in enumerate(names, start=1):
        url = url.replace(chr(place), name, 1)
    return url


def _field(column: str, at: int) -> str:
    return next(islice(column.split("\0"), at, None), "")
