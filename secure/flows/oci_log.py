"""What the audit log is told of a bundle's launch."""

from __future__ import annotations

from secure.audit import chain
from secure.flows.clock import now
from secure.flows.plain_records import plain
from secure.store.paths import data_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.audit.canonical import Plain
    from secure.facts.evidence import Difference, Evidence
    from secure.facts.verdict import Verdict
    from secure.runtime.oci.entered import Entered
    from secure.runtime.oci.plan import BundlePlan

ENFORCED = "enforced"
BUNDLE = "bundle "  # how the reference of a bundle's "image" begins


def at_gate(
    plan: BundlePlan,
    bundle: str,
    decided: tuple[Verdict, tuple[str, ...]],
    evidence: Evidence,
    differences: tuple[Difference, ...],
) -> None:
    """Before the first instruction: what was decided, and what the kernel showed.

    Args:
        decided: the verdict, and the names of the seccomp filters.
    """
    verdict, filters = decided
    body: Plain = {
        "id": plan.id,
        "image": _image(bundle),
        "argv": list(plan.process.args),
        "verdict": plain(verdict),
        "evidence": plain(evidence),
        "enforcement": _enforcement(plan, filters, evidence),
        "differences": plain(differences),
    }
    chain.append(chain.log_path(data_dir()), "launch", body, now(), sync=bool(differences))


def entered(
    container_id: str, argv: tuple[str, ...], found: Entered, differences: tuple[Difference, ...]
) -> None:
    """Before a process that entered a container executes its program."""
    body: Plain = {
        "id": container_id,
        "argv": list(argv),
        "evidence": plain(found),
        "differences": plain(differences),
    }
    chain.append(chain.log_path(data_dir()), "exec", body, now(), sync=bool(differences))


def refused(container_id: str, bundle: str, verdict: Verdict) -> None:
    """The policy said no."""
    body: Plain = {"image": _image(bundle), "verdict": plain(verdict), "id": container_id}
    chain.append(chain.log_path(data_dir()), "refusal", body, now())


def _image(bundle: str) -> Plain:
    return {"reference": f"{BUNDLE}{bundle}", "digest": "", "id": ""}


def _enforcement(plan: BundlePlan, filters: tuple[str, ...], evidence: Evidence) -> Plain:
    held = [name for name, bits in evidence.capabilities if bits]
    uid = f"uid {plan.privileges.uid} inside is uid {evidence.uids[1]} outside ({plan.identity})"
    label = plan.process.apparmor
    rows = (
        *((("security label", f"AppArmor {label} from execve on"),) if label else ()),
        ("user that is not root", uid),
        ("namespaces", f"own {', '.join(evidence.own_namespaces)}"),
        ("capabilities dropped", f"sets that hold some: {', '.join(held) or 'none'}"),
        ("no new privileges", "no_new_privs = 1"),
        ("system call filter", f"{', '.join(filters)}, mode 2"),
        ("limits", ", ".join(f"{f} = {v}" for f, v in evidence.cgroup_limits) or "rlimits only"),
    )
    return [[name, ENFORCED, by, "config.json"] for name, by in rows]
