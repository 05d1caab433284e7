"""`secure sbom`: the software bill of materials of an image; how good one is; what changed."""

from __future__ import annotations

import os

from secure.cli.arguments import OUTPUT, PLATFORM, Arguments, Command, Option, help_text, parse
from secure.cli.terminal import write
from secure.errors import InputError, PolicyRefusedError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.report.bill import Author

COMMAND = Command(
    name="sbom",
    summary="The software bill of materials of an image, or:\n"
    "quality IMAGE|FILE  which element of NTIA, CISA 2025 or BSI TR-03183-2 is missing where\n"
    "diff A B            what changed between two images or SBOM files",
    words="IMAGE | sbom:FILE | quality IMAGE|FILE | diff A B",
    least=1,
    most=3,
    options=(
        Option(
            "--format",
            "cyclonedx-json (usual), cyclonedx-xml, spdx-json, spdx-tag-value, spdx3-json,"
            " syft-json, secure-json; of quality and diff: table, json",
            "NAME",
        ),
        Option("--spec-version", "of CycloneDX: 1.6 (usual) or 1.7", "VERSION"),
        Option("--author", "who answers for the document", "'NAME <EMAIL|URL>'"),
        Option("--statement", "inside an in-toto statement about the manifest's digest"),
        Option(
            "--minimum", "quality: exit with 1 unless all of ntia, cisa or bsi is there", "NAME"
        ),
        OUTPUT,
        PLATFORM,
        Option(
            "--scope", "squashed (usual), or all-layers: with what later layers removed", "NAME"
        ),
        Option("--base-image", "the image it was built on: tells base from application", "IMAGE"),
    ),
    more="\nSOURCE_DATE_EPOCH sets the time in the document: the same image, the same bytes."
    "\nExit code: 0 complete, 1 below the minimum, 3 something could not be read (it is listed).",
)
VERBS = {"quality": 1, "diff": 2}


def main(argv: list[str]) -> int:
    """0 where everything was read, 3 where the facts are incomplete."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    verb, *words = arguments.words
    if verb in VERBS and len(words) == VERBS[verb]:
        return _quality(arguments) if verb == "quality" else _diff(arguments)
    if words or (verb in VERBS and not os.path.lexists(verb)):  # `secure sbom quality` is no image
        raise UsageError(
            f"secure sbom {' '.join(arguments.words)} makes no sense", do="See: secure sbom --help"
        )
    return _sbom(arguments)


def _sbom(arguments: Arguments) -> int:
    from secure.flows.sbom import sbom
    from secure.flows.sbom_facts import facts_of
    from secure.report.sbom_formats import format_of

    form = format_of(arguments.one("--format", "cyclonedx-json"), arguments.one("--spec-version"))
    facts = facts_of(
        arguments.words[0],
        arguments.one("--platform"),
        scope=arguments.one("--scope", "squashed"),
        base_image=arguments.one("--base-image"),
        secrets=False,
    )
    made = sbom(facts, form, _author(arguments), arguments.has("--statement"))
    write(made, arguments.one("--output"))
    return 0 if facts.complete else InputError.exit_code


def _quality(arguments: Arguments) -> int:
    from secure.flows.sbom import quality
    from secure.report.sbom_elements import STANDARDS
    from secure.report.sbom_quality import quality_json, quality_table

    minimum = arguments.one("--minimum")
    if minimum and minimum not in STANDARDS:
        raise UsageError(f'--minimum "{minimum}" is unknown', do=f"Use {', '.join(STANDARDS)}.")
    in_json = _in_json(arguments)
    found = quality(arguments.words[1], arguments.one("--platform"), _author(arguments))
    write(quality_json(found) if in_json else quality_table(found), arguments.one("--output"))
    return 0 if not minimum or found.meets(minimum) else PolicyRefusedError.exit_code


def _diff(arguments: Arguments) -> int:
    from secure.flows.sbom import diff
    from secure.report.sbom_diff import diff_json, diff_table

    in_json = _in_json(arguments)
    before, after = arguments.words[1:]
    found = diff(before, after, arguments.one("--platform"))
    made = diff_json(found, (before, after)) if in_json else diff_table(found)
    write(made, arguments.one("--output"))
    return 0


def _author(arguments: Arguments) -> Author | None:
    from secure.report.bill import parse_author

    given = arguments.one("--author")
    return parse_author(given) if given else None


def _in_json(arguments: Arguments) -> bool:
    return arguments.choice("--format", "table", "json") == "json"
