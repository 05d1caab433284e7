"""Databases of made records, built once: a folder may keep them for the next run.

One is built again where anything has changed that makes it: the records, the sample, the builder.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT.parent / "shared/data/osv"
FULL = 400_000  # all public advisories, about
_MAKERS = ("bench/database_made.py", "vulndb/schema.sql", "secure/vulns/b*.py",
           "secure/vulns/fresh_file.py", "secure/vulns/identifiers.py", "secure/vulns/stage.py",
           "secure/vulns/compact.py", "secure/vulns/schema.py", "secure/vulns/ranges.py",
           "secure/vulns/versions/*.py")  # fmt: skip


@dataclass(frozen=True)
class Built:
    """A database of made records.

    Args:
        cpu_s: processor time of the process that made the records and built it of them.
        rss_mib: the most memory it had.
    """

    path: str
    cpu_s: float
    rss_mib: float


@contextmanager
def kept_in(given: str | None) -> Iterator[Path]:
    """The folder to keep databases in; one that is gone afterwards where none is given."""
    if given:
        Path(given).mkdir(parents=True, exist_ok=True)
        yield Path(given)
    else:
        with TemporaryDirectory(prefix="secure-bench-") as temporary:
            yield Path(temporary)


def built(records: int, folder: Path) -> Built:
    """The database of so many records that is in `folder`, or is now."""
    path = folder / f"{records}-{_stamp()}.db"
    note = path.with_suffix(".json")
    if not note.exists():
        note.write_text(json.dumps(asdict(_build(records, str(path)))), encoding="ascii")
    return Built(**json.loads(note.read_text(encoding="ascii")))


def _stamp() -> str:
    digest = sha256()
    for pattern in _MAKERS:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(file.read_bytes())
    for file in sorted(SAMPLE.iterdir()):
        digest.update(f"{file.name} {file.stat().st_size}".encode())
    return digest.hexdigest()[:12]


def _build(records: int, path: str) -> Built:
    script = str(Path(__file__).with_name("database_made.py"))
    argv = [sys.executable, script, str(SAMPLE), str(records), path]
    child = os.posix_spawn(sys.executable, argv, {**os.environ, "PYTHONPATH": str(ROOT)})
    _, status, usage = os.wait4(child, 0)
    if status:
        raise RuntimeError("the database was not built")
    return Built(path, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
