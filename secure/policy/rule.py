"""The Rule type: declared, pure, with one example that passes and one that fails.

On the launch path: `@value` only.
"""

from __future__ import annotations

from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from secure.facts.image import ImageFacts
    from secure.facts.launch import LaunchAsk, MachineFacts
    from secure.facts.verdict import Verdict
    from secure.policy.settings import LaunchBounds, Parameters, ParameterValue, Trusted, Waiver

# What a rule is about.
IMAGE_CONFIG, IMAGE_REFERENCE, IMAGE_CONTENT = "image config", "image reference", "image content"
LAUNCH_REQUEST = "launch"

# How the values of a parameter are ordered: which of two is tighter.
LOWER = "lower"  # numbers: the lower one
FEWER = "fewer"  # lists of what is allowed: the intersection
MORE = "more"  # lists of what is refused: the union
LATER = "later"  # choices, declared loosest first

BYTES = "bytes"
NAMES, PATHS, CAPABILITY_NAMES = "names", "paths", "capabilities"


@value
class Parameter:
    """A parameter of a rule.

    Args:
        default: used where a policy does not set it.
        tighter: `LOWER`, `FEWER`, `MORE` or `LATER`.
        choices: for `LATER`: every choice, loosest first.
        least: for `LOWER`: the smallest number that makes sense.
        unit: for `LOWER`: "" for a count, `BYTES` for a size.
        entries: for lists: `NAMES`, `PATHS` or `CAPABILITY_NAMES`.
    """

    name: str
    default: ParameterValue
    tighter: str
    meaning: str
    choices: tuple[str, ...] = ()
    least: int = 0
    unit: str = ""
    entries: str = NAMES


@value
class Violation:
    """One violation, as a check reports it.

    Args:
        at: where, for people. place: where, stable across builds, for fingerprints; "" is `at`.
        found, wanted: observed and required value.
        path: the file concerned, for waivers by path.
        severity, fix: instead of the rule's; "" is the rule's.
        action: instead of the stage's ("warn" for a secret below the threshold).
        undecided: the rule could not be checked here.
        bound: looser than the policy's bounds: denied whatever the stage says, never waived.
    """

    at: str
    found: str
    wanted: str = ""
    place: str = ""
    path: str = ""
    severity: str = ""
    fix: str = ""
    action: str = ""
    undecided: bool = False
    bound: bool = False


@value
class ImageCase:
    """What an image rule looks at."""

    facts: ImageFacts
    parameters: Parameters
    trusted: tuple[Trusted, ...]
    now: str


@value
class LaunchCase:
    """What a launch rule looks at.

    Args:
        image: the verdict on the image by the same policy at the launch stage, None if there is
            none.
        policy_digest, waivers: of the policy that decides.
    """

    ask: LaunchAsk
    bounds: LaunchBounds
    machine: MachineFacts
    image: Verdict | None
    policy_digest: str
    waivers: tuple[Waiver, ...]
    parameters: Parameters
    now: str


@value
class Rule:
    """A rule.

    Args:
        subject: what `check` takes: an `ImageCase`, for `LAUNCH_REQUEST` a `LaunchCase`.
        why: the threat. fix: what to do, one sentence.
        maps: benchmark or tool -> its ids for the same thing.
        check: yields violations; nothing means passed.
        passes, fails: examples with default parameters; tests and `explain` use them.
        locked: every policy denies it at launch, and nothing waives it.
    """

    id: str
    subject: str
    severity: str
    title: str
    why: str
    fix: str
    maps: Mapping[str, tuple[str, ...]]
    check: Callable[..., Iterable[Violation]]
    passes: ImageCase | LaunchCase
    fails: ImageCase | LaunchCase
    parameters: tuple[Parameter, ...] = ()
    locked: bool = False


def parameters_of(rule: Rule, set_to: Iterable[tuple[str, ParameterValue]] = ()) -> Parameters:
    """Every parameter of a rule: its default, or what a policy sets it to."""
    values = {parameter.name: parameter.default for parameter in rule.parameters}
    values.update(set_to)
    return values


def number(parameters: Parameters, name: str) -> int:
    """A parameter that is a number."""
    found = parameters[name]
    if not isinstance(found, int):
        raise TypeError(f"parameter {name} is not a number: {found!r}")
    return found


def names(parameters: Parameters, name: str) -> tuple[str, ...]:
    """A parameter that is a list."""
    found = parameters[name]
    if not isinstance(found, tuple):
        raise TypeError(f"parameter {name} is not a list: {found!r}")
    return found


def choice(parameters: Parameters, name: str) -> str:
    """A parameter that is one of several words."""
    found = parameters[name]
    if not isinstance(found, str):
        raise TypeError(f"parameter {name} is not a word: {found!r}")
    return found
