"""Secrets over layers: one that a later layer deletes stays, since the blob still holds it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from secure.facts.location import Location
from secure.facts.secret import Secret
from secure.scan.layer_facts import SecretMark


class KeptSecrets:
    """Add layers base first; `listed` is in the order of layers."""

    def __init__(self) -> None:
        self.listed: list[Secret] = []
        # Of each name whose secrets are still seen: where they stand in the list.
        self._seen: dict[bytes, list[int]] = {}

    def add(self, index: int, gone: Iterable[bytes], marks: Iterable[SecretMark]) -> None:
        """Layer `index` takes the files `gone` away or writes them anew, and brings `marks`."""
        brought = [(mark.name, mark.secret) for mark in marks]
        again = {(name, secret.fingerprint) for name, secret in brought}
        kept: set[tuple[bytes, str]] = set()
        for name in gone:
            for number in self._seen.pop(name, ()):
                fingerprint = self.listed[number].fingerprint
                # The same secret in the same file: a chmod or chown made a new copy.
                if (name, fingerprint) in again:
                    self._seen.setdefault(name, []).append(number)
                    kept.add((name, fingerprint))
                else:
                    self.listed[number] = _deleted(self.listed[number], index)
        for name, secret in brought:
            if (name, secret.fingerprint) not in kept:
                self._seen.setdefault(name, []).append(len(self.listed))
                self.listed.append(_placed(secret, index))


def _deleted(secret: Secret, by: int) -> Secret:
    place = secret.location
    gone = None if place is None else Location(place.path, place.layer, deleted_by=by)
    return msgspec.structs.replace(secret, location=gone)


def _placed(secret: Secret, index: int) -> Secret:
    path = secret.location.path if secret.location else ""
    return msgspec.structs.replace(secret, location=Location(path, index))
