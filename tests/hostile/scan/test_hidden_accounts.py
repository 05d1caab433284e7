"""Accounts that an image keeps out of the scanner's sight are told, and never taken for none."""

from __future__ import annotations

from pathlib import Path

import pytest
from policy_texts import built_in
from scanning import NOW, directory, file, layer, scanned, symlink

from secure.facts.image import ImageFacts
from secure.facts.verdict import CI, NOT_CHECKED
from secure.images.entry import HARDLINK
from secure.images.write import LayerContent, NewFile
from secure.policy.judge import judge_image

NAMES = "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n"
STATES = "root:*:1::::::\ntoor::1::::::\n"
HIDDEN = {
    "passwd-link": [symlink("etc/passwd", "../opt/passwd"), file("opt/passwd", NAMES)],
    "shadow-link": [
        file("etc/passwd", NAMES),
        symlink("etc/shadow", "/opt/s"),
        file("opt/s", STATES),
    ],
    "etc-link": [symlink("etc", "conf"), file("conf/passwd", NAMES), file("conf/shadow", STATES)],
    "hard-link": [file("opt/p", NAMES), NewFile(b"etc/passwd", kind=HARDLINK, link=b"opt/p")],
    "six-fields": [file("etc/passwd", "toor::0:0::/\n")],  # the C library takes these
}


def undecided(facts: ImageFacts) -> set[str]:
    verdict = judge_image(built_in("checklist"), facts, CI, NOW)
    return {finding.rule for finding in verdict.findings if finding.outcome == NOT_CHECKED}


@pytest.mark.parametrize("files", HIDDEN.values(), ids=HIDDEN)
def test_accounts_behind_a_link_are_not_taken_for_none(
    tmp_path: Path, files: list[NewFile]
) -> None:
    facts = scanned(tmp_path, [layer(*files)])
    assert [item for item in facts.unreadable if item.path.startswith("etc")]
    assert {"CON009", "CON010"} <= undecided(facts)


@pytest.mark.parametrize("later", [
    layer(file("etc/passwd", "root:*:0:0::/root:/bin/sh\n")),
    layer(NewFile(b"etc/.wh.passwd")),
])  # fmt: skip
def test_what_a_later_layer_puts_in_its_place_is_read(tmp_path: Path, later: LayerContent) -> None:
    first = layer(*HIDDEN["passwd-link"])
    assert not {"CON009", "CON010"} & undecided(scanned(tmp_path, [first, later]))


def test_a_directory_in_the_place_of_the_link_is_read(tmp_path: Path) -> None:
    later = layer(directory("etc"), file("etc/passwd", "root:*:0:0::/root:/bin/sh\n"))
    assert not {"CON009", "CON010"} & undecided(
        scanned(tmp_path, [layer(*HIDDEN["etc-link"]), later])
    )
