"""New Relic, Grafana, Sentry, Dynatrace, Snyk, SonarQube, Octopus Deploy, Prefect."""

from __future__ import annotations

from secure.scan.secrets.rule import SecretRule, random_token, token
from secure.scan.secrets.samples import BASE32, BASE62, BASE64, HEX, LOWER36, draw

_UPPER36 = LOWER36.upper()

RULES = (
    token(
        "new-relic-key",
        "New Relic user or insert key",
        r"NR(?:AK-[0-9A-Z]{27}|II-[0-9A-Za-z-]{32})",
        lambda rng: "NRAK-" + draw(rng, _UPPER36, 27),
        negatives=("NRAK-" + "A" * 27,),
    ),
    token(
        "grafana-cloud-token",
        "Grafana Cloud token",
        r"glc_[0-9A-Za-z+/]{32,400}={0,3}",
        lambda rng: "glc_" + draw(rng, BASE64, 120),
        trigger=r"glc_[0-9A-Za-z+/]{32}",
        check=lambda match, severity: random_token(match, severity, 3.5),
    ),
    token(
        "grafana-service-account-token",
        "Grafana service account token",
        r"glsa_[0-9A-Za-z]{32}_[0-9A-Fa-f]{8}",
        lambda rng: f"glsa_{draw(rng, BASE62, 32)}_{draw(rng, HEX, 8)}",
    ),
    token(
        "sentry-token",
        "Sentry auth token",
        r"sntry(?:u_[0-9a-f]{64}|s_eyJ[0-9A-Za-z+/=_-]{80,400})",
        lambda rng: "sntryu_" + draw(rng, HEX, 64),
    ),
    token(
        "dynatrace-token",
        "Dynatrace API token",
        r"dt0[a-z][0-9]{2}\.[0-9A-Z]{24}\.[0-9A-Z]{64}",
        lambda rng: f"dt0c01.{draw(rng, BASE32, 24)}.{draw(rng, BASE32, 64)}",
    ),
    token(
        "sonarqube-token",
        "SonarQube token",
        r"sq[aup]_[0-9a-f]{40}",
        lambda rng: "squ_" + draw(rng, HEX, 40),
    ),
    SecretRule(
        id="snyk-token",
        title="Snyk API token",
        severity="high",
        caseless=True,
        pattern=r"snyk[a-z_-]{0,16}(?:key|token)[\"']?[ \t]{0,4}[=:][ \t]{0,4}[\"']?"
        r"(?P<secret>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
        check=random_token,
        sample=lambda rng: (
            f"SNYK_TOKEN={draw(rng, HEX, 8)}-{draw(rng, HEX, 4)}-4{draw(rng, HEX, 3)}-"
            f"{draw(rng, HEX, 4)}-{draw(rng, HEX, 12)}"
        ),
    ),
    token(
        "octopus-deploy-key",
        "Octopus Deploy API key",
        r"API-[0-9A-Z]{25,34}",
        lambda rng: "API-" + draw(rng, _UPPER36, 30),
        severity="high",
        check=lambda match, severity: random_token(match, severity, 3.5),
    ),
    token(
        "prefect-key",
        "Prefect API key",
        r"pn[ub]_[0-9A-Za-z]{36}",
        lambda rng: "pnu_" + draw(rng, BASE62, 36),
        check=lambda match, severity: random_token(match, severity, 3.7),
    ),
)
