"""Why a rule exists, what the policy says about it and where, and how a verdict came about.

Everything comes from the data that decides: the rule's declaration, its examples, the policy's
origins. Text without colour; lines are joined by newlines.
"""

from __future__ import annotations

import msgspec

from secure.errors import UsageError
from secure.facts.files import FileFact
from secure.facts.plain import plain
from secure.facts.secret import Secret
from secure.facts.verdict import ALLOW, DENY, NOT_CHECKED
from secure.policy.catalogue import RULES_BY_ID
from secure.policy.keys import key, written
from secure.policy.lattice import keyed
from secure.policy.rule import LAUNCH_REQUEST, ImageCase, parameters_of
from secure.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.facts.verdict import Finding, Verdict
    from secure.policy.rule import LaunchCase, Rule
    from secure.policy.settings import Policy

# The bounds of `launch:` that a rule watches over.
_BOUNDS = {
    "RUN002": ("launch.capabilities.allow", "launch.capabilities.default"),
    "RUN003": ("launch.capabilities.allow",),
    "RUN004": ("launch.no_new_privileges",),
    "RUN005": ("launch.root_user",),
    "RUN006": ("launch.read_only_rootfs",),
    "RUN007": ("launch.tmpfs.paths", "launch.tmpfs.default", "launch.tmpfs.max"),
    "RUN008": ("launch.memory.default", "launch.memory.max", "launch.limits"),
    "RUN009": ("launch.cpus.default", "launch.cpus.max", "launch.limits"),
    "RUN010": ("launch.pids.default", "launch.pids.max", "launch.limits"),
    "RUN011": ("launch.nofile.default", "launch.nofile.max"),
    "RUN012": ("launch.network.allow",),
    "RUN018": ("launch.seccomp.allow", "launch.seccomp.default"),
    "RUN019": ("launch.landlock",),
    "RUN022": ("launch.binds",),
    "RUN039": ("launch.shm",),
}
_WIDEST = 76


def explain_rule(policy: Policy, rule_id: str) -> str:
    """Why the rule exists, what the policy says, an example of each kind, references, the fix.

    Raises:
        UsageError: there is no such rule.
    """
    rule = RULES_BY_ID.get(rule_id)
    if rule is None:
        raise UsageError(
            f'there is no rule "{rule_id}"',
            do="Rules: secure policy show hardened. Calls are written as the kernel does: openat.",
        )
    lines = [f"{rule.id}  {rule.title}", f"        {rule.subject}, severity {rule.severity}", ""]
    lines += _paragraph("why", rule.why)
    lines += _paragraph("fix", rule.fix)
    lines += ["", f"policy {policy.name} says"]
    lines += _settings(policy, rule)
    lines += ["", *_examples(rule), "", "references"]
    lines += [f"    {source}: {', '.join(ids)}" for source, ids in rule.maps.items()]
    return "\n".join(lines)


def explain_verdict(verdict: Verdict) -> str:
    """How the verdict came about: every finding with what was found, wanted, and what to do."""
    lines = [_reason(verdict)]
    for finding in verdict.findings:
        lines += ["", *_finding(finding)]
    lines += ["", f"{len(verdict.passed)} rules passed: {', '.join(verdict.passed) or 'none'}"]
    lines += [f"note: {note}" for note in verdict.notes]
    return "\n".join(lines)


def _reason(verdict: Verdict) -> str:
    by = f"policy {verdict.policy}, stage {verdict.stage}"
    denied = sum(1 for finding in verdict.findings if finding.outcome == DENY)
    open_ones = sum(1 for finding in verdict.findings if finding.outcome == NOT_CHECKED)
    if verdict.outcome == ALLOW:
        return f"allowed by {by}: no finding denies it"
    if verdict.outcome == DENY:
        return f"denied by {by}: {denied} finding{'s deny' if denied != 1 else ' denies'} it"
    return f"not decided by {by}: nothing denies it, but {open_ones} could not be checked"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"{finding.outcome}: {finding.rule} {finding.title} ({finding.severity})"
    yield f"    at           {plain(finding.at)}"
    yield f"    found        {plain(finding.found)}"
    if finding.wanted:
        yield f"    wanted       {plain(finding.wanted)}"
    if finding.waiver:
        yield f"    waived by    {plain(finding.waiver)}"
    yield f"    fix          {plain(finding.fix)}"
    yield f"    fingerprint  {finding.fingerprint}"


def _settings(policy: Policy, rule: Rule) -> Iterator[str]:
    values = keyed(policy).values
    prefix = f"rules.{rule.id}"
    names = [name for name in values if name.startswith(prefix + ".")]
    if not names:
        yield "    nothing: the rule is off" + (", but it is locked on" if rule.locked else "")
    if rule.subject == LAUNCH_REQUEST:
        names = [name for name in names if name != f"{prefix}.ci"]
    shown = [(name.removeprefix(prefix + "."), name) for name in names]
    shown += [(name, name) for name in _BOUNDS.get(rule.id, ())]
    for title, name in shown:
        held = written(key(name), values[name])
        yield f"    {title} = {held}    ({policy.origin(name) or 'unknown origin'})"
    waivers = [waiver for waiver in policy.waivers if waiver.rule == rule.id]
    for waiver in waivers:
        yield f"    waived by {waiver.owner} until {waiver.expires}    ({waiver.place})"
    if rule.locked:
        yield "    locked: every policy denies it, and nothing waives it"


def _examples(rule: Rule) -> Iterator[str]:
    passes, fails = _flat(rule.passes), _flat(rule.fails)
    names = [name for name in passes if passes[name] != fails[name]]
    for title, example in (("passes", passes), ("fails", fails)):
        for name in names:
            yield f"{title:8}{name} = {_short(example[name])}"
    case = replace(rule.fails, parameters=parameters_of(rule))
    for violation in rule.check(case):
        wanted = f", wanted {violation.wanted}" if violation.wanted else ""
        yield f"        -> at {violation.at}: found {violation.found}{wanted}"


def _flat(case: ImageCase | LaunchCase) -> dict[str, object]:
    """The fields of a case that an example may vary, by name."""
    if isinstance(case, ImageCase):
        fields = msgspec.structs.asdict(case.facts)
        config = msgspec.structs.asdict(fields.pop("config"))
        flat: dict[str, object] = {f"config.{name}": held for name, held in config.items()}
        return flat | fields | {"trusted": case.trusted}
    flat = {"image verdict": None if case.image is None else case.image.outcome}
    for part in ("ask", "machine", "bounds"):
        record = getattr(case, part)
        flat |= {f"{part}.{name}": getattr(record, name) for name in record.__match_args__}
    return flat


def _short(held: object) -> str:
    if isinstance(held, tuple):
        return "[" + ", ".join(_short(item) for item in held[:3]) + "]"
    if isinstance(held, FileFact):
        tags = " ".join(tag.value for tag in held.tags)
        return f"/{held.location.path} {held.mode:04o} {tags} {held.detail}".rstrip()
    if isinstance(held, Secret):
        where = f"/{held.location.path}" if held.location else held.key
        return f"{held.title} in {held.place.value} {where}"
    shown = f'"{held}"' if isinstance(held, str) else str(held)
    return shown if len(shown) <= _WIDEST else shown[: _WIDEST - 1] + "…"


def _paragraph(title: str, text: str) -> Iterator[str]:
    line = f"{title:8}"
    for word in text.split():
        if len(line) + len(word) > _WIDEST:
            yield line.rstrip()
            line = " " * 8
        line += word + " "
    yield line.rstrip()
