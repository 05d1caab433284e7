"""The vulnerabilities of the images of an audit report, as they are known on the day it is made.

Facts are kept without them: what is known of a package changes daily, and its verdict does not.
"""

from __future__ import annotations

import msgspec

from secure.flows.described import described
from secure.flows.vulnerabilities import compared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.report.audit_report import AuditReport, Subject


def with_vulnerabilities(report: AuditReport) -> AuditReport:
    """The report, its images compared with the database of this machine."""
    subjects = tuple(_subject(subject) for subject in report.subjects)
    return msgspec.structs.replace(report, subjects=subjects)


def _subject(subject: Subject) -> Subject:
    if subject.facts is None:
        return subject
    return msgspec.structs.replace(subject, facts=described(compared(subject.facts)))
