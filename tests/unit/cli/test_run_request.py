"""The flags of `secure run` as a value."""

from __future__ import annotations

import os

import pytest

from secure.cli.arguments import parse
from secure.cli.run import COMMAND, request_of
from secure.errors import UsageError
from secure.runtime.request import RunRequest


def request(*words: str) -> RunRequest:
    return request_of(parse(COMMAND, list(words)))


def test_without_flags_nothing_is_asked() -> None:
    assert request("web.tar") == RunRequest(image="web.tar")


def test_flags_after_the_image_are_the_programs_own() -> None:
    found = request("--rm", "web.tar", "sh", "--privileged", "-v", "/:/host")
    assert found.command == ("sh", "--privileged", "-v", "/:/host")
    assert not found.privileged
    assert found.binds == ()


def test_a_volume_is_read_only_and_absolute() -> None:
    assert request("-v", "/a:/b", "x").binds == (("/a", "/b", True),)
    assert request("-v", "/a:/b:rw", "x").binds == (("/a", "/b", False),)
    assert request("-v", "./a:/b", "x").binds == ((f"{os.getcwd()}/a", "/b", True),)


@pytest.mark.parametrize("text", ["/a", "a:/b", "/a:", ":/b", "/a:/b:z", "/a:/b:rw,exec", "name"])
def test_a_volume_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--volume"):
        request("-v", text, "x")


@pytest.mark.parametrize(
    "flags",
    [
        ("-v", "/a:/x", "-v", "/b:/x"),
        ("--tmpfs", "/x", "-v", "/b:/x"),
        ("--tmpfs", "/x:size=1m", "--tmpfs", "/x:size=2m"),
    ],
)
def test_two_mounts_on_one_place_are_refused(flags: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match='two mounts are to be on "/x"'):
        request(*flags, "image")


def test_capabilities_are_written_as_the_kernel_does() -> None:
    found = request("--cap-add", "net_admin", "--cap-drop", "all", "--cap-add", "CAP_KILL", "x")
    assert found.cap_add == ("CAP_NET_ADMIN", "CAP_KILL")
    assert found.cap_drop == ("ALL",)


def test_host_namespaces_are_noted_whatever_they_are_called() -> None:
    found = request("--pid=host", "--ipc", "shareable", "--uts=private", "x")
    assert found.host_namespaces == ("pid", "ipc")


@pytest.mark.parametrize("name", ["a b", "a/b", "-", "x" * 64, "a\nb", "ä b"])
def test_what_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="host name"):
        request("--hostname", name, "x")


def test_limits_are_numbers() -> None:
    found = request(
        "-m", "64m", "--cpus", "0.5", "--pids-limit", "9", "--ulimit", "nofile=7:9", "x"
    )
    assert (found.memory_bytes, found.millicpus, found.pids, found.nofile) == (64 << 20, 500, 9, 7)


def test_an_unknown_ulimit_is_refused() -> None:
    with pytest.raises(UsageError, match="only nofile"):
        request("--ulimit", "core=1", "x")
