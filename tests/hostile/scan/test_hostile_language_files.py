"""Language files made of one thing: no parser of them may need more than linear time."""

from __future__ import annotations

import time

import pytest
from catalogued import catalogued
from language_files import FILES

SIZE = 128 << 10
# What could make a pattern or a decoder go back again and again: runs of what it skips, and
# beginnings of what it looks for without their ends.
PIECES = [
    "\n", " ", "\t", "\n ", '"', "'", "{", "[", "(", "a", "a.", "a-", "a/", "0", "%", "#", "--",
    '"a": {:hex, :a, ', '{<<"a">>,{pkg,<<"a">>,', '{<<"a">>, ', "{applications,[", "{ vsn ,",
    "{application,", 'package = "', "dependencies = {", "constraints: any.a ", "any.a == ",
    'provider "a" {', "installed: [", "depends: [", '"a" {', '"a" {= ', "name('", "- a:\n ",
    "- &a [*a]\n", "a: b\n", "PODS:\n  - a (", "[[a]]\n", "a = [", "Package: a\n\n", "Depends: a,",
    "[requires]\na/", "<a>", '{"a":', "jobs:\n  a:\n    uses: a/b",
    "%q<", "s.name = ", "s.add_dependency(", "GEM\n", "    a (1)\n", "    a (", "Plugin Name:",
    "<?php", "$wp_version = '", "/*#@",
]  # fmt: skip


@pytest.mark.parametrize("place", FILES)
def test_a_file_of_one_thing_takes_no_square_time(place: str) -> None:
    slow = {}
    for piece in PIECES:
        content = piece * (SIZE // len(piece))
        start = time.process_time()
        catalogued(place, content)
        catalogued(place, FILES[place][0][:60] + content)
        taken = time.process_time() - start
        if taken > 2:  # linear ones take 0.1 s, square ones minutes
            slow[piece] = taken
    assert slow == {}
