"""npm, PyPI, RubyGems, Clojars, crates.io, Docker Hub, Artifactory, NuGet."""

from __future__ import annotations

from secure.scan.secrets.rule import SecretRule, random_token, token
from secure.scan.secrets.samples import BASE62, HEX, LOWER36, URL64, draw

RULES = (
    token(
        "npm-token",
        "npm access token",
        r"npm_[0-9A-Za-z]{36}",
        lambda rng: "npm_" + draw(rng, BASE62, 36),
        negatives=("npm_" + "x" * 36, "npm_config_registry"),
    ),
    SecretRule(
        id="npmrc-auth",
        title="npm registry login (.npmrc)",
        severity="critical",
        pattern=r"//[^\s=\"']{1,200}/?:_(?:authToken|auth|password)[ \t]{0,4}=[ \t]{0,4}[\"']?"
        r"(?P<secret>[^\s\"'$]{8,600})",
        trigger=r":_(?:authToken|auth|password)[ \t]{0,4}=[ \t]{0,4}[\"']?[^\s\"'$]{8}",
        before=512,
        after=640,
        check=lambda match, severity: random_token(match, severity, 2.5),
        sample=lambda rng: "//registry.npmjs.org/:_authToken=" + draw(rng, URL64, 36),
        negatives=("//registry.npmjs.org/:_authToken=${NPM_TOKEN}",),
    ),
    token(
        "pypi-token",
        "PyPI upload token",
        r"pypi-AgEIcHlwaS5vcmc[0-9A-Za-z_-]{50,1000}",
        lambda rng: "pypi-AgEIcHlwaS5vcmc" + draw(rng, URL64, 160),
        trigger=r"pypi-AgEIcHlwaS5vcmc[0-9A-Za-z_-]{50}",
    ),
    token(
        "rubygems-key",
        "RubyGems API key",
        r"rubygems_[0-9a-f]{48}",
        lambda rng: "rubygems_" + draw(rng, HEX, 48),
    ),
    token(
        "clojars-token",
        "Clojars deploy token",
        r"CLOJARS_[0-9a-z]{60}",
        lambda rng: "CLOJARS_" + draw(rng, LOWER36, 60),
    ),
    token(
        "crates-io-token",
        "crates.io API token",
        r"cio[0-9A-Za-z]{32}",
        lambda rng: "cio" + draw(rng, BASE62, 32),
        check=lambda match, severity: random_token(match, severity, 4.0),
    ),
    token(
        "docker-hub-token",
        "Docker Hub access token",
        r"dckr_(?:pat|oat)_[0-9A-Za-z_-]{27,40}",
        lambda rng: "dckr_pat_" + draw(rng, URL64, 27),
        negatives=("dckr_pat_" + "x" * 27,),
    ),
    token(
        "artifactory-key",
        "Artifactory API key",
        r"AKCp[0-9A-Za-z]{69}",
        lambda rng: "AKCp" + draw(rng, BASE62, 69),
    ),
    token(
        "nuget-key",
        "NuGet API key",
        r"oy2[0-9a-z]{43}",
        lambda rng: "oy2" + draw(rng, LOWER36, 43),
        check=lambda match, severity: random_token(match, severity, 4.0),
    ),
)
