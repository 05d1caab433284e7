"""WordPress, its plugins and its themes, by the comment on top of their main files.

Source: WordPress Plugin Handbook, "Header Requirements"; Theme Handbook, "Main Stylesheet"; the
first 8 KiB are read (`get_file_data`). WordPress's own version is in wp-includes/version.php.
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import GIB, KIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.classified import cpe
from secure.scan.formats.checked import Found, checked

_READ = 8 * KIB
_FIELD = re.compile(r"(?:[ \t]*<\?php)?[ \t/*#@]*([A-Za-z][A-Za-z ]{0,40}):(.*)")
_END = re.compile(r"[ \t]*(?:\*/|\?>).*")
_CORE_VERSION = re.compile(r"""(?m)^\$wp_version[ \t]*=[ \t]*["']([^"'\n]{1,100})["']""")


def parse_plugin(file: FileView) -> Found:
    """Nothing for the many files of a plugin that have no header: only its main file does."""
    folders, _, last = text(file.name).rpartition("/")
    folder = folders.rpartition("/")[2]
    # The name that wordpress.org knows it by: that of its folder, or of its only file.
    alone = folder in {"plugins", "mu-plugins"}
    name = last.removesuffix(".php") if alone else folder
    yield from _headed(file, WORDPRESS_PLUGIN.name, "wordpress-plugin", name, "plugin")


def parse_theme(file: FileView) -> Found:
    folders, _, last = text(file.name).rpartition("/")
    if last == "style.css":  # not style-rtl.css, which may begin alike
        name = folders.rpartition("/")[2]
        yield from _headed(file, WORDPRESS_THEME.name, "wordpress-theme", name, "theme")


def parse_core(file: FileView) -> Found:
    found = _CORE_VERSION.search(text(file.content[:_READ]))
    version = found[1] if found else ""
    package = Package(
        type="generic",
        name="wordpress",
        version=version,
        location=file.location,
        found_by=WORDPRESS.name,
        cpe=cpe("wordpress:wordpress", version) if version else "",
    )
    yield checked(file, package)


def _headed(file: FileView, by: str, namespace: str, name: str, kind: str) -> Found:
    """The package whose header the file has; nothing where it has none."""
    fields: dict[str, str] = {}
    for line in re.split(r"\r\n?|\n", text(file.content[:_READ])):
        if found := _FIELD.match(line):
            fields.setdefault(found[1].lower(), _END.sub("", found[2]).strip())
    if not fields.get(f"{kind} name"):
        return
    licence = fields.get("license", "")
    package = Package(
        type="generic",
        namespace=namespace,
        name=name,
        version=fields.get("version", ""),
        location=file.location,
        found_by=by,
        licences=(licence,) if licence else (),
        maintainer=fields.get("author", ""),
        homepage=fields.get(f"{kind} uri", ""),
    )
    yield checked(file, package)


# Of each only the beginning is read, however large the file: they are `streamed`.
WORDPRESS = Cataloger(
    name="wordpress",
    version=1,
    wants=("*/wp-includes/version.php",),
    max_bytes=1 * GIB,
    parse=parse_core,
    database=False,
    streamed=True,
)
WORDPRESS_PLUGIN = Cataloger(
    name="wordpress-plugin",
    version=1,
    wants=(
        "*/wp-content/plugins/*/*.php",
        "*/wp-content/plugins/*.php",
        "*/wp-content/mu-plugins/*.php",
    ),
    max_bytes=1 * GIB,
    parse=parse_plugin,
    database=False,
    streamed=True,
)
WORDPRESS_THEME = Cataloger(
    name="wordpress-theme",
    version=1,
    wants=("*/wp-content/themes/*/style*.css",),
    max_bytes=1 * GIB,
    parse=parse_theme,
    database=False,
    streamed=True,
)
