"""The checklist passes the base images it means to pass, once they run as an ordinary user."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from policy_texts import built_in

from secure.facts.verdict import ALLOW, CI, DENY
from secure.images.source import open_image
from secure.policy.judge import judge_image
from secure.scan.image import scan_image

NOW = "2026-01-02T00:00:00Z"


@pytest.mark.parametrize(
    "archive", ["docker-archive-alpine-310.tar.gz", "busybox-latest-musl-amd64.oci.tar"]
)
def test_a_small_base_image_passes_as_an_ordinary_user_and_not_as_root(
    shared: Path, archive: str
) -> None:
    with open_image(str(shared / "images" / archive)) as opened:
        facts = scan_image(opened, now=NOW, workers=1)
    as_root = judge_image(built_in("checklist"), facts, CI, NOW)
    assert as_root.outcome == DENY
    assert [f.rule for f in as_root.findings if f.outcome == "deny"] == ["IMG001"]
    config = msgspec.structs.replace(facts.config, user="10001:10001")
    ordinary = msgspec.structs.replace(facts, config=config)
    assert judge_image(built_in("checklist"), ordinary, CI, NOW).outcome == ALLOW
    hardened = judge_image(built_in("hardened"), ordinary, CI, NOW)
    assert {f.rule for f in hardened.findings if f.outcome == "deny"} >= {"REF004", "CON014"}
