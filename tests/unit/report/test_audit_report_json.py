"""The JSON report: stable, versioned, without secrets."""

from __future__ import annotations

import json

from audit_reports import report

from secure.report import audit_json
from secure.report.audit_report import AuditReport

SUBJECT = {"reference", "facts", "verdicts"}
LAUNCH = {
    "seq", "time", "image", "digest", "outcome", "container", "argv", "verdict", "evidence",
    "enforcement", "differences", "exit_code",
}  # fmt: skip
VERDICT = {
    "outcome", "stage", "subject", "policy", "policy_digest", "findings", "passed", "decided_at",
    "notes",
}  # fmt: skip


def test_the_schema_and_its_members_are_named() -> None:
    shown = json.loads(audit_json.render(report()))
    assert shown["schema"] == "secure/audit-report/v1"
    assert set(shown) == {
        "schema", "title", "made_at", "tool_version", "subjects", "launches", "chain",
    }  # fmt: skip
    assert set(shown["subjects"][0]) >= SUBJECT
    assert set(shown["launches"][0]) >= LAUNCH
    assert set(shown["launches"][0]["verdict"]) >= VERDICT


def test_records_of_the_launch_path_keep_their_field_names() -> None:
    launch = json.loads(audit_json.render(report()))["launches"][0]
    assert launch["evidence"]["no_new_privileges"] is True
    assert launch["evidence"]["mounts"][0]["target"] == "/"
    assert launch["enforcement"][0]["protection"] == "user that is not root"


def test_no_secret_value_is_in_the_json() -> None:
    shown = audit_json.render(report())
    for secret in (b"key-from-environment", b"key-from-history", b"token-from-label"):
        assert secret not in shown


def test_the_names_of_variables_stay() -> None:
    config = json.loads(audit_json.render(report()))["subjects"][0]["facts"]["config"]
    assert config["env"] == ["PATH=(withheld)", "CLOUD_KEY=(withheld)"]
    assert config["labels"]["maintainer"] == "shop@example.org"


def test_the_same_report_gives_the_same_bytes_of_json() -> None:
    assert audit_json.render(report()) == audit_json.render(report())


def test_a_name_that_is_not_unicode_stays_visible() -> None:
    shown = audit_json.render(AuditReport("a\udc80b", "now", "0"))
    assert b'"a\\udc80b"' in shown
