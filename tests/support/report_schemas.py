"""What SARIF 2.1.0 and GitLab's container scanning report 15 demand, as JSON Schemas of our own.

Only the parts that we write; required fields, patterns and words as the specifications have them.
"""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string", "minLength": 1}
_WORDS = {"type": "object", "required": ["text"], "properties": {"text": _TEXT}}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_PAGE = {"type": "string", "pattern": "^https?://.+"}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}


def _object(*required: str, **properties: object) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def _list(items: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


_RULE = _object(
    "id",
    id=_TEXT,
    shortDescription=_WORDS,
    fullDescription=_WORDS,
    help=_WORDS,
    helpUri={"type": "string", "format": "uri", "pattern": "^https://[!-~]+$"},
    defaultConfiguration=_object(level=_LEVEL),
)
_LOCATION = _object(
    physicalLocation=_object(
        "artifactLocation",
        artifactLocation=_object(
            uri={"type": "string", "pattern": "^[!-~]+$"}, index={"minimum": 0}
        ),
        region=_object(startLine={"type": "integer", "minimum": 1}),
    ),
    logicalLocations=_list(
        _object(fullyQualifiedName=_TEXT, kind=_TEXT), minItems=1, uniqueItems=True
    ),
)
_RESULT = _object(
    "ruleId", "message", "locations",
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=_LEVEL,
    kind={"enum": ["fail", "open", "pass", "review", "informational", "notApplicable"]},
    message=_WORDS,
    locations=_list(_LOCATION, minItems=1),
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
    suppressions=_list(
        _object(
            "kind",
            kind={"enum": ["inSource", "external"]},
            status={"enum": ["accepted", "underReview", "rejected"]},
            justification={"type": "string"},
        ),
        uniqueItems=True,
    ),
)  # fmt: skip
_NOTIFICATION = _object("message", level=_LEVEL, message=_WORDS)
SARIF = _object(
    "version", "runs",
    version={"const": "2.1.0"},
    runs=_list(
        _object(
            "tool",
            tool=_object(
                "driver", driver=_object("name", name=_TEXT, rules=_list(_RULE, uniqueItems=True))
            ),
            invocations=_list(
                _object(
                    "executionSuccessful",
                    executionSuccessful={"type": "boolean"},
                    toolExecutionNotifications=_list(_NOTIFICATION),
                )
            ),
            results=_list(_RESULT),
        )
    ),
)  # fmt: skip

_TOOL = _object(
    "id", "name", "version", "vendor",
    id=_TEXT, name=_TEXT, version=_TEXT, vendor=_object("name", name=_TEXT),
)  # fmt: skip
_V2 = r"^((AV|AC|Au|[CIA]|E|RL|RC|CDP|TD|[CIA]R):[A-Z]{1,3}/)*[A-Za-z]{1,3}:[A-Z]{1,3}$"
_V3 = r"^CVSS:3[.][01]/([A-Z]{1,3}:[A-Z]/)*[A-Z]{1,3}:[A-Z]$"
_FOUND = _object(
    "id", "identifiers", "location",
    id=_TEXT,
    name={"type": "string", "maxLength": 255},
    description={"type": "string", "maxLength": 1048576},
    severity={"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
    solution={"type": "string", "maxLength": 7000},
    identifiers=_list(
        _object("type", "name", "value", type=_TEXT, name=_TEXT, value=_TEXT, url=_PAGE), minItems=1
    ),
    cvss_vectors=_list(
        _object(
            "vendor", "vector",
            vendor=_TEXT,
            vector={"type": "string", "maxLength": 128, "pattern": f"{_V2}|{_V3}"},
        ),
        minItems=1, maxItems=10,
    ),
    flags=_list(
        _object(
            "type", "origin", "description",
            type={"const": "flagged-as-likely-false-positive"}, origin=_TEXT, description=_TEXT,
        )
    ),
    location=_object(
        "dependency", "operating_system", "image",
        dependency=_object(
            "package", "version",
            package=_object("name", name={"type": "string"}), version={"type": "string"},
        ),
        operating_system=_TEXT,
        image=_TEXT,
    ),
)  # fmt: skip
GITLAB = _object(
    "scan", "version", "vulnerabilities",
    version={"type": "string", "pattern": r"^15\.[0-9]+\.[0-9]+$"},
    schema=_PAGE,
    scan=_object(
        "analyzer", "end_time", "scanner", "start_time", "status", "type",
        analyzer=_TOOL, scanner=_TOOL, start_time=_TIME, end_time=_TIME,
        status={"enum": ["success", "failure"]},
        type={"const": "container_scanning"},
        messages=_list(
            _object("level", "value", level={"enum": ["info", "warn", "fatal"]}, value=_TEXT)
        ),
    ),
    vulnerabilities=_list(_FOUND),
    remediations={"type": "array"},
)  # fmt: skip
