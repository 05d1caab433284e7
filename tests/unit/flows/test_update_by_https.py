"""Updates by https: whose certificate is trusted, and where a list that came so may lead."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from feed_server import FeedServer, serving
from vendor_servers import publish_repository, update

from secure.errors import NotFoundError
from secure.flows import db_update
from secure.flows.db import FeedList, Vendor
from secure.flows.db_update import Updated, Wanted
from secure.store.download import Patience

_ROOT = "/al2023/x86_64"


def _certificate(path: Path) -> ssl.SSLContext:
    """A certificate of 127.0.0.1 at `path`, and a server's context with it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "feeds")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, SHA256())
    )
    private = path.with_suffix(".key")
    path.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, private)
    return context


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return tmp_path / "server.pem"


@pytest.fixture
def server(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FeedServer]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with serving(_certificate(certificate)) as made:
        publish_repository(made, _ROOT, update("ALAS2023-2026-001", "openssl", "3.0.8"))
        made.files["/mirror.list"] = f"http://127.0.0.1:9/x86_64\n{made.url}{_ROOT}/\n".encode()
        yield made


def _update(server: FeedServer, lines: list[str]) -> Updated:
    url = server.url
    mirrors = Vendor(repositories={"amazon-2023": (f"{url}/mirror.list",)})
    feeds = FeedList(
        osv=url, kev=f"{url}/kev", epss=f"{url}/epss", ecosystems=(), vendors={"Amazon": mirrors}
    )
    patience = Patience(attempts=1, pause=lambda _: None)
    return db_update.update(feeds, lines.append, Wanted(), patience)


def test_a_list_that_came_by_https_leads_to_https_only(
    server: FeedServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    lines: list[str] = []
    assert _update(server, lines).report.records == 1
    server.files["/mirror.list"] = b"http://127.0.0.1:9/x86_64\n"
    _update(server, lines)
    assert "names no mirror" in lines[-1]


def test_no_redirection_leads_from_https_to_http(
    server: FeedServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server.files["/kev"] = b""
    server.faults = ["to:http://127.0.0.1:9/kev"]
    lines: list[str] = []
    _update(server, lines)
    assert lines[0] == f'KEV: "{server.url}/kev" leads to "http://127.0.0.1:9/kev"\n'


def test_a_server_whose_certificate_nobody_vouches_for_is_refused(server: FeedServer) -> None:
    lines: list[str] = []
    with pytest.raises(NotFoundError, match="no feed could be had"):
        _update(server, lines)
    assert "CERTIFICATE_VERIFY_FAILED" in lines[0]
    assert "did not answer before" in lines[-1]
    assert server.asked == []
