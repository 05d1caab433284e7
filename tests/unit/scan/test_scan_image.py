"""Whole images, written and scanned: attribution, deletion, links, completeness."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from scanning import apk_record, directory, dpkg_record, file, layer, scanned, symlink

from secure.facts.files import FileTag
from secure.facts.image import ImageFacts
from secure.facts.secret import SecretPlace
from secure.images.entry import CHARACTER, HARDLINK
from secure.images.write import NewFile
from secure.oci.image_config import Execution
from secure.oci.limits import Limits
from secure.scan.secrets.rules.private_keys import PRIVATE_KEY
from secure.scan.secrets.samples import URL64, draw

KEY = PRIVATE_KEY.sample(Random(1))
TOKEN = "glpat-" + draw(Random(1), URL64, 20)
STATUS = "var/lib/dpkg/status"
APK_DB = "lib/apk/db/installed"
METADATA = "opt/v/a-1.dist-info/METADATA"


def versions(facts: ImageFacts) -> dict[str, tuple[str, int]]:
    return {p.name: (p.version, p.location.layer) for p in facts.packages}


def whiteout(name: str) -> NewFile:
    head, _, last = name.rpartition("/")
    return file(f"{head}/.wh.{last}" if head else f".wh.{last}")


def test_a_package_belongs_to_the_layer_that_brought_it(tmp_path: Path) -> None:
    first = dpkg_record("a", "1") + dpkg_record("b", "1")
    second = dpkg_record("a", "1") + dpkg_record("b", "2") + dpkg_record("c", "1")
    facts = scanned(tmp_path, [layer(file(STATUS, first)), layer(file(STATUS, second))])
    assert versions(facts) == {"a": ("1", 0), "b": ("2", 1), "c": ("1", 1)}


def test_only_the_topmost_database_counts(tmp_path: Path) -> None:
    both = dpkg_record("a", "1") + dpkg_record("b", "1")
    facts = scanned(
        tmp_path, [layer(file(STATUS, both)), layer(file(STATUS, dpkg_record("a", "1")))]
    )
    assert versions(facts) == {"a": ("1", 0)}


def test_a_deleted_database_takes_its_packages_along(tmp_path: Path) -> None:
    layers = [layer(file(STATUS, dpkg_record("a", "1"))), layer(whiteout("var/lib/dpkg"))]
    assert scanned(tmp_path, layers).packages == ()


def test_distroless_records_are_joined_over_layers(tmp_path: Path) -> None:
    layers = [
        layer(file(f"{STATUS}.d/a", "Package: a\nVersion: 1\nDepends: b (>= 1)\n")),
        layer(file(f"{STATUS}.d/b", "Package: b\nVersion: 2\n")),
    ]
    facts = scanned(tmp_path, layers)
    assert versions(facts) == {"a": ("1", 0), "b": ("2", 1)}
    assert facts.packages[0].depends == ("b",)


def test_a_database_that_moves_keeps_its_packages_layers(tmp_path: Path) -> None:
    record = apk_record("a", "1-r0")
    layers = [
        layer(file(APK_DB, record)),
        layer(whiteout("lib/apk"), file("usr/" + APK_DB, record)),
    ]
    assert versions(scanned(tmp_path, layers)) == {"a": ("1-r0", 0)}


def test_dependencies_are_resolved_by_provides_and_alternatives(tmp_path: Path) -> None:
    status = (
        dpkg_record("app", "1", "Depends: missing | awk, libc6, ghost")
        + dpkg_record("mawk", "1", "Provides: awk")
        + dpkg_record("libc6", "2")
    )
    facts = scanned(tmp_path, [layer(file(STATUS, status))])
    assert facts.packages[0].depends == ("libc6", "mawk")


def test_purls_name_the_distribution(tmp_path: Path) -> None:
    release = "ID=debian\nVERSION_ID=13\n"
    status = dpkg_record("a", "1:2+b1~x")
    facts = scanned(tmp_path, [layer(file("etc/os-release", release), file(STATUS, status))])
    (package,) = facts.packages
    assert package.purl == "pkg:deb/debian/a@1:2%2Bb1~x?arch=amd64&distro=debian-13"


def test_os_release_is_found_through_its_link(tmp_path: Path) -> None:
    files = (
        symlink("etc/os-release", "../usr/lib/os-release"),
        symlink("usr/lib/os-release", "./os.release.d/fedora"),
        file("usr/lib/os.release.d/fedora", "ID=fedora\n"),
    )
    release = scanned(tmp_path, [layer(*files)]).os_release
    assert release is not None
    assert release.id == "fedora"


def test_os_release_below_usr_is_the_fallback(tmp_path: Path) -> None:
    release = scanned(tmp_path, [layer(file("usr/lib/os-release", "ID=wolfi\n"))]).os_release
    assert release is not None
    assert release.id == "wolfi"


def test_a_link_in_a_circle_ends(tmp_path: Path) -> None:
    files = (symlink("etc/os-release", "../usr/lib/os-release"),
             symlink("usr/lib/os-release", "/etc/os-release"))  # fmt: skip
    assert scanned(tmp_path, [layer(*files)]).os_release is None


def test_a_deleted_secret_is_still_found_and_names_the_layer_that_deleted_it(
    tmp_path: Path,
) -> None:
    layers = [layer(file("root/.ssh/id_rsa", KEY)), layer(whiteout("root/.ssh/id_rsa"))]
    (secret,) = scanned(tmp_path, layers).secrets
    assert secret.location is not None
    assert (secret.location.layer, secret.location.deleted_by) == (0, 1)


@pytest.mark.parametrize(
    "upper",
    [
        (file("root/.ssh/.wh..wh..opq"),),
        (whiteout("root"),),
        (file("root", "no directory any more"),),
        (file("root/.ssh/id_rsa", "emptied"),),
        (directory("root/.ssh/id_rsa"),),
    ],
)
def test_every_way_to_remove_a_file_is_known(tmp_path: Path, upper: tuple[NewFile, ...]) -> None:
    layers = [layer(file("root/.ssh/id_rsa", KEY)), layer(), layer(*upper)]
    (secret,) = scanned(tmp_path, layers).secrets
    assert secret.location is not None
    assert secret.location.deleted_by == 2


def test_a_secret_copied_up_by_chmod_counts_once(tmp_path: Path) -> None:
    layers = [layer(file("k", KEY)), layer(file("k", KEY, mode=0o600))]
    (secret,) = scanned(tmp_path, layers).secrets
    assert secret.location is not None
    assert (secret.location.layer, secret.location.deleted_by) == (0, None)


def test_a_secret_added_again_after_its_deletion_counts_twice(tmp_path: Path) -> None:
    layers = [layer(file("k", KEY)), layer(whiteout("k")), layer(file("k", KEY))]
    places = [s.location for s in scanned(tmp_path, layers).secrets]
    assert [(p.layer, p.deleted_by) for p in places if p] == [(0, 1), (2, None)]


def test_the_line_of_a_secret_is_told(tmp_path: Path) -> None:
    (secret,) = scanned(tmp_path, [layer(file("a", f"\n\n{TOKEN}\n"))]).secrets
    assert secret.line == 3


def test_a_utf16_file_is_searched(tmp_path: Path) -> None:
    content = f"line\r\n{TOKEN}\r\n".encode("utf-16")
    (secret,) = scanned(tmp_path, [layer(file("script.ps1", content))]).secrets
    assert (secret.rule, secret.line) == ("gitlab-token", 2)


def test_a_key_in_a_compiled_file_is_found(tmp_path: Path) -> None:
    content = b"\x6f\x0d\0\0" + b"\0" * 900_000 + TOKEN.encode() + b"\0"
    (secret,) = scanned(tmp_path, [layer(file("app.pyc", content))]).secrets
    assert secret.rule == "gitlab-token"


def test_a_file_over_the_limit_is_searched_at_its_beginning_and_listed(tmp_path: Path) -> None:
    content = TOKEN.encode() + b"\n" * (3 << 20)
    limits = Limits(secrets_file_bytes=1 << 20)
    facts = scanned(tmp_path, [layer(file("big", content))], limits=limits)
    assert [s.rule for s in facts.secrets] == ["gitlab-token"]
    (unreadable,) = facts.unreadable
    assert unreadable.path == "big"
    assert facts.complete


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("app/settings.py", "high"),
        ("usr/lib/python3/dist-packages/oauthlib/parameters.py", "low"),
        ("app/node_modules/x/readme.md", "low"),
    ],
)
def test_a_guess_in_a_packages_own_code_is_low(tmp_path: Path, name: str, severity: str) -> None:
    content = 'db_password = "' + draw(Random(4), URL64, 9) + "7x" + draw(Random(5), URL64, 9) + '"'
    (secret,) = scanned(tmp_path, [layer(file(name, content))]).secrets
    assert secret.severity == severity


@pytest.mark.parametrize(
    ("name", "severity"),
    [("usr/lib/python3/test/key.pem", "low"), ("usr/lib/x/key.pem", "critical"),
     ("app/tests/key.pem", "critical")],
)  # fmt: skip
def test_a_key_for_a_packages_own_tests_is_low(tmp_path: Path, name: str, severity: str) -> None:
    (secret,) = scanned(tmp_path, [layer(file(name, KEY))]).secrets
    assert secret.severity == severity


def test_config_secrets_come_before_those_of_files(tmp_path: Path) -> None:
    config = Execution(env=(f"T={TOKEN}",))
    facts = scanned(tmp_path, [layer(file("k", KEY))], config)
    assert [s.place for s in facts.secrets] == [SecretPlace.ENV, SecretPlace.FILE]


def test_file_facts_are_those_of_the_topmost_layer(tmp_path: Path) -> None:
    layers = [
        layer(file("bin/a", mode=0o4755), file("bin/b", mode=0o4755), directory("srv", 0o777)),
        layer(file("bin/a", mode=0o755), directory("srv", 0o755), file("srv/x")),
    ]
    facts = scanned(tmp_path, layers)
    assert [(f.location.path, f.location.layer, f.tags) for f in facts.files] == [
        ("bin/b", 0, (FileTag.SETUID,))
    ]


def test_a_second_entry_of_one_name_replaces_the_first(tmp_path: Path) -> None:
    files = (file("bin/a", mode=0o4755), file("bin/a", mode=0o755))
    assert scanned(tmp_path, [layer(*files)]).files == ()


def test_names_that_look_alike_as_text_are_told_apart(tmp_path: Path) -> None:
    odd, spelled = NewFile(b"bin/\xff", mode=0o4755), file("bin/\\xff", mode=0o755)
    facts = scanned(tmp_path, [layer(odd), layer(spelled)])
    assert [f.location.path for f in facts.files] == ["bin/\\xff"]


def test_accounts_come_from_the_surviving_files(tmp_path: Path) -> None:
    layers = [
        layer(file("etc/passwd", "a:x:1:1::/:/bin/sh\n"), file("etc/shadow", "a::1::::::\n")),
        layer(file("etc/shadow", "a:!:1::::::\n")),
    ]
    (account,) = scanned(tmp_path, layers).accounts
    assert account.password == "locked"  # noqa: S105 - a state


@pytest.mark.parametrize(
    "hiding",
    [
        symlink(STATUS, "/opt/elsewhere"),
        symlink("var/lib/dpkg", "/opt/dpkg"),
        symlink("var", "../opt/var"),
        NewFile(STATUS.encode(), kind=HARDLINK, link=b"opt/elsewhere"),
        NewFile(STATUS.encode(), kind=CHARACTER, device=(1, 3)),
    ],
)
def test_a_package_database_out_of_sight_makes_the_facts_incomplete(
    tmp_path: Path, hiding: NewFile
) -> None:
    facts = scanned(tmp_path, [layer(file("opt/elsewhere", dpkg_record("a", "1")), hiding)])
    assert not facts.complete
    assert hiding.name.decode() in [item.path for item in facts.unreadable]


def test_a_merged_usr_hides_no_database(tmp_path: Path) -> None:
    files = (symlink("lib", "usr/lib"), file("usr/" + APK_DB, apk_record("a", "1-r0")))
    facts = scanned(tmp_path, [layer(*files)])
    assert facts.complete
    assert versions(facts) == {"a": ("1-r0", 0)}


def test_a_later_good_database_makes_an_earlier_bad_one_irrelevant(tmp_path: Path) -> None:
    release = file("etc/os-release", "ID=debian\n")
    layers = [
        layer(release, file(STATUS, "Package: x\n")),
        layer(file(STATUS, dpkg_record("a", "1"))),
    ]
    facts = scanned(tmp_path, layers)
    assert facts.complete
    assert facts.unreadable == ()


def test_hardlinked_python_metadata_is_read_at_both_places(tmp_path: Path) -> None:
    files = (
        file("cache/a-1.dist-info/METADATA", "Name: a\nVersion: 1\n\n"),
        NewFile(METADATA.encode(), kind=HARDLINK, link=b"cache/a-1.dist-info/METADATA"),
    )
    facts = scanned(tmp_path, [layer(*files)])
    assert [p.location.path for p in facts.packages] == ["cache/a-1.dist-info/METADATA", METADATA]


def test_damaged_python_metadata_leaves_the_facts_complete(tmp_path: Path) -> None:
    facts = scanned(tmp_path, [layer(file(METADATA, "Name: a\n"))])
    assert facts.complete
    assert [item.path for item in facts.unreadable] == [METADATA]


def test_the_facts_say_what_was_read(tmp_path: Path) -> None:
    facts = scanned(tmp_path, [layer(file("a", "12345"), by="COPY a /"), layer(file("b", "1"))])
    assert (facts.entries, facts.uncompressed_bytes, len(facts.layers)) == (2, 6, 2)
    assert facts.layers[0].created_by == "COPY a /"
    assert facts.repo_tags == ("app:1.0",)


def test_scanning_twice_gives_the_same_facts(tmp_path: Path) -> None:
    layers = [layer(file(STATUS, dpkg_record("a", "1")), file("k", KEY)), layer(whiteout("k"))]
    assert scanned(tmp_path, layers) == scanned(tmp_path, layers)
