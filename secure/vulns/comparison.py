"""Is one installed package what one advisory speaks of? Like is compared with like, and explained.

An rpm package of a module (".module+el8…") follows its module's own line of versions, and so does a
build for FIPS ("10:3.6.16-4.el8_fips", "1.1.1f-1ubuntu2.fips.13") or for ksplice (".ksplice1"). The
epochs and releases of those are higher than any of the ordinary line: an ordinary fix would call
them fixed, and theirs would call every ordinary package vulnerable. Of a module's package another
stream's advisory says nothing, as its own stream has its own. A build for FIPS or ksplice that no
advisory on such builds names is *not checked*: nobody has said anything about it.
"""

from __future__ import annotations

import msgspec

from secure.facts.package import Package
from secure.facts.plain import plain
from secure.vulns.builds import own_build
from secure.vulns.compact import Affected, Interval, evaluate, holding
from secure.vulns.names import Asked, is_system
from secure.vulns.ranges import Judged, State
from secure.vulns.versions.order import key

_MODULE = ".module"
_NO_ARCH = frozenset({"", "all", "any", "noarch"})
_ARCHES = {"amd64": "x86_64", "arm64": "aarch64"}


def compared(package: Package, asked: Asked, affected: Affected) -> Judged:
    """What `affected` says of `package`, with the comparison in words."""
    if (other := other_build(package, affected)) is not None:
        return other
    if not asked.epoch_known:
        affected = without_epochs(affected, asked.ecosystem)
    return evaluate(_of_this_line(package, affected), asked.ecosystem, asked.version)


def other_build(package: Package, affected: Affected) -> Judged | None:
    """Why the advisory speaks of other builds than this; None where it speaks of this one."""
    if why := _unlike(package, affected):
        return Judged(State.NOT_AFFECTED, plain(why))
    if not is_system(package) or not affected.ranges or affected.versions:
        return None
    if _of_this_line(package, affected).ranges:
        return None
    fixed = affected.ranges[0].fixed
    own = own_build(package.version)
    state = State.NOT_CHECKED if own and not own_build(fixed) else State.NOT_AFFECTED
    return Judged(state, plain(_other_line(package, fixed)))


def has_own_line(package: Package) -> bool:
    """It is of a module, or a build for FIPS or ksplice: not all that has its name is like it."""
    return is_system(package) and bool(_is_of_module(package) or own_build(package.version))


def _of_this_line(package: Package, affected: Affected) -> Affected:
    """Without the intervals that end with a fix of another line."""
    kept = tuple(
        interval
        for interval in affected.ranges
        if not interval.fixed or not _other_line(package, interval.fixed)
    )
    if len(kept) == len(affected.ranges):
        return affected
    return msgspec.structs.replace(affected, ranges=kept)


def may_be_affected(asked: Asked, place: str, affected: Affected) -> bool:
    """A cheap first look, without words: False is certain.

    Args:
        place: the sort key of `asked.version`.
    """
    return (
        bool(affected.unchecked)
        or affected.listed_only
        or not asked.epoch_known
        or holding(affected, place) is not None
        or asked.version in affected.versions
    )


def interval_of(affected: Affected, asked: Asked) -> Interval | None:
    """The interval that holds the version; None where only a list names it."""
    place = key(asked.ecosystem, asked.version)
    return holding(affected, place) if isinstance(place, str) else None


def written(interval: Interval | None) -> str:
    """An interval as advisories write it."""
    if interval is None:
        return "listed"
    words = [f"introduced {interval.introduced}"]
    if interval.last_affected:
        words.append(f"last affected {interval.last_affected}")
    if interval.fixed:
        words.append(f"fixed {interval.fixed}")
    return plain(", ".join(words))


def without_epochs(affected: Affected, ecosystem: str) -> Affected:
    """The same on versions without epoch: what a source rpm's name can be compared with."""
    return msgspec.structs.replace(
        affected,
        ranges=tuple(_without_epoch(interval, ecosystem) for interval in affected.ranges),
        versions=tuple(_bare(version) for version in affected.versions),
    )


def _without_epoch(interval: Interval, ecosystem: str) -> Interval:
    def placed(version: str) -> str:
        place = key(ecosystem, _bare(version))
        return place if isinstance(place, str) else ""

    return Interval(
        fixed_key=placed(interval.fixed) if interval.fixed_key else "",
        fixed=_bare(interval.fixed),
        introduced_key=placed(interval.introduced) if interval.introduced_key else "",
        introduced=_bare(interval.introduced),
        last_affected_key=placed(interval.last_affected) if interval.last_affected_key else "",
        last_affected=_bare(interval.last_affected),
    )


def _bare(version: str) -> str:
    epoch, colon, rest = version.partition(":")
    return rest if colon and epoch.isdecimal() else version


def _unlike(package: Package, affected: Affected) -> str:
    """Why the advisory speaks of another build; "" where it speaks of this one."""
    told = affected.qualifiers
    if not told:
        return ""
    systems = told.get("os", ())
    if systems and "linux" not in systems:
        return f"it concerns {', '.join(systems)} alone"
    arches = [*told.get("arch", ()), *told.get("arches", ()), *told.get("architectures", ())]
    own = _ARCHES.get(package.arch, package.arch)
    known = {_ARCHES.get(arch, arch) for arch in arches}
    if is_system(package) and arches and own not in _NO_ARCH and not known & {own, *_NO_ARCH}:
        return f"it concerns {', '.join(arches)}, and this package is for {package.arch}"
    modules = [*told.get("module", ()), *told.get("modules", ())]
    if modules and not any(_is_module(package, module) for module in modules):
        return f"it concerns module {', '.join(modules)}"
    return ""


def _is_module(package: Package, module: str) -> bool:
    """`module` is "nodejs" or "nodejs:18", the package's label "nodejs:18:8090020231019:rhel9"."""
    return package.modularity == module or package.modularity.startswith(module + ":")


def _is_of_module(package: Package) -> bool:
    return package.type == "rpm" and bool(package.modularity or _MODULE in package.version)


def _other_line(package: Package, fixed: str) -> str:
    """Why `fixed` is a version of another line than the package's; "" where it is of the same."""
    if not is_system(package):
        return ""
    own, other = own_build(package.version), own_build(fixed)
    if own != other:
        return f"it is {_built(own)} and the fix {_built(other)}"
    of_module = _is_of_module(package)
    if of_module != (_MODULE in fixed):
        mine, other = ("a module", "none") if of_module else ("no module", "one")
        return f'the package is of {mine} and the fix "{fixed}" of {other}'
    if not of_module:
        return ""
    # Where the advisory does not name the stream: a stream is called by the version it holds. An
    # SBOM may not tell the package's either; its first number is what streams differ in at least.
    stream = package.modularity.split(":")[1] if package.modularity.count(":") else ""
    stream = stream or _bare(package.version).partition(".")[0]
    if _is_of(package.version, stream) and not _is_of(fixed, stream):
        return f'the package is of stream "{stream}" and the fix "{fixed}" of another'
    return ""


def _built(own: str) -> str:
    return f"a build for {own}" if own else "an ordinary build"


def _is_of(version: str, stream: str) -> bool:
    bare = _bare(version)
    return bare == stream or (bare.startswith(stream) and not bare[len(stream)].isdigit())
