"""An import never goes back in time unasked: a rollback, as The Update Framework calls it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import msgspec
import pytest
from advisory_feeds import advisory
from feed_server import serving

from secure.cli.main import main
from secure.errors import TamperedError
from secure.flows import db
from secure.flows.current_database import current, folder
from secure.flows.db_parcel import Import, export, import_
from secure.vulns.manifest import OlderError

_PAD = ("npm", "left-pad")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _build(tmp_path: Path, count: int) -> str:
    """A database of so many records; when it was built."""
    records = [advisory(f"A-{n}", _PAD) for n in range(count)]
    (tmp_path / "x.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, records)))
    db.build_from([str(tmp_path / "x.jsonl")])
    return db.status().built_at


def _keys(tmp_path: Path) -> tuple[str, str]:
    private, public = str(tmp_path / "key.pem"), str(tmp_path / "key.pub")
    subprocess.run(("openssl", "genpkey", "-algorithm", "ed25519", "-out", private), check=True)
    subprocess.run(("openssl", "pkey", "-in", private, "-pubout", "-out", public), check=True)
    return private, public


def _older(tmp_path: Path, key: str = "") -> tuple[Path, str, str]:
    """A parcel, when it was built, and when the database in place was."""
    before = _build(tmp_path, 1)
    export(str(tmp_path / "old"), lambda _: None, key=key)
    return tmp_path / "old", before, _build(tmp_path, 2)


@pytest.mark.parametrize("signed", [False, True])
def test_an_older_database_is_refused_with_both_times_and_the_switch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], signed: bool
) -> None:
    private, public = _keys(tmp_path) if signed else ("", "")
    parcel, before, after = _older(tmp_path, private)
    checked = ["--key", public] if signed else []
    assert main(["db", "import", str(parcel), *checked]) == 3
    said = capsys.readouterr().err
    assert f"was built {before}, before the one in place, built {after}" in said
    assert "--accept-older" in said
    assert db.status().records == 2
    assert sorted(os.listdir(folder())) == sorted(
        ["checked.json", "current.json", "lock", current_file()]
    )
    assert main(["db", "import", str(parcel), *checked, "--accept-older"]) == 0
    assert (db.status().records, db.status().built_at) == (1, before)


def current_file() -> str:
    found = current()
    assert found is not None
    return found.file


def test_an_older_one_from_a_web_server_is_refused_alike(tmp_path: Path) -> None:
    parcel, _, _ = _older(tmp_path)
    with serving() as server:
        server.files["/db.zst"] = parcel.read_bytes()
        with pytest.raises(OlderError):
            import_(Import(f"{server.url}/db.zst"))
        assert import_(Import(f"{server.url}/db.zst", accept_older=True)).records == 1


def test_the_same_database_and_a_newer_one_are_imported(tmp_path: Path) -> None:
    parcel, before, _ = _older(tmp_path)
    export(str(tmp_path / "new"), lambda _: None)
    import_(Import(str(parcel), accept_older=True))
    assert import_(Import(str(parcel))).built_at == before
    assert import_(Import(str(tmp_path / "new"))).records == 2


def test_a_waybill_that_lies_about_the_time_helps_nobody(tmp_path: Path) -> None:
    private, public = _keys(tmp_path)
    parcel, before, after = _older(tmp_path, private)
    raw = parcel.read_bytes()
    parcel.write_bytes(raw.replace(before.encode(), after.encode()))
    assert parcel.read_bytes() != raw
    with pytest.raises(TamperedError, match="was changed since"):
        import_(Import(str(parcel), key=public))
    with pytest.raises(OlderError, match=re.escape(f"was built {before}")):
        import_(Import(str(parcel)))
    assert db.status().records == 2


def test_a_time_that_is_none_is_later_than_no_other(tmp_path: Path) -> None:
    parcel, before, _ = _older(tmp_path)
    parcel.write_bytes(parcel.read_bytes().replace(before.encode(), b"z" * len(before)))
    with pytest.raises(TamperedError, match="built at no time"):
        import_(Import(str(parcel)))


def test_what_is_in_place_and_damaged_is_mended_by_what_its_error_names(tmp_path: Path) -> None:
    _build(tmp_path, 2)
    export(str(tmp_path / "parcel"), lambda _: None)
    manifest = Path(folder()) / "current.json"
    manifest.write_bytes(b"{")
    with pytest.raises(TamperedError, match="no manifest"):
        db.status()
    assert import_(Import(str(tmp_path / "parcel"))).records == 2
    manifest.write_bytes(b"{")
    _build(tmp_path, 1)
    assert db.status().records == 1
