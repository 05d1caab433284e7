"""Stripe, Square, Shopify, Flutterwave, Shippo, EasyPost."""

from __future__ import annotations

from secure.scan.secrets.rule import random_token, token, value_of
from secure.scan.secrets.samples import BASE62, HEX, URL64, draw

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re


def _stripe(match: re.Match[bytes], severity: str) -> str:
    found = random_token(match, severity)
    # Test-mode keys reach no money.
    return "low" if found and b"_test_" in value_of(match) else found


RULES = (
    token(
        "stripe-key",
        "Stripe API key",
        r"(?:sk|rk)_(?:live|prod|test)_[0-9A-Za-z]{16,120}",
        lambda rng: f"{rng.choice(('sk', 'rk'))}_live_{draw(rng, BASE62, 24)}",
        trigger=r"(?:sk|rk)_(?:live|prod|test)_[0-9A-Za-z]{16}",
        check=_stripe,
        negatives=("sk_live_" + "0" * 24, "pk_live_" + "Ab1" * 8),
    ),
    token(
        "stripe-webhook-secret",
        "Stripe webhook signing secret",
        r"whsec_[0-9A-Za-z+/]{32,64}",
        lambda rng: "whsec_" + draw(rng, BASE62, 32),
        severity="high",
    ),
    token(
        "square-token",
        "Square access token or secret",
        r"sq0(?:atp-[0-9A-Za-z_-]{22}|csp-[0-9A-Za-z_-]{43})",
        lambda rng: "sq0csp-" + draw(rng, URL64, 43),
    ),
    token(
        "shopify-token",
        "Shopify access token",
        r"shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}",
        lambda rng: "shpat_" + draw(rng, HEX, 32),
        negatives=("shpat_" + "0" * 32,),
    ),
    token(
        "flutterwave-secret-key",
        "Flutterwave secret key",
        r"FLWSECK(?:_TEST)?-[0-9a-h]{32}-X",
        lambda rng: f"FLWSECK-{draw(rng, HEX, 32)}-X",
    ),
    token(
        "shippo-token",
        "Shippo API token",
        r"shippo_live_[0-9a-f]{40}",
        lambda rng: "shippo_live_" + draw(rng, HEX, 40),
    ),
    token(
        "easypost-key",
        "EasyPost API key",
        r"EZAK[0-9A-Za-z]{54}",
        lambda rng: "EZAK" + draw(rng, BASE62, 54),
    ),
)
