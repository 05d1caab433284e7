"""What an engine reads of `secure oci`: --log, in runc's form, and standard error."""

from __future__ import annotations

import os

from secure.cli.arguments import Arguments
from secure.errors import SecureError, UsageError
from secure.oci.json_text import encode
from secure.store.messages import tell


class Log:
    """--log and standard error: one line each, as runc writes them, for engines to read."""

    def __init__(self, given: Arguments) -> None:
        self._path = given.one("--log")
        self._format = given.one("--log-format", "text")
        if self._format not in {"text", "json"}:
            raise UsageError(f'--log-format "{self._format}": text or json expected')

    def say(self, text: str) -> None:
        """A warning."""
        self._write("warning", text)

    def failed(self, error: SecureError) -> None:
        """The error that ends this command."""
        text = f"{error}\n  {error.do}" if error.do else str(error)
        self._write("error", text)
        from secure.facts.plain import plain

        shown = "\n".join(map(plain, text.split("\n")))
        tell(f"secure oci: {shown}\n")

    def _write(self, level: str, text: str) -> None:
        if not self._path:
            return
        from secure.flows.clock import now

        fields = {"level": level, "msg": text, "time": now()}
        words = (f"{name}={encode(item)}" for name, item in fields.items())
        line = encode(fields) if self._format == "json" else " ".join(words)
        try:
            fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            try:
                os.write(fd, line.encode() + b"\n")
            finally:
                os.close(fd)
        except OSError as cause:
            tell(f"secure oci: --log cannot be written: {cause.strerror}\n")
