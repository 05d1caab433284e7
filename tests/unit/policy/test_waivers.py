"""Waivers: owner, reason, expiry; one matcher for every path; nothing vanishes silently."""

from __future__ import annotations

import pytest
from policy_texts import built_in, project

from secure.facts.files import FileTag
from secure.facts.image import ImageFacts
from secure.facts.launch import BindAsk
from secure.facts.verdict import ALLOW, CI, DENY, LAUNCH, Verdict
from secure.policy.judge import judge_image
from secure.policy.judge_launch import decide_launch
from secure.policy.rules.image_case import DIGEST, NOW, configured, file, image
from secure.policy.rules.launch_case import ASK, IMAGE, MACHINE
from secure.value import replace

CHECKLIST = built_in("checklist")
ROOT = configured(user="0").facts
TOOLS = image(files=(file("opt/a", FileTag.SETUID), file("opt/ab", FileTag.SETUID))).facts


def judge(facts: ImageFacts, *waivers: str, now: str = NOW, stage: str = CI) -> Verdict:
    return judge_image(project(body(*waivers)), facts, stage, now)


def body(*waivers: str) -> str:
    return "waivers:\n" + "".join(f"  - {{owner: web team, {waiver}}}\n" for waiver in waivers)


def waiver(rule: str, scope: str, expires: str = "2026-03-01") -> str:
    return f"rule: {rule}, reason: fixed in 2.0, expires: {expires}, scope: {{{scope}}}"


def test_a_finding_about_something_missing_can_be_waived() -> None:
    verdict = judge(ROOT, waiver("IMG001", f"digest: '{DIGEST}'"))
    (finding,) = [f for f in verdict.findings if f.rule == "IMG001"]
    assert verdict.outcome == ALLOW
    assert finding.outcome == "waived"
    assert finding.waiver == "web team: fixed in 2.0 (until 2026-03-01)"


def test_a_waiver_by_path_covers_that_path_and_no_other() -> None:
    verdict = judge(TOOLS, waiver("CON006", "path: /opt/a"))
    found = {f.at: f.outcome for f in verdict.findings if f.rule == "CON006"}
    assert found == {"/opt/a (layer 0)": "waived", "/opt/ab (layer 0)": "deny"}


def test_a_waiver_by_fingerprint_covers_one_finding() -> None:
    finding = next(f for f in judge_image(CHECKLIST, TOOLS, CI, NOW).findings if "/opt/ab" in f.at)
    verdict = judge(TOOLS, waiver("CON006", f"fingerprint: {finding.fingerprint}"))
    assert [f.at for f in verdict.findings if f.outcome == "waived"] == ["/opt/ab (layer 0)"]


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ("ghcr.io/a/app", True),
        ("ghcr.io/a/app:1.2", True),
        ("ghcr.io/a/app:1.3", False),
        ("ghcr.io/a/ap", False),
        ("ghcr.io/a", False),
        ("ghcr.io/a/app-evil", False),
    ],
)
def test_an_image_is_compared_by_its_whole_name(scope: str, covered: bool) -> None:
    facts = image(
        reference="ghcr.io/a/app:1.2", pulled_from="ghcr.io/a/app", config=ROOT.config
    ).facts
    verdict = judge(facts, waiver("IMG001", f"image: '{scope}'"))
    assert (verdict.outcome == ALLOW) == covered


@pytest.mark.parametrize("pulled_from", ["", "ghcr.io/a/other"])
@pytest.mark.parametrize("claim", ["ghcr.io/a/app", f"ghcr.io/a/app@sha256:{'5' * 64}"])
def test_who_calls_a_file_by_the_name_of_a_waiver_gets_no_waiver(
    claim: str, pulled_from: str
) -> None:
    # Root may have written the waiver: a file is called as whoever runs it likes.
    facts = image(reference=claim, pulled_from=pulled_from, config=ROOT.config).facts
    verdict = judge(facts, waiver("IMG001", f"image: '{claim}'"))
    assert verdict.outcome == DENY
    assert f"only what was fetched from there is {claim}" in verdict.notes[0]


def test_every_part_of_a_scope_has_to_match() -> None:
    other = "sha256:" + "5" * 64
    scope = f"path: /opt/a, digest: '{other}'"
    assert "waived" not in {f.outcome for f in judge(TOOLS, waiver("CON006", scope)).findings}


def test_a_waiver_counts_on_its_last_day_and_not_the_day_after() -> None:
    one = waiver("IMG001", f"digest: '{DIGEST}'", "2026-01-02")
    assert judge(ROOT, one, now="2026-01-02T23:59:59Z").outcome == ALLOW
    late = judge(ROOT, one, now="2026-01-03T00:00:00Z")
    assert late.outcome == DENY
    assert any("expired on 2026-01-02: it no longer counts" in note for note in late.notes)


def test_a_waiver_that_expires_soon_is_announced() -> None:
    verdict = judge(ROOT, waiver("IMG001", f"digest: '{DIGEST}'", "2026-01-10"))
    assert verdict.notes == (
        "waiver of IMG001 by web team (project.yaml:6:5) expires in 8 days, on 2026-01-10",
    )


def test_a_waiver_that_runs_longer_than_allowed_does_not_count() -> None:
    verdict = judge(ROOT, waiver("IMG001", f"digest: '{DIGEST}'", "2027-01-01"))
    assert verdict.outcome == DENY
    assert "the policy allows 180: it does not count" in verdict.notes[0]


def test_an_unused_waiver_is_reported() -> None:
    verdict = judge(TOOLS, waiver("CON007", "path: /opt/a"))
    assert "matched no finding" in verdict.notes[0]


def test_a_waiver_for_another_image_is_neither_used_nor_reported() -> None:
    other = "sha256:" + "5" * 64
    verdict = judge(ROOT, waiver("IMG001", f"digest: '{other}'"))
    assert (verdict.outcome, verdict.notes) == (DENY, ())


def test_an_open_finding_can_be_waived() -> None:
    facts = image(scanned_at="2025-01-01T00:00:00Z").facts
    assert judge(facts, waiver("CON030", f"digest: '{DIGEST}'")).outcome == ALLOW


def test_the_same_waiver_counts_at_launch() -> None:
    assert judge(TOOLS, waiver("CON006", "path: /opt/x"), stage=LAUNCH).outcome == DENY
    both = (waiver("CON006", "path: /opt/a"), waiver("CON006", "path: /opt/ab"))
    assert judge(TOOLS, *both, stage=LAUNCH).outcome == ALLOW


def test_a_launch_finding_can_be_waived_unless_it_is_a_bound() -> None:
    socket = (BindAsk("/run/app.sock", "/x", True, "", "socket"),)
    policy = project(
        body(waiver("RUN020", "path: /run/app.sock"), waiver("RUN005", "path: /run/app.sock"))
    )
    judged = replace(IMAGE, policy_digest=policy.digest)
    verdict, _ = decide_launch(policy, replace(ASK, binds=socket), MACHINE, judged, NOW)
    assert verdict.outcome == ALLOW
    root = replace(ASK, uid=0)
    assert decide_launch(policy, root, MACHINE, judged, NOW)[0].outcome == DENY
