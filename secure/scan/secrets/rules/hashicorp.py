"""Terraform Cloud, Vault, 1Password."""

from __future__ import annotations

from secure.scan.secrets.rule import token
from secure.scan.secrets.samples import BASE62, BASE64, UPPER, URL64, draw

_A3 = UPPER + "23456789"

RULES = (
    token(
        "terraform-cloud-token",
        "Terraform Cloud token",
        r"[0-9A-Za-z]{14}\.atlasv1\.[0-9A-Za-z_=-]{60,70}",
        lambda rng: f"{draw(rng, BASE62, 14)}.atlasv1.{draw(rng, URL64, 67)}",
        trigger=r"\.atlasv1\.[0-9A-Za-z_=-]{60}",
    ),
    token(
        "vault-token",
        "HashiCorp Vault token",
        r"hv[sbr]\.[0-9A-Za-z_-]{90,300}",
        lambda rng: "hvs." + draw(rng, URL64, 95),
        trigger=r"hv[sbr]\.[0-9A-Za-z_-]{90}",
        negatives=("hvs." + "x" * 95,),
    ),
    token(
        "1password-service-account-token",
        "1Password service account token",
        r"ops_eyJ[0-9A-Za-z+/]{250,2000}={0,3}",
        lambda rng: "ops_eyJ" + draw(rng, BASE64, 300),
        trigger=r"ops_eyJ[0-9A-Za-z+/]{250}",
    ),
    token(
        "1password-secret-key",
        "1Password secret key",
        r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}",
        lambda rng: (
            f"A3-{draw(rng, _A3, 6)}-{draw(rng, _A3, 6)}-{draw(rng, _A3, 5)}-"
            f"{draw(rng, _A3, 5)}-{draw(rng, _A3, 5)}-{draw(rng, _A3, 5)}"
        ),
    ),
)
