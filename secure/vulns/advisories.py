"""What matching needs of a database; `secure.vulns.database.Database` is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from secure.vulns.compact import Affected
from secure.vulns.schema import AdvisoryHead, Exploited, Lifetime, Probability


class Advisories(Protocol):
    """What matching needs of a database."""

    def affected_by_name(
        self, ecosystem: str, names: Iterable[str]
    ) -> Mapping[str, tuple[Affected, ...]]: ...

    def advisory(self, number: int) -> AdvisoryHead: ...

    def ecosystems(self) -> Mapping[str, int]: ...

    def kev(self, cves: Iterable[str]) -> Mapping[str, Exploited]: ...

    def epss(self, cves: Iterable[str]) -> Mapping[str, Probability]: ...

    def release(self, ecosystem: str) -> Lifetime | None: ...
