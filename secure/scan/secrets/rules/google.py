"""Google Cloud."""

from __future__ import annotations

from secure.scan.secrets.rule import token
from secure.scan.secrets.samples import URL64, draw

# A service account's key file holds a PEM key: the rule "private-key" reports it.
RULES = (
    token(
        "google-api-key",
        "Google API key",
        r"AIza[0-9A-Za-z_-]{35}",
        lambda rng: "AIza" + draw(rng, URL64, 35),
        severity="high",
        negatives=("AIza" + "S" * 35,),
    ),
    token(
        "google-oauth-client-secret",
        "Google OAuth client secret",
        r"GOCSPX-[0-9A-Za-z_-]{28}",
        lambda rng: "GOCSPX-" + draw(rng, URL64, 28),
    ),
    token(
        "google-oauth-token",
        "Google OAuth access token",
        r"ya29\.[0-9A-Za-z_-]{40,400}",
        lambda rng: "ya29." + draw(rng, URL64, 120),
        severity="medium",
    ),
)
