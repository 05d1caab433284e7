"""Records of `@value` as plain data and back: for caches and the audit log. On the launch path."""

from __future__ import annotations

from secure.facts.verdict import Finding, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from secure.audit.canonical import Plain

    T = TypeVar("T")


def plain(item: object) -> Plain:
    """A record of `@value` as the list of its fields, nested ones and tuples too."""
    if item is None or isinstance(item, (bool, int, str)):
        return item
    if isinstance(item, tuple):
        return [part if type(part) is str else plain(part) for part in item]
    return [plain(getattr(item, name)) for name in type(item).__match_args__]  # type: ignore[attr-defined]


def verdict_from(fields: Any) -> Verdict:
    """The verdict that `plain` wrote."""
    values = named(Verdict, fields)
    values["findings"] = tuple(Finding(*finding) for finding in values["findings"])
    return Verdict(**values)


def named(kind: type[T], fields: Any) -> dict[str, Any]:
    """The fields of a record that `plain` wrote, by name."""
    names = kind.__match_args__  # type: ignore[attr-defined]  # every @value has it
    return dict(zip(names, map(tuples, fields), strict=True))


def tuples(item: Any) -> Any:
    """Lists as tuples, at every depth: marshal and JSON know no other way back."""
    return tuple(tuples(part) for part in item) if isinstance(item, list) else item
