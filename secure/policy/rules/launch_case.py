"""The launch that the examples of launch rules vary: everything in order.

On the launch path.
"""

from __future__ import annotations

from secure.facts.launch import CGROUP, LaunchAsk, MachineFacts
from secure.facts.verdict import ALLOW, LAUNCH, Verdict
from secure.policy.rule import LaunchCase
from secure.policy.settings import Bound, LaunchBounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.facts.launch import BindAsk
    from secure.policy.settings import Parameters

_MIB = 1024 * 1024

BOUNDS = LaunchBounds(
    read_only_rootfs=True,
    no_new_privileges=True,
    root_user=False,
    capabilities=("CAP_NET_BIND_SERVICE",),
    default_capabilities=(),
    seccomp=("default", "web", "batch", "strict"),
    default_seccomp="default",
    network=("host", "none"),
    memory_bytes=Bound(512 * _MIB, 1024 * _MIB),
    pids=Bound(100, 1000),
    millicpus=Bound(1000, 2000),
    nofile=Bound(1024, 4096),
    tmpfs_paths=("/run", "/tmp"),  # noqa: S108 - a path inside the container
    tmpfs_bytes=Bound(16 * _MIB, 64 * _MIB),
    shm_bytes=16 * _MIB,
    binds="read-write",
    limits="best-effort",
    landlock="if-available",
)
MACHINE = MachineFacts(
    memory=CGROUP,
    cpu=CGROUP,
    pids=CGROUP,
    limits_by="cgroup v2 (delegated)",
    limits_do="",
    landlock_abi=7,
    seccomp=True,
)
ASK = LaunchAsk(uid=10001, gid=10001, user_named=True)
_DIGEST = "0" * 64
IMAGE = Verdict(
    outcome=ALLOW,
    stage=LAUNCH,
    subject="sha256:" + _DIGEST,
    policy="example",
    policy_digest=_DIGEST,
    findings=(),
    passed=(),
    decided_at="2026-01-01T00:00:00Z",
)


def launch(
    ask: LaunchAsk = ASK,
    *,
    bounds: LaunchBounds = BOUNDS,
    machine: MachineFacts = MACHINE,
    image: Verdict | None = IMAGE,
    parameters: Parameters | None = None,
) -> LaunchCase:
    """A case around one ask."""
    return LaunchCase(
        ask=ask,
        bounds=bounds,
        machine=machine,
        image=image,
        policy_digest=_DIGEST,
        waivers=(),
        parameters=parameters or {},
        now="2026-01-02T00:00:00Z",
    )


def asks(*binds: BindAsk, **changes: object) -> LaunchCase:
    """A case whose ask differs from the one in order by some fields."""
    from secure.value import replace

    return launch(replace(ASK, binds=binds, **changes))


def options(case: LaunchCase, *names: str) -> Iterator[str]:
    """The --security-opt values with one of these names ("label=disable" and "label:disable")."""
    for option in case.ask.security_opts:
        if option.replace(":", "=").partition("=")[0] in names:
            yield option
