"""The CI gate: is this image allowed to ship, and if not, why?"""

from __future__ import annotations

from secure.audit import chain
from secure.facts.verdict import CI
from secure.flows import kept_facts
from secure.flows.clock import now
from secure.flows.launch_records import check_body
from secure.flows.policies import effective_policy
from secure.flows.scan import scan
from secure.flows.vulnerabilities import compared
from secure.policy.judge import judge_image
from secure.store.paths import data_dir
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from secure.facts.image import ImageFacts
    from secure.facts.verdict import Verdict


@value
class Checked:
    """What the gate saw and what it decided."""

    facts: ImageFacts
    verdict: Verdict


def check(reference: str, policy_name: str, platform: str = "", vex: Iterable[str] = ()) -> Checked:
    """Scan an image, judge it at stage `ci`, and note the verdict in the audit log.

    Args:
        vex: files and folders of VEX statements.

    Raises:
        PolicyFileError: the policy is wrong.
        InputError: the image, or a VEX document, cannot be read.
    """
    policy = effective_policy(policy_name)
    facts = scan(reference, platform)
    # Kept without vulnerabilities: those are of the day, and launches judge kept facts for longer.
    kept_facts.keep(facts)
    facts = compared(facts, vex)
    verdict = judge_image(policy, facts, CI, now())
    body = check_body(reference, facts.digest, verdict)
    chain.append(chain.log_path(data_dir()), "check", body, now())
    return Checked(facts, verdict)
