"""Files of RubyGems, Composer and WordPress, as each writes them, and what they say."""

from __future__ import annotations

import json

_SHA256 = "0123456789abcdef" * 4
_COMMIT = "0123456789abcdef0123456789abcdef01234567"
GEMSPEC = """# -*- encoding: utf-8 -*-
# stub: nokogiri 1.15.4 x86_64-linux lib
# stub: ext/nokogiri/extconf.rb

Gem::Specification.new do |s|
  s.name = "nokogiri".freeze
  s.version = "1.15.4"
  s.platform = "x86_64-linux".freeze

  s.required_rubygems_version = Gem::Requirement.new(">= 0".freeze) if s.respond_to? :x=
  s.metadata = { "homepage" => "https://wrong.example" } if s.respond_to? :metadata=
  s.authors = ["Mike D.".freeze, "Akira N.".freeze]
  s.description = "s.name = \\"other\\"".freeze
  s.homepage = "https://nokogiri.org".freeze
  s.licenses = ["MIT".freeze, "Apache-2.0".freeze]

  s.add_runtime_dependency(%q<racc>.freeze, ["~> 1.4"])
  s.add_dependency(%q<racc>.freeze, ["~> 1.4"])
  s.add_development_dependency(%q<rake>.freeze, [">= 0"])
end
"""
GEM_BY_HAND = """Gem::Specification.new do |spec|
  spec.name          = 'by-hand'
  spec.version       = Gem::Version.new('0.1.0.pre')
  spec.platform      = Gem::Platform.new(["java"])
  spec.license       = 'MIT'
  spec.add_dependency 'racc', '~> 1.4'
end
"""
GEMFILE = f"""PATH
  remote: .
  specs:
    app (0.1.0)
      rails (~> 7.0)

GIT
  remote: https://github.com/acme/fork.git
  revision: {_COMMIT}
  branch: main
  specs:
    fork (2.0.0)
      racc

GEM
  remote: https://rubygems.org/
  specs:
    racc (1.7.1)
    rails (7.0.8)
      racc (~> 1.4)
      zeitwerk
    sqlite3 (1.6.6-x86_64-linux)

GEM
  remote: https://gems.acme.example/
  specs:
    ours (1.0.0.pre)

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  app!
  fork!
  rails (~> 7.0)

CHECKSUMS
  racc (1.7.1) sha256={_SHA256}
  rails (7.0.8)

RUBY VERSION
   ruby 3.2.2p53

BUNDLED WITH
   2.4.20
"""
_MONOLOG = {
    "name": "Monolog/monolog",
    "version": "3.4.0",
    "license": ["MIT"],
    "homepage": "https://github.com/Seldaek/monolog",
    "source": {
        "type": "git",
        "url": "https://github.com/Seldaek/monolog.git",
        "reference": _COMMIT,
    },
    "dist": {"type": "zip", "url": "https://x.example", "reference": _COMMIT, "shasum": "ab" * 20},
    "require": {"php": ">=8.1", "psr/log": "^2.0 || ^3.0"},
    "provide": {"psr/log-implementation": "3.0.0"},
}
COMPOSER_2 = json.dumps({
    "packages": [_MONOLOG, {"name": "psr/log", "version": "3.0.0", "dist": {"shasum": ""}}],
    "dev": True, "dev-package-names": [],
})  # fmt: skip
COMPOSER_1 = json.dumps([{"name": "psr/log", "version": "1.1.4", "license": "MIT"}])
COMPOSER_LOCK = json.dumps(
    {
        "content-hash": "ab" * 16,
        "packages": [{**_MONOLOG, "version": "dev-main"}],
        "packages-dev": [{"name": "phpunit/phpunit", "version": "10.3.2"}],
        "aliases": [],
    }
)
WP_PLUGIN = """<?php
/**
 * @package Akismet
 */
/*
Plugin Name: Akismet Anti-spam
Plugin URI: https://akismet.example/
Description: Version: none
Version: 5.3
Author: Automattic
License: GPLv2 or later
*/
$x = array( 'Version: 9' );
"""
WP_THEME = """@charset "UTF-8";
/*
Theme Name: Twenty Twenty
Theme URI: https://wordpress.example/
Author: the team
Version: 2.2
License: GNU General Public License v2 or later */
"""
WP_CORE = """<?php
/**
 * The WordPress version string.
 *
 * @global string $wp_version
 */
$wp_version = '6.3.1';
$wp_db_version = 55853;
"""

# As in language_files.py.
WEB_FILES: dict[str, tuple[str, list[str], list[str]]] = {
    "usr/local/bundle/specifications/nokogiri-1.15.4-x86_64-linux.gemspec": (
        GEMSPEC, ["gem:nokogiri@1.15.4"], [],
    ),
    "usr/lib/ruby/specifications/default/by-hand.gemspec": (
        GEM_BY_HAND, ["gem:by-hand@0.1.0.pre"], [],
    ),
    "app/Gemfile.lock": (
        GEMFILE,
        ["gem:fork@2.0.0?", "gem:racc@1.7.1?", "gem:rails@7.0.8?", "gem:sqlite3@1.6.6?",
         "gem:ours@1.0.0.pre?"],
        [],
    ),
    "app/vendor/composer/installed.json": (
        COMPOSER_2, ["composer:monolog/monolog@3.4.0", "composer:psr/log@3.0.0"], [],
    ),
    "old/vendor/composer/installed.json": (COMPOSER_1, ["composer:psr/log@1.1.4"], []),
    "app/composer.lock": (
        COMPOSER_LOCK,
        ["composer:monolog/monolog@dev-main?", "composer:phpunit/phpunit@10.3.2?"],
        [],
    ),
    "www/wp-content/plugins/akismet/akismet.php": (
        WP_PLUGIN, ["generic:wordpress-plugin/akismet@5.3"], [],
    ),
    "www/wp-content/plugins/hello.php": (
        WP_PLUGIN, ["generic:wordpress-plugin/hello@5.3"], [],
    ),
    "www/wp-content/themes/twentytwenty/style.css": (
        WP_THEME, ["generic:wordpress-theme/twentytwenty@2.2"], [],
    ),
    "www/wp-includes/version.php": (WP_CORE, ["generic:wordpress@6.3.1"], []),
}  # fmt: skip
