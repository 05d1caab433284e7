"""Every classifier on strings of its program, and on those of all others."""

from __future__ import annotations

import time

import pytest
from captured_programs import CAPTURED
from written_programs import SCRIPTS as TEXTS
from written_programs import WRITTEN

from secure.facts.package import Package
from secure.scan.cataloger import FileView
from secure.scan.catalogers.program_scripts import PROGRAM_SCRIPTS
from secure.scan.classified import Classified, cpe
from secure.scan.classifiers import PROGRAMS, SCRIPTS
from secure.scan.classifiers.classifier import Classifier
from secure.scan.layer_facts import Record

SAMPLES = (*CAPTURED, *WRITTEN)
Sample = tuple[str, str, str, bytes]
# One program that is another's, or holds another's code, may have both versions in it.
RELATED = (
    {"nginx", "openresty"},
    {"curl", "libcurl"},
    {"jre", "openjdk", "graalvm", "zulu", "java"},
    {"openssl", "aws-lc"},
    {"mysql", "mysql-server", "mysql-cluster"},
    {"redis", "valkey"},
)


def found(path: str, content: bytes) -> list[Package]:
    classified = Classified(path.encode())
    classified.look(content)
    return [record.package for record in classified.records()]


def name_of(sample: Sample) -> str:
    return f"{sample[0]}-{sample[2]}"


@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
def test_a_program_is_told_by_its_own_strings(sample: Sample) -> None:
    name, path, version, content = sample
    assert {p.name: p.version for p in found(path, content)}[name] == version


@pytest.mark.parametrize("sample", TEXTS, ids=name_of)
def test_a_script_is_told_by_its_text(sample: Sample) -> None:
    name, path, version, content = sample
    records = list(PROGRAM_SCRIPTS.parse(FileView(path.encode(), content)))
    packages = [record.package for record in records if isinstance(record, Record)]
    assert [(p.name, p.version, p.location.path) for p in packages] == [(name, version, path)]


def test_every_classifier_has_a_sample_and_every_peer_program_a_classifier() -> None:
    names = {one.name for one in (*PROGRAMS, *SCRIPTS)}
    assert names == {sample[0] for sample in (*SAMPLES, *TEXTS)}
    assert len(names) >= 88


@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
def test_a_program_is_not_told_as_another_one(sample: Sample) -> None:
    name, path, _, content = sample
    assert {p.name for p in found(path, content)} <= related(name)


@pytest.mark.parametrize(
    "prose", [b"since 1.5.0\nit", b'"1.5.0\n"', b"v1.5.0\nx", b"version=1.5.0\nx", b"2.1.5.0\nx"]
)
def test_a_version_at_the_end_of_a_line_of_prose_is_not_that_of_vault(prose: bytes) -> None:
    assert found("usr/bin/vault", b"\0text: " + prose) == []


@pytest.mark.parametrize("one", PROGRAMS, ids=lambda one: one.name)
def test_no_classifier_finds_its_program_in_others_of_its_name(one: Classifier) -> None:
    """All other samples under the name of this program, so that only the content can tell."""
    path = f"{one.path.decode()}/{one.files[0].replace('#', '').replace('*', 'x')}"
    wrong = [
        (name, package.version)
        for name, _, _, content in SAMPLES
        if name not in alike(one)
        for package in found(path, content)
        if package.name == one.name
    ]
    assert wrong == [] or takes_lone_versions(one)


def related(name: str) -> set[str]:
    return {name}.union(*(group for group in RELATED if name in group))


def alike(one: Classifier) -> set[str]:
    """Names of programs that share code with this one: by relation, CPE or pattern."""
    return related(one.name) | {
        other.name for other in PROGRAMS if other.cpe == one.cpe or other.find == one.find
    }


def takes_lone_versions(one: Classifier) -> bool:
    """Some programs say nothing round their version: the name of the file must do."""
    path = f"{one.path.decode()}/{one.files[0].replace('#', '').replace('*', 'x')}"
    lone = b"".join(
        b"\0\0%d.%d.3\0%d.%d.3\0v%d.%d.3\0\0%d.%d\0go%d.%d\0" % ((major, minor) * 5)
        for major in range(14)
        for minor in (2, 8)
    )
    return any(package.name == one.name for package in found(path, lone))


def test_few_programs_are_told_by_the_name_of_their_file_alone() -> None:
    lone = {one.name for one in PROGRAMS if takes_lone_versions(one)}
    assert len(lone) < len({one.name for one in PROGRAMS}) / 2


def test_nothing_is_found_under_a_name_that_no_classifier_knows() -> None:
    assert [found("usr/bin/something", content) for _, _, _, content in SAMPLES if content] == [
        [] for _ in SAMPLES
    ]


def test_nothing_is_found_in_files_without_a_version() -> None:
    wrong = [path for _, path, _, _ in SAMPLES if found(path, b"\0version %d.%d.%d\0%s\0" * 500)]
    assert wrong == []


def test_a_version_that_two_pieces_share_is_found_once() -> None:
    classified = Classified(b"usr/sbin/nginx")
    classified.look(b"x" * 5000 + b"nginx version: ngi")
    classified.look(b"nginx version: nginx/1.25.4\0" + b"y" * 5000)
    assert [record.package.version for record in classified.records()] == ["1.25.4"]


def test_the_better_pattern_wins_wherever_it_stands() -> None:
    content = b"\0nginx/9.9.9 compatible\0" + b"-" * 100 + b"nginx version: nginx/1.25.4\0"
    assert [p.version for p in found("usr/sbin/nginx", content)] == ["1.25.4"]


def test_a_python_library_has_the_version_of_its_name() -> None:
    content = b"\x003.9.1\0\x003.11.4\0"
    assert [p.version for p in found("usr/lib/libpython3.11.so.1.0", content)] == ["3.11.4"]


def test_a_cpe_quotes_what_is_special_in_it() -> None:
    assert cpe("oracle:openjdk", "17.0.9+9") == r"cpe:2.3:a:oracle:openjdk:17.0.9\+9:*:*:*:*:*:*:*"
    assert cpe("", "1") == ""


@pytest.mark.parametrize("one", PROGRAMS, ids=lambda one: one.name)
def test_a_search_takes_time_in_proportion_to_the_file(one: Classifier) -> None:
    """1 MiB of what its patterns begin with: no pattern may look at a byte a thousand times."""
    name = one.files[0].replace("#", "3").replace("*", "x")
    hostile = b"\x001.1.1.1-\0v1.1" * 40_000 + b"(PostgreSQL) 1.1." * 10_000 + b"1." * 100_000
    start = time.process_time()
    found(f"{one.path.decode()}/{name}", hostile)
    assert time.process_time() - start < 10
