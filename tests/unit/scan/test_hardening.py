"""Hardening of programs that gcc links here with flags that say what it must be."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
from programs import Read, compiled_c, run, tool

from secure.facts.executable import ExecutableFact, ExecutableKind, Relro

FORMS = {
    "hardened": (("-pie", "-fPIE", "-Wl,-z,relro,-z,now", "-fstack-protector-all"),
                 {"pie": True, "relro": Relro.FULL, "nx": True, "canary": True, "static": False}),
    "lazy": (("-pie", "-fPIE", "-Wl,-z,relro,-z,lazy", "-fno-stack-protector"),
             {"pie": True, "relro": Relro.PARTIAL, "nx": True, "canary": False, "static": False}),
    "bare": (("-no-pie", "-Wl,-z,norelro,-z,lazy,-z,execstack", "-fno-stack-protector"),
             {"pie": False, "relro": Relro.NONE, "nx": False, "canary": False, "static": False}),
    "static": (("-static", "-no-pie", "-fstack-protector-all"),
               {"pie": False, "relro": Relro.PARTIAL, "nx": True, "canary": True, "static": True}),
    "static-pie": (("-static-pie", "-fPIE", "-Wl,-z,now"),
                   {"pie": True, "relro": Relro.FULL, "nx": True, "canary": True, "static": True}),
}  # fmt: skip


def fact(content: bytes) -> ExecutableFact:
    found = Read("usr/bin/program", content)
    assert found.unreadable == []
    assert found.fact is not None
    return found.fact


@pytest.mark.parametrize("form", FORMS)
def test_hardening_is_what_the_linker_was_told(tmp_path: Path, form: str) -> None:
    flags, expected = FORMS[form]
    found = fact(compiled_c(tmp_path, *flags))
    assert {key: getattr(found, key) for key in expected} == expected
    assert found.kind == ExecutableKind.PROGRAM
    assert found.stripped is False
    assert found.machine == platform.machine()


def test_a_stripped_static_program_does_not_say_whether_it_has_canaries(tmp_path: Path) -> None:
    found = fact(compiled_c(tmp_path, "-static", "-s", "-fstack-protector-all"))
    assert (found.stripped, found.canary, found.static) == (True, None, True)


def test_a_program_without_section_headers_is_still_told(tmp_path: Path) -> None:
    content = compiled_c(tmp_path, "-pie", "-fPIE", "-Wl,-z,now", "-fstack-protector-all")
    bare = bytearray(content)
    bare[40:48] = bytes(8)  # e_shoff
    bare[60:64] = bytes(4)  # e_shnum, e_shstrndx
    found = fact(bytes(bare))
    assert (found.pie, found.relro, found.canary) == (True, Relro.FULL, True)
    assert found.stripped is True


def test_a_library_is_no_program_and_an_object_file_is_nothing(tmp_path: Path) -> None:
    code = "int f(int x) { return x + 1; }\n"
    library = fact(compiled_c(tmp_path, "-shared", "-fPIC", source=code))
    assert (library.kind, library.static) == (ExecutableKind.LIBRARY, False)
    assert Read("f.o", compiled_c(tmp_path, "-c", source=code)).fact is None


def test_a_build_id_is_the_one_readelf_shows(tmp_path: Path) -> None:
    content = compiled_c(tmp_path, "-Wl,--build-id=0x0123456789abcdef0123456789abcdef01234567")
    shown = run([tool("readelf"), "-n", "program"], tmp_path)
    assert fact(content).build_id == "0123456789abcdef0123456789abcdef01234567"
    assert f"Build ID: {fact(content).build_id}" in shown


@pytest.mark.parametrize("head", [4096, 8192, 1 << 20])
def test_what_is_not_held_does_not_change_the_fact(tmp_path: Path, head: int) -> None:
    content = compiled_c(tmp_path, "-static", "-fstack-protector-all")
    whole, parts = Read("usr/bin/program", content), Read("usr/bin/program", content, head)
    assert parts.fact is not None
    assert whole.fact is not None
    assert (parts.fact.relro, parts.fact.nx, parts.fact.pie, parts.fact.build_id) == (
        whole.fact.relro, whole.fact.nx, whole.fact.pie, whole.fact.build_id,
    )  # fmt: skip
    assert parts.unreadable == []
