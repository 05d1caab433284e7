"""A report that can be handed on: no value that may be a secret. Pure.

The values of environment variables go, all of them: what no secret rule knows may still be one.
Labels and history lines go where a secret was found in them.
"""

from __future__ import annotations

import msgspec

from secure.facts.secret import SecretPlace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.image import ImageFacts
    from secure.report.audit_report import AuditReport, Subject

WITHHELD = "(withheld)"
_HOLDS_SECRET = "(withheld: a secret was found in it)"  # noqa: S105 - says that there is none


def without_secrets(report: AuditReport) -> AuditReport:
    """`report`, fit to be handed on."""
    subjects = tuple(_subject(subject) for subject in report.subjects)
    return msgspec.structs.replace(report, subjects=subjects)


def _subject(subject: Subject) -> Subject:
    facts = subject.facts
    return subject if facts is None else msgspec.structs.replace(subject, facts=_facts(facts))


def _facts(facts: ImageFacts) -> ImageFacts:
    labels = {found.key for found in facts.secrets if found.place == SecretPlace.LABEL}
    lines = {
        facts.history[int(found.key)]
        for found in facts.secrets
        if found.place == SecretPlace.HISTORY and _is_index(found.key, len(facts.history))
    }
    config = msgspec.structs.replace(
        facts.config,
        env=tuple(f"{entry.partition('=')[0]}={WITHHELD}" for entry in facts.config.env),
        labels={
            name: _HOLDS_SECRET if name in labels else content
            for name, content in facts.config.labels.items()
        },
    )
    layers = tuple(
        msgspec.structs.replace(layer, created_by=_HOLDS_SECRET)
        if layer.created_by in lines
        else layer
        for layer in facts.layers
    )
    history = tuple(_HOLDS_SECRET if line in lines else line for line in facts.history)
    return msgspec.structs.replace(facts, config=config, layers=layers, history=history)


def _is_index(key: str, length: int) -> bool:
    return key.isdecimal() and key.isascii() and len(key) < 9 and int(key) < length
