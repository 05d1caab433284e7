"""Images that are not what they promise, and policy files that are none, stop everything."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from installation import Account, Installed, leaves_nothing
from made_images import Images, execution

from secure.images.write import write_oci_archive

pytestmark = pytest.mark.kernel

DAMAGED = ("unequal", "too_few", "tampered", "truncated")
WRONG_POLICIES = {
    "wrong-yaml": ("rules: [", ":2:", "YAML"),
    "unknown-key": ("severty: high", ":5:1:", '"severty"'),
    "unknown-rule": ("rules: {IMG999: {ci: deny}}", ":5:", '"IMG999"'),
    "unknown-word": ("rules: {IMG001: {ci: no}}", ":5:", "ci"),
    "contradiction": ("launch: {memory: {default: 2GiB, max: 1GiB}}", ":5:", "memory"),
}
_HEAD = "apiVersion: secure/v1\nkind: Policy\nname: wrong\nextends: checklist\n"


def damaged(images: Images, kind: str) -> str:
    """The path of an image that lies."""
    made: str = getattr(images, kind)()
    return made


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_image_does_not_run(account: Account, images: Images, kind: str) -> None:
    path = damaged(images, kind)
    before = len(account.records())
    with leaves_nothing(account):
        ended = account.secure("run", path)
    assert (ended.code, ended.out) == (125, ""), ended.err
    kinds = {record for record, _ in account.records()[before:]}
    assert kinds <= {"refusal"}


@pytest.mark.parametrize("command", ["check", "scan", "sbom"])
@pytest.mark.parametrize("kind", DAMAGED)
def test_nothing_is_decided_about_a_damaged_image(
    person: Account, images: Images, kind: str, command: str
) -> None:
    with leaves_nothing(person):
        ended = person.secure(command, damaged(images, kind))
    assert ended.code == 3, ended.err
    assert "ALLOWED" not in ended.out


def test_facts_of_a_good_layer_do_not_vouch_for_an_exchanged_one(
    newcomer: Account, images: Images
) -> None:
    assert newcomer.secure("check", images.good).code == 0
    ended = newcomer.secure("check", images.tampered())
    assert ended.code == 3
    assert "NOT DECIDED" in ended.out


def test_a_damaged_archive_does_no_harm_to_the_good_one(newcomer: Account, images: Images) -> None:
    assert newcomer.secure("run", images.tampered()).code == 125
    assert newcomer.secure("run", images.good).code == 0
    assert newcomer.secure("run", images.tampered()).code == 125
    assert newcomer.secure("run", images.good).code == 0


def test_what_is_wrong_with_a_layer_is_told(newcomer: Account, images: Images) -> None:
    err = newcomer.secure("run", images.unequal()).err
    assert "is not what it should be: diff-id sha256:" in err
    assert "The image is damaged or was altered; fetch it again." in err


def test_a_damaged_image_is_not_loaded(newcomer: Account, images: Images) -> None:
    with leaves_nothing(newcomer):
        ended = newcomer.secure("images", "load", images.tampered())
    assert ended.code == 3
    assert newcomer.secure("images", "list").out == ""
    assert not list(newcomer.data.glob("images/layers/*/*"))


def test_an_image_without_layers_is_told_so(person: Account, images: Images) -> None:
    path = images.folder / "no-layers.tar"
    write_oci_archive(str(path), [], execution(), tag="none:1")
    path.chmod(0o644)
    with leaves_nothing(person):
        ended = person.secure("run", str(path))
    assert ended.code == 125
    assert "has no layers: there is no program in it" in ended.err


def test_an_image_that_is_missing_is_named(person: Account) -> None:
    ended = person.secure("check", "/no/such/image.tar")
    assert ended.code == 3
    assert "/no/such/image.tar" in ended.err
    assert person.secure("run", "/no/such/image.tar").code == 125


@pytest.mark.parametrize("case", WRONG_POLICIES)
@pytest.mark.parametrize("command", ["run", "check", "validate"])
def test_a_wrong_policy_file_is_told_by_file_line_and_key(
    person: Account, images: Images, case: str, command: str
) -> None:
    text, line, key = WRONG_POLICIES[case]
    path = person.made(f"{case}.yaml", ("" if case == "wrong-yaml" else _HEAD) + text + "\n")
    before = len(person.records())
    words = {
        "run": ("run", "--policy", str(path), images.good),
        "check": ("check", "--policy", str(path), images.good),
        "validate": ("policy", "validate", str(path)),
    }[command]
    with leaves_nothing(person):
        ended = person.secure(*words)
    assert (ended.code, ended.out) == (2, "")
    assert f"{path}{line}" in ended.err
    assert key in ended.err
    assert len(person.records()) == before


def test_a_denied_image_is_not_unpacked(newcomer: Account, images: Images) -> None:
    key = "AKIA" + "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))
    path = images.made("secret", env=("PATH=/bin", f"AWS_ACCESS_KEY_ID={key}"))
    ended = newcomer.secure("run", path)
    assert ended.code == 125
    assert "RUN035" in ended.err
    assert not list(newcomer.data.glob("images/layers/*/*"))
    assert [kind for kind, _ in newcomer.records()] == ["refusal"]


def test_the_copy_can_be_read_by_everybody_and_written_by_nobody(installed: Installed) -> None:
    modes = {path.stat().st_mode & 0o777 for path in Path(installed.folder).rglob("*")}
    assert modes <= {0o755, 0o644}
