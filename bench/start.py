"""How long nothing takes: `secure --version` against the interpreter that does nothing."""

from __future__ import annotations

from callers import as_caller, caller, ordinary
from installed import Installed, installed
from runner import Command, Figure, Goal, arguments, interleave, ratio, table

_NOTHING = "python3 -I -S -c pass"
_VERSION = "secure --version"


def measure(product: Installed, runs: int) -> Figure:
    """The figure, as the ordinary user."""
    with caller(ordinary()) as who:
        commands = (
            Command(_NOTHING, (product.python, "-I", "-S", "-c", "pass"), who.env),
            Command(_VERSION, (product.secure, "--version"), who.env),
            Command("secure --help", (product.secure, "--help"), who.env),
        )
        found = as_caller(who, lambda: interleave(commands, runs))
    goal = Goal(f"{_VERSION} against {_NOTHING}", 2.5, ratio(found[_VERSION], found[_NOTHING]))
    return Figure("start", table(found, _NOTHING), (goal,))


if __name__ == "__main__":
    given = arguments(__doc__ or "")
    with installed() as product_here:
        print(measure(product_here, given.runs).text())
