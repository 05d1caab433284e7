"""Hypothesis strategies: any policy, any launch, any machine."""

from __future__ import annotations

from hypothesis import strategies as st

from secure.facts.launch import CGROUP, NOT_ENFORCED, PARTLY, BindAsk, LaunchAsk, MachineFacts
from secure.policy.capabilities import CAPABILITIES
from secure.policy.catalogue import RULES
from secure.policy.keys import CHOICE, FLAG, LAUNCH_KEYS, Key, in_order, parameter_key
from secure.policy.lattice import Keyed, assemble
from secure.policy.rule import LAUNCH_REQUEST, Rule
from secure.policy.rules.launch_case import ASK, MACHINE
from secure.policy.settings import ACTIONS, SECCOMP_PROFILES, Policy, Trusted, Waiver
from secure.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.policy.settings import ParameterValue

_WORDS = ("/a", "/usr/bin/su", "/tmp", "CAP_KILL", "CAP_SYS_ADMIN", "latest", "22", "c 1:3")
_DIGESTS = ("sha256:" + "1" * 64, "sha256:" + "2" * 64)
_WAIVERS = tuple(
    Waiver(
        rule=rule, owner=owner, reason="r", expires="2026-03-01", digest=_DIGESTS[0], place=place
    )
    for rule in ("IMG001", "CON006", "REF004")
    for owner in ("a", "b")
    for place in ("one.yaml:1:1", "two.yaml:2:2")
)


def value_of(key: Key) -> st.SearchStrategy[ParameterValue]:
    """Any value that a key may have."""
    if key.written in (CHOICE, FLAG):
        return st.sampled_from(key.choices)
    if key.choices:
        words = [str(choice) for choice in key.choices]
        listed = st.sets(st.sampled_from(words)) | st.just(set(words))
        return listed.map(lambda entries: in_order(key, entries))
    if key.tighter == "lower":
        return st.integers(key.least, key.least + 1000)
    entries = CAPABILITIES[:6] if key.written == "capabilities" else _WORDS
    return st.sets(st.sampled_from(entries)).map(lambda drawn: in_order(key, drawn))


def _rule_values(rule: Rule) -> st.SearchStrategy[dict[str, ParameterValue]]:
    prefix = f"rules.{rule.id}"
    fixed: dict[str, st.SearchStrategy[ParameterValue]] = {
        f"{prefix}.ci": st.just("off")
        if rule.subject == LAUNCH_REQUEST
        else st.sampled_from(ACTIONS),
        f"{prefix}.launch": st.just("deny") if rule.locked else st.sampled_from(ACTIONS),
        f"{prefix}.waivable": st.just(False) if rule.locked else st.booleans(),
    }
    for parameter in rule.parameters:
        fixed[f"{prefix}.parameters.{parameter.name}"] = value_of(parameter_key(parameter))
    return st.fixed_dictionaries(fixed)


@st.composite
def policies(draw: st.DrawFn, *, accept: bool | None = None) -> Policy:
    """Any policy that could be composed: no default above its most."""
    values = {name: draw(value_of(key)) for name, key in LAUNCH_KEYS.items()}
    for section in ("memory", "pids", "cpus", "nofile", "tmpfs"):
        low, high = f"launch.{section}.default", f"launch.{section}.max"
        pair = [values[low], values[high]]
        values[low], values[high] = sorted(n for n in pair if isinstance(n, int))
    each = values["launch.tmpfs.default"]
    assert isinstance(each, int)
    # Room for the default paths and a little more: less is a contradiction that loading refuses.
    values["launch.tmpfs.max"] = each * len(_WORDS) + draw(st.integers(0, 9000))
    values["waiving.accept"] = draw(st.booleans()) if accept is None else accept
    values["waiving.max_days"] = draw(st.integers(1, 200))
    for rule in draw(st.lists(st.sampled_from(RULES), max_size=6, unique_by=lambda r: r.id)):
        values.update(draw(_rule_values(rule)))
    return assemble(
        name=draw(st.sampled_from(["a", "b", "c"])),
        description=draw(st.sampled_from(["", "x", "y"])),
        keys=Keyed(values, dict.fromkeys(values, "f.yaml:1:1")),
        waivers=tuple(draw(st.sets(st.sampled_from(_WAIVERS), max_size=3))),
        trusted=draw(st.lists(trusted_lists(), max_size=2).map(tuple)),
    )


def trusted_lists() -> st.SearchStrategy[Trusted]:
    """A list of what is trusted, perhaps empty."""
    return st.builds(
        Trusted,
        digests=st.sets(st.sampled_from(_DIGESTS)).map(lambda found: tuple(sorted(found))),
        registries=st.sampled_from([(), ("registry.example",)]),
    )


_NUMBERS = (
    st.none() | st.integers(-1, 1200) | st.integers(10, 40) | st.integers(1 << 20, (1 << 20) + 1200)
)
_PATHS = st.sampled_from(["/tmp", "/cache", "/dev/shm", "/proc/x", "/a/../sys"])


def binds() -> st.SearchStrategy[BindAsk]:
    return st.builds(
        BindAsk,
        source=st.sampled_from(["/srv", "/run/x"]),
        target=_PATHS,
        read_only=st.booleans(),
        touches=st.sampled_from(["", "/etc", "an engine socket (/run/docker.sock)"]),
        kind=st.sampled_from(["directory", "file", "socket", "device"]),
    )


@st.composite
def asks(draw: st.DrawFn) -> LaunchAsk:
    """Any launch; most ask for little, because a launch that asks for everything is refused."""
    wild = draw(_wild_asks())
    names = draw(st.lists(st.sampled_from(LaunchAsk.__match_args__), max_size=4))
    return replace(ASK, **{name: getattr(wild, name) for name in names})


def _wild_asks() -> st.SearchStrategy[LaunchAsk]:
    names = st.sampled_from([*CAPABILITIES[:6], "CAP_SYS_ADMIN", "ALL", "CAP_NONE"])
    return st.builds(
        LaunchAsk,
        uid=st.sampled_from([0, 1, 10001]),
        gid=st.just(1),
        user_named=st.booleans(),
        read_only_rootfs=st.none() | st.booleans(),
        no_new_privileges=st.none() | st.booleans(),
        cap_add=st.lists(names, max_size=3).map(tuple),
        cap_drop=st.lists(names, max_size=3).map(tuple),
        seccomp=st.sampled_from([None, *SECCOMP_PROFILES, "unconfined", ""]),
        memory_bytes=_NUMBERS,
        pids=_NUMBERS,
        millicpus=_NUMBERS,
        nofile=_NUMBERS,
        memory_swap_bytes=_NUMBERS,
        cpu_shares=_NUMBERS,
        network=st.sampled_from([None, "none", "host", "bridge"]),
        tmpfs=st.lists(st.tuples(_PATHS, st.integers(-1, 6000)), max_size=3).map(tuple),
        binds=st.lists(binds(), max_size=2).map(tuple),
        security_opts=st.lists(
            st.sampled_from(["seccomp=unconfined", "no-new-privileges:false", "x"]), max_size=1
        ).map(tuple),
        privileged=st.booleans(),
        devices=st.sampled_from([(), ("/dev/sda",)]),
        host_namespaces=st.sampled_from([(), ("pid",), ("network",)]),
    )


def machines() -> st.SearchStrategy[MachineFacts]:
    """Any machine; every other one can enforce everything."""
    return st.just(MACHINE) | _wild_machines()


def _wild_machines() -> st.SearchStrategy[MachineFacts]:
    state = st.sampled_from([CGROUP, PARTLY, NOT_ENFORCED])
    return st.builds(
        MachineFacts,
        memory=state,
        cpu=state,
        pids=state,
        limits_by=st.just("x"),
        limits_do=st.just("y"),
        landlock_abi=st.sampled_from([0, 7]),
        seccomp=st.booleans(),
        user_namespaces=st.sampled_from(["", "off"]),
    )
