"""What Yarn's Plug'n'Play writes for one small project: its data, and the scripts of Yarn 2 to 4.

The shapes are those that Yarn 2.4.2, 3.8.7 and 4.18.1 wrote; the entries were made by hand.
"""

from __future__ import annotations

import json

REGISTRY = [
    [None, [[None, {"packageLocation": "./", "linkType": "SOFT"}]]],
    ["app", [["workspace:.", {"packageLocation": "./", "linkType": "SOFT"}]]],
    ["@acme/it's", [["npm:1.0.0", {
        "packageLocation": "./.yarn/cache/x.zip/", "linkType": "HARD",
        "packageDependencies": [["@acme/it's", "npm:1.0.0"], ["ms", "npm:2.1.2"], ["num", None]],
    }]]],
    ["ms", [
        ["npm:2.1.2", {"linkType": "HARD"}],
        ["virtual:0460f8#npm:2.1.2", {"linkType": "HARD"}],
        ["npm:2.0.0::__archiveUrl=https%3A%2F%2Fexample.com%2Fms.tgz", {"linkType": "HARD"}],
    ]],
    ["fsevents", [["patch:fsevents@npm%3A2.3.3#optional!builtin<compat/fsevents>::version=2.3.3", {
        "linkType": "HARD",
    }]]],
    ["forked", [["https://github.com/acme/forked.git#commit=0123456789", {"linkType": "HARD"}]]],
    ["linked", [["link:./linked::locator=app%40workspace%3A.", {"linkType": "HARD"}]]],
]  # fmt: skip
DATA = json.dumps({"ignorePatternData": "(^\\.yarn$)", "packageRegistryData": REGISTRY}, indent=2)
NAMED = [
    "npm:@acme/it's@1.0.0?", "npm:ms@2.1.2?", "npm:ms@2.0.0?", "npm:fsevents@2.3.3?",
    "npm:forked@0123456789?",
]  # fmt: skip


def quoted(text: str) -> str:
    """A literal of JavaScript over several lines, as Yarn writes it."""
    inner = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\\n")
    return f"'{inner}'"


SCRIPTS = {
    "4": f"const RAW_RUNTIME_STATE =\n{quoted(DATA)};\n\nfunction $$SETUP_STATE() {{}}\n",
    "3": f"  return hydrateRuntimeState(JSON.parse({quoted(DATA)}), {{basePath: basePath}});\n}}\n",
    "2": "  return hydrateRuntimeState("
    + DATA[:-2]
    + ",\n}, {basePath: basePath || __dirname});\n}",
}

YARN_FILES: dict[str, tuple[str, list[str], list[str]]] = {
    "four/.pnp.data.json": (DATA, NAMED, []),
    "four/.pnp.cjs": (SCRIPTS["4"], NAMED, []),
    "three/.pnp.cjs": (SCRIPTS["3"], NAMED, []),
    "two/.pnp.js": (SCRIPTS["2"], NAMED, []),
}
