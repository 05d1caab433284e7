"""cgroupsPath as a unit of systemd, and what of the limits is the unit's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.errors import DocumentError
from secure.runtime.oci.scope import annotated, names, properties


@pytest.mark.parametrize(
    ("path", "root", "unit"),
    [
        ("machine.slice:libpod:0f", True, ("machine.slice", "libpod-0f.scope")),
        ("user.slice:libpod:0f", False, ("user.slice", "libpod-0f.scope")),
        (":docker:0f", True, ("system.slice", "docker-0f.scope")),
        ("::0f", False, ("user.slice", "0f.scope")),
        ("-:a:b", True, ("-.slice", "a-b.scope")),
        ("", True, ("system.slice", "secure-web.scope")),
        ("kubepods-pod1_2.slice:cri-containerd:9", True,
         ("kubepods-pod1_2.slice", "cri-containerd-9.scope")),
    ],
)  # fmt: skip
def test_a_path_names_slice_and_scope(path: str, root: bool, unit: tuple[str, str]) -> None:
    assert names(path, "web", whole_machine=root) == unit


@pytest.mark.parametrize(
    "path",
    ["/a/b", "a:b", "a:b:c:d", "user:libpod:0f", "a.slice/b.slice:p:n", "a.slice:p:../x", "::",
     "a.slice:p:n.slice", "a.slice:p:n\n", "a.slice::.n", ".slice:p:n", f"a.slice:p:{'n' * 250}",
     "a.slice:p:ä", "a.slice:p:%n"],
)  # fmt: skip
def test_what_names_no_scope_is_refused(path: str) -> None:
    with pytest.raises(DocumentError, match=r"linux\.cgroupsPath"):
        names(path, "web", whole_machine=True)


@given(st.text(st.sampled_from("ab.:-/%\\ \n\0é@_s"), max_size=30))
def test_a_scope_is_one_name_below_one_directory(path: str) -> None:
    try:
        parent, unit = names(path, "web", whole_machine=False)
    except DocumentError:
        return
    assert re.fullmatch(r"[-:_.\\@a-zA-Z0-9]+\.slice", parent)
    assert re.fullmatch(r"[-:_\\@a-zA-Z0-9][-:_.\\@a-zA-Z0-9]*\.scope", unit)


@pytest.mark.parametrize(
    ("resources", "wanted"),
    [
        ({"memory": {"limit": 1 << 26}, "pids": {"limit": 9}, "cpu": {"quota": 20_000}}, ()),
        ({"cpu": {"shares": 1024}}, (("CPUWeight", 39),)),
        ({"cpu": {"idle": 1}}, (("CPUWeight", 0),)),
        ({"blockIO": {"weight": 505}}, (("IOWeight", 5000),)),
        ({"memory": {"reservation": -1}}, (("MemoryLow", (1 << 64) - 1),)),
        ({"unified": {"cpu.weight": "7", "memory.min": "4096", "io.weight": "default 8",
                      "memory.high": "1M"}},
         (("CPUWeight", 7), ("MemoryMin", 4096), ("IOWeight", 8))),
    ],
)  # fmt: skip
def test_what_counts_against_neighbours_is_the_scopes(
    resources: dict[str, Any], wanted: tuple[tuple[str, int], ...]
) -> None:
    assert properties(resources) == wanted


@pytest.mark.parametrize("text", ["8:0 200", "x", "-1", "9" * 30, "9" * 5000])
def test_a_weight_that_is_no_number_is_refused_by_name(text: str) -> None:
    with pytest.raises(DocumentError, match=r'unified\."io\.weight"'):
        properties({"unified": {"io.weight": text}})


def test_annotations_of_podman_are_properties_and_others_are_named() -> None:
    found = annotated((
        ("org.systemd.property.KillSignal", "37"),
        ("org.systemd.property.TimeoutStopUSec", "uint64 10000000"),
        ("org.systemd.property.DeviceAllow", "[('/dev/sda', 'rwm')]"),
        ("io.container.manager", "libpod"),
        ("KillSignal", "9"),
    ))  # fmt: skip
    assert found == (
        (("KillSignal", 37), ("TimeoutStopUSec", 10_000_000)),
        ("org.systemd.property.DeviceAllow",),
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [("KillSignal", ""), ("KillSignal", "-1"), ("KillSignal", "uint64 9"), ("KillSignal", "9" * 20),
     ("KillSignal", "\u0663"), ("TimeoutStopUSec", "uint64 "), ("TimeoutStopUSec", "uint64 x")],
)  # fmt: skip
def test_an_annotation_in_another_form_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(DocumentError, match=name):
        annotated(((f"org.systemd.property.{name}", text),))
