"""The image gate: three outcomes, and why."""

from __future__ import annotations

import msgspec
import pytest
from policy_texts import built_in, project

from secure.facts.files import Account, FileTag
from secure.facts.image import ImageFacts
from secure.facts.package import Package
from secure.facts.secret import SecretPlace
from secure.facts.verdict import ALLOW, CI, DENY, LAUNCH, NOT_CHECKED, Verdict
from secure.policy.catalogue import IMAGE_RULES
from secure.policy.judge import image_names, judge_image
from secure.policy.lattice import meet
from secure.policy.rule import ImageCase, Rule
from secure.policy.rules.image_case import BASE, DIGEST, FACTS, NOW, configured, file, image, secret
from secure.value import replace

CHECKLIST = built_in("checklist")


def judge(case: ImageCase, stage: str = CI) -> Verdict:
    return judge_image(CHECKLIST, case.facts, stage, NOW)


def outcomes(verdict: Verdict) -> dict[str, str]:
    return {finding.rule: finding.outcome for finding in verdict.findings}


def test_an_image_in_order_is_allowed_with_a_warning_that_nothing_vouches_for_it() -> None:
    verdict = judge(image())
    assert verdict.outcome == ALLOW
    assert outcomes(verdict) == {"REF004": "warn"}
    assert "IMG001" in verdict.passed
    assert (verdict.subject, verdict.policy, verdict.decided_at) == (DIGEST, "checklist", NOW)


@pytest.mark.parametrize("rule", [r for r in IMAGE_RULES if CHECKLIST.rule(r.id).ci == DENY])
def test_what_the_checklist_denies_is_denied_in_ci(rule: Rule) -> None:
    assert isinstance(rule.fails, ImageCase)
    policy = replace(CHECKLIST, trusted=rule.fails.trusted)
    verdict = judge_image(policy, rule.fails.facts, CI, NOW)
    expected = {"CON030": (NOT_CHECKED, "not checked")}
    outcome, word = expected.get(rule.id, (DENY, "deny"))
    assert (verdict.outcome, outcomes(verdict)[rule.id]) == (outcome, word)


@pytest.mark.parametrize(
    "user", ["", "root", "0", "00", "0:10001", "root:app", "4294967296", "4294967295", ":10001"]
)
def test_every_spelling_of_root_is_refused(user: str) -> None:
    verdict = judge(configured(user=user))
    assert outcomes(verdict)["IMG001"] == "deny"


def test_a_name_for_uid_0_is_root() -> None:
    facts = msgspec.structs.replace(
        configured(user="toor").facts, accounts=(Account("toor", 0, 0, "/", "/bin/sh"),)
    )
    assert outcomes(judge_image(CHECKLIST, facts, CI, NOW))["IMG001"] == "deny"


def test_a_name_that_the_image_does_not_know_leaves_the_verdict_open() -> None:
    verdict = judge(configured(user="app"))
    assert verdict.outcome == NOT_CHECKED
    assert outcomes(verdict)["IMG001"] == "not checked"


def test_a_name_of_an_ordinary_account_passes_with_a_warning() -> None:
    facts = msgspec.structs.replace(
        configured(user="app").facts, accounts=(Account("app", 1000, 1000, "/", ""),)
    )
    verdict = judge_image(CHECKLIST, facts, CI, NOW)
    assert verdict.outcome == ALLOW
    assert outcomes(verdict)["IMG002"] == "warn"


def test_a_denial_weighs_more_than_what_is_open() -> None:
    verdict = judge(image(complete=False, config=configured(user="0").facts.config))
    assert verdict.outcome == DENY
    assert [f.outcome for f in verdict.findings][:2] == ["deny", "not checked"]


def test_missing_vulnerability_data_is_visible_and_does_not_open_the_verdict() -> None:
    verdict = judge(image(vulnerability_data=""))
    assert verdict.outcome == ALLOW
    (finding,) = [f for f in verdict.findings if f.rule == "CON001"]
    assert finding.outcome == "not checked"
    assert "compared with a vulnerability database" in finding.found


@pytest.mark.parametrize(("how", "outcome"), [("not-checked", NOT_CHECKED), ("deny", DENY)])
def test_a_policy_can_insist_on_vulnerability_data(how: str, outcome: str) -> None:
    policy = project(f"rules: {{CON001: {{parameters: {{missing_database: {how}}}}}}}\n")
    facts = image(vulnerability_data="").facts
    assert judge_image(policy, facts, CI, NOW).outcome == outcome


@pytest.mark.parametrize("when", ["", "yesterday", "2025-11-01T00:00:00Z", "2026-03-01T00:00:00Z"])
def test_facts_that_are_old_undated_or_from_the_future_leave_the_verdict_open(when: str) -> None:
    assert judge(image(scanned_at=when)).outcome == NOT_CHECKED


def test_a_secret_below_the_threshold_is_a_warning() -> None:
    low = msgspec.structs.replace(secret(SecretPlace.ENV, key="X"), severity="low")
    verdict = judge(image(secrets=(low,)))
    assert verdict.outcome == ALLOW
    assert outcomes(verdict)["IMG005"] == "warn"


def test_the_secret_itself_is_nowhere_in_the_verdict() -> None:
    value = "hunter2" * 3
    verdict = judge(configured(env=(f"DB_PASSWORD={value}",)))
    assert outcomes(verdict)["IMG006"] == "warn"
    assert value not in repr(verdict)


@pytest.mark.parametrize(
    "variable",
    ["TOKENIZER=x", "PASSWORD_FILE=x", "API_KEY=$KEY", "SECRET=/run/secrets/x", "CC_KEYS=1", "K=v"],
)
def test_a_name_that_promises_no_secret_is_left_alone(variable: str) -> None:
    assert "IMG006" in judge(configured(env=(variable,))).passed


@pytest.mark.parametrize("volume", ["/etc", "/etc/", "//usr", "/proc/self", "/x/../etc", "/"])
def test_a_volume_over_a_system_path_is_refused_however_it_is_spelt(volume: str) -> None:
    assert outcomes(judge(configured(volumes=(volume,))))["IMG012"] == "deny"


def test_a_file_that_a_later_layer_deleted_is_not_part_of_the_running_image() -> None:
    gone = file("opt/tool", FileTag.SETUID, mode=0o4755)
    gone = msgspec.structs.replace(
        gone, location=msgspec.structs.replace(gone.location, deleted_by=1)
    )
    assert "CON006" in judge(image(files=(gone,))).passed


def test_distribution_setuid_files_pass_under_either_name_of_their_directory() -> None:
    files = tuple(
        file(path, FileTag.SETUID) for path in ("bin/su", "usr/bin/su", "usr/sbin/unix_chkpwd")
    )
    assert "CON006" in judge(image(files=files)).passed


def test_a_device_that_only_has_a_harmless_name_is_refused() -> None:
    disk = file("dev/null", FileTag.DEVICE, detail="b 8:0")
    assert outcomes(judge(image(files=(disk,))))["CON019"] == "deny"


def test_many_findings_of_one_rule_end_in_a_count() -> None:
    files = tuple(file(f"opt/{n}", FileTag.SETUID) for n in range(80))
    found = [f for f in judge(image(files=files)).findings if f.rule == "CON006"]
    assert len(found) == 51
    assert any(f.found == "30 more" for f in found)


def test_a_full_distribution_with_compilers_is_refused_and_a_slim_one_is_not() -> None:
    def packages(count: int) -> tuple[Package, ...]:
        return tuple(msgspec.structs.replace(FACTS.packages[0], name=f"p{n}") for n in range(count))

    slim = judge(image(packages=packages(90), uncompressed_bytes=80 << 20))
    full = judge(image(packages=packages(420), files=(file("usr/bin/gcc-12", FileTag.COMPILER),)))
    assert slim.outcome == ALLOW
    assert {r for r, o in outcomes(full).items() if o == "deny"} == {"CON015", "CON016"}


@pytest.mark.parametrize(
    ("tags", "passed"),
    [
        (("app:latest",), False),
        (("app",), False),
        (("registry.example:5000/app",), False),
        (("registry.example:5000/app:1.2",), True),
        ((f"app@{DIGEST}",), True),
        ((), True),
        (("app:1.2", "app:latest"), False),
    ],
)
def test_a_moving_tag_is_refused(tags: tuple[str, ...], passed: bool) -> None:
    assert ("REF001" in judge(image(repo_tags=tags)).passed) == passed


def hardened(trusted: str, facts: ImageFacts = FACTS) -> Verdict:
    head = "apiVersion: secure/v1\nkind: Policy\nname: p\nextends: hardened\n"
    return judge_image(project(trusted, head), facts, CI, NOW)


def test_hardened_trusts_nothing_until_it_is_told() -> None:
    verdict = judge_image(built_in("hardened"), FACTS, CI, NOW)
    assert outcomes(verdict) == {"REF004": "deny"}


def test_a_policy_can_insist_on_a_digest_in_the_reference() -> None:
    policy = project("rules: {REF002: {ci: deny, parameters: {pinned: named}}}\n")
    assert outcomes(judge_image(policy, FACTS, CI, NOW))["REF002"] == "deny"
    named = image(reference=f"app.tar@{DIGEST}").facts
    assert "REF002" in judge_image(policy, named, CI, NOW).passed


def test_a_users_list_does_not_open_a_system_policy_that_trusts_nothing() -> None:
    mine = project(f"trusted: {{digests: ['{DIGEST}']}}\n")
    assert "REF004" in judge_image(mine, FACTS, CI, NOW).passed
    met = meet(built_in("hardened"), mine)
    assert outcomes(judge_image(met, FACTS, CI, NOW))["REF004"] == "deny"


@pytest.mark.parametrize(
    "trusted",
    [
        f"digests: [{DIGEST}]",
        f"digests: ['{FACTS.config_digest}', '{DIGEST}']",
    ],
)
def test_hardened_allows_an_image_whose_digest_is_listed(trusted: str) -> None:
    assert hardened(f"trusted: {{{trusted}}}\n").outcome == ALLOW


def test_base_layers_vouch_only_as_a_whole_and_from_the_bottom() -> None:
    other = "sha256:" + "9" * 64
    assert "REF004" in hardened(f"trusted: {{base_layers: {{slim: [{BASE}]}}}}\n").passed
    for chain in (f"[{BASE}, {other}]", f"[{other}, {BASE}]", f"[{other}]"):
        verdict = hardened(f"trusted: {{base_layers: {{slim: {chain}}}}}\n")
        assert outcomes(verdict)["REF004"] == "deny"


def test_a_name_that_the_archive_claims_vouches_for_nothing() -> None:
    trusted = "trusted: {registries: [registry.example]}\n"
    claimed = image(repo_tags=("registry.example/app:1",), reference="registry.example/app:1")
    assert outcomes(hardened(trusted, claimed.facts))["REF004"] == "deny"
    pulled = image(pulled_from="registry.example/app")
    assert "REF004" in hardened(trusted, pulled.facts).passed
    evil = image(pulled_from="registry.example.evil/app")
    assert outcomes(hardened(trusted, evil.facts))["REF003"] == "deny"


def test_a_rule_that_is_off_at_a_stage_says_nothing_there() -> None:
    verdict = judge(configured(user="app"), LAUNCH)
    assert "IMG002" not in outcomes(verdict)
    assert "IMG002" not in verdict.passed


def test_fingerprints_do_not_depend_on_the_layer() -> None:
    one = file("opt/tool", FileTag.SETUID)
    other = msgspec.structs.replace(one, location=msgspec.structs.replace(one.location, layer=7))
    first, second = (judge(image(files=(found,))).findings[0] for found in (one, other))
    assert first.at != second.at
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize(
    ("reference", "names"),
    [
        ("app:1", ("docker.io/library/app", "docker.io/library/app:1")),
        ("./app.tar", ()),
        ("/x/y", ()),
        (
            f"ghcr.io/a/b@{DIGEST}",
            ("ghcr.io/a/b", f"ghcr.io/a/b@{DIGEST}"),
        ),
    ],
)
def test_an_image_is_known_by_whole_names(reference: str, names: tuple[str, ...]) -> None:
    assert image_names(reference) == names
