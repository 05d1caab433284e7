"""An image whose file is exchanged while it is being prepared is not taken for the new one."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from policy_texts import built_in
from scanning import file, layer

from secure.flows import launch_cache
from secure.flows.prepare import prepare
from secure.images.write import write_oci_archive
from secure.oci.image_config import Execution
from secure.runtime import record as records
from secure.runtime.plan import SINGLE

USER = Execution(user="10001", cmd=("/bin/job",))
SOME = os.urandom(1 << 20) * 16  # takes long enough to unpack that the exchange comes before


def image(path: Path, content: bytes) -> str:
    write_oci_archive(str(path), [layer(file("bin/job", content, 0o755))], USER, tag="app:1.0")
    return str(path)


@pytest.mark.usefixtures("own_state")
def test_what_was_read_is_not_recorded_for_the_file_that_took_its_place(tmp_path: Path) -> None:
    path, other = image(tmp_path / "app.tar", SOME), image(tmp_path / "other.tar", b"#!/bin/new")
    layers = tmp_path / "cache/secure/layers"

    def exchange() -> None:
        while not (layers.is_dir() and any(layers.iterdir())):
            time.sleep(0.001)
        os.replace(other, path)

    thread = threading.Thread(target=exchange)
    thread.start()
    ready = prepare(path, built_in("checklist"), SINGLE, lambda _: None)
    thread.join()
    kept = records.read(launch_cache.record_path(path, SINGLE))
    assert kept is None
    assert prepare(path, built_in("checklist"), SINGLE, lambda _: None).record != ready.record


@pytest.mark.usefixtures("own_state")
def test_what_was_read_is_recorded_for_its_file(tmp_path: Path) -> None:
    path = image(tmp_path / "app.tar", b"#!/bin/sh")
    ready = prepare(path, built_in("checklist"), SINGLE, lambda _: None)
    assert records.read(launch_cache.record_path(path, SINGLE)) == ready.record


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
