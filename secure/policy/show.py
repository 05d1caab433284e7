"""A composed policy, key by key, with where each was set. Pure."""

from __future__ import annotations

from secure.policy.keys import key, written
from secure.policy.lattice import keyed
from secure.policy.settings import Policy


def policy_lines(policy: Policy) -> str:
    """The whole policy as text that ends with a newline."""
    values = keyed(policy).values
    lines = [f"{policy.name}: {policy.description}", f"digest sha256:{policy.digest}", ""]
    width = max(map(len, values))
    for name in sorted(values):
        origin = policy.origin(name) or "default"
        lines.append(f"{name.ljust(width)}  {written(key(name), values[name])}  ({origin})")
    lines += [f"waiver of {w.rule} by {w.owner} until {w.expires}" for w in policy.waivers]
    return "\n".join(lines) + "\n"
