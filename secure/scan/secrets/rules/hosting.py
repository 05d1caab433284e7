"""DigitalOcean, Heroku, Fly.io, Cloudflare, Doppler, Tailscale, Supabase, PlanetScale, Pulumi."""

from __future__ import annotations

from secure.scan.secrets.rule import SecretRule, random_token, token
from secure.scan.secrets.samples import BASE62, BASE64, HEX, LOWER36, URL64, draw

RULES = (
    token(
        "digitalocean-token",
        "DigitalOcean token",
        r"do[opr]_v1_[0-9a-f]{64}",
        lambda rng: "dop_v1_" + draw(rng, HEX, 64),
        negatives=("dop_v1_" + "0" * 64,),
    ),
    token(
        "heroku-key",
        "Heroku API key",
        r"HRKU-[0-9A-Za-z_-]{60}",
        lambda rng: "HRKU-AA" + draw(rng, URL64, 58),
    ),
    SecretRule(
        id="heroku-legacy-key",
        title="Heroku API key",
        severity="high",
        caseless=True,
        pattern=r"heroku[a-z_-]{0,16}(?:key|token)[\"']?[ \t]{0,4}[=:][ \t]{0,4}[\"']?"
        r"(?P<secret>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
        check=random_token,
        sample=lambda rng: (
            f"HEROKU_API_KEY={draw(rng, HEX, 8)}-{draw(rng, HEX, 4)}-4{draw(rng, HEX, 3)}-"
            f"{draw(rng, HEX, 4)}-{draw(rng, HEX, 12)}"
        ),
    ),
    token(
        "fly-token",
        "Fly.io access token",
        r"(?:fo1_[0-9A-Za-z_-]{43}|fm[12][ar]?_[0-9A-Za-z+/]{100,2000}={0,3})",
        lambda rng: "fm2_" + draw(rng, BASE64, 200),
        trigger=r"(?:fo1_[0-9A-Za-z_-]{43}|fm[12][ar]?_[0-9A-Za-z+/]{100})",
    ),
    token(
        "cloudflare-origin-ca-key",
        "Cloudflare origin CA key",
        r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}",
        lambda rng: f"v1.0-{draw(rng, HEX, 24)}-{draw(rng, HEX, 146)}",
    ),
    token(
        "doppler-token",
        "Doppler token",
        r"dp\.(?:pt|ct|sa|scim|audit|st(?:\.[a-z0-9_-]{2,35})?)\.[0-9A-Za-z]{40,44}",
        lambda rng: "dp.pt." + draw(rng, LOWER36, 43),
    ),
    token(
        "tailscale-key",
        "Tailscale key",
        r"tskey-(?:auth|api|client|scim|webhook)-[0-9A-Za-z]{8,24}-[0-9A-Za-z]{20,64}",
        lambda rng: f"tskey-auth-{draw(rng, BASE62, 12)}CNTRL-{draw(rng, BASE62, 32)}",
    ),
    token(
        "supabase-token",
        "Supabase access token",
        r"sb(?:p_[0-9a-f]{40}|_secret_[0-9A-Za-z_-]{30,40})",
        lambda rng: "sbp_" + draw(rng, HEX, 40),
    ),
    token(
        "planetscale-token",
        "PlanetScale password or token",
        r"pscale_(?:tkn|pw|oauth)_[0-9A-Za-z=._-]{32,64}",
        lambda rng: "pscale_tkn_" + draw(rng, URL64, 43),
    ),
    token(
        "pulumi-token",
        "Pulumi access token",
        r"pul-[0-9a-f]{40}",
        lambda rng: "pul-" + draw(rng, HEX, 40),
    ),
    token(
        "databricks-token",
        "Databricks access token",
        r"dapi[0-9a-f]{32}(?:-[0-9])?",
        lambda rng: "dapi" + draw(rng, HEX, 32),
        negatives=("dapi" + "0" * 32,),
    ),
)
