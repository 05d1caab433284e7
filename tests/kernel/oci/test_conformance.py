"""Every sentence of the specification that the table has holds here, and the page says so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from bundles import Runtime, base_config, make_bundle
from conformance import CASES
from containers import ROOT, caller
from installation import Account, Installed
from spec_case import YES, Case, try_case

pytestmark = pytest.mark.kernel

PAGE = ROOT / "docs/oci-conformance.md"


@pytest.fixture(scope="module")
def engine(installed: Installed) -> Iterator[Account]:
    with installed.account(caller("root")) as account:
        yield account


@pytest.fixture(scope="module")
def bundle(engine: Account) -> Iterator[Path]:
    folder = make_bundle(engine.folder / "bundle", engine.who, base_config(engine.who))
    for path in (folder / "rootfs", *(folder / "rootfs").rglob("*")):
        os.chown(path, 1_900_000_000, 1_900_000_000, follow_symlinks=False)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_the_sentence_holds(engine: Account, bundle: Path, case: Case) -> None:
    command = (str(engine.command), "oci")
    runtime = Runtime("secure", command, engine.folder, engine.who, engine.environment)
    assert try_case(runtime, bundle, case) == YES, runtime.printed("c")
    # An error for another reason would not be about this sentence.
    assert not case.fails or case.fails in runtime.printed("c")


def test_the_page_has_every_sentence_with_our_answer() -> None:
    rows = [line.split(" | ")[:3] for line in PAGE.read_text().splitlines() if " | " in line]
    said = {row[1]: row[2] for row in rows}
    assert {case.sentence: YES for case in CASES}.items() <= said.items()
