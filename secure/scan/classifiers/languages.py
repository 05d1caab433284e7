"""Interpreters, compilers, virtual machines and their libraries."""

from __future__ import annotations

from secure.scan.classifiers.classifier import Classifier

_OTP = (
    rb"/otp_src_<v|-rc\d>/erts/",
    rb"/otp-<v|-rc\d>/erts/",
    rb"/otp-OTP-<v|-rc\d>/erts/",
    rb"/erlang-<v>[+/]",
    rb"Erlang/OTP[^\0]{0,250}\0+(?:[^\0]{0,100}\0+){0,2}?<v|-rc\d>\0",
    rb"\0<v|-rc\d>\0+Erlang/OTP",
)
_PHP = (rb"X-Powered-By: PHP/<v3|(?:alpha|beta|RC)\d+>", rb"PHP/<v3|(?:alpha|beta|RC)\d+>")
_PYTHON = tuple(
    rb"\0(?P<version>%b\.\d+\.\d+(?:(?:a|b|rc)\d+)?)\+?\0" % major for major in (b"3", b"2")
)
_JULIA = (
    (b"\0branch\0", rb"[^\d.]<v3|-(?:alpha|beta|rc)\d>\0branch\0"),
    rb"\0<v3|-(?:alpha|beta|rc)\d>\0(?:julia version|branch\0|verify_methods)",
    rb"\0(?:#kw#|ObjectIdDict|require)\0<v3|-(?:alpha|beta|rc)\d>\0",
    rb"\0verify_methods\0.{0,30}\0<v3|-(?:alpha|beta|rc)\d>\0BigInt",
)

LANGUAGES = (
    Classifier(
        "python",
        ("python#", "libpython#.so", "libpython#.so.#"),
        _PYTHON,
        "python:python",
        says_name=True,
    ),
    Classifier(
        "python",
        ("libpython#m.so.#", "libpython#m.so", "python#m"),
        _PYTHON,
        "python:python",
        says_name=True,
    ),
    Classifier("pypy", ("libpypy#-c.so", "pypy#", "libpypy-c.so"), (rb"\[PyPy <v3>",)),
    Classifier(
        "go",
        ("go",),
        (
            rb"\xff Go buildinf:[\4\10][\2\3].{16}.go<v2|(?:rc|beta)\d+>",
            rb"\0go<v2|(?:rc|beta)\d+>\0",
            rb"go<v2|(?:rc|beta)\d+>\0",
        ),
        "golang:go",
    ),
    Classifier(
        "node",
        ("node", "nodejs"),
        (
            rb"node\.js/v<v3>",
            rb"\0(?:node )?v<v3>\0",
        ),
        "nodejs:node.js",
    ),
    Classifier(
        "deno",
        ("deno",),
        (
            rb"Deno/<v3>",
            rb"deno-canary/[0-9a-z]{40}<v3>",
            rb"deno-[0-9a-z]{40}(?:release/v)?<v3>",
            (b"DENO", rb"\D<v3>[0-9a-f]{40}DENO"),
        ),
        "deno:deno",
    ),
    Classifier(
        "bun",
        ("bun",),
        (rb"Bun v<v3>", rb"Bun/<v3>", rb"[Bb]un v?<v3>", rb"bun-<v3>"),
        "oven-sh:bun",
    ),
    Classifier(
        "dart",
        ("dart",),
        (
            rb"\0<v3|-\d+(?:\.\d+)?\.(?:beta|dev)> \((?:stable|beta|dev)\)",
            rb"\0<v3|-\d+(?:\.\d+)?\.(?:beta|dev)> \([A-Z][a-z]{2} [A-Z][a-z]{2} ",
        ),
        "dart:dart_software_development_kit",
    ),
    Classifier(
        "perl",
        ("perl#",),
        (
            rb"/perl5?/<v3>\0",
            rb"/perl5?/<v3>/",
            rb"/perl5/site_perl/<v3>",
            rb"\0v<v3>\0",
        ),
        "perl:perl",
    ),
    Classifier(
        "ruby",
        ("ruby#", "libruby.so.#", "libruby-#.so.#"),
        (
            rb"ruby <v3|(?:p|preview|rc|dev)\d*> ?\(",
            rb"ruby <v3|(?:p|preview|rc|dev)\d*> ",
        ),
        "ruby-lang:ruby",
    ),
    Classifier("php-cli", ("php#",), _PHP, "php:php"),
    Classifier("php-fpm", ("php-fpm#", "php-fpm"), _PHP, "php:php"),
    Classifier("php-cgi", ("php-cgi#", "php-cgi"), _PHP, "php:php"),
    Classifier("libphp", ("libphp#.so", "libphp.so"), _PHP, "php:php"),
    Classifier(
        "lua",
        ("lua#", "liblua#.so.#", "liblua#-c++.so.#"),
        (
            rb"Lua <v3>  Copyright",
            rb"Lua <v3>",
        ),
        "lua:lua",
    ),
    Classifier(
        "luajit",
        ("luajit", "luajit-*", "libluajit-#.so.#"),
        (
            rb"LuaJIT <v3|-beta\d+|\.ROLLING>",
            rb"LuaJIT <v|\.ROLLING>",
        ),
        "luajit:luajit",
    ),
    Classifier(
        "tcl",
        ("libtcl#.so",),
        (rb"tcl_patchLevel\0.{0,300}?\0<v3>\0", rb"\0<v3>\0"),
        "tcl:tcl",
        says_name=True,
    ),
    Classifier(
        "julia",
        ("libjulia-internal.so", "libjulia-internal.so.#", "libjulia.so", "libjulia.so.#", "julia"),
        _JULIA,
        "julialang:julia",
    ),
    Classifier(
        "swipl",
        ("swipl", "libswipl.so.#", "libswipl.so"),
        (rb"swipl-<v3>/", rb"SWI-Prolog version <v3>"),
        "swi-prolog:swi-prolog",
    ),
    Classifier(
        "erlang", ("erlexec", "beam.smp", "liberts_internal.a"), _OTP, "erlang:erlang\\/otp"
    ),
    Classifier(
        "ghc",
        ("ghc#", "ghc-*"),
        (rb"\0GHC <v3>\0", rb"\0libHSghc-<v3>-"),
        "haskell:ghc",
        namespace="haskell",
    ),
    Classifier(
        "cabal",
        ("cabal",),
        (rb"\0Cabal-<v|\.\d+>-", rb"cabal-install-<v>-"),
        "haskell:cabal",
        namespace="haskell",
    ),
    Classifier(
        "stack",
        ("stack",),
        (rb"Version\s{1,4}<v3>,\s{1,4}Git", rb"/stack-<v3>\0"),
        "haskell:stack",
        namespace="haskell",
    ),
    Classifier(
        "rust",
        ("libstd-*", "librustc_driver-*"),
        (
            rb"rustc version <v3|-(?:nightly|beta(?:\.\d+)?)> \([0-9a-f]+ \d{4}-",
            rb"c <v3|-(?:nightly|beta(?:\.\d+)?)> \([0-9a-f]{9,10} \d{4}-\d\d-\d\d\)",
        ),
        "rust-lang:rust",
    ),
    Classifier(
        "gcc",
        ("gcc#", "g++#", "cc1", "cc1plus", "x86_64-linux-gnu-gcc-#"),
        # A program's "GCC: (…)" names the compiler that made it: of gcc itself, the one before.
        ((rb"\.\d\.\d\0", rb"\0(?P<version>\d{1,2}\.\d\.\d)\0"), rb"GCC: \([^\0)]{1,60}\) <v3>"),
        "gnu:gcc",
    ),
    Classifier(
        "clang", ("clang", "clang-*", "libclang-cpp.so.#"), (rb"clang version <v3>",), "llvm:clang"
    ),
)
