"""Rules on the content of the image as a whole: secrets, accounts, size, whether it is known."""

from __future__ import annotations

from secure.facts.files import ACCOUNT_PLACES, Account
from secure.facts.image import Unreadable
from secure.policy.dates import days_between
from secure.policy.rule import (
    BYTES,
    IMAGE_CONTENT,
    LATER,
    LOWER,
    ImageCase,
    Parameter,
    Rule,
    Violation,
    number,
)
from secure.policy.rule import choice as chosen
from secure.policy.rules.image_case import image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SYSTEM_PACKAGES = ("deb", "apk", "rpm", "alpm")
WHAT_IF_MISSING = ("warn", "not-checked", "deny")


def missing(how: str, at: str, found: str, wanted: str, fix: str) -> Violation:
    """A violation for facts that are not there, by a parameter of `WHAT_IF_MISSING`."""
    if how == "deny":
        return Violation(at=at, found=found, wanted=wanted, fix=fix)
    action = "warn" if how == "warn" else ""
    return Violation(at=at, found=found, wanted=wanted, fix=fix, undecided=True, action=action)


def has_no_empty_password(case: ImageCase) -> Iterator[Violation]:
    for account in case.facts.accounts:
        if account.password == "empty":  # noqa: S105 - the state of a password, not one
            yield Violation(
                at=f"account {account.name}", found="an empty password", wanted="locked"
            )
    yield from _accounts_unread(case)


def has_one_root(case: ImageCase) -> Iterator[Violation]:
    for account in case.facts.accounts:
        if account.uid == 0 and account.name != "root":
            yield Violation(at=f"account {account.name}", found="uid 0", wanted="another uid")
    yield from _accounts_unread(case)


def _accounts_unread(case: ImageCase) -> Iterator[Violation]:
    for item in case.facts.unreadable:
        if item.path in ACCOUNT_PLACES:
            yield _unread(item, undecided=True)


def is_small(case: ImageCase) -> Iterator[Violation]:
    packages = number(case.parameters, "packages")
    size = number(case.parameters, "size")
    installed = sum(1 for package in case.facts.packages if package.type in _SYSTEM_PACKAGES)
    if installed > packages:
        yield Violation(at="packages", found=f"{installed} installed", wanted=f"at most {packages}")
    if case.facts.uncompressed_bytes > size:
        found = f"{case.facts.uncompressed_bytes // (1 << 20)} MiB"
        yield Violation(at="size", found=found, wanted=f"at most {size // (1 << 20)} MiB")


def is_known_and_recent(case: ImageCase) -> Iterator[Violation]:
    facts = case.facts
    if not facts.complete:
        for item in facts.unreadable:
            yield _unread(item, undecided=True)
        if not facts.unreadable:
            yield Violation(
                at=facts.reference,
                found="parts of it were not read",
                wanted="all of it",
                place="complete",
                undecided=True,
            )
    else:
        for item in facts.unreadable:
            yield _unread(item, undecided=False)
    if not facts.packages:
        yield missing(
            chosen(case.parameters, "no_packages"),
            "packages",
            "no package database: what the image contains is not known",
            "the database of a package manager, or packages of a language",
            "Build on a base image that keeps its package database.",
        )
    age = days_between(facts.scanned_at, case.now)
    most = number(case.parameters, "max_age_days")
    if age is None or age < -1 or age > most:
        when = f"{age} days ago" if age is not None else f'at "{facts.scanned_at}"'
        yield Violation(
            at="scan",
            found=f"scanned {when}",
            wanted=f"at most {most} days ago",
            fix="Scan the image again.",
            undecided=True,
        )


def _unread(item: Unreadable, *, undecided: bool) -> Violation:
    return Violation(
        at=f"/{item.path} (layer {item.layer})",
        found=f"not read: {item.why}",
        wanted="read",
        place="/" + item.path,
        path="/" + item.path,
        fix="" if undecided else "Nothing, if that file holds no secret and no package database.",
        severity="" if undecided else "info",
        undecided=undecided,
        action="" if undecided else "warn",
    )


CON009 = Rule(
    id="CON009",
    subject=IMAGE_CONTENT,
    severity="critical",
    title="No account has an empty password",
    why="Anyone inside becomes that account with su (CVE-2019-5021: root in Alpine images).",
    fix="Lock it: `RUN passwd -l NAME`.",
    maps={"nist-800-190": ("4.1.2",), "dockle": ("DKL-LI-0001",)},
    check=has_no_empty_password,
    passes=image(accounts=(Account("root", 0, 0, "/root", "/bin/sh", "locked"),)),
    fails=image(accounts=(Account("root", 0, 0, "/root", "/bin/sh", "empty"),)),
)
CON010 = Rule(
    id="CON010",
    subject=IMAGE_CONTENT,
    severity="high",
    title="Only root has uid 0",
    why="A second name for root is how a back door looks.",
    fix="Remove the account.",
    maps={"nist-800-190": ("4.1.2",), "dockle": ("DKL-LI-0002",)},
    check=has_one_root,
    passes=image(accounts=(Account("root", 0, 0, "/root", "/bin/sh"),)),
    fails=image(accounts=(Account("toor", 0, 0, "/root", "/bin/sh"),)),
)
CON016 = Rule(
    id="CON016",
    subject=IMAGE_CONTENT,
    severity="low",
    title="The base is minimal",
    why="Every package is code that can have a flaw and has to be updated.",
    fix="Build on a slim, Alpine or distroless base and install without recommended packages.",
    maps={
        "cis-docker-1.6.0": ("4.3",),
        "nist-800-190": ("4.1.2",),
        "dockle": ("CIS-DI-0003",),
        "hadolint": ("DL3015",),
    },
    check=is_small,
    passes=image(uncompressed_bytes=80 << 20),
    fails=image(uncompressed_bytes=4 << 30),
    parameters=(
        Parameter("packages", 250, LOWER, "system packages at most"),
        Parameter("size", 1 << 30, LOWER, "uncompressed size of all layers", unit=BYTES),
    ),
)
CON030 = Rule(
    id="CON030",
    subject=IMAGE_CONTENT,
    severity="medium",
    title="What the image contains is known, whole and recent",
    why="What was not read may hold anything: it is unknown, not harmless.",
    fix="Scan the image again; if it is damaged, fetch it again.",
    maps={"cis-docker-1.6.0": ("4.4",), "nist-800-190": ("4.1.1",)},
    check=is_known_and_recent,
    passes=image(),
    fails=image(
        complete=False, unreadable=(Unreadable("var/lib/dpkg/status", 0, "record 3 has no name"),)
    ),
    parameters=(
        Parameter("max_age_days", 30, LOWER, "how old the scan may be, in days", least=1),
        Parameter(
            "no_packages",
            "warn",
            LATER,
            "without a package database: warn, leave the verdict open, or deny",
            choices=WHAT_IF_MISSING,
        ),
    ),
)

CONTENT_RULES = (CON009, CON010, CON016, CON030)
