"""What a policy says, and what one launch gets: both as frozen values.

On the launch path: `@value` only. A composed policy goes to plain data and back (`to_plain`,
`from_plain`), so that a launch reads it with `marshal` instead of parsing YAML.
"""

from __future__ import annotations

from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from secure.facts.launch import BindAsk

    ParameterValue = int | str | bool | tuple[str, ...]
    Parameters = Mapping[str, ParameterValue]

DENY, WARN, OFF = "deny", "warn", "off"
ACTIONS = (OFF, WARN, DENY)  # loosest first, as every tuple of choices in this file

NETWORKS = ("host", "none")
BINDS = ("read-write", "read-only", "none")
LIMITS = ("best-effort", "cgroup")
LANDLOCK = ("if-available", "required")
# The files of policies/seccomp, each permitting less than the one before; never "unconfined".
SECCOMP_PROFILES = ("default", "web", "batch", "strict")

FORM = 1  # of `to_plain`; raise it whenever a field of these classes changes


@value
class RuleSetting:
    """What a policy says of one rule.

    Args:
        ci, launch: `DENY`, `WARN` or `OFF` at that stage.
        waivable: a waiver may lift it.
        parameters: every parameter that the rule declares, sorted by name.
    """

    rule: str
    ci: str
    launch: str
    waivable: bool
    parameters: tuple[tuple[str, ParameterValue], ...] = ()


@value
class Bound:
    """A number with a default and a most that may be asked for."""

    default: int
    most: int


@value
class LaunchBounds:
    """What a launch gets by default, and the loosest it may ask for.

    Args:
        read_only_rootfs, no_new_privileges: True: always on. False: off unless asked for.
        root_user: uid 0 inside is allowed.
        capabilities: the most that may be kept; default_capabilities: kept when nothing is asked.
        seccomp: profiles that may be asked for, loosest first; default_seccomp: when none is.
        network: modes that may be asked for, loosest first; the strictest is the default.
        memory_bytes, pids, millicpus (1000 is one processor), nofile: limits.
        tmpfs_paths: writable in every container; tmpfs_bytes: default for one, most for all.
        binds: one of `BINDS`. limits: one of `LIMITS`. landlock: one of `LANDLOCK`.
    """

    read_only_rootfs: bool
    no_new_privileges: bool
    root_user: bool
    capabilities: tuple[str, ...]
    default_capabilities: tuple[str, ...]
    seccomp: tuple[str, ...]
    default_seccomp: str
    network: tuple[str, ...]
    memory_bytes: Bound
    pids: Bound
    millicpus: Bound
    nofile: Bound
    tmpfs_paths: tuple[str, ...]
    tmpfs_bytes: Bound
    shm_bytes: int
    binds: str
    limits: str
    landlock: str


@value
class Waiver:
    """Somebody answers for a finding until a day.

    Args:
        expires: ISO date; the waiver still counts on that day.
        digest, image, path, fingerprint: the scope; every one that is not "" has to match.
        place: FILE:LINE:COLUMN of the policy file.
    """

    rule: str
    owner: str
    reason: str
    expires: str
    ticket: str = ""
    digest: str = ""
    image: str = ""
    path: str = ""
    fingerprint: str = ""
    place: str = ""


@value
class Trusted:
    """One list of what vouches for an image: any entry of any kind is enough.

    Args:
        registries, repositories: where the bytes were fetched from, verified; a name that an
            archive claims for itself vouches for nothing.
        digests: of a manifest or config.
        base_layers: (name, diff-ids from the bottom up) of approved base images.
    """

    registries: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    base_layers: tuple[tuple[str, tuple[str, ...]], ...] = ()


@value
class Policy:
    """A composed policy.

    Args:
        digest: sha256 (hex) of what it decides; name, description and origins do not count.
        rules: sorted by id; a rule that is not named is off (bounds and locked rules never are).
        accept_waivers: waivers of another policy that this one is combined with may count.
        max_waiver_days: a waiver that expires later than this many days from now does not count.
        trusted: every list has to vouch; () means that this policy has no opinion.
        origins: (key, FILE:LINE:COLUMN), e.g. ("launch.memory.max", "checklist.yaml:90:5").
    """

    name: str
    description: str
    digest: str
    rules: tuple[RuleSetting, ...]
    launch: LaunchBounds
    accept_waivers: bool
    max_waiver_days: int
    waivers: tuple[Waiver, ...]
    trusted: tuple[Trusted, ...]
    origins: tuple[tuple[str, str], ...]

    def rule(self, rule_id: str) -> RuleSetting:
        """The setting of a rule; off and not waivable where the policy does not name it."""
        for setting in self.rules:
            if setting.rule == rule_id:
                return setting
        return RuleSetting(rule_id, OFF, OFF, waivable=False)

    def origin(self, key: str) -> str:
        """Where a key was set, "" if nowhere."""
        for known, place in self.origins:
            if known == key:
                return place
        return ""


@value
class Settings:
    """What one launch gets: within the policy's bounds, or the launch is denied.

    Args:
        capabilities: kept in every set, sorted; everything else is dropped.
        seccomp: name of the profile.
        millicpus: thousandths of a processor.
        tmpfs: (path, bytes), sorted by path; /dev/shm is `shm_bytes`.
        landlock: a ruleset is applied.
        limits: "cgroup" (or no launch) or "best-effort".
        origins: (field, who said so): "policy NAME", "flag --memory", "image", "default".
        cpu_shares, cpuset, io: as `CgroupLimits`; they only tighten.
    """

    uid: int
    gid: int
    read_only_rootfs: bool
    no_new_privileges: bool
    capabilities: tuple[str, ...]
    seccomp: str
    memory_bytes: int
    pids: int
    millicpus: int
    nofile: int
    tmpfs: tuple[tuple[str, int], ...]
    shm_bytes: int
    network: str
    binds: tuple[BindAsk, ...]
    landlock: bool
    limits: str
    origins: tuple[tuple[str, str], ...]
    cpu_shares: int = 0
    cpuset: str = ""
    io: tuple[tuple[str, str, int], ...] = ()

    def origin(self, field: str) -> str:
        """Who decided a field."""
        for known, who in self.origins:
            if known == field:
                return who
        return "default"


def to_plain(policy: Policy) -> dict[str, object]:
    """The policy as dict, tuples, strings and numbers: `marshal` can write it."""
    launch = policy.launch
    return {
        "form": FORM,
        "head": (policy.name, policy.description, policy.digest),
        "rules": tuple(_fields(rule) for rule in policy.rules),
        "launch": tuple(
            _fields(item) if isinstance(item, Bound) else item for item in _fields(launch)
        ),
        "waiving": (policy.accept_waivers, policy.max_waiver_days),
        "waivers": tuple(_fields(waiver) for waiver in policy.waivers),
        "trusted": tuple(_fields(trusted) for trusted in policy.trusted),
        "origins": policy.origins,
    }


def is_current(plain: dict[str, object]) -> bool:
    """`from_plain` will take it: the form is that of this version."""
    return plain.get("form") == FORM


def digest_of(plain: dict[str, Any]) -> str:
    """The digest of the policy that `to_plain` wrote, without building it."""
    return str(plain["head"][2])


def from_plain(plain: dict[str, Any]) -> Policy:
    """The policy that `to_plain` wrote.

    Raises:
        ValueError: another form, e.g. written by another version: compose the policy again.
    """
    if not is_current(plain):
        raise ValueError("a policy in another form")
    return _build(plain)


def _build(plain: dict[str, Any]) -> Policy:  # border: plain data back to records
    name, description, digest = plain["head"]
    accept_waivers, max_waiver_days = plain["waiving"]
    bounds = ("memory_bytes", "pids", "millicpus", "nofile", "tmpfs_bytes")
    names: tuple[str, ...] = LaunchBounds.__match_args__
    launch: dict[str, Any] = {
        key: Bound(*item) if key in bounds else item
        for key, item in zip(names, plain["launch"], strict=True)
    }
    return Policy(
        name=name,
        description=description,
        digest=digest,
        rules=tuple(RuleSetting(*fields) for fields in plain["rules"]),
        launch=LaunchBounds(**launch),
        accept_waivers=accept_waivers,
        max_waiver_days=max_waiver_days,
        waivers=tuple(Waiver(*fields) for fields in plain["waivers"]),
        trusted=tuple(Trusted(*fields) for fields in plain["trusted"]),
        origins=plain["origins"],
    )


def _fields(record: object) -> tuple[object, ...]:
    return tuple(getattr(record, name) for name in record.__match_args__)  # type: ignore[attr-defined]
