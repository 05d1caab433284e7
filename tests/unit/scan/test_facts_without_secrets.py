"""An SBOM is made without a search for secrets, and nothing takes its facts for searched ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import msgspec
import pytest
from jars import jar, properties
from scanning import NOW, cache_folder, dpkg_record, file, layer

from secure.facts.image import ImageFacts
from secure.images.source import open_image
from secure.images.write import write_oci_archive
from secure.oci.image_config import Execution
from secure.oci.limits import DEFAULT_LIMITS, Limits
from secure.scan.cache import LayerCache
from secure.scan.image import scan_image
from secure.scan.kept_image import KeptImage
from secure.scan.layer_facts import LayerFacts
from secure.scan.secrets.samples import URL64, draw
from secure.scan.unsearched import image_without_secrets

TOKEN = "glpat-" + draw(Random(7), URL64, 20)
LARGE = TOKEN.encode() + b"\n" * (3 << 20)
LIMITS = Limits(secrets_file_bytes=1 << 20)
HOUR = 3_600_000_000_000
SHOW_MODULES = """
import sys
from secure.cli import {command}
{command}.main([sys.argv[1], "--output", sys.argv[2], *{more}])
print(*(name for name in sys.modules if name.startswith("secure.scan.secrets")))
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Packages of several kinds, a program, secrets in all places, and a file over the limit."""
    path = tmp_path / "image.tar"
    pom = properties("org.example", "one", "1.0")
    layers = [
        layer(
            file("var/lib/dpkg/status", dpkg_record("a", "1")),
            file("usr/bin/python", Path(sys.executable).read_bytes(), mode=0o755),
            file("app/one.jar", jar(pom)),
            file("app/settings", f"token = {TOKEN}\n"),
            file("app/node_modules/x/package.json", '{"name": "x", "version": "2.0"}'),
        ),
        layer(file("var/lib/dpkg/status", dpkg_record("a", "2")), file("large", LARGE)),
    ]
    write_oci_archive(str(path), layers, Execution(env=(f"CI_TOKEN={TOKEN}",)), tag="app:1.0")
    return path


def scanned(path: Path, cache_dir: Path | str, *, secrets: bool) -> ImageFacts:
    with open_image(str(path)) as opened:
        return scan_image(opened, limits=LIMITS, cache_dir=str(cache_dir), now=NOW, secrets=secrets)


def entries(cache_dir: Path) -> set[str]:
    return set(os.listdir(cache_dir / "layers"))


def test_facts_say_whether_secrets_were_searched(image: Path, tmp_path: Path) -> None:
    searched = scanned(image, cache_folder().name, secrets=True)
    without = scanned(image, tmp_path / "cache", secrets=False)
    assert searched.secrets_searched
    assert len(searched.secrets) == 3
    in_part = [item.path for item in searched.unreadable if item.secrets]
    assert in_part == ["usr/bin/python", "large"]
    assert not without.secrets_searched
    assert without.secrets == ()
    assert not [item for item in without.unreadable if item.secrets]


def test_all_else_is_the_same_without_a_search(image: Path, tmp_path: Path) -> None:
    searched = scanned(image, cache_folder().name, secrets=True)
    assert {"deb", "maven", "npm"} <= {package.type for package in searched.packages}
    assert searched.executables
    without = scanned(image, tmp_path / "cache", secrets=False)
    assert without == image_without_secrets(searched)


def test_a_scan_does_not_take_layers_that_were_kept_for_an_sbom(
    image: Path, tmp_path: Path
) -> None:
    scanned(image, tmp_path, secrets=False)
    kept = entries(tmp_path)
    facts = scanned(image, tmp_path, secrets=True)
    assert facts.secrets_searched
    assert len(facts.secrets) == 3
    # The layers, read again; and that their file was read, where it is older than 2 s by now.
    assert len(entries(tmp_path) - kept) in (2, 4)


def test_an_sbom_takes_layers_that_were_kept_for_a_scan(image: Path, tmp_path: Path) -> None:
    scanned(image, tmp_path, secrets=True)
    kept = entries(tmp_path)
    assert not scanned(image, tmp_path, secrets=False).secrets_searched
    assert entries(tmp_path) == kept  # nothing was read again


def test_facts_of_a_layer_under_a_wrong_key_are_not_believed(tmp_path: Path) -> None:
    for searched in (True, False):
        cache = LayerCache(str(tmp_path), DEFAULT_LIMITS)
        cache.save("id", msgspec.msgpack.encode(LayerFacts(secrets_searched=searched)))
        assert (cache.load("id") is not None) == searched


@pytest.mark.parametrize("kept_for_secrets", [True, False])
def test_kept_facts_of_an_image_serve_an_sbom_and_not_the_other_way_round(
    image: Path, tmp_path: Path, kept_for_secrets: bool
) -> None:
    facts = scanned(image, cache_folder().name, secrets=kept_for_secrets)
    later = image.stat().st_ctime_ns + HOUR
    with open_image(str(image)) as opened:
        places = {
            secrets: KeptImage(opened, None, str(tmp_path), now_ns=later, secrets=secrets)
            for secrets in (True, False)
        }
        places[kept_for_secrets].keep(facts)
        assert places[False].facts(NOW) == image_without_secrets(facts)
        assert places[True].facts(NOW) == (facts if kept_for_secrets else None)
        # A file under the other's key: what it says of itself counts.
        places[True].keep(image_without_secrets(facts))
        assert places[True].facts(NOW) is None


def test_secure_sbom_loads_no_secret_rule_and_writes_the_same_after_a_scan(
    image: Path, tmp_path: Path
) -> None:
    loaded = {}
    environment = os.environ | {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "SOURCE_DATE_EPOCH": "1767225600",
    }
    for name, command in (("before", "sbom"), ("scan", "scan"), ("after", "sbom")):
        form = ["--format", "json"] if command == "scan" else []
        done = subprocess.run(
            [
                sys.executable, "-c", SHOW_MODULES.format(command=command, more=form),
                str(image), str(tmp_path / name),
            ],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )  # fmt: skip
        loaded[name] = done.stdout.split()
    assert loaded["before"] == loaded["after"] == []
    assert "secure.scan.secrets.engine" in loaded["scan"]
    assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()
