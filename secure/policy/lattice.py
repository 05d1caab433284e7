"""Composition as a lattice: two policies meet in one that is never looser than either.

Every key has an order (`secure.policy.keys`); the meet takes the tighter value of each. A waiver
counts if each side has it or accepts waivers of others. Trusted lists add up: every list has to
vouch. Commutative, associative and idempotent, up to names and origins.
"""

from __future__ import annotations

from secure.policy.keys import LAUNCH_KEYS, in_order, key, tightest
from secure.policy.settings import Bound, LaunchBounds, Policy, RuleSetting, Trusted, Waiver
from secure.sha256 import sha256_hex
from secure.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from secure.policy.settings import ParameterValue

NAMES_JOINED_BY = " + "  # never in the name of one policy
_VOUCHED_FOR = "REF004"  # the rule that wants something to vouch for the image


@value
class Keyed:
    """A policy as its keys.

    Args:
        values: key -> value.
        origins: key -> FILE:LINE:COLUMN.
    """

    values: dict[str, ParameterValue]
    origins: dict[str, str]


def meet(a: Policy, b: Policy) -> Policy:
    """The policy that denies whatever `a` or `b` denies: system policy and project policy."""
    one, other = keyed(a), keyed(b)
    values, origins = dict(one.values), dict(one.origins)
    for name, item in other.values.items():
        if name not in values:
            values[name], origins[name] = item, other.origins.get(name, "")
            continue
        met = tightest(key(name), values[name], item)
        if met != values[name]:
            origins[name] = (
                other.origins.get(name, "")
                if met == item
                else f"{origins.get(name, '')} and {other.origins.get(name, '')}"
            )
        values[name] = met
    names = sorted({*a.name.split(NAMES_JOINED_BY), *b.name.split(NAMES_JOINED_BY)})
    met_policy = assemble(
        name=NAMES_JOINED_BY.join(names),
        description=a.description if a.description == b.description else "",
        keys=Keyed(values, origins),
        waivers=_meet_waivers(a, b),
        trusted=(*a.trusted, *b.trusted),
    )
    # Where one side is as tight as both together, people know the result by that side's name.
    for side in sorted((a, b), key=lambda policy: policy.name):
        if side.digest == met_policy.digest:
            return replace(met_policy, name=side.name, description=side.description)
    return met_policy


def assemble(
    *,
    name: str,
    description: str,
    keys: Keyed,
    waivers: tuple[Waiver, ...],
    trusted: tuple[Trusted, ...],
) -> Policy:
    """A policy from its keys. All of `LAUNCH_KEYS` and `WAIVING_KEYS` have to be there."""
    values: dict[str, Any] = {  # each key has its own type, see `secure.policy.keys`
        name: in_order(key(name), set(item)) if isinstance(item, tuple) else item
        for name, item in keys.values.items()
    }
    rules = _rules(values)
    policy = Policy(
        name=name,
        description=description,
        digest="",
        rules=rules,
        launch=_launch(values),
        accept_waivers=values["waiving.accept"],
        max_waiver_days=values["waiving.max_days"],
        waivers=_once(waivers),
        trusted=_closed(trusted, rules),
        origins=tuple(sorted(keys.origins.items())),
    )
    return replace(policy, digest=_digest(policy, values))


def keyed(policy: Policy) -> Keyed:
    """The keys of a policy: `assemble` backwards."""
    launch = policy.launch
    values: dict[str, ParameterValue] = {
        "waiving.accept": policy.accept_waivers,
        "waiving.max_days": policy.max_waiver_days,
    }
    for name in LAUNCH_KEYS:
        field, part = _FIELDS[name]
        item = getattr(launch, field)
        values[name] = getattr(item, part) if part else item
    for rule in policy.rules:
        prefix = f"rules.{rule.rule}"
        values[f"{prefix}.ci"] = rule.ci
        values[f"{prefix}.launch"] = rule.launch
        values[f"{prefix}.waivable"] = rule.waivable
        values.update((f"{prefix}.parameters.{name}", item) for name, item in rule.parameters)
    return Keyed(values, dict(policy.origins))


def _field(name: str) -> tuple[str, str]:
    """The field of LaunchBounds that a key fills, and the part of a Bound."""
    section, _, part = name.removeprefix("launch.").partition(".")
    units = {"memory": "memory_bytes", "cpus": "millicpus", "tmpfs": "tmpfs_bytes"}
    if section in ("capabilities", "seccomp", "network"):
        return (section if part == "allow" else f"default_{section}"), ""
    if name == "launch.tmpfs.paths":
        return "tmpfs_paths", ""
    if part:
        return units.get(section, section), "most" if part == "max" else part
    return {"shm": "shm_bytes"}.get(section, section), ""


_FIELDS = {name: _field(name) for name in LAUNCH_KEYS}


def _launch(values: dict[str, Any]) -> LaunchBounds:
    fields: dict[str, Any] = {}
    for name in LAUNCH_KEYS:
        field, part = _FIELDS[name]
        if part:
            fields.setdefault(field, {})[part] = values[name]
        else:
            fields[field] = values[name]
    bounds = {name: Bound(**parts) for name, parts in fields.items() if isinstance(parts, dict)}
    fields.update(bounds)
    return LaunchBounds(**fields)


def _rules(values: dict[str, ParameterValue]) -> tuple[RuleSetting, ...]:
    found: dict[str, dict[str, Any]] = {}
    for name, item in values.items():
        section, rule_id, *rest = name.split(".")
        if section == "rules":
            found.setdefault(rule_id, {})[".".join(rest)] = item
    return tuple(
        RuleSetting(
            rule=rule_id,
            ci=fields["ci"],
            launch=fields["launch"],
            waivable=fields["waivable"],
            parameters=tuple(
                (name.removeprefix("parameters."), item)
                for name, item in sorted(fields.items())
                if name.startswith("parameters.")
            ),
        )
        for rule_id, fields in sorted(found.items())
    )


def _meet_waivers(a: Policy, b: Policy) -> tuple[Waiver, ...]:
    """Each waiver that every side has, or accepts from the other."""
    mine = {_identity(waiver): waiver for waiver in a.waivers}
    yours = {_identity(waiver): waiver for waiver in b.waivers}
    kept = []
    for identity in {*mine, *yours}:
        waiver = mine.get(identity) or yours[identity]
        in_both = identity in mine and identity in yours
        if in_both or _accepts(a if identity not in mine else b, waiver):
            kept.append(waiver)
    return tuple(kept)


def _once(waivers: tuple[Waiver, ...]) -> tuple[Waiver, ...]:
    """In order, and one of those that say the same."""
    ordered = sorted(waivers, key=lambda waiver: (_identity(waiver), waiver.place), reverse=True)
    by_identity = {_identity(waiver): waiver for waiver in ordered}
    return tuple(by_identity[identity] for identity in sorted(by_identity))


def _accepts(policy: Policy, waiver: Waiver) -> bool:
    named = any(rule.rule == waiver.rule for rule in policy.rules)
    return policy.accept_waivers and (not named or policy.rule(waiver.rule).waivable)


def _identity(waiver: Waiver) -> tuple[str, ...]:
    """What a waiver says, without where it is written."""
    return tuple(getattr(waiver, name) for name in _WAIVER_FIELDS)


_WAIVER_FIELDS = (
    "rule",
    "owner",
    "reason",
    "expires",
    "ticket",
    "digest",
    "image",
    "path",
    "fingerprint",
)


def _closed(trusted: tuple[Trusted, ...], rules: tuple[RuleSetting, ...]) -> tuple[Trusted, ...]:
    """The lists in order, each once.

    A policy that denies what nothing vouches for and lists nothing trusts nothing: were that left
    open, another policy's list could loosen it.
    """
    denies = any(rule.rule == _VOUCHED_FOR and "deny" in (rule.ci, rule.launch) for rule in rules)
    if not trusted and denies:
        return (Trusted(),)
    return tuple(sorted(set(trusted), key=repr))


def _digest(policy: Policy, values: dict[str, ParameterValue]) -> str:
    decides = (
        sorted(values.items()),
        [_identity(waiver) for waiver in policy.waivers],
        policy.trusted,
    )
    return sha256_hex(repr(decides).encode("utf-8", "backslashreplace"))
