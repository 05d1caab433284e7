"""The CI gate: is this image allowed to ship, and if not, why?"""

from __future__ import annotations

from secure.audit import chain
from secure.facts.verdict import CI
from secure.flows import kept_facts
from secure.flows.clock import now
from secure.flows.launch_records import check_body
from secure.flows.policies import effective_policy
from secure.flows.scan import scan
from secure.policy.judge import judge_image
from secure.store.paths import data_dir
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.image import ImageFacts
    from secure.facts.verdict import Verdict


@value
class Checked:
    """What the gate saw and what it decided."""

    facts: ImageFacts
    verdict: Verdict


def check(reference: str, policy_name: str, platform: str = "") -> Checked:
    """Scan an image, judge it at stage `ci`, and note the verdict in the audit log.

    Raises:
        PolicyFileError: the policy is wrong.
        InputError: the image cannot be read.
    """
    policy = effective_policy(policy_name)
    facts = scan(reference, platform)
    kept_facts.keep(facts)
    verdict = judge_image(policy, facts, CI, now())
    body = check_body(reference, facts.digest, verdict)
    chain.append(chain.log_path(data_dir()), "check", body, now())
    return Checked(facts, verdict)
