"""A verdict as table, JSON and SARIF."""

from __future__ import annotations

import json
from typing import Any

import pytest
from policy_texts import built_in, project

from secure.facts.files import FileTag
from secure.facts.verdict import CI, Verdict
from secure.policy.judge import judge_image
from secure.policy.rules.image_case import DIGEST, FACTS, NOW, configured, file, image
from secure.report.sarif import verdict_sarif
from secure.report.table import verdict_table
from secure.report.verdict_json import verdict_json

BAD = image(
    config=configured(user="0").facts.config,
    files=(file("opt/a", FileTag.SETUID), file("opt/b", FileTag.SETUID)),
    vulnerability_data="",
    repo_tags=("app:latest",),
).facts
WAIVED = project(
    "waivers:\n  - {rule: CON006, owner: web, reason: fixed soon, expires: 2026-01-10,"
    " ticket: WEB-12, scope: {path: /opt/a}}\n"
)
VERDICT = judge_image(WAIVED, BAD, CI, NOW)


def table(verdict: Verdict = VERDICT, *, width: int = 100) -> str:
    return verdict_table(verdict, color=False, width=width)


def test_the_decision_comes_first_then_what_denies() -> None:
    lines = table().split("\n")
    assert lines[0] == f"DENIED  {DIGEST}"
    assert lines[1] == ("by policy project, stage ci: 3 denied, 1 not checked, 1 warning, 1 waived")
    titles = [line for line in lines if line and not line.startswith(" ")][2:]
    assert titles[:5] == ["denied (3)", "not checked (1)", "warnings (1)", "waived (1)", titles[4]]
    assert titles[4].startswith("passed (")


def test_every_finding_says_where_what_and_what_to_do() -> None:
    text = table()
    assert "/opt/b (layer 0): mode 0755 (wanted: no setuid or setgid bit)" in text
    assert "fix: Remove the bit: `RUN chmod ug-s FILE`." in text
    assert "waiver: web: fixed soon (until 2026-01-10, WEB-12)" in text
    assert "note: waiver of CON006 by web (project.yaml:6:5) expires in 8 days" in text


def test_the_title_and_fix_of_a_rule_with_many_findings_are_written_once() -> None:
    text = table(judge_image(built_in("checklist"), BAD, CI, NOW))
    assert text.count("Only known files are setuid or setgid") == 1
    assert text.count("chmod ug-s") == 1
    assert text.index("/opt/a") < text.index("/opt/b") < text.index("chmod ug-s")


@pytest.mark.parametrize("width", [1, 40, 80, 200])
def test_lines_are_wrapped_between_words(width: int) -> None:
    longest = max((len(line) for line in table(width=width).split("\n")), default=0)
    words = max(len(word) for word in table().split())
    assert longest <= max(width, 40, words + 20)


def test_without_colour_there_is_no_escape() -> None:
    assert "\x1b" not in table()
    assert "\x1b[1;31mDENIED\x1b[0m" in verdict_table(VERDICT, color=True, width=80)


def test_json_has_the_documented_form() -> None:
    document = json.loads(verdict_json(VERDICT, BAD))
    assert document["schema"] == "secure/verdict/v1"
    assert list(document) == ["schema", "verdict", "findings", "passed", "notes", "image"]
    assert document["verdict"]["outcome"] == "deny"
    assert document["verdict"]["policyDigest"] == WAIVED.digest
    assert document["findings"][0]["rule"] == VERDICT.findings[0].rule
    assert {len(finding) for finding in document["findings"]} == {10}
    assert document["image"]["digest"] == DIGEST
    assert document["image"]["packages"] == len(FACTS.packages)


def test_the_same_verdict_gives_the_same_bytes() -> None:
    again = judge_image(WAIVED, BAD, CI, NOW)
    assert verdict_json(again, BAD) == verdict_json(VERDICT, BAD)
    assert verdict_sarif(again, "app") == verdict_sarif(VERDICT, "app")


def sarif(verdict: Verdict = VERDICT, reference: str = "app:latest") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(verdict_sarif(verdict, reference))
    return document


def test_sarif_has_what_the_specification_requires() -> None:
    document = sarif()
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "secure"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert result["message"]["text"]
        assert result["kind"] != "open" or result["level"] == "none"


def test_every_sarif_result_has_a_location_that_names_the_image() -> None:
    (run,) = sarif(reference="dir with space/app.tar")["runs"]
    for result in run["results"]:
        (location,) = result["locations"]
        artifact = location["physicalLocation"]["artifactLocation"]
        assert run["artifacts"][artifact["index"]]["location"]["uri"] == artifact["uri"]
        assert artifact["uri"] == "dir%20with%20space/app.tar"
        assert location["physicalLocation"]["region"]["startLine"] == 1
        assert location["logicalLocations"][0]["fullyQualifiedName"]


def test_a_name_in_an_image_is_no_link_in_a_message() -> None:
    link = image(files=(file("opt/[here](https://x.example)", FileTag.SETUID),)).facts
    (run,) = sarif(judge_image(WAIVED, link, CI, NOW))["runs"]
    texts = [result["message"]["text"] for result in run["results"]]
    assert [text for text in texts if r"\[here\](https://x.example)" in text]
    assert not [text for text in texts if "[here](" in text.replace(r"\[here\](", "")]


def test_a_tag_is_not_read_as_a_uri_scheme() -> None:
    (run,) = sarif(reference="app:latest")["runs"]
    assert run["artifacts"][0]["location"]["uri"] == "app%3Alatest"


def test_sarif_fingerprints_are_unique_and_stable() -> None:
    results = sarif()["runs"][0]["results"]
    prints = [result["partialFingerprints"]["secure/v1"] for result in results]
    assert len(set(prints)) == len(prints)
    assert prints == [finding.fingerprint for finding in VERDICT.findings]


def test_a_waived_finding_stays_as_a_suppression() -> None:
    results = sarif()["runs"][0]["results"]
    suppressed = [result for result in results if "suppressions" in result]
    assert [result["ruleId"] for result in suppressed] == ["CON006"]
    assert suppressed[0]["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "web: fixed soon (until 2026-01-10, WEB-12)",
        }
    ]


def test_sarif_rules_carry_a_security_severity_and_the_benchmarks() -> None:
    rules = {rule["id"]: rule for rule in sarif()["runs"][0]["tool"]["driver"]["rules"]}
    assert rules["IMG001"]["properties"]["security-severity"] == "8.0"
    assert "cis-docker-1.6.0/4.1" in rules["IMG001"]["properties"]["tags"]


def test_an_undecided_verdict_is_no_successful_run() -> None:
    undecided = judge_image(WAIVED, image(complete=False).facts, CI, NOW)
    invocation = sarif(undecided)["runs"][0]["invocations"][0]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
