"""The two parts of a policy file that name people and images: waivers and trusted lists."""

from __future__ import annotations

import re

from secure.errors import InputError, UsageError
from secure.oci.reference import Reference
from secure.policy.catalogue import RULES_BY_ID
from secure.policy.dates import day_number
from secure.policy.fields import Mistakes, entries, free_entries, kind, plain_path, text, texts
from secure.policy.settings import Trusted, Waiver
from secure.policy.yaml_tree import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.policy.yaml_tree import Mapping, Node, Scalar

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_PATH = re.compile(r"/[^/].*")
_ANY = re.compile(r".+")
_SCOPE = {"digest": _DIGEST, "image": _ANY, "path": _PATH, "fingerprint": _FINGERPRINT}
_NEEDED = ("rule", "owner", "reason", "expires", "scope")


def read_waivers(file: str, node: Node, mistakes: Mistakes) -> tuple[Waiver, ...]:
    """Every waiver; one without owner, reason, expiry or scope is a mistake."""
    if not isinstance(node, Sequence):
        mistakes.add(node.place, f"waivers has to be a list, found {kind(node)}")
        return ()
    made = [_waiver(file, item, mistakes) for item in node.items]
    return tuple(waiver for waiver in made if waiver is not None)


def _waiver(file: str, node: Node, mistakes: Mistakes) -> Waiver | None:
    before = len(mistakes)
    found = entries(node, (*_NEEDED, "ticket"), "a waiver", mistakes)
    for name in _NEEDED:
        if name not in found:
            mistakes.add(node.place, f'a waiver needs "{name}"')
    held = {
        name: text(body, f"{name} of a waiver", mistakes)
        for name, (_, body) in found.items()
        if name != "scope"
    }
    _check_rule(held.get("rule", ""), found, mistakes)
    expires = held.get("expires", "")
    if expires and (len(expires) != 10 or day_number(expires) is None):
        mistakes.add(
            found["expires"][1].place,
            f'expires has to be a date such as 2027-01-31, found "{expires}"',
        )
    scope = _scope(found["scope"][1], mistakes) if "scope" in found else {}
    if len(mistakes) > before:
        return None
    place = f"{file}:{node.place.line}:{node.place.column}"
    return Waiver(**held, **scope, place=place)


def _check_rule(rule_id: str, found: dict[str, tuple[Scalar, Node]], mistakes: Mistakes) -> None:
    if not rule_id:
        return
    rule, place = RULES_BY_ID.get(rule_id), found["rule"][1].place
    if rule is None:
        mistakes.add(place, f'a waiver of an unknown rule "{rule_id}"')
    elif rule.locked:
        mistakes.add(place, f"rule {rule_id} is locked: nothing waives it")


def _scope(node: Node, mistakes: Mistakes) -> dict[str, str]:
    found = entries(node, _SCOPE, "scope of a waiver", mistakes)
    if not found:
        mistakes.add(node.place, "a scope needs at least one of digest, image, path, fingerprint")
    held = {}
    for name, (_, body) in found.items():
        held[name] = text(body, f"{name} of a scope", mistakes, _SCOPE[name])
        if name == "path" and held[name] and not plain_path(held[name]):
            mistakes.add(
                body.place, f'"{held[name]}" is not a plain absolute path: it never matches'
            )
        if name == "image" and held[name]:
            parts = _reference(held[name])
            if parts is None:
                mistakes.add(body.place, f'"{held[name]}" is not an image name')
            else:
                held[name] = parts.written()
    return held


def read_trusted(node: Node, mistakes: Mistakes) -> Trusted:
    """The lists of what vouches for an image."""
    known = ("registries", "repositories", "digests", "base_layers")
    found: Mapping | dict[str, tuple[Scalar, Node]]
    found = entries(node, known, "trusted", mistakes)
    lists: dict[str, list[str]] = {"registries": [], "repositories": [], "digests": []}
    for name, kept in lists.items():
        if name in found:
            for held, item in texts(found[name][1], f"trusted.{name}", mistakes):
                entry = _entry(name, held)
                if entry:
                    kept.append(entry)
                else:
                    mistakes.add(item.place, f'trusted.{name}: wrong form: "{held}"')
    layers = _base_layers(found["base_layers"][1], mistakes) if "base_layers" in found else ()
    return Trusted(
        registries=tuple(sorted(lists["registries"])),
        repositories=tuple(sorted(lists["repositories"])),
        digests=tuple(sorted(lists["digests"])),
        base_layers=layers,
    )


def _entry(name: str, held: str) -> str:
    """An entry of a trusted list in the one form it is compared in, "" if it has none."""
    if name == "digests":
        return held if _DIGEST.fullmatch(held) else ""
    parts = _reference(held if name == "repositories" else f"{held}/any")
    if parts is None or parts.explicit_tag or parts.digest:
        return ""
    if name == "repositories":
        return parts.name
    # "x/any" is a repository of docker.io unless x is a registry.
    return parts.registry if parts.repository in ("any", "library/any") else ""


def _reference(text: str) -> Reference | None:
    try:
        return Reference.parse(text)
    except (UsageError, InputError):
        return None


def _base_layers(node: Node, mistakes: Mistakes) -> tuple[tuple[str, tuple[str, ...]], ...]:
    chains = []
    for name, (key, body) in free_entries(node, "trusted.base_layers", mistakes).items():
        # The order is that of the layers: not sorted, and the same layer may come twice.
        items = body.items if isinstance(body, Sequence) else ()
        if not items:
            mistakes.add(key.place, f'base "{name}" has to be a list of diff-ids, bottom first')
        chain = tuple(text(item, f'a layer of "{name}"', mistakes, _DIGEST) for item in items)
        chains.append((name, chain))
    return tuple(sorted(chains))
