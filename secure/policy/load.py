"""A policy file and those it extends, composed into one policy.

A file that extends another may only tighten it: a looser value is a mistake with its place, so
that nobody believes in a setting that does not count.
"""

from __future__ import annotations

import posixpath

from secure.errors import PolicyFileError
from secure.policy.catalogue import RULES_BY_ID
from secure.policy.contradictions import contradictions
from secure.policy.fields import Mistakes
from secure.policy.keys import LAUNCH_KEYS, REQUIRED, is_as_tight, key, tightest, written
from secure.policy.lattice import Keyed, assemble
from secure.policy.policy_file import PolicyFile, parse
from secure.policy.rule import LAUNCH_REQUEST
from secure.policy.settings import DENY, OFF
from secure.policy.yaml_tree import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from secure.policy.settings import ParameterValue, Policy, Trusted, Waiver

__all__ = ["BUILT_IN", "PolicyFile", "compose", "parse", "shown_name"]

BUILT_IN = ("checklist", "hardened", "oci")
MAX_CHAIN = 8  # files, the first included
_TOP = Place(1, 1)


def compose(name: str, read: Callable[[str], bytes]) -> Policy:
    """The policy of that name or path.

    Args:
        name: one of `BUILT_IN`, or the path of a file.
        read: the bytes of a built-in policy or a file; its errors pass through.

    Raises:
        PolicyFileError: a mistake in one of the files, a cycle, a loosened setting.
    """
    chain = _chain(name, read)
    base, *rest = reversed(chain)
    layers = _Layers()
    for file in (base, *rest):
        mistakes = Mistakes(file.file)
        layers.add(file, mistakes)
        if file is base:
            _check_complete(base, mistakes)
        mistakes.raise_if_any()
    top = chain[0]
    return assemble(
        name=top.name,
        description=top.description or base.description,
        keys=Keyed(layers.values, layers.origins),
        waivers=tuple(layers.waivers),
        trusted=tuple(layers.trusted),
    )


def shown_name(name: str) -> str:
    """How a policy is called in messages."""
    return f"policies/{name}.yaml" if name in BUILT_IN else name


def _chain(name: str, read: Callable[[str], bytes]) -> list[PolicyFile]:
    """The file, what it extends, and so on."""
    files: list[PolicyFile] = []
    seen: list[str] = []
    while name:
        if name in seen or len(files) == MAX_CHAIN:
            last, at = files[-1], files[-1].extends_at
            why = "a cycle" if name in seen else f"more than {MAX_CHAIN} files"
            way = " -> ".join((*seen, name))
            raise PolicyFileError(
                f"{last.file}:{at.line}:{at.column}: extends makes {why}: {way}",
                do="Let the chain end at a built-in policy or at a file that extends nothing.",
            )
        seen.append(name)
        file = parse(shown_name(name), read(name))
        files.append(file)
        name = _resolved(file.extends, name)
    return files


def _resolved(extends: str, by: str) -> str:
    """A built-in name as it is; a path relative to the file that names it."""
    if not extends or extends in BUILT_IN:
        return extends
    return posixpath.normpath(posixpath.join(posixpath.dirname(by), extends))


class _Layers:
    """What the files so far say together."""

    def __init__(self) -> None:
        self.values: dict[str, ParameterValue] = {}
        self.origins: dict[str, str] = {}
        self.waivers: list[Waiver] = []
        self.trusted: list[Trusted] = []

    def add(self, file: PolicyFile, mistakes: Mistakes) -> None:
        for name, found in file.values.items():
            self._set(file, name, found, mistakes)
        self._fill_rules(file, mistakes)
        self._lower_defaults(file)
        if "waiving.accept" not in file.values:
            # Not inherited: who accepts the waivers of others has to say so himself.
            self.values["waiving.accept"] = False
            self.origins["waiving.accept"] = "not inherited"
        for name, what in contradictions(self.values):
            mistakes.add(file.places.get(name, _TOP), what)
        self.waivers += file.waivers
        self.trusted += file.trusted
        self._check_waivers(file, mistakes)

    def _set(self, file: PolicyFile, name: str, found: ParameterValue, mistakes: Mistakes) -> None:
        known = self.values.get(name)
        if known is not None and not is_as_tight(key(name), found, known):
            mistakes.add(
                file.places[name],
                f"{name} {written(key(name), found)} is looser than"
                f" {written(key(name), known)} of {self.origins[name]};"
                " a policy that extends another can only tighten it",
            )
            return
        if known != found:
            self.values[name] = found
            self.origins[name] = file.place(name)

    def _fill_rules(self, file: PolicyFile, mistakes: Mistakes) -> None:
        """Give every rule named here the keys that nobody set."""
        for rule_id in sorted({name.split(".")[1] for name in file.values if name[:6] == "rules."}):
            rule, prefix = RULES_BY_ID[rule_id], f"rules.{rule_id}"
            fixed: dict[str, ParameterValue] = {f"{prefix}.waivable": not rule.locked}
            if rule.subject == LAUNCH_REQUEST:
                fixed[f"{prefix}.ci"] = OFF
            if rule.locked:
                fixed[f"{prefix}.launch"] = DENY
            for parameter in rule.parameters:
                fixed[f"{prefix}.parameters.{parameter.name}"] = parameter.default
            for name, default in fixed.items():
                if name not in self.values:
                    self.values[name], self.origins[name] = default, "rule default"
            for stage in ("ci", "launch"):
                if f"{prefix}.{stage}" not in self.values:
                    place = next(file.places[n] for n in file.values if n.split(".")[1] == rule_id)
                    mistakes.add(place, f'rule {rule_id} needs "{stage}": deny, warn or off')

    def _lower_defaults(self, file: PolicyFile) -> None:
        """Where only the most was tightened, the inherited default follows."""
        for name in LAUNCH_KEYS:
            section, _, part = name.rpartition(".")
            bound = f"{section}.max" if f"{section}.max" in LAUNCH_KEYS else f"{section}.allow"
            if part != "default" or name in file.values or bound not in file.values:
                continue
            if name in self.values and bound in self.values:
                default, most = self.values[name], self.values[bound]
                if isinstance(default, str) and isinstance(most, tuple):
                    lowered: ParameterValue = default if default in most else "".join(most[-1:])
                else:
                    lowered = tightest(key(name), default, most)
                if lowered not in (default, ""):
                    self.values[name], self.origins[name] = lowered, file.place(bound)

    def _check_waivers(self, file: PolicyFile, mistakes: Mistakes) -> None:
        for waiver in file.waivers:
            if self.values.get(f"rules.{waiver.rule}.waivable") is False:
                _, line, column = waiver.place.rsplit(":", 2)
                mistakes.add(
                    Place(int(line), int(column)),
                    f"rule {waiver.rule} may not be waived:"
                    f" {self.origins[f'rules.{waiver.rule}.waivable']} says so",
                )


def _check_complete(base: PolicyFile, mistakes: Mistakes) -> None:
    """A policy that extends nothing has to say everything: what is not said would be open."""
    missing = [name for name in REQUIRED if name not in base.values]
    if missing:
        mistakes.add(
            _TOP,
            f"a policy that extends no other needs {', '.join(missing)};"
            ' or add "extends: checklist"',
        )
    if not any(name.startswith("rules.") for name in base.values):
        mistakes.add(_TOP, "a policy without rules decides nothing")
