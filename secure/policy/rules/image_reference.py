"""Rules on where an image comes from: tag, digest, registry, base layers."""

from __future__ import annotations

from secure.facts.location import Layer
from secure.policy.rule import IMAGE_REFERENCE, LATER, MORE, ImageCase, Parameter, Rule, Violation
from secure.policy.rule import choice as chosen
from secure.policy.rule import names as listed
from secure.policy.rules.image_case import BASE, DIGEST, image
from secure.policy.settings import Trusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.facts.image import ImageFacts


def has_a_fixed_tag(case: ImageCase) -> Iterator[Violation]:
    moving = listed(case.parameters, "moving_tags")
    for name in case.facts.repo_tags:
        path, _, digest = name.partition("@")
        tag = path.rpartition("/")[2].partition(":")[2]
        if digest and not tag:
            continue
        if not tag or tag in moving:
            found = f'"{name}"' if tag else f'"{name}", which means :latest'
            yield Violation(
                at="tag", found=found, wanted="a tag that names one version", place=name
            )


def is_pinned(case: ImageCase) -> Iterator[Violation]:
    facts = case.facts
    if not facts.digest:
        yield Violation(
            at=facts.reference,
            found="no digest: a plain directory can change at any time",
            wanted="an image with a digest",
        )
    elif chosen(case.parameters, "pinned") == "named" and "@sha256:" not in facts.reference:
        yield Violation(
            at=facts.reference,
            found="a name without a digest",
            wanted=f"{facts.reference}@{facts.digest}",
            place="reference",
        )


def comes_from_an_allowed_registry(case: ImageCase) -> Iterator[Violation]:
    source = case.facts.pulled_from
    for item in case.trusted:
        # A list without registries and repositories says nothing about them.
        if source and (item.registries or item.repositories) and not _allowed(source, item):
            allowed = ", ".join((*item.registries, *item.repositories))
            yield Violation(at=source, found="not on the list", wanted=allowed, place=source)


def is_vouched_for(case: ImageCase) -> Iterator[Violation]:
    facts = case.facts
    if case.trusted and all(vouches(item, facts) for item in case.trusted):
        return
    known_by = facts.digest or "no digest"
    base = facts.layers[0].diff_id if facts.layers else ""
    yield Violation(
        at=facts.reference,
        found=f"nothing vouches for it: {known_by}" + (f", base layer {base}" if base else ""),
        wanted="its digest, base layers, registry or repository under trusted",
        place="trusted",
    )


def vouches(trusted: Trusted, facts: ImageFacts) -> bool:
    """One entry of a list vouches for the image."""
    known = {facts.digest, facts.config_digest} - {""}
    if known.intersection(trusted.digests):
        return True
    if facts.pulled_from and _allowed(facts.pulled_from, trusted):
        return True
    layers = tuple(layer.diff_id for layer in facts.layers)
    # An empty chain would vouch for everything; the policy file refuses one, and so does this.
    return any(chain and layers[: len(chain)] == chain for _, chain in trusted.base_layers)


def _allowed(source: str, trusted: Trusted) -> bool:
    # Equality of parsed parts, never a prefix of the text: "ghcr.io.evil.example" is not ghcr.io.
    return source.partition("/")[0] in trusted.registries or source in trusted.repositories


REF001 = Rule(
    id="REF001",
    subject=IMAGE_REFERENCE,
    severity="medium",
    title="The tag names one version",
    why="What :latest means tomorrow nobody has checked today.",
    fix="Tag the image with its version, e.g. app:1.4.2.",
    maps={
        "cis-docker-1.6.0": ("5.28",),
        "nist-800-190": ("4.2.2",),
        "dockle": ("DKL-DI-0006",),
        "hadolint": ("DL3006", "DL3007"),
        "trivy": ("DS-0001",),
    },
    check=has_a_fixed_tag,
    passes=image(repo_tags=("registry.example/app:1.4.2",)),
    fails=image(repo_tags=("app:latest",)),
    parameters=(
        Parameter("moving_tags", ("edge", "latest", "nightly"), MORE, "tags that are refused"),
    ),
)
REF002 = Rule(
    id="REF002",
    subject=IMAGE_REFERENCE,
    severity="medium",
    title="The image is known by its digest",
    why="Only a digest names the same bytes tomorrow.",
    fix="Name the image by digest: app@sha256:…",
    maps={
        "cis-docker-1.6.0": ("4.2",),
        "nist-800-190": ("4.1.5",),
        "kyverno": ("require-image-digest",),
    },
    check=is_pinned,
    passes=image(),
    fails=image(digest="", config_digest=""),
    parameters=(
        Parameter(
            "pinned",
            "recorded",
            LATER,
            "recorded: the image has a digest; named: the reference carries it",
            choices=("recorded", "named"),
        ),
    ),
)
REF003 = Rule(
    id="REF003",
    subject=IMAGE_REFERENCE,
    severity="high",
    title="The registry or repository is on the list",
    why="Anyone can publish an image under any name in a registry of his own.",
    fix="Pull from a registry under trusted.registries, or have it added there.",
    maps={
        "cis-docker-1.6.0": ("4.2",),
        "nist-800-190": ("4.1.5",),
        "dockle": ("CIS-DI-0002",),
        "hadolint": ("DL3026",),
    },
    check=comes_from_an_allowed_registry,
    passes=image(
        pulled_from="registry.example/app", trusted=(Trusted(registries=("registry.example",)),)
    ),
    fails=image(
        pulled_from="registry.example.evil/app",
        trusted=(Trusted(registries=("registry.example",)),),
    ),
)
REF004 = Rule(
    id="REF004",
    subject=IMAGE_REFERENCE,
    severity="high",
    title="Something vouches for the image",
    why="A file can claim any name; its digest and its base layers cannot be claimed.",
    fix="Build on an approved base image, or list the digest under trusted.digests.",
    maps={
        "cis-docker-1.6.0": ("4.2",),
        "nist-800-190": ("4.1.5",),
        "dockle": ("CIS-DI-0002",),
        "hadolint": ("DL3026",),
    },
    check=is_vouched_for,
    passes=image(
        layers=(Layer(0, BASE, BASE, 1), Layer(1, DIGEST, DIGEST, 1)),
        trusted=(Trusted(base_layers=(("debian-12-slim", (BASE,)),)),),
    ),
    fails=image(trusted=()),
)

REFERENCE_RULES = (REF001, REF002, REF003, REF004)
