"""What the real sample takes exported: bytes a record, each source by itself, weighed by its share.

Made records repeat the prose of the sample in every round, which one compression over all of them
would use: only real ones can say what an export takes. A source of which there are more records
than in the sample takes less for each, as its half takes more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(1, str(ROOT))  # wherever we were started

from database_kept import SAMPLE  # noqa: E402 - after the path, as the others
from database_made import SHARES, sample  # noqa: E402

from secure.oci.limits import DEFAULT_LIMITS  # noqa: E402
from secure.vulns.build import Content, Feed, build  # noqa: E402
from secure.vulns.contents import rows  # noqa: E402
from secure.vulns.database_file import open_file  # noqa: E402
from secure.vulns.database_status import status_of  # noqa: E402
from secure.vulns.osv import Advisory, read  # noqa: E402
from secure.vulns.parcel import waybill_of, write_parcel  # noqa: E402


@dataclass(frozen=True)
class Sampled:
    """Bytes a record of the whole sample, and of every other record of it.

    Args:
        slim: without details and references.
    """

    whole: float
    half: float
    slim: float


def sampled() -> Sampled:
    """Build and export each source, its half too."""
    whole = half = slim = 0.0
    with TemporaryDirectory(prefix="secure-bench-") as folder:
        for source, share in SHARES.items():
            lines = sample(SAMPLE, source)
            path = _built(source, lines, folder)
            whole += share * exported(path, f"{folder}/parcel", details=True) / len(lines)
            slim += share * exported(path, f"{folder}/parcel", details=False) / len(lines)
            path = _built(source, lines[::2], folder)
            half += share * exported(path, f"{folder}/parcel", details=True) / len(lines[::2])
    return Sampled(whole, half, slim)


def _built(source: str, lines: list[bytes], folder: str) -> str:
    path = f"{folder}/{source}.db"
    build(path, [Feed(source, _read(lines), Content())], "2026-01-01T00:00:00Z")
    return path


def _read(lines: list[bytes]) -> Iterator[Advisory]:
    for line in lines:
        found = read(line, DEFAULT_LIMITS)
        if isinstance(found, Advisory):
            yield found


def exported(path: str, target: str, *, details: bool) -> int:
    """Bytes of the database at `path`, exported to `target`."""
    with closing(open_file(path)) as file, open(target, "wb") as parcel:
        waybill = waybill_of(status_of(file), rows(file, details=details), details=details)
        write_parcel(waybill, rows(file, details=details), parcel)
        return parcel.tell()
