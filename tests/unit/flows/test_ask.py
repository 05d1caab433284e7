"""What flags and image ask for together."""

from __future__ import annotations

import pytest
from plans import RECORD

from secure.flows.launch import ask_of
from secure.runtime.request import RunRequest
from secure.value import replace


def test_the_images_user_counts_unless_a_flag_names_one() -> None:
    assert (ask_of(RunRequest("w"), RECORD).uid, ask_of(RunRequest("w"), RECORD).gid) == (
        10001,
        10002,
    )
    assert ask_of(RunRequest("w", user="7:8"), RECORD).gid == 8


def test_an_image_without_a_user_asks_for_root() -> None:
    ask = ask_of(RunRequest("w"), replace(RECORD, user=""))
    assert (ask.uid, ask.user_named) == (0, False)


def test_the_images_volumes_become_tmpfs_unless_a_flag_uses_their_place() -> None:
    image = replace(RECORD, volumes=("/data", "/cache"))
    ask = ask_of(RunRequest("w", tmpfs=(("/cache", 4096),)), image)
    assert ask.tmpfs == (("/cache", 4096), ("/data", 0))


@pytest.mark.parametrize(
    ("option", "seccomp", "privileges", "others"),
    [
        ("no-new-privileges", None, True, ()),
        ("no-new-privileges=false", None, False, ()),
        ("no-new-privileges:true", None, True, ()),
        ("seccomp=unconfined", "unconfined", None, ()),
        ("seccomp=strict", "strict", None, ()),
        ("apparmor=unconfined", None, None, ("apparmor=unconfined",)),
        ("label=disable", None, None, ("label=disable",)),
        ("systempaths=unconfined", None, None, ("systempaths=unconfined",)),
    ],
)
def test_security_options_are_told_apart(
    option: str, seccomp: str | None, privileges: bool | None, others: tuple[str, ...]
) -> None:
    ask = ask_of(RunRequest("w", security_opts=(option,)), RECORD)
    assert (ask.seccomp, ask.no_new_privileges, ask.security_opts) == (seccomp, privileges, others)


def test_every_asked_field_names_who_asked() -> None:
    request = RunRequest("w", memory_bytes=1, cap_drop=("ALL",), user="5")
    origins = dict(ask_of(request, RECORD).origins)
    assert origins == {
        "memory_bytes": "flag --memory",
        "cap_drop": "flag --cap-drop",
        "uid": "flag --user",
    }


def test_a_variable_in_the_form_of_a_token_is_named_and_others_are_not() -> None:
    token = "ghp_" + "a1B2" * 9
    env = (("TOKEN", token), ("API_KEY_FILE", "/run/key"), ("EMPTY", ""), ("SHORT", "ghp_"))
    assert ask_of(RunRequest("w", env=env), RECORD).env_secret_names == ("TOKEN",)
