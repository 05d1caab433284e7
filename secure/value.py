"""Frozen records for the launch path, without the price of `dataclasses`.

`import dataclasses` costs 3.3 times a bare Python start (it pulls in `inspect` and `re`), and the
launch path has no room for that. `value` gives the part of it the project uses: a frozen
class with a keyword-or-positional constructor, equality, hash and repr. Type checkers see a
frozen dataclass.

Rule of the house: `@value` where a launch passes through, `msgspec.Struct` where a type crosses a
border as JSON (image facts, OCI documents).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass
    from typing import TypeVar, dataclass_transform

    _T = TypeVar("_T")

    @dataclass_transform(frozen_default=True)
    def value(cls: type[_T]) -> type[_T]:
        """See below; this form only tells type checkers what `value` makes."""
        return dataclass(frozen=True)(cls)

else:

    def value(cls):
        """Make `cls` a frozen record of its annotated fields, in order.

        Defaults must be immutable. Inheritance is not supported: records are flat.
        """
        fields = tuple(cls.__annotations__)
        defaults = {name: cls.__dict__[name] for name in fields if name in cls.__dict__}
        # The class is changed, not made again with __slots__: half the price of an import.
        cls.__match_args__ = fields
        cls.__init__ = _constructor(cls.__name__, fields, defaults)
        cls.__repr__ = _describe
        cls.__eq__ = _equal
        cls.__hash__ = _hash
        cls.__setattr__ = cls.__delattr__ = _refuse
        return cls

    def _constructor(name, fields, defaults):
        # No text is compiled (as dataclasses do): that costs 60 to 300 us a class at import, and a
        # launch imports some fifty classes to make one record of most.
        def build(self, *given, **named):
            if named or len(given) != len(fields):
                given = _filled(name, fields, defaults, given, named)
            self.__dict__.update(zip(fields, given, strict=True))

        return build

    def _filled(name, fields, defaults, given, named):
        """All arguments by position: as given, by name, or by default."""
        if len(given) > len(fields):
            raise TypeError(f"{name} takes {len(fields)} fields, {len(given)} were given")
        rest = fields[len(given) :]
        if unknown := [field for field in named if field not in rest]:
            raise TypeError(f"{name} has no such field, or has it twice: {', '.join(unknown)}")
        if missing := [field for field in rest if field not in named and field not in defaults]:
            raise TypeError(f"{name} lacks {', '.join(missing)}")
        return (*given, *(named[f] if f in named else defaults[f] for f in rest))

    def _refuse(self, name, *_):
        raise AttributeError(f"{type(self).__name__} is frozen: cannot change {name!r}")

    def _parts(self):
        return tuple(getattr(self, name) for name in self.__match_args__)

    def _describe(self):
        inside = ", ".join(f"{n}={getattr(self, n)!r}" for n in self.__match_args__)
        return f"{type(self).__name__}({inside})"

    def _equal(self, other):
        return _parts(self) == _parts(other) if type(other) is type(self) else NotImplemented

    def _hash(self):
        return hash((type(self).__name__, *_parts(self)))


def replace(record: _T, **changes: object) -> _T:
    """A copy of a `value` record with some fields changed."""
    fields = type(record).__match_args__  # type: ignore[attr-defined]  # every record has them
    return type(record)(**{name: changes.get(name, getattr(record, name)) for name in fields})
