"""Which hashes of a package the bills name."""

from __future__ import annotations

from secure.report.hash_names import known_hashes

SHA1, SHA256, OTHER = "ab" * 20, "cd" * 32, "ef" * 32


def test_a_hash_has_the_name_of_each_format() -> None:
    ((name, digits),) = known_hashes((("sha3256", SHA256.upper()),))
    assert (name.cyclonedx, name.spdx2, name.spdx3) == ("SHA3-256", "SHA3-256", "sha3_256")
    assert digits == SHA256


def test_archives_of_which_any_may_be_the_package_give_it_no_hash() -> None:
    found = known_hashes((("sha256", SHA256), ("sha1", SHA1), ("sha256", OTHER)))
    assert [(name.spdx2, digits) for name, digits in found] == [("SHA1", SHA1)]


def test_a_hash_told_twice_is_one() -> None:
    assert len(known_hashes((("sha256", SHA256), ("sha256", SHA256.upper())))) == 1


def test_what_is_no_hash_is_left_out() -> None:
    assert known_hashes((("md9", "00"), ("sha256", "zz" * 32), ("sha1", SHA256))) == []
