"""Files that other scanners keep as samples, and what they name: each a kind of its own here."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from catalogued import catalogued, told

from secure.scan.cataloger import FileView, Wanted
from secure.scan.catalogers import CATALOGERS

SYFT, SCALIBR = "syft-cataloger-testdata.zip", "osv-scalibr-extractor-testdata.zip"
SAMPLES: dict[str, tuple[str, str, list[str]]] = {
    "php/.registry/.channel.pecl.php.net/memcached.reg": (
        SYFT, "cataloger/php/testdata/memcached-v6-format.reg",
        ["pear:pecl.php.net/memcached@3.2.0"],
    ),
    "opt/bitnami/.bitnami_components.json": (
        SYFT, "components-json-mongodb/opt/bitnami/.bitnami_components.json",
        ["bitnami:gosu@1.14.0-1", "bitnami:mongodb@4.4.11-2", "bitnami:render-template@1.0.1-5",
         "bitnami:wait-for-port@1.0.1-5", "bitnami:yq@4.16.2-2"],
    ),
    "a/renv.lock": (
        SCALIBR, "language/r/renvlock/testdata/with-mixed-sources.lock",
        ["cran:markdown@1.0?", "cran:mime@0.12.1?"],
    ),
    "a/extensions/extensions.json": (
        SCALIBR, "misc/vscodeextensions/testdata/extensions.json",
        ["vscode-extension:ms-vscode/cpptools@1.23.6", "vscode-extension:golang/go@0.46.1",
         "vscode-extension:google/geminicodeassist@2.28.0",
         "vscode-extension:googlecloudtools/cloudcode@2.27.0"],
    ),
    "a/packages.config": (
        SCALIBR, "dotnet/packagesconfig/testdata/valid",
        ["nuget:Microsoft.CodeDom.Providers.DotNetCompilerPlatform@1.0.0?",
         "nuget:Microsoft.Net.Compilers@1.0.0?"],
    ),
    "a/x.csproj": (SCALIBR, "dotnet/csproj/testdata/valid", ["nuget:LiteDB@5.0.12?"]),
    "a/Directory.Packages.props": (
        SCALIBR, "dotnet/nugetcpm/testdata/valid", ["nuget:LiteDB@5.0.12?"],
    ),
    "a/paket.lock": (
        SCALIBR, "dotnet/paketlock/testdata/paket.lock",
        ["nuget:NUnit@2.6.4?", "nuget:FSharp.Core@4.5.0?", "nuget:Newtonsoft.Json@12.0.3?",
         "nuget:Microsoft.Extensions.Logging@6.0.0?", "nuget:FAKE@5.20.4?", "nuget:Paket@7.0.0?"],
    ),
    "gradle/verification-metadata.xml": (
        SCALIBR, "gradleverificationmetadataxml/testdata/two-packages.xml",
        ["maven:org.apache.pdfbox/pdfbox@2.0.17?",
         "maven:com.github.javaparser/javaparser-core@3.6.11?"],
    ),
}  # fmt: skip


def content(shared: Path, archive: str, member: str) -> bytes:
    with zipfile.ZipFile(shared / "manifests" / archive) as opened:
        (name,) = (one for one in opened.namelist() if one.endswith(member))
        return opened.read(name)


@pytest.mark.parametrize("place", SAMPLES)
def test_a_sample_names_its_packages(shared: Path, place: str) -> None:
    archive, member, expected = SAMPLES[place]
    packages, unreadable = catalogued(place, content(shared, archive, member))
    assert told(packages) == expected
    assert unreadable == []


def test_a_document_of_bitnami_with_a_module_without_namespace_is_read(shared: Path) -> None:
    place = "opt/bitnami/render-template/.spdx-render-template.spdx"
    packages, unreadable = catalogued(place, content(shared, SYFT, place))
    assert "golang:stdlib@1.22.7" in told(packages)
    # The document has the module of the program itself without a version.
    assert unreadable == ['"render-template" has no version that can be known from this file']


@pytest.mark.parametrize("archive", [SYFT, SCALIBR])
def test_no_sample_makes_a_cataloger_raise(shared: Path, archive: str) -> None:
    wanted, read = Wanted(CATALOGERS), 0
    with zipfile.ZipFile(shared / "manifests" / archive) as opened:
        for name in opened.namelist():
            inner = name.partition("/testdata/")[2].encode()
            if (cataloger := wanted.cataloger(inner)) is not None:
                list(cataloger.parse(FileView(inner, opened.read(name))))
                read += 1
    assert read > 20
