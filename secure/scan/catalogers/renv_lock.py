"""R packages that a renv.lock asks for.

Source: rstudio/renv, "Lockfiles": packages of a repository, of Bioconductor or of a git host.
"""

from __future__ import annotations

from secure.facts.package import Package
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.tree import MAX_BYTES, json_tree, listed, mapping, word

_HOSTS = {"GitHub": "github.com", "GitLab": "gitlab.com", "Bitbucket": "bitbucket.org"}


def parse_lock(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    if "Packages" not in top:
        yield file.unreadable('has no "Packages"')
    for key, value in mapping(top.get("Packages")).items():
        entry = mapping(value)
        package = Package(
            type="bioconductor" if word(entry.get("Source")) == "Bioconductor" else "cran",
            name=word(entry.get("Package")) or key,
            version=word(entry.get("Version")),
            location=file.location,
            found_by=RENV_LOCK.name,
            declared=True,
            qualifiers=_origin(entry),
        )
        needs = [word(need) for need in listed(entry.get("Requirements"))]
        yield checked(file, package, tuple((need,) for need in needs if need))


def _origin(entry: dict[str, object]) -> tuple[tuple[str, str], ...]:
    host = _HOSTS.get(word(entry.get("Source")))
    owner, name = word(entry.get("RemoteUsername")), word(entry.get("RemoteRepo"))
    if not host or not owner or not name:
        return ()
    commit = word(entry.get("RemoteSha"))
    url = f"git+https://{host}/{owner}/{name}.git"
    return (("vcs_url", f"{url}@{commit}" if commit else url),)


RENV_LOCK = Cataloger(
    name="renv-lock",
    version=1,
    wants=("*/renv.lock",),
    max_bytes=MAX_BYTES,
    parse=from_tree(json_tree, parse_lock),
    database=False,
)
