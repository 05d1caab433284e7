"""Every figure in one go, and which goals are met."""

from __future__ import annotations

import hundred
import oci
import run
import sbom
import scan
import start
import versions
import warm
from installed import installed
from runner import arguments


def main() -> None:
    given = arguments(__doc__ or "")
    with installed() as product:
        figures = [start.measure(product, given.runs), *run.figures(product, given.runs)]
        figures += [warm.measure(product, given.runs), hundred.measure(product)]
        figures += oci.figures(product, given.runs)
        figures.append(scan.measure(product, given.runs))
    figures.append(sbom.measure(given.runs))
    figures.append(versions.measure(given.runs))
    for figure in figures:
        print(figure.text())
    print("Goals, minimum / median:")
    for goal in (goal for figure in figures for goal in figure.goals):
        print(" ", goal.line)


if __name__ == "__main__":
    main()
