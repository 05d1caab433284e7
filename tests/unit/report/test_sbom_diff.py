"""What changed between two lists of packages."""

from __future__ import annotations

import json

from bills import package
from hypothesis import given
from hypothesis import strategies as st

from secure.report.sbom_diff import Difference, diff_json, diff_table, differences

PACKAGES = st.lists(
    st.builds(
        package,
        st.sampled_from(["deb", "npm"]),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["1", "2"]),
    ),
    max_size=6,
)


def test_added_removed_and_changed_are_told_apart() -> None:
    before = [package("deb", "a", "1"), package("deb", "b", "1"), package("npm", "x", "1")]
    after = [package("deb", "a", "2"), package("npm", "x", "1"), package("npm", "y", "3")]
    found = differences(before, after)
    assert found == (
        Difference("deb", "a", "changed", ("1",), ("2",)),
        Difference("deb", "b", "removed", ("1",)),
        Difference("npm", "y", "added", (), ("3",)),
    )
    assert diff_table(found).splitlines() == [
        "~ deb      a  1 -> 2",
        "- deb      b  1",
        "+ npm      y  3",
        "",
        "1 added, 1 removed, 1 changed",
    ]
    told = json.loads(diff_json(found, ("caf\udce9", "b")))
    assert (told["before"], len(told["differences"])) == ("caf\\udce9", 3)


def test_one_of_several_versions_that_goes_is_removed() -> None:
    both = [package("npm", "x", "1"), package("npm", "x", "2")]
    assert differences(both, both[:1]) == (Difference("npm", "x", "removed", ("2",)),)


def test_an_epoch_is_part_of_the_version_and_a_java_group_of_the_name() -> None:
    before = [package("rpm", "a", "1-1"), package("maven", "io", "1", namespace="org.a")]
    after = [package("rpm", "a", "1-1", epoch="1"), package("maven", "io", "1", namespace="org.b")]
    assert [(one.name, one.kind) for one in differences(before, after)] == [
        ("org.a/io", "removed"),
        ("org.b/io", "added"),
        ("a", "changed"),
    ]


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in diff_table(differences([], [package("deb", "\x1b[31m", "\n")]))


@given(PACKAGES, PACKAGES)
def test_the_way_back_is_the_way_there_turned_round(
    before: list[object], after: list[object]
) -> None:
    there = differences(before, after)  # type: ignore[arg-type]  # st.builds knows no types
    back = differences(after, before)  # type: ignore[arg-type]
    assert [(one.name, one.before, one.after) for one in there] == [
        (one.name, one.after, one.before) for one in back
    ]
    assert (there == ()) == ({str(p) for p in before} == {str(p) for p in after})
