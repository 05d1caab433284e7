"""`secure scan`: what is in an image."""

from __future__ import annotations

from secure.cli.arguments import Command, Option, help_text, parse
from secure.cli.terminal import write
from secure.errors import InputError, UsageError

FORMATS = ("table", "json", "cyclonedx")
COMMAND = Command(
    name="scan",
    summary="What is in this image: packages, files that matter, secrets, and what was unreadable.",
    words="IMAGE | sbom:FILE",
    least=1,
    most=1,
    options=(
        Option("--format", "table, json or cyclonedx", "NAME"),
        Option("--output", "write to a file instead", "FILE", "-o"),
        Option("--platform", "which of several, e.g. linux/arm64", "OS/ARCH"),
        Option(
            "--scope", "squashed (usual), or all-layers: with what later layers removed", "NAME"
        ),
        Option("--base-image", "the image it was built on: tells base from application", "IMAGE"),
        Option("--verify-files", "hash the files that packages claim"),
    ),
    more="\nsbom:FILE reads the packages that an SBOM lists: CycloneDX (JSON, XML), SPDX 2 and 3."
    "\nExit code: 0 complete, 3 something could not be read (it is listed).",
)


def main(argv: list[str]) -> int:
    """0 where everything was read, 3 where the facts are incomplete."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    form = arguments.one("--format", "table")
    if form not in FORMATS:
        raise UsageError(f'--format "{form}" is unknown', do=f"Use {', '.join(FORMATS)}.")
    from secure.flows.sbom_facts import facts_of

    facts = facts_of(
        arguments.words[0],
        arguments.one("--platform"),
        scope=arguments.one("--scope", "squashed"),
        base_image=arguments.one("--base-image"),
        verify_files=arguments.has("--verify-files"),
    )
    output = arguments.one("--output")
    if form == "cyclonedx":
        from secure.report.cyclonedx import render

        write(render(facts, timestamp=facts.scanned_at), output)
    elif form == "json":
        from secure.report.image_json import image_json

        write(image_json(facts), output)
    else:
        from secure.report.image_table import image_table

        write(image_table(facts), output)
    return 0 if facts.complete else InputError.exit_code
