"""Law: our package URLs are those the reference library writes, and it reads them back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from secure.facts.purl import purl

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20
)
VERSIONS = st.from_regex(r"[0-9]{1,2}:?[0-9a-zA-Z.+~_-]{1,12}", fullmatch=True)
DEBIAN_NAMES = st.from_regex(r"[a-z0-9][a-z0-9+.-]{1,20}", fullmatch=True)


@given(DEBIAN_NAMES, VERSIONS)
def test_a_deb_is_written_as_the_library_writes_it(name: str, version: str) -> None:
    qualifiers = {"arch": "amd64", "distro": "debian-13"}
    ours = purl("deb", name, version, namespace="debian", qualifiers=qualifiers)
    assert ours == PackageURL("deb", "debian", name, version, qualifiers).to_string()


@given(TEXT, TEXT)
def test_any_text_comes_back(name: str, version: str) -> None:
    # The library strips blanks and slashes at the ends; inside, everything has to survive.
    name, version = f"n{name}n", f"v{version}v"
    found = PackageURL.from_string(purl("generic", name, version))
    assert (found.name, found.version) == (name, version)
