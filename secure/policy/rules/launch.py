"""Every launch rule, in order of id; and those on the image and the environment.

On the launch path.
"""

from __future__ import annotations

from secure.facts.verdict import DENY, LAUNCH, NOT_CHECKED
from secure.policy.dates import days_between
from secure.policy.rule import LAUNCH_REQUEST, LOWER, LaunchCase, Parameter, Rule, Violation, number
from secure.policy.rules.launch_case import asks, launch
from secure.policy.rules.launch_isolation import ISOLATION_RULES
from secure.policy.rules.launch_limits import LIMIT_RULES
from secure.policy.rules.launch_mounts import MOUNT_RULES
from secure.policy.rules.launch_privilege import PRIVILEGE_RULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.facts.verdict import Verdict


def passes_no_secret_in_environment(case: LaunchCase) -> Iterator[Violation]:
    for name in case.ask.env_secret_names:
        yield Violation(
            at=f"-e {name}", found="a value that looks like a secret", wanted="no secret"
        )


def image_was_judged(case: LaunchCase) -> Iterator[Violation]:
    image = case.image
    if image is None:
        yield _unjudged("image", "no verdict on the image")
    elif image.outcome == DENY:
        denied = [finding for finding in image.findings if finding.outcome == DENY]
        rules = ", ".join(dict.fromkeys(finding.rule for finding in denied))
        yield Violation(
            at=f"image {image.subject}",
            found=f"denied by {rules}",
            wanted="allowed",
            fix=denied[0].fix if denied else "",
            place="image",
        )
    elif image.outcome == NOT_CHECKED:
        yield _unjudged(f"image {image.subject}", "could not be decided")
    elif reason := _outdated(case, image):
        yield _unjudged(f"image {image.subject}", reason)


def _unjudged(at: str, found: str) -> Violation:
    return Violation(at=at, found=found, wanted="allowed", place="image", undecided=True)


def _outdated(case: LaunchCase, image: Verdict) -> str:
    # Between the check and this launch the policy, the time or a waiver may have changed.
    if image.policy_digest != case.policy_digest:
        return "judged under another policy"
    if image.stage != LAUNCH:
        return f"judged for stage {image.stage}, not for launch"
    age = days_between(image.decided_at, case.now)
    most = number(case.parameters, MAX_AGE.name)
    if age is None or age < 0:
        return f'judged at "{image.decided_at}", which is not before now'
    if age > most:
        return f"judged {age} days ago, the policy allows {most}"
    today, then = case.now[:10], image.decided_at[:10]
    if any(then <= waiver.expires < today for waiver in case.waivers):
        return "a waiver expired since it was judged"
    return ""


MAX_AGE = Parameter(
    "max_age_days", 30, LOWER, "how old the verdict on the image may be, in days", least=1
)

RUN029 = Rule(
    id="RUN029",
    subject=LAUNCH_REQUEST,
    severity="high",
    title="No secret is passed in the environment",
    why="The environment shows in /proc, in crash reports and in every child process.",
    fix="Put the secret into a file and mount it with -v FILE:/run/secrets/NAME:ro.",
    maps={"cis-docker-1.6.0": ("4.10",), "nist-800-190": ("4.1.4",)},
    check=passes_no_secret_in_environment,
    passes=launch(),
    fails=asks(env_secret_names=("DB_PASSWORD",)),
)
RUN035 = Rule(
    id="RUN035",
    subject=LAUNCH_REQUEST,
    severity="high",
    title="This very image passed the policy",
    why="What was checked has to be what is launched: the same digest, policy and day.",
    fix="Check the image again: secure check IMAGE.",
    maps={"cis-docker-1.6.0": ("4.4", "4.12"), "nist-800-190": ("4.4.5",)},
    check=image_was_judged,
    passes=launch(),
    fails=launch(image=None),
    parameters=(MAX_AGE,),
)

LAUNCH_RULES = tuple(
    sorted(
        (*PRIVILEGE_RULES, *ISOLATION_RULES, *LIMIT_RULES, *MOUNT_RULES, RUN029, RUN035),
        key=lambda rule: rule.id,
    )
)
