"""GitLab. Source: docs.gitlab.com, "Token prefixes"."""

from __future__ import annotations

from secure.scan.secrets.rule import token
from secure.scan.secrets.samples import HEX, LOWER36, URL64, draw

RULES = (
    token(
        "gitlab-token",
        "GitLab token",
        r"gl(?:pat|dt|rt|ft|soat|imt|cbt|oas|agent|ffct)-[0-9A-Za-z_-]{20,300}"
        r"(?:\.[0-9a-z]{2}\.[0-9a-z]{7,9}|\.[0-9a-z]{9})?",
        lambda rng: "glpat-" + draw(rng, URL64, 20),
        trigger=r"gl(?:pat|dt|rt|ft|soat|imt|cbt|oas|agent|ffct)-[0-9A-Za-z_-]{20}",
        negatives=("glpat-" + "x" * 20, "glpat-short"),
    ),
    token(
        "gitlab-trigger-token",
        "GitLab pipeline trigger token",
        r"glptt-[0-9a-f]{40}",
        lambda rng: "glptt-" + draw(rng, HEX, 40),
    ),
    token(
        "gitlab-runner-registration-token",
        "GitLab runner registration token",
        r"GR1348941[0-9A-Za-z_-]{20}",
        lambda rng: "GR1348941" + draw(rng, LOWER36, 20),
    ),
)
