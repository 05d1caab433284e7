"""What Python's files say beside names and versions, and what they do not say."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from catalogued import catalogued, told, wanting
from python_files import EGG, METADATA, PYTHON_FILES
from scanning import file, layer, scanned

from secure.facts.package import Package
from secure.scan.cataloger import FileView
from secure.scan.formats.repository import public
from secure.scan.layer_facts import Record

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SIX = {
    "ff70335d468e7eb6ec65b95b99d3a2836546063f63acc5171de367e834932a81",
    "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
}
FORKED = f"git+https://github.com/acme/forked.git@{COMMIT}"
OURS = "https://pypi.acme.example/simple"
TOOLZ = (
    "https://files.pythonhosted.org/packages/b7/8a/"
    "d82202c9f89eab30f9fc05380daae87d617e2ad11571ab23d7c13a29bb54/toolz-0.12.1-py3-none-any.whl"
)


def package(place: str, name: str) -> Package:
    packages, _ = catalogued(place, PYTHON_FILES[place][0])
    (found,) = (one for one in packages if one.name == name)
    return found


def needs(place: str, name: str) -> tuple[tuple[str, ...], ...]:
    view = FileView(place.encode(), PYTHON_FILES[place][0].encode())
    found = [one for one in wanting(place).parse(view) if isinstance(one, Record)]
    (record,) = (one for one in found if one.package.name == name)
    return record.needs


def archive(*members: tuple[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members:
            opened.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    "place", ["py/uv.lock", "py/pylock.toml", "py/poetry.lock", "py/Pipfile.lock"]
)
def test_a_lock_file_gives_the_digests_of_all_archives_of_a_version(place: str) -> None:
    hashes = package(place, "six").hashes
    assert {name for name, _ in hashes} == {"sha256"}
    assert {digits for _, digits in hashes} == SIX


def test_a_requirement_keeps_its_hashes() -> None:
    assert len(package("py/requirements-all.txt", "jaraco-classes").hashes) == 2
    assert len(package("py/requirements-all.txt", "toolz").hashes) == 1


@pytest.mark.parametrize(
    ("place", "name", "key", "value"),
    [
        ("py/uv.lock", "forked", "vcs_url", FORKED),
        ("py/pylock.toml", "forked", "vcs_url", FORKED),
        ("py/pdm.lock", "forked", "vcs_url", FORKED),
        ("py/Pipfile.lock", "forked", "vcs_url", FORKED),
        ("py/requirements-all.txt", "forked", "vcs_url", FORKED),
        (
            "py/poetry.lock",
            "forked",
            "vcs_url",
            f"git+ssh://git@github.com/acme/forked.git@{COMMIT}",
        ),
        ("py/uv.lock", "ours", "repository_url", OURS),
        ("py/Pipfile.lock", "ours", "repository_url", OURS),
        ("py/uv.lock", "toolz", "download_url", TOOLZ),
        ("py/pylock.toml", "toolz", "download_url", TOOLZ),
        ("py/poetry.lock", "toolz", "download_url", TOOLZ),
        ("py/requirements-all.txt", "toolz", "download_url", TOOLZ),
    ],
)
def test_what_does_not_come_from_the_usual_index_says_where_from(
    place: str, name: str, key: str, value: str
) -> None:
    assert package(place, name).qualifiers == ((key, value),)


@pytest.mark.parametrize("place", PYTHON_FILES)
def test_what_comes_from_the_usual_index_does_not_say_so(place: str) -> None:
    packages, _ = catalogued(place, PYTHON_FILES[place][0])
    assert [p for p in packages if "pypi.org" in str(p.qualifiers)] == []


def test_no_password_of_an_index_is_told(tmp_path: Path) -> None:
    facts = scanned(
        tmp_path, [layer(*(file(name, said[0]) for name, said in PYTHON_FILES.items()))]
    )
    assert any(said[0].count("hunter2") for said in PYTHON_FILES.values())
    assert [p for p in facts.packages if "hunter2" in repr(p)] == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a:b@h.example/simple?x=y", "https://h.example/simple"),
        ("git+https://token@h.example/r.git?k=v#c", "git+https://h.example/r.git#c"),
        ("git+ssh://git@h.example/r.git", "git+ssh://git@h.example/r.git"),
        ("https://a@b:c@h.example/", "https://h.example/"),
        ("https://h.example/@scope/r", "https://h.example/@scope/r"),
        ("git@h.example:r.git", "git@h.example:r.git"),
    ],
)
def test_addresses_lose_what_may_be_a_secret(url: str, expected: str) -> None:
    assert public(url) == expected


@pytest.mark.parametrize(
    ("place", "name", "expected"),
    [
        ("py/uv.lock", "python-dateutil", (("six",),)),
        ("py/poetry.lock", "python-dateutil", (("six",),)),
        ("py/pdm.lock", "httpx", (("idna",), ("h2",), ("httpx",))),
        ("py/pylock.toml", "forked", (("six",),)),
        (
            "opt/venv/lib/python3.11/site-packages/Jinja2-3.1.4.dist-info/METADATA",
            "jinja2",
            (("markupsafe",),),
        ),
    ],
)
def test_a_package_names_what_it_needs(
    place: str, name: str, expected: tuple[tuple[str, ...], ...]
) -> None:
    assert needs(place, name) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A_b.C==1.0", ["pypi:a-b-c@1.0?"]),
        ("a [x] ==1.0;python_version<'3'", ["pypi:a@1.0?"]),
        ("a (==1.0)", ["pypi:a@1.0?"]),
        ("a==1.0#no-comment", []),
        ("a==1.0\t# comment", ["pypi:a@1.0?"]),
        ("a==1.0 \\\n  ; python_version > '3' \\\n  --hash=md5:00", ["pypi:a@1.0?"]),
        ("a==1.0 \\\n# comment\nb==2", ["pypi:a@1.0?", "pypi:b@2?"]),
        ("a @ https://x.example/a-1.0+cpu-py3-none-any.whl", ["pypi:a@1.0+cpu?"]),
        ("https://x.example/a-1.0%2Bcpu-py3-none-any.whl", ["pypi:a@1.0+cpu?"]),
        (f"a @ git+ssh://git@x.example/a@{COMMIT}", [f"pypi:a@{COMMIT}?"]),
        ("a @ file:///wheels/a-1.0-py3-none-any.whl", []),
        ("./a-1.0-py3-none-any.whl", []),
        ("--no-binary a==1.0", []),
        ("-e .[dev]", []),
    ],
)
def test_lines_of_requirements(line: str, expected: list[str]) -> None:
    assert told(catalogued("requirements.txt", line)[0]) == expected


def test_requirements_of_windows_are_read() -> None:
    packages, _ = catalogued("requirements.txt", "\ufeffa==1\r\nb==2\r\n".encode("utf-16-le"))
    assert told(packages) == ["pypi:a@1?", "pypi:b@2?"]


def test_many_requirements_without_a_version_are_told_once() -> None:
    lines = ("b==1\n", *(f"a{n}\n" for n in range(1000)))
    packages, (why,) = catalogued("requirements.txt", "".join(lines))
    assert told(packages) == ["pypi:b@1?"]
    assert why.endswith('"a4" and 995 more')


def test_requirements_that_pin_nothing_are_no_lock_file() -> None:
    assert catalogued("requirements.txt", "flask\nrequests>=2\n") == ([], [])


@pytest.mark.parametrize(
    "name", ["x/requirements.in", "requirements/base.in", "x/pylock.toml.bak", "x/a-pylock.toml"]
)
def test_files_that_only_look_alike_are_nobodys(name: str) -> None:
    with pytest.raises(AssertionError, match="nobody wants"):
        wanting(name)


def test_metadata_names_who_maintains_a_package_its_page_and_its_licence() -> None:
    (jinja,), _ = catalogued("a.dist-info/METADATA", METADATA)
    assert jinja.maintainer == "Pallets <contact@palletsprojects.com>"
    assert jinja.homepage == "https://jinja.palletsprojects.com/"
    assert jinja.licences == ("BSD License",)
    (zope,), _ = catalogued("a.egg-info/PKG-INFO", EGG)
    assert (zope.maintainer, zope.licences) == ("zope-dev@zope.org", ("ZPL 2.1",))
    assert zope.homepage == "https://github.com/zopefoundation/zope.interface"


def test_what_an_interrupted_pip_left_is_reported_and_no_package() -> None:
    packages, (why,) = catalogued("site-packages/~inja2-3.1.4.dist-info/METADATA", METADATA)
    assert packages == []
    assert "interrupted pip" in why


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("wheels/Jinja2-3.1.4-py3-none-any.whl", "Jinja2-3.1.4.dist-info/METADATA"),
        ("lib/Jinja2-3.1.4-py3.11.egg", "EGG-INFO/PKG-INFO"),
    ],
)
def test_a_wheel_or_an_egg_is_one_package_with_its_digest(
    tmp_path: Path, name: str, member: str
) -> None:
    content = archive(
        ("jinja2/__init__.py", "x = 1\n" * 9000),
        ("jinja2/_vendor/six-1.0.dist-info/METADATA", "Name: six\nVersion: 1.0\n"),
        (member, METADATA),
    )
    (found,) = scanned(tmp_path, [layer(file(name, content))]).packages
    assert told([found]) == ["pypi:jinja2@3.1.4"]
    assert found.hashes == (
        ("sha256", hashlib.sha256(content).hexdigest()),
        ("sha512", hashlib.sha512(content).hexdigest()),
    )
    assert found.location.path == name


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is an empty file"),
        (b"no archive", "is no zip archive"),
        (archive(("a.py", "")), "holds no metadata of a Python distribution"),
        (archive(("a.dist-info/METADATA", "Name: a\n")), "no Name or no Version"),
        (archive(("a.dist-info/METADATA", METADATA))[:60], "damaged zip archive"),
        (archive(("a.dist-info/METADATA", "x" * (9 << 20))), "has more than 8388608 bytes"),
    ],
    # Not by the bytes: they tell the time, and two test processes must name a test alike.
    ids=["empty", "text", "no metadata", "no version", "cut", "large"],
)
def test_an_archive_that_tells_no_package_is_reported(content: bytes, why: str) -> None:
    packages, reasons = catalogued("a-1-py3-none-any.whl", content)
    assert packages == []
    assert why in " ".join(reasons)


def test_an_archive_that_breaks_after_its_metadata_is_a_package_and_reported() -> None:
    content = archive(("a.dist-info/METADATA", METADATA), ("a.py", "x" * 9))[:-60]
    (found,), (why,) = catalogued("a-1-py3-none-any.whl", content)
    assert (found.name, found.hashes) == ("jinja2", ())
    assert "damaged zip archive" in why


def test_an_archive_that_says_two_names_tells_both_and_is_reported() -> None:
    content = archive(("a.dist-info/METADATA", METADATA), ("b.dist-info/METADATA", EGG))
    packages, (why,) = catalogued("a-1-py3-none-any.whl", content)
    assert [one.name for one in packages] == ["jinja2", "zope-interface"]
    assert "more than one" in why
