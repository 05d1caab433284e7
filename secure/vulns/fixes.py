"""What removes a vulnerability: the command, or which version to ask for."""

from __future__ import annotations

import re

from secure.facts.package import Package
from secure.facts.plain import plain
from secure.vulns.names import registry_name

# What may stand in a command that somebody copies into a shell: names come from a stranger's image.
_SAFE = re.compile(r"[A-Za-z0-9@/][A-Za-z0-9@/._+:~-]{0,200}").fullmatch

_SYSTEM = {
    "apk": "apk upgrade --no-cache {name}",
    "deb": "apt-get update && apt-get install -y --only-upgrade {name}",
    "rpm": "dnf upgrade -y {name}",
    "alpm": "pacman -Syu --noconfirm",
}
_LANGUAGES = {
    "pypi": "pip install '{name}>={fixed}'",
    "npm": "npm install {name}@{fixed}",
    "golang": "go get {name}@v{fixed}",
    "cargo": "cargo update -p {name} --precise {fixed}",
    "gem": "gem install {name} -v {fixed}",
    "composer": "composer require {name}:^{fixed}",
    "nuget": "dotnet add package {name} --version {fixed}",
    "maven": "set the version of {name} to {fixed}",
    "hex": "mix deps.update {name}",
}


def command(package: Package, fixed: str, base: str, paid: bool = False) -> str:
    """What to do; "" where no version fixes it.

    Args:
        fixed: the first version without the flaw.
        base: name of the base image where that brought the package; "".
        paid: the fix is in Ubuntu Pro alone.
    """
    name = registry_name(package) if package.type in _LANGUAGES else package.name
    if not fixed:
        return ""
    if not (_SAFE(name) and _SAFE(fixed)):
        return f'update "{plain(name)}" to "{plain(fixed)}"'
    if package.type == "golang" and name in {"stdlib", "toolchain"}:
        return f"build with Go {fixed}"
    pattern = _SYSTEM.get(package.type) or _LANGUAGES.get(package.type, "update {name} to {fixed}")
    done = pattern.format(name=name, fixed=fixed)
    if paid:
        return f"with a subscription (pro attach TOKEN): {done}; without: build on a later release"
    if package.from_base:
        return f"build on a newer {plain(base) or 'base image'}, or: {done}"
    return done
