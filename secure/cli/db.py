"""`secure db`: the vulnerability database."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from secure.cli.arguments import Arguments, Command, Option, help_text, parse
from secure.cli.terminal import write
from secure.errors import NotFoundError, UsageError
from secure.store.messages import tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.vulns.build import BuildReport

COMMAND = Command(
    name="db",
    summary="status        age, records by ecosystem, which ecosystems are missing\n"
    "build --from FILE|DIR...\n"
    "              replace it by what local files have (below)\n"
    "update        fetch what has changed: OSV's exports, KEV, EPSS, ends of releases, feeds of\n"
    "              vendors that OSV does not have\n"
    "search WORD   a vulnerability by its id or alias, or a package by its name\n"
    "export FILE   write it to one file, and say its sha256\n"
    "import FILE|URL\n"
    "              replace it by what another machine exported",
    words="status | build --from FILE|DIR... | update | search WORD | export FILE"
    " | import FILE|URL",
    least=1,
    most=-1,
    options=(
        Option("--from", "build: files, or folders of files", "FILE|DIR", many=True),
        Option(
            "--url", "update: a server instead of the usual ones; then mirrors", "URL", many=True
        ),
        Option("--ecosystem", "update: these instead of all", "NAME", many=True),
        Option("--also", "update: beside them, what is on request (below)", "NAME", many=True),
        Option("--accept-shrink", "build, update, import: even if an ecosystem loses many records"),
        Option("--accept-older", "import: even if it was built before the database in place"),
        Option("--sha256", "import: what the file's digest must be", "HEX"),
        Option("--sign", "export: the private key to sign with, ed25519 in PEM", "FILE"),
        Option("--without-details", "export: leave out details and references of advisories"),
        Option("--key", "import: the public key that must have signed it", "FILE"),
        Option("--format", "status, search: table or json", "NAME"),
        Option("--output", "write the result to a file instead", "FILE", "-o"),
    ),
    more="\nFiles that build reads, told by their names; also compressed (.gz .xz .bz2 .zst):"
    "\n  *.json *.jsonl *.zip *.tar             OSV records"
    "\n  known_exploited_vulnerabilities.json   CISA's KEV"
    "\n  epss*.csv                              EPSS"
    "\n  *release-data.zip                      endoflife's dates"
    "\n  debian.csv ubuntu.csv                  distro-info: when releases end"
    "\n  DSA-list* DLA-list*                    Debian's lists of advisories"
    "\n  debian-tracker*.json                   Debian's security tracker"
    "\n  *secdb*.zip                            Alpine's secdb"
    "\n  arch-*.json                            Arch Linux's tracker"
    "\n  *updateinfo*.xml                       Amazon Linux and Fedora, from repodata/"
    "\n  *oval*.xml com.oracle.elsa-*.xml       Oracle Linux and Azure Linux"
    "\n  suse.*.xml opensuse.*.xml              SUSE's OVAL, all three kinds"
    "\n  *csaf*.json *csaf*.zip *csaf*.tar      Red Hat's VEX documents, also cve-*.json"
    "\n  *rubysec*.jsonl *friendsofphp*.jsonl   rubysec and FriendsOfPHP"
    "\nOn request: 'Alpine secdb', 'Amazon Linux 2 extras', 'Debian lists', 'Debian tracker',"
    "\n'Red Hat VEX', 'SUSE OVAL'."
    "\nSee docs/database.md.",
)


def main(argv: list[str]) -> int:
    """Dispatch on the first word; 3 where nothing was found, or records were refused."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    with _terminable():
        return _dispatch(arguments)


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM is as Ctrl-C is: a CI that cancels a job leaves nothing half made."""
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _dispatch(arguments: Arguments) -> int:
    verb, *words = arguments.words
    if verb == "build" and (arguments.all("--from") or words):
        return _build(arguments, [*arguments.all("--from"), *words])
    if verb == "update" and not words:
        return _update(arguments)
    if verb == "status" and not words:
        return _status(arguments)
    if len(words) == 1 and verb in _WITH_ONE_WORD:
        return _WITH_ONE_WORD[verb](arguments, words[0])
    raise UsageError(
        f"secure db {' '.join(arguments.words)} makes no sense", do="See: secure db --help"
    )


def _build(arguments: Arguments, paths: list[str]) -> int:
    from secure.flows.db import build_from

    return _told(build_from(paths, accept_shrink=arguments.has("--accept-shrink")))


def _update(arguments: Arguments) -> int:
    from secure.flows.db import feed_list
    from secure.flows.db_update import Wanted, update

    wanted = Wanted(
        urls=arguments.all("--url"),
        ecosystems=arguments.all("--ecosystem"),
        also=arguments.all("--also"),
        accept_shrink=arguments.has("--accept-shrink"),
    )
    done = update(feed_list(), tell, wanted)
    code = _told(done.report)
    return NotFoundError.exit_code if done.failed else code


def _told(report: BuildReport) -> int:
    for one in report.unreadable:
        tell(f"not used: {one.path}: {one.why}\n")
    unnamed = report.refused - len(report.unreadable)
    if unnamed:
        tell(f"not used: {unnamed} more records\n")
    write(
        f"{report.records} advisories of {len(report.ecosystems)} ecosystems,"
        f" {report.withdrawn} of them withdrawn; {report.replaced} had a newer record,"
        f" {report.refused} were not used\n"
    )
    return NotFoundError.exit_code if report.refused else 0


def _status(arguments: Arguments) -> int:
    from secure.flows.db import missing_ecosystems, signed_by, status
    from secure.flows.db_words import status_json, status_table

    found = status()
    told = status_json if _in_json(arguments) else status_table
    write(told(found, missing_ecosystems(found), signed_by()), arguments.one("--output"))
    return 0


def _search(arguments: Arguments, word: str) -> int:
    from secure.flows.current_database import the_database
    from secure.flows.db_words import search, search_json, search_table

    with the_database() as database:
        found = search(database, word)
        starter = database.status().starter
    told = search_json(found) if _in_json(arguments) else search_table(found)
    if not found:
        raise NotFoundError(
            f'the database knows neither an advisory nor a package "{word}"',
            do="It is the starter set only. Get more: secure db update" if starter else "",
        )
    write(told, arguments.one("--output"))
    return 0


def _export(arguments: Arguments, path: str) -> int:
    from secure.flows.db_parcel import export

    details = not arguments.has("--without-details")
    export(path, write, key=arguments.one("--sign"), details=details)
    return 0


def _import(arguments: Arguments, path: str) -> int:
    from secure.flows.db_parcel import Import, import_

    made = import_(
        Import(
            path,
            digest=arguments.one("--sha256"),
            key=arguments.one("--key"),
            accept_shrink=arguments.has("--accept-shrink"),
            accept_older=arguments.has("--accept-older"),
        )
    )
    signed = (
        f"signed by {made.signed_by}" if made.signed_by else "no signature was asked for (--key)"
    )
    write(f"{made.records} advisories, built {made.built_at}; {signed}\n")
    return 0


def _in_json(arguments: Arguments) -> bool:
    return arguments.choice("--format", "table", "json") == "json"


_WITH_ONE_WORD = {"search": _search, "export": _export, "import": _import}
