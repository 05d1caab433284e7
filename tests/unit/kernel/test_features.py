"""What this machine offers; where it does not, the reason and the remedy are exact."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from confinement import ROOT, ordinary_uid

from secure.kernel import landlock_ruleset, subordinate_ids
from secure.kernel.features import Features, features

_AS_USER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from secure.kernel import features, subordinate_ids
uid = int(sys.argv[2])
if uid:
    os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
print(repr(getattr(features if sys.argv[3] == "user_namespaces" else subordinate_ids, sys.argv[3])
    (*sys.argv[4:])))
"""


def _as_user(function: str, *arguments: str) -> str:
    """repr of the Feature, as an ordinary user."""
    command = [sys.executable, "-I", "-S", "-c", _AS_USER, str(ROOT), str(ordinary_uid())]
    return subprocess.run(
        [*command, function, *arguments], stdout=subprocess.PIPE, text=True, check=True
    ).stdout


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that an ordinary user can read."""
    folder = tmp_path_factory.mktemp("etc")
    base = tmp_path_factory.getbasetemp()
    for directory in (folder, base, *base.parents):
        if directory.stat().st_mode & 0o1005 == 0:  # pytest's own folders, whatever their depth
            directory.chmod(0o755)
    return folder


def test_features_agree_with_the_kernel() -> None:
    found = features()

    assert isinstance(found, Features)
    assert found.kernel == os.uname().release
    assert found.landlock_abi == landlock_ruleset.abi()
    assert found.landlock.works is (found.landlock_abi > 0)
    assert found.seccomp.works is Path("/proc/sys/kernel/seccomp").is_dir()


def test_what_does_not_work_has_a_reason_and_a_remedy() -> None:
    found = features()

    ids = subordinate_ids.look()
    for feature in (found.user_namespaces, ids, found.landlock, found.seccomp):
        assert feature.works == (feature.reason == "") == (feature.do == "")


def test_user_namespaces_are_judged_as_the_kernel_does() -> None:
    said = _as_user("user_namespaces")
    who = ordinary_uid() or None
    tried = subprocess.run(["unshare", "-U", "true"], user=who, check=False, stderr=subprocess.PIPE)

    assert ("works=True" in said) is (tried.returncode == 0)


def _proc(place: Path, **files: str) -> str:
    (place / "self" / "ns").mkdir(parents=True)
    (place / "self" / "ns" / "user").touch()
    for name, content in files.items():
        file = place / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content + "\n")
    for path in place.rglob("*"):
        path.chmod(0o755)
    return str(place)


SYSCTLS = {
    "none allowed": (
        {"sys__user__max_user_namespaces": "0"},
        "sysctl -w user.max_user_namespaces=28633",
    ),
    "Debian's switch": (
        {"sys__kernel__unprivileged_userns_clone": "0"},
        "sysctl -w kernel.unprivileged_userns_clone=1",
    ),
    "Ubuntu's AppArmor": (
        {
            "sys__kernel__apparmor_restrict_unprivileged_userns": "1",
            "self__attr__current": "unconfined",
        },
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
}


@pytest.mark.parametrize("what", sorted(SYSCTLS))
def test_a_switched_off_user_namespace_names_its_switch(what: str, place: Path) -> None:
    files, remedy = SYSCTLS[what]

    said = _as_user("user_namespaces", _proc(place, **files))

    assert "works=False" in said
    assert remedy in said


def test_ubuntu_lets_programs_with_a_profile_of_their_own(place: Path) -> None:
    proc = _proc(
        place,
        sys__kernel__apparmor_restrict_unprivileged_userns="1",
        self__attr__current="secure (unconfined)",
    )

    assert "works=True" in _as_user("user_namespaces", proc)


def _etc(place: Path, subuid: str, subgid: str | None = None) -> str:
    uid = ordinary_uid() or os.getuid()
    (place / "passwd").write_text(f"root:x:0:0::/root:/bin/sh\nann:x:{uid}:{uid}::/:/bin/sh\n")
    (place / "subuid").write_text(subuid)
    (place / "subgid").write_text(subuid if subgid is None else subgid)
    return str(place)


@pytest.mark.parametrize(
    "line", ["ann:100000:65536", "other:1:2\nann:100000:1000\nann:300000:65536\n"]
)
def test_a_range_of_subordinate_ids_is_found_by_name(line: str, place: Path) -> None:
    said = _as_user("look", _etc(place, line))

    assert "gives user" not in said


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ann:100000:65535",
        "anna:100000:65536",
        "ann:-1:65536",
        "ann:100000:",
        "ann:100000:٦٥٥٣٦",
        "ann:99999999999999999999:65536",
        ":100000:65536",
    ],
)
def test_without_a_range_the_command_that_adds_one_is_named(line: str, place: Path) -> None:
    said = _as_user("look", _etc(place, f"{line}\nother:400000:65536\n"))

    assert 'gives user "ann" no range of 65536 ids' in said
    assert "usermod --add-subuids 465536-531071 --add-subgids 465536-531071 ann" in said


def test_a_range_of_uids_alone_is_not_enough(place: Path) -> None:
    assert "/subgid gives user" in _as_user("look", _etc(place, "ann:100000:65536", ""))


def test_a_numeric_owner_is_found_and_a_stranger_is_not() -> None:
    content = b"ann:1:2\n1000:300000:65536\n\xff:1:1\n"

    assert subordinate_ids.ranges(content, "nobody", 1000) == ((300000, 65536),)
    assert subordinate_ids.ranges(content, "bob", 1001) == ()


def test_a_uid_without_a_name_is_its_number() -> None:
    assert subordinate_ids.login_name(b"root:x:0:0\nbroken\n", 1234) == "1234"
    assert subordinate_ids.login_name(b"root:x:0:0\n", 0) == "root"
