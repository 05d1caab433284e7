"""The bytes of one policy file to its typed content, or every mistake in it with its place."""

from __future__ import annotations

import re

from secure.policy.catalogue import RULES_BY_ID
from secure.policy.contradictions import contradictions
from secure.policy.fields import Mistakes, entries, text, typed
from secure.policy.keys import LAUNCH_KEYS, RULE_KEYS, WAIVING_KEYS, parameter_key
from secure.policy.load_trust import read_trusted, read_waivers
from secure.policy.rule import LAUNCH_REQUEST
from secure.policy.settings import DENY
from secure.policy.yaml_tree import Place, Scalar, parse_tree
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.policy.keys import Key
    from secure.policy.rule import Rule
    from secure.policy.settings import ParameterValue, Trusted, Waiver
    from secure.policy.yaml_tree import Node

API_VERSION, KIND = "secure/v1", "Policy"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TOP = (
    "apiVersion",
    "kind",
    "name",
    "description",
    "extends",
    "rules",
    "launch",
    "waiving",
    "waivers",
    "trusted",
)


@value
class PolicyFile:
    """One policy file, before composition.

    Args:
        file: as it is named in messages.
        extends: another policy's name or path, "" if none; extends_at: its place.
        values: key -> value, only what the file sets. places: key -> where.
    """

    file: str
    name: str
    description: str
    extends: str
    extends_at: Place
    values: dict[str, ParameterValue]
    places: dict[str, Place]
    waivers: tuple[Waiver, ...]
    trusted: tuple[Trusted, ...]

    def place(self, key: str) -> str:
        """FILE:LINE:COLUMN of a key."""
        at = self.places[key]
        return f"{self.file}:{at.line}:{at.column}"


def parse(name: str, content: bytes) -> PolicyFile:
    """Read a policy file. Pure: the same bytes, the same answer.

    Args:
        name: of the file, for messages.

    Raises:
        PolicyFileError: with every mistake of the file, one FILE:LINE:COLUMN line each.
    """
    root = parse_tree(name, content)
    mistakes = Mistakes(name)
    reader = _Reader(mistakes)
    top = entries(root, _TOP, "the policy", mistakes)
    for key, wanted in (("apiVersion", API_VERSION), ("kind", KIND)):
        found = top.get(key)
        if found is None:
            mistakes.add(root.place, f'"{key}: {wanted}" is missing')
        elif not (isinstance(found[1], Scalar) and found[1].text == wanted):
            mistakes.add(found[1].place, f'{key} has to be "{wanted}"')
    if "name" not in top:
        mistakes.add(root.place, '"name" is missing')
    if "rules" in top:
        reader.rules(top["rules"][1])
    if "launch" in top:
        reader.section("launch", LAUNCH_KEYS, top["launch"][1])
    if "waiving" in top:
        reader.section("waiving", WAIVING_KEYS, top["waiving"][1])
    waivers = read_waivers(name, top["waivers"][1], mistakes) if "waivers" in top else ()
    trusted = (read_trusted(top["trusted"][1], mistakes),) if "trusted" in top else ()
    for key, what in contradictions(reader.values):
        mistakes.add(reader.places[key], what)
    extends = top.get("extends")
    held = {
        key: text(top[key][1], key, mistakes) for key in ("extends", "description") if key in top
    }
    title = text(top["name"][1], "name", mistakes, _NAME) if "name" in top else ""
    mistakes.raise_if_any()
    return PolicyFile(
        file=name,
        name=title,
        description=held.get("description", ""),
        extends=held.get("extends", ""),
        extends_at=extends[1].place if extends else root.place,
        values=reader.values,
        places=reader.places,
        waivers=waivers,
        trusted=trusted,
    )


class _Reader:
    """Collects keys, their values and places."""

    def __init__(self, mistakes: Mistakes) -> None:
        self.values: dict[str, ParameterValue] = {}
        self.places: dict[str, Place] = {}
        self._mistakes = mistakes

    def rules(self, node: Node) -> None:
        for rule_id, (_, body) in entries(node, RULES_BY_ID, "rules", self._mistakes).items():
            self._rule(RULES_BY_ID[rule_id], body)

    def _rule(self, rule: Rule, node: Node) -> None:
        where = f"rule {rule.id}"
        found = entries(node, (*RULE_KEYS, "parameters"), where, self._mistakes)
        for name, (key, body) in found.items():
            if name == "parameters":
                self._parameters(rule, body)
            elif name == "ci" and rule.subject == LAUNCH_REQUEST:
                self._mistakes.add(key.place, f'{where} is judged at launch only; leave "ci" out')
            else:
                self._read(f"rules.{rule.id}.{name}", RULE_KEYS[name], body, f"{where}, {name}")
        if rule.locked:
            self._locked(rule)

    def _locked(self, rule: Rule) -> None:
        for name, fixed in (("launch", DENY), ("waivable", False)):
            key = f"rules.{rule.id}.{name}"
            if self.values.get(key, fixed) != fixed:
                shown = "false" if fixed is False else fixed
                self._mistakes.add(
                    self.places[key], f'rule {rule.id} is locked: "{name}" is always {shown}'
                )

    def _parameters(self, rule: Rule, node: Node) -> None:
        keys = {parameter.name: parameter_key(parameter) for parameter in rule.parameters}
        where = f"parameters of rule {rule.id}"
        for name, (_, body) in entries(node, keys, where, self._mistakes).items():
            self._read(f"rules.{rule.id}.parameters.{name}", keys[name], body, f"{rule.id} {name}")

    def section(self, prefix: str, keys: dict[str, Key], node: Node) -> None:
        """A mapping whose keys, joined by dots, are all in `keys`."""
        inside = [name.removeprefix(prefix + ".") for name in keys if name.startswith(prefix + ".")]
        known = dict.fromkeys(name.partition(".")[0] for name in inside)
        for name, (_, body) in entries(node, known, prefix, self._mistakes).items():
            path = f"{prefix}.{name}"
            if path in keys:
                self._read(path, keys[path], body, path)
            else:
                self.section(path, keys, body)

    def _read(self, path: str, key: Key, node: Node, where: str) -> None:
        found = typed(key, node, where, self._mistakes)
        if found is not None:
            self.values[path] = found
            self.places[path] = node.place
