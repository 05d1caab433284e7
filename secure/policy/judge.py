"""The image gate's decision: facts, policy and time in, verdict out. Pure."""

from __future__ import annotations

from secure.errors import InputError, UsageError
from secure.facts.verdict import CI
from secure.oci.reference import Reference
from secure.policy.catalogue import IMAGE_RULES
from secure.policy.decide import Checked, decide
from secure.policy.rule import ImageCase, parameters_of
from secure.policy.settings import OFF
from secure.policy.waive import WaiverSubject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.facts.image import ImageFacts
    from secure.facts.verdict import Verdict
    from secure.policy.settings import Policy


def judge_image(policy: Policy, facts: ImageFacts, stage: str, now: str) -> Verdict:
    """Judge an image.

    Args:
        stage: `CI` or `LAUNCH`.
        now: RFC 3339, UTC: waivers and the age of the scan are measured from it.
    """
    digests = tuple(digest for digest in (facts.digest, facts.config_digest) if digest)
    claimed = image_names(facts.reference)
    fetched = facts.pulled_from and claimed[:1] == (facts.pulled_from,)
    return decide(
        policy,
        _checked(policy, facts, stage, now),
        stage=stage,
        subject=facts.digest or facts.reference,
        waivers_for=WaiverSubject(digests, claimed if fetched else (), claimed),
        now=now,
    )


def _checked(policy: Policy, facts: ImageFacts, stage: str, now: str) -> Iterator[Checked]:
    for rule in IMAGE_RULES:
        setting = policy.rule(rule.id)
        if (setting.ci if stage == CI else setting.launch) == OFF:
            continue
        case = ImageCase(
            facts=facts,
            parameters=parameters_of(rule, setting.parameters),
            trusted=policy.trusted,
            now=now,
        )
        yield Checked(rule, setting, tuple(rule.check(case)))


def image_names(reference: str) -> tuple[str, ...]:
    """Every way to name an image, from the widest to the narrowest; () for a path.

    Waivers compare these as a whole: a prefix of a name can be tricked (gatekeeper-library#148).
    """
    try:
        parts = Reference.parse(reference)
    except (UsageError, InputError):
        return ()
    tag = f":{parts.tag}" if parts.tag else ""
    digest = f"@{parts.digest}" if parts.digest else ""
    name = parts.name
    return tuple(dict.fromkeys((name, name + tag, name + digest, name + tag + digest)))
