"""Programs that are text: scripts and the version files beside programs."""

from __future__ import annotations

from secure.scan.classifiers.classifier import Classifier

SCRIPTS = (
    Classifier(
        "wp-cli", ("wp", "wp-cli.phar"), (rb"wp-cli/wp-cli <v3|-[\w.]+> ",), "wp-cli:wp-cli"
    ),
    Classifier(
        "composer",
        ("composer", "composer.phar"),
        (rb"'pretty_version'\s{0,4}=>\s{0,4}'<v3|-?(?:beta|alpha|RC)\d+>'",),
        "getcomposer:composer",
    ),
    Classifier(
        "elixir", ("elixir",), (rb"ELIXIR_VERSION=<v3|-[a-z]+(?:\.\d+)?>",), "elixir-lang:elixir"
    ),
    Classifier(
        "elixir",
        ("elixir.app",),
        (rb"\{vsn,\s{0,2}\"<v3|-[a-z]+(?:\.\d+)?>\"\}",),
        "elixir-lang:elixir",
    ),
    Classifier(
        "go",
        ("VERSION", "VERSION.cache"),
        (rb"\A(?:devel )?go<v2|(?:rc|beta)\d+|-[-_0-9a-z]+>(?:\s|\Z)",),
        "golang:go",
    ),
    Classifier(
        "firefox",
        ("application.ini",),
        (rb"Name=Firefox\r?\n[^\0]{0,400}\nVersion=<v|[a-z][0-9a-z.-]*>",),
        "mozilla:firefox",
    ),
)
