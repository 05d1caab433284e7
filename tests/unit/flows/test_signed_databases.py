"""Who built a database: signed where it is exported, checked where it is imported."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import msgspec
import pytest
from advisory_feeds import advisory
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from feed_server import serving

from secure.cli.main import main
from secure.errors import ArchiveError, InputError, NotFoundError, TamperedError
from secure.flows import db
from secure.flows.db_parcel import Import, export, import_
from secure.vulns.signature import NotSignedError

_PRIVATE = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _pair(
    folder: Path,
    name: str,
    key: _PRIVATE | None = None,
    encryption: KeySerializationEncryption | None = None,
) -> tuple[str, str]:
    """Files of a private and a public key."""
    key = key or ed25519.Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
    )
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return str(private), str(public)


def _exported(folder: Path, private: str = "") -> str:
    records = [advisory(f"A-{n}", ("npm", "left-pad")) for n in range(100)]
    (folder / "x.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, records)))
    db.build_from([str(folder / "x.jsonl")])
    export(str(folder / "parcel"), lambda _: None, key=private)
    return str(folder / "parcel")


def test_a_signed_database_says_who_signed_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private, public = _pair(tmp_path, "ours")
    parcel = _exported(tmp_path, private)
    assert db.signed_by() == ""
    assert main(["db", "import", parcel, "--key", public]) == 0
    assert "signed by sha256:" in capsys.readouterr().out
    assert main(["db", "status", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["signed_by"] == db.signed_by() != ""


def test_keys_that_openssl_made_sign_and_check(tmp_path: Path) -> None:
    private, public = tmp_path / "key.pem", tmp_path / "key.pub"
    make = ("openssl", "genpkey", "-algorithm", "ed25519", "-out", private)
    subprocess.run(make, check=True)
    subprocess.run(("openssl", "pkey", "-in", private, "-pubout", "-out", public), check=True)
    made = import_(Import(_exported(tmp_path, str(private)), key=str(public)))
    der = ("openssl", "pkey", "-pubin", "-in", public, "-outform", "DER")
    digest = subprocess.run(("sha256sum",), input=_stdout(der), capture_output=True, check=True)
    assert made.signed_by == f"sha256:{digest.stdout[:64].decode()}"


def _stdout(argv: tuple[str | Path, ...]) -> bytes:
    return subprocess.run(argv, check=True, capture_output=True).stdout


def test_an_exported_database_can_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        parcel = _exported(tmp_path)
    finally:
        os.umask(old)
    assert Path(parcel).stat().st_mode & 0o777 == 0o644


def test_another_key_is_refused_and_the_old_database_stays(tmp_path: Path) -> None:
    parcel = _exported(tmp_path, _pair(tmp_path, "theirs")[0])
    _, public = _pair(tmp_path, "ours")
    before = db.status()
    with pytest.raises(TamperedError, match="not signed by the key of"):
        import_(Import(parcel, key=public))
    assert db.status() == before
    assert db.signed_by() == ""


def test_an_unsigned_one_is_refused_where_a_key_is_given(tmp_path: Path) -> None:
    with pytest.raises(NotSignedError, match="not signed"):
        import_(Import(_exported(tmp_path), key=_pair(tmp_path, "ours")[1]))


def test_a_manifest_that_was_changed_after_signing_is_refused(tmp_path: Path) -> None:
    private, public = _pair(tmp_path, "ours")
    parcel = Path(_exported(tmp_path, private))
    raw = parcel.read_bytes()
    changed = raw.replace(b'"records":100', b'"records":999', 1)
    assert changed != raw
    parcel.write_bytes(changed)
    with pytest.raises(TamperedError, match="was changed since"):
        import_(Import(str(parcel), key=public))
    import_(Import(str(parcel)))  # the control: nobody asked for a signature


def test_every_bit_of_a_signature_counts(tmp_path: Path) -> None:
    private, public = _pair(tmp_path, "ours")
    parcel = Path(_exported(tmp_path, private))
    raw = parcel.read_bytes()
    begin = 8 + int.from_bytes(raw[4:8], "little")
    for at in range(begin, begin + 8 + 64, 5):
        changed = bytearray(raw)
        changed[at] ^= 1
        parcel.write_bytes(changed)
        with pytest.raises(InputError):
            import_(Import(str(parcel), key=public))
    parcel.write_bytes(raw[: begin + 30])
    with pytest.raises(InputError):
        import_(Import(str(parcel), key=public))


def test_what_was_signed_elsewhere_is_not_passed_on_as_ours(tmp_path: Path) -> None:
    private, public = _pair(tmp_path, "ours")
    import_(Import(_exported(tmp_path, private), key=public))
    assert db.signed_by()
    export(str(tmp_path / "again"), lambda _: None)
    import_(Import(str(tmp_path / "again")))
    assert db.signed_by() == ""


def test_a_key_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    curve = _pair(tmp_path, "curve", ec.generate_private_key(ec.SECP256R1()))
    locked = _pair(tmp_path, "locked", encryption=BestAvailableEncryption(b"made up"))
    large = tmp_path / "large.pem"
    large.write_bytes(b"-" * 20_000)
    junk = tmp_path / "junk.pem"
    junk.write_bytes(b"\xff\x00-----BEGIN PRIVATE KEY-----\n")
    ours = _pair(tmp_path, "ours")
    for private in (curve[0], locked[0], ours[1], str(large), str(junk)):
        with pytest.raises(InputError, match=r"no private key of ed25519|no key"):
            _exported(tmp_path, private)
    parcel = _exported(tmp_path, ours[0])
    for public in (curve[1], ours[0], str(large), str(junk)):
        with pytest.raises(InputError, match=r"no public key of ed25519|no key"):
            import_(Import(parcel, key=public))
    for missing in (str(tmp_path / "nowhere"), "\0"):
        with pytest.raises(NotFoundError, match="cannot be read"):
            import_(Import(parcel, key=missing))


def test_a_database_is_imported_from_a_web_server(tmp_path: Path) -> None:
    private, public = _pair(tmp_path, "ours")
    parcel = Path(_exported(tmp_path, private))
    with serving() as server:
        server.files["/db.zst"] = parcel.read_bytes()
        assert import_(Import(f"{server.url}/db.zst", key=public)).records == 100
        assert import_(Import(f"{server.url}/db.zst", key=public)).records == 100
        server.files["/db.zst"] = b"<html>sign in first</html>"
        with pytest.raises(ArchiveError, match="was not made by secure db export"):
            import_(Import(f"{server.url}/db.zst", key=public))
        with pytest.raises(NotFoundError):
            import_(Import(f"{server.url}/nothing", key=public))
    assert db.signed_by()
    left = {path.name for path in (tmp_path / "data/secure/vulndb").iterdir()}
    assert not [name for name in left if name.startswith(("parcel", "fresh"))]
