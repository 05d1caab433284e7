"""Waivers: who answers for a finding, why, and until when. The one matcher for every path.

On the launch path: `@value` only. `now` is an argument.
"""

from __future__ import annotations

from secure.policy.dates import days_between
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.verdict import Finding
    from secure.policy.settings import Policy, Waiver

SOON_DAYS = 14


@value
class WaiverSubject:
    """What is judged, as far as a waiver can name it.

    Args:
        digests: of manifest and config.
        names: every form of the name that it was fetched by (`secure.policy.judge.image_names`).
        claimed: every form of what the user called it. Anyone can call any file so.
    """

    digests: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    claimed: tuple[str, ...] = ()


@value
class Standing:
    """The waivers of a policy that may count for one subject now, and what to say of the others."""

    current: tuple[Waiver, ...]
    notes: tuple[str, ...]


def standing(policy: Policy, subject: WaiverSubject, rules: frozenset[str], now: str) -> Standing:
    """Sort the waivers for `rules` by whether they count for `subject` at `now`."""
    current, notes = [], []
    for waiver in policy.waivers:
        if waiver.rule not in rules or not _names(waiver, subject):
            continue
        left = days_between(now, waiver.expires)
        who = f"waiver of {waiver.rule} by {waiver.owner} ({waiver.place})"
        if waiver.image and waiver.image not in subject.names:
            notes.append(
                f"{who} does not count: only what was fetched from there is {waiver.image}; of a"
                " file the name is a claim. Give the scope a digest instead"
            )
        elif left is None or left < 0:
            notes.append(f"{who} expired on {waiver.expires}: it no longer counts")
        elif left > policy.max_waiver_days:
            notes.append(
                f"{who} runs until {waiver.expires}, {left} days from now; the policy allows"
                f" {policy.max_waiver_days}: it does not count"
            )
        elif not policy.rule(waiver.rule).waivable:
            notes.append(f"{who} does not count: the policy lets nobody waive {waiver.rule}")
        else:
            current.append(waiver)
            if left <= SOON_DAYS:
                notes.append(f"{who} expires in {left} days, on {waiver.expires}")
    return Standing(tuple(current), tuple(notes))


def match(waivers: tuple[Waiver, ...], finding: Finding, path: str) -> Waiver | None:
    """The first waiver that covers the finding.

    Args:
        waivers: those that count for the subject, from `standing`.
        path: the file concerned, "" if the finding is about no file.
    """
    for waiver in waivers:
        if waiver.rule != finding.rule:
            continue
        # Equality only: a prefix match on names or paths can be tricked (gatekeeper-library#148).
        if waiver.path and waiver.path.lstrip("/") != path.lstrip("/"):
            continue
        if waiver.fingerprint and waiver.fingerprint != finding.fingerprint:
            continue
        return waiver
    return None


def unused(waiver: Waiver) -> str:
    """The note for a waiver that covered nothing."""
    return (
        f"waiver of {waiver.rule} by {waiver.owner} ({waiver.place}) matched no finding:"
        " remove it if the finding is gone, else correct its scope"
    )


def describe(waiver: Waiver) -> str:
    """Owner, reason, expiry and ticket in one line."""
    ticket = f", {waiver.ticket}" if waiver.ticket else ""
    return f"{waiver.owner}: {waiver.reason} (until {waiver.expires}{ticket})"


def _names(waiver: Waiver, subject: WaiverSubject) -> bool:
    if waiver.digest and waiver.digest not in subject.digests:
        return False
    return not waiver.image or waiver.image in (*subject.names, *subject.claimed)
