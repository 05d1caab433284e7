"""The HTML report: what it says, and how it is built."""

from __future__ import annotations

import re

import msgspec
import pytest
from audit_reports import evidence, facts, report, verdict
from html_outline import Outline

from secure.report import html
from secure.report.audit_report import AuditReport, Chain, Launch, Subject
from secure.report.evidence_words import capability_names, sentences
from secure.report.html_style import STYLE
from secure.report.markup import size
from secure.value import replace


def page(shown: AuditReport) -> str:
    return html.render(shown).decode()


def words(shown: AuditReport) -> str:
    return " ".join(" ".join(Outline(page(shown)).text).split())


def test_the_same_report_gives_the_same_bytes() -> None:
    assert html.render(report()) == html.render(report())


def test_every_element_is_closed() -> None:
    assert Outline(page(report())).unbalanced == []


def test_the_page_has_one_title_and_a_chapter_for_each_image_launch_and_the_log() -> None:
    outline = Outline(page(report()))
    assert outline.elements.count("h1") == 1
    assert outline.elements.count("section") == 2 + 3 + 1
    assert outline.elements.count("h2") == 6


def test_every_table_has_a_caption_and_heads() -> None:
    outline = Outline(page(report()))
    tables = outline.elements.count("table")
    assert tables == outline.elements.count("caption") == outline.elements.count("thead")
    assert {content for tag, name, content in outline.attributes if name == "scope"} == {
        "col",
        "row",
    }


def test_links_point_into_the_page() -> None:
    outline = Outline(page(report()))
    identifiers = {f"#{content}" for _, name, content in outline.attributes if name == "id"}
    targets = {content for _, name, content in outline.attributes if name == "href"}
    assert targets == identifiers


def test_nothing_is_loaded_and_no_script_runs() -> None:
    outline = Outline(page(report()))
    assert set(outline.elements) & {"script", "img", "link", "iframe", "object", "form"} == set()
    assert {name for _, name, _ in outline.attributes} & {"src", "style", "srcset"} == set()
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "http:" not in page(report())
    assert "https:" not in page(report())


def test_a_browser_is_told_to_load_nothing() -> None:
    policies = [c for _, name, c in Outline(page(report())).attributes if name == "content"]
    assert any(c.startswith("default-src 'none'; style-src 'unsafe-inline'") for c in policies)


def test_no_secret_value_is_in_the_page() -> None:
    shown = page(report())
    for secret in ("key-from-environment", "key-from-history", "token-from-label"):
        assert secret not in shown


def test_findings_stand_worst_first_with_fix_and_waiver() -> None:
    shown = words(report())
    assert shown.index("SEC010") < shown.index("IMG001") < shown.index("IMG014")
    assert "Waived: shop team: probed by the platform, until 2026-11-30" in shown
    assert "Build again without the file and revoke the key." in shown


def test_a_refused_launch_shows_no_evidence_and_no_exit_code() -> None:
    refused = msgspec.structs.replace(report(), subjects=(), launches=report().launches[1:2])
    assert "Exit code" not in words(refused)
    assert "Evidence" not in words(refused)


def test_a_killed_launch_shows_what_the_kernel_did_not_enforce() -> None:
    killed = msgspec.structs.replace(report(), subjects=(), launches=report().launches[2:])
    assert "no_new_privs True False" in words(killed)
    assert "killed before its first step" in words(killed)


def test_a_broken_chain_is_the_first_thing_one_sees() -> None:
    sentence = "log.jsonl:3: record 3 is altered: the line is not as it was sealed"
    broken = Chain(7, 1, 2, "a" * 64, broken=sentence)
    shown = words(msgspec.structs.replace(report(), chain=broken))
    assert shown.index("Audit log broken") < shown.index("Image shop.tar Digest")
    assert sentence in shown


def test_an_image_that_was_not_read_whole_says_so() -> None:
    incomplete = msgspec.structs.replace(facts(), complete=False)
    shown = words(AuditReport("t", "now", "0", subjects=(Subject("x", incomplete),)))
    assert "incomplete" in shown


def test_an_image_that_was_read_whole_says_so() -> None:
    whole = msgspec.structs.replace(facts(), unreadable=())
    shown = words(AuditReport("t", "now", "0", subjects=(Subject("x", whole),)))
    assert "Everything in the image was read." in shown


def test_an_empty_report_is_a_page_too() -> None:
    outline = Outline(page(AuditReport("Nothing yet", "now", "0")))
    assert outline.unbalanced == []
    assert "section" not in outline.elements


def test_an_image_without_facts_says_that_they_are_missing() -> None:
    subject = Subject("x", None, (verdict(),))
    assert "not part of this report" in words(AuditReport("t", "now", "0", subjects=(subject,)))


def test_a_long_list_is_folded_and_a_short_one_is_not() -> None:
    many, few = page(report(packages=500)), page(report(packages=5))
    assert "<details><summary>Packages (500)" in many
    assert "<details open><summary>Packages (5)" in few


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "It runs as user 10001 inside, which is user 1000 of the machine."),
        ({}, "User 0 (root) does not exist inside."),
        ({"uid_map": ((0, 100000, 65536),)}, "User 0 inside is only user 100000 of the machine."),
        ({"uid_map": ((0, 0, 1),)}, "User 0 inside is root of the machine."),
        ({"uids": (5, 5, 5, 5)}, "It runs as user (not mapped) inside, which is user 5"),
        ({"groups": ()}, "It is in no further group of the machine."),
        ({}, "It holds no capability in any of the five sets."),
        ({"capabilities": (("bounding", 1),)}, "It holds these capabilities: CAP_CHOWN."),
        ({"no_new_privileges": False}, "Programs it starts can gain privileges"),
        ({"seccomp_mode": 0}, "No filter restricts its system calls."),
        ({"landlock": ""}, "Landlock does not restrict it."),
        ({"own_namespaces": ("user",)}, "with the machine: mnt, pid, net, uts, ipc, cgroup."),
        ({"open_files": ((0, "a"), (7, "b"))}, "These descriptors are open: 0 7."),
        ({"cgroup_limits": ()}, "No cgroup limits it."),
        ({"mounts": ()}, "Mounted so that it may be written: nothing."),
    ],
)
def test_evidence_is_told_in_words(changes: dict[str, object], said: str) -> None:
    told = " ".join(sentence for sentence, _ in sentences(replace(evidence(), **changes)))
    assert said in told


def test_a_capability_without_a_name_shows_by_its_number() -> None:
    assert capability_names(1 << 60 | 1) == ("CAP_CHOWN", "capability 60")


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (2**20, "1.0 MiB"), (2**50, "1024.0 TiB")],
)
def test_sizes_are_for_people(count: int, shown: str) -> None:
    assert size(count) == shown


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "sheet"), ("ink", "page"), ("ink", "head"), ("soft", "sheet"), ("soft", "page"),
        ("link", "page"), ("good-ink", "good"), ("bad-ink", "bad"), ("warn-ink", "warn"),
        ("none-ink", "none"), ("warn-ink", "sheet"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("scheme", [0, 1])
def test_contrast_is_enough_to_read(ink: str, ground: str, scheme: int) -> None:
    colours = [re.findall(rf"--{name}: (#[0-9a-f]{{6}})", STYLE)[scheme] for name in (ink, ground)]
    lights = [_luminance(colour) for colour in colours]
    assert (max(lights) + 0.05) / (min(lights) + 0.05) >= 4.5


def test_a_launch_whose_program_could_not_be_executed_does_not_count_as_started() -> None:
    failed = Launch(1, "now", "x", "sha256:0", "failed", error='command "<b>" is not in the image')
    shown = words(AuditReport("t", "now", "0", launches=(failed,)))
    assert 'command "<b>" is not in the image' in shown
    assert "1 launch 0 started, 1 refused, killed or failed" in shown


def test_a_launch_that_still_runs_has_no_exit_code_yet() -> None:
    running = Launch(1, "now", "x", "sha256:0", "started")
    assert "not recorded" in words(AuditReport("t", "now", "0", launches=(running,)))
