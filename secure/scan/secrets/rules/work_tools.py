"""Atlassian, Linear, Notion, Airtable, Postman, Facebook, Typeform, Sourcegraph, Figma, Dropbox."""

from __future__ import annotations

from secure.scan.secrets.rule import random_token, token
from secure.scan.secrets.samples import BASE62, DIGITS, HEX, URL64, draw

RULES = (
    token(
        "atlassian-token",
        "Atlassian API token",
        r"ATATT3[0-9A-Za-z_=-]{120,200}",
        lambda rng: "ATATT3xFfGF0" + draw(rng, URL64, 180),
        trigger=r"ATATT3[0-9A-Za-z_=-]{120}",
    ),
    token(
        "bitbucket-app-password",
        "Bitbucket app password",
        r"ATBB[0-9A-Za-z]{24,40}",
        lambda rng: "ATBB" + draw(rng, BASE62, 32),
        trigger=r"ATBB[0-9A-Za-z]{24}",
        check=lambda match, severity: random_token(match, severity, 3.7),
    ),
    token(
        "linear-key",
        "Linear API key",
        r"lin_(?:api|oauth)_[0-9A-Za-z]{40,64}",
        lambda rng: "lin_api_" + draw(rng, BASE62, 40),
    ),
    token(
        "notion-token",
        "Notion integration token",
        r"(?:ntn_[0-9]{11}[0-9A-Za-z]{35}|secret_[0-9A-Za-z]{43})",
        lambda rng: f"ntn_{draw(rng, DIGITS, 11)}{draw(rng, BASE62, 35)}",
        check=lambda match, severity: random_token(match, severity, 3.7),
    ),
    token(
        "airtable-token",
        "Airtable personal access token",
        r"pat[0-9A-Za-z]{14}\.[0-9a-f]{64}",
        lambda rng: f"pat{draw(rng, BASE62, 14)}.{draw(rng, HEX, 64)}",
        trigger=r"pat[0-9A-Za-z]{14}\.[0-9a-f]{64}",
    ),
    token(
        "postman-key",
        "Postman API key",
        r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
        lambda rng: f"PMAK-{draw(rng, HEX, 24)}-{draw(rng, HEX, 34)}",
    ),
    token(
        "facebook-token",
        "Facebook access token",
        r"EAA[MC][0-9A-Za-z]{100,300}",
        lambda rng: "EAAC" + draw(rng, BASE62, 160),
        trigger=r"EAA[MC][0-9A-Za-z]{100}",
        check=lambda match, severity: random_token(match, severity, 4.0),
    ),
    token(
        "typeform-token",
        "Typeform API token",
        r"tfp_[0-9A-Za-z_.=-]{59}",
        lambda rng: "tfp_" + draw(rng, URL64, 59),
    ),
    token(
        "sourcegraph-token",
        "Sourcegraph access token",
        r"sgp_(?:[0-9A-Fa-f]{16}|local)_[0-9A-Fa-f]{40}",
        lambda rng: f"sgp_{draw(rng, HEX, 16)}_{draw(rng, HEX, 40)}",
    ),
    token(
        "figma-token",
        "Figma access token",
        r"fig[dou]_[0-9A-Za-z_-]{40,64}",
        lambda rng: "figd_" + draw(rng, URL64, 40),
    ),
    token(
        "dropbox-token",
        "Dropbox access token",
        r"sl\.(?:u\.)?[0-9A-Za-z_-]{130,2000}",
        lambda rng: "sl.u." + draw(rng, URL64, 160),
        trigger=r"sl\.(?:u\.)?[0-9A-Za-z_-]{130}",
    ),
)
