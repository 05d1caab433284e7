"""`secure info`: what this machine can enforce."""

from __future__ import annotations

from secure.cli.arguments import Command, help_text, parse
from secure.cli.terminal import write

COMMAND = Command(
    "info", "What this machine can enforce for you, and what would enable the rest.", ()
)


def main(argv: list[str]) -> int:
    """Always 0: it only tells."""
    if parse(COMMAND, argv).has("--help"):
        write(help_text(COMMAND))
        return 0
    from secure import __version__
    from secure.flows.machine import look
    from secure.kernel import seccomp, subordinate_ids

    support = look()
    found, groups = support.features, support.cgroups
    rows = [
        ("secure", __version__, "", ""),
        ("kernel", found.kernel, "", ""),
        *(
            (name, feature.found if feature.works else "no", feature.reason, feature.do)
            for name, feature in (
                ("user namespaces", found.user_namespaces),
                ("subordinate ids", subordinate_ids.look()),
                ("seccomp", found.seccomp),
                ("Landlock", found.landlock),
            )
        ),
    ]
    told = seccomp.USER_NOTIF in found.seccomp_actions
    rows.append(
        ("refused calls", "told by run, inspect and audit", "", "")
        if told
        else (
            "refused calls",
            "not visible",
            "this kernel does not tell",
            "Use Linux 5.0 or newer.",
        )
    )
    for name in ("memory", "cpu", "pids"):
        by = groups.by if groups.version(name) else "partly, by rlimits"
        missing = "" if groups.version(name) else groups.reason
        rows.append((f"{name} limit", by, missing, groups.do if missing else ""))
    width = max(len(row[0]) for row in rows)
    for name, state, reason, do in rows:
        write(f"{name.ljust(width)}  {state}\n")
        for more in filter(None, (reason, do)):
            write(f"{' ' * width}    {more}\n")
    return 0
