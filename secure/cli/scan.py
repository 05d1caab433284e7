"""`secure scan`: what is in an image."""

from __future__ import annotations

from secure.cli.arguments import OUTPUT, PLATFORM, VEX, Command, Option, help_text, parse
from secure.cli.terminal import write
from secure.errors import InputError, PolicyRefusedError, UsageError
from secure.facts.verdict import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.image import ImageFacts

FORMATS = ("table", "json", "sarif", "gitlab", "cyclonedx", "openvex", "cyclonedx-vex")
COMMAND = Command(
    name="scan",
    summary="What is in this image: packages, known vulnerabilities, files that matter, secrets.",
    words="IMAGE | sbom:FILE",
    least=1,
    most=1,
    options=(
        Option("--format", ", ".join(FORMATS), "NAME"),
        OUTPUT,
        PLATFORM,
        Option(
            "--scope", "squashed (usual), or all-layers: with what later layers removed", "NAME"
        ),
        Option("--base-image", "the image it was built on: tells base from application", "IMAGE"),
        Option("--verify-files", "hash the files that packages claim"),
        Option("--only-fixed", "only vulnerabilities that a version fixes"),
        Option("--ignore-unfixed", "the same"),
        Option(
            "--fail-on",
            "exit 1 from this severity on: info, low, medium, high, critical",
            "SEVERITY",
        ),
        VEX,
        Option("--explain", "show every comparison that led to, or spared, this one", "ID"),
    ),
    more="\nsbom:FILE reads the packages that an SBOM lists: CycloneDX (JSON, XML), SPDX 2 and 3."
    "\nExit code: 0 complete, 1 a vulnerability of --fail-on, 3 something could not be read (it is"
    "\nlisted), or --fail-on without a vulnerability database that knows the image's distribution.",
)


def main(argv: list[str]) -> int:
    """0 where everything was read, 3 where the facts are incomplete."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    form = arguments.choice("--format", *FORMATS)
    severities = severities_from(arguments.one("--fail-on"))
    from secure.flows.sbom_facts import facts_of

    facts = facts_of(
        arguments.words[0],
        arguments.one("--platform"),
        scope=arguments.one("--scope", "squashed"),
        base_image=arguments.one("--base-image"),
        verify_files=arguments.has("--verify-files"),
    )
    from secure.flows import vulnerabilities  # after the scan, which had time to load it

    facts = vulnerabilities.compared(facts, arguments.all("--vex"))
    if identifier := arguments.one("--explain"):
        from secure.flows.explain_match import explained

        write(explained(facts, identifier), arguments.one("--output"))
    if arguments.has("--only-fixed") or arguments.has("--ignore-unfixed"):
        facts = vulnerabilities.only_fixed(facts)
    if not identifier:
        write(_rendered(facts, form), arguments.one("--output"))
    if severities and vulnerabilities.counted(facts.vulnerabilities, severities):
        return PolicyRefusedError.exit_code
    compared = vulnerabilities.is_compared(facts) or not severities
    return 0 if facts.complete and compared else InputError.exit_code


def severities_from(least: str) -> frozenset[str]:
    """The severities that count; what nobody rated counts as medium."""
    if not least:
        return frozenset()
    if least not in SEVERITIES:
        raise UsageError(
            f'--fail-on "{least}" is no severity', do=f"Use one of {', '.join(SEVERITIES)}."
        )
    counted = SEVERITIES[: SEVERITIES.index(least) + 1]
    return frozenset((*counted, *(("unknown",) if "medium" in counted else ())))


def _rendered(facts: ImageFacts, form: str) -> str | bytes:
    if form == "cyclonedx":
        from secure.report.cyclonedx import render

        return render(facts, timestamp=facts.scanned_at)
    if form == "json":
        from secure.report.image_json import image_json

        return image_json(facts)
    if form in {"sarif", "gitlab"}:
        return _for_machines(facts, form)
    if form == "openvex":
        from secure.report.openvex import openvex

        return openvex(facts)
    if form == "cyclonedx-vex":
        from secure.report.cyclonedx_vex import cyclonedx_vex

        return cyclonedx_vex(facts)
    from secure.report.image_table import image_table

    return image_table(facts)


def _for_machines(facts: ImageFacts, form: str) -> str | bytes:
    """For viewers that show a vulnerability by its text."""
    from secure.flows.described import described

    facts = described(facts)
    if form == "sarif":
        from secure.report.sarif_vulnerabilities import vulnerabilities_sarif

        return vulnerabilities_sarif(facts)
    from secure.report.gitlab import gitlab

    return gitlab(facts)
