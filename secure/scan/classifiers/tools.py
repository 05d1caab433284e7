"""Shells, tools and libraries."""

from __future__ import annotations

from secure.scan.classifiers.classifier import Classifier

_FFMPEG = (rb"FFmpeg version <v2>", rb"ffmpeg version <v2>", rb"%s version <v2>")

TOOLS = (
    # Of hard links only the first has content, and its applets are packed by name: "[" first.
    Classifier("busybox", ("busybox", "["), (rb"BusyBox v<v3>",), "busybox:busybox"),
    Classifier("toybox", ("toybox",), (rb"toybox <v3>",), "landley:toybox"),
    Classifier(
        "bash",
        ("bash",),
        (rb"@\(#\)Bash version <v3>",),
        "gnu:bash",
    ),
    Classifier("zsh", ("zsh", "zsh#", "zsh-*"), (rb"/zsh/<v2>\0",), "zsh:zsh"),
    Classifier("fish", ("fish",), (rb"\0(?P<version>[34]\.\d\.\d)\0",), "fishshell:fish"),
    Classifier(
        "util-linux",
        ("getopt", "libblkid.so.#", "mount"),
        (rb"util-linux <v2>",),
        "kernel:util-linux",
    ),
    Classifier(
        "coreutils",
        ("ls", "cp", "mv", "coreutils"),
        ((b"invalid argument %s for", rb"[^\d.](?P<version>\d\.\d+)\0+invalid argument %s for"),),
        "gnu:coreutils",
    ),
    Classifier(
        "aws-lc",
        ("openssl", "libcrypto.so", "bssl"),
        (rb"AWS-LC <v3>", rb"AWS-LC FIPS <v3>"),
        "amazon:aws-lc",
        family="ssl",
    ),
    Classifier(
        "openssl",
        ("openssl", "libcrypto.so.#", "libssl.so.#", "libcrypto.so", "libssl.so"),
        (rb"OpenSSL <v3|[a-z]+|-(?:alpha|beta|pre|dev)\d*> ", rb"OpenSSL <v3|[a-z]+>"),
        "openssl:openssl",
        family="ssl",
    ),
    Classifier(
        "gnutls",
        ("libgnutls.so.#",),
        (rb"GnuTLS <v3>", rb"\0(?P<version>3\.\d+\.\d+)\0"),
        "gnu:gnutls",
    ),
    Classifier("curl", ("curl",), (rb"curl/<v3>", rb"curl <v3> \("), "haxx:curl"),
    Classifier(
        "libcurl",
        ("libcurl.so.#", "libcurl-gnutls.so.#", "libcurl-*"),
        (rb"libcurl/<v3>",),
        "haxx:libcurl",
    ),
    Classifier("wget", ("wget",), (rb"Wget/<v2>", rb"wget-<v2>[/=]"), "gnu:wget"),
    Classifier("git", ("git",), (rb"git/<v3>", rb"git version <v3>"), "git-scm:git"),
    Classifier(
        "vim", ("vim", "vim.basic", "vim.tiny", "vim.nox"), (rb"VIM - Vi IMproved <v2>",), "vim:vim"
    ),
    Classifier(
        "gzip",
        ("gzip",),
        (
            rb"while zipping\n\0+(?P<version>1\.\d+)\0",
            rb"not in gzip format.{0,2000}?\0(?P<version>1\.\d+)\0",
        ),
        "gnu:gzip",
    ),
    Classifier(
        "xz",
        ("xz", "liblzma.so.#"),
        (rb"\(XZ Utils\) <v3>", rb"\0(?P<version>5\.\d+\.\d+)\0"),
        "tukaani:xz",
    ),
    Classifier(
        "zstd",
        ("zstd", "libzstd.so.#"),
        (rb"\0v<v3>\0", rb"\0(?P<version>1\.\d+\.\d+)\0"),
        "facebook:zstandard",
    ),
    Classifier(
        "bzip2", ("bzip2", "libbz2.so.#"), (rb"\0<v3>, \d+-[A-Z][a-z]+-\d{4}",), "bzip:bzip2"
    ),
    Classifier(
        "lz4", ("lz4", "liblz4.so.#"), (rb"\0v?(?P<version>1\.\d+\.\d+)\0",), "lz4_project:lz4"
    ),
    Classifier(
        "zlib", ("libz.so.#",), (rb"deflate <v3> Copyright", rb"deflate <v> Copyright"), "zlib:zlib"
    ),
    Classifier("tar", ("tar",), (rb"GNU tar\0.{0,300}?\0<v2>\0",), "gnu:tar"),
    Classifier("7zip", ("7z", "7zz", "7za", "7zr"), (rb"7-Zip[^\0]{0,20} <v2> ",), "7-zip:7-zip"),
    Classifier(
        "jq",
        ("jq", "libjq.so.#"),
        (rb"\0jq-<v2>\0", rb"\0(?P<version>\d{1,2}\.\d{1,3}(?:\.\d+)?)\0"),
        "jqlang:jq",
    ),
    Classifier(
        "sudo",
        ("sudo",),
        (rb"Sudo version <v2|p\d+>", rb"\0(?P<version>1\.[89]\.\d+(?:p\d+)?)\0"),
        "sudo_project:sudo",
    ),
    Classifier(
        "rsync",
        ("rsync",),
        (rb"rsync  version <v3>", rb"rsync version v?<v3>", rb"\0(?P<version>3\.\d+\.\d+)\0"),
        "samba:rsync",
    ),
    Classifier(
        "gnupg",
        ("gpg", "gpgv", "gpg-agent"),
        (rb"GnuPG <v3>", rb"GnuPG\) <v3>", rb"\0(?P<version>2\.\d\.\d+)\0"),
        "gnupg:gnupg",
    ),
    Classifier(
        "iptables",
        ("iptables", "xtables-legacy-multi", "xtables-nft-multi"),
        (rb"\0v?(?P<version>1\.\d+\.\d+)\0",),
        "netfilter:iptables",
    ),
    Classifier(
        "tini", ("tini", "tini-static", "docker-init"), (rb"tini version <v3>",), "krallin:tini"
    ),
    Classifier(
        "tmux",
        ("tmux",),
        (rb"\0(?P<version>\d\.\d[a-z]?)\0", rb"tmux (?P<version>\d\.\d[a-z]?)"),
        "tmux_project:tmux",
    ),
    Classifier("glibc", ("libc.so.#",), (rb"GNU C Library [^\0]{0,80}version <v2>",), "gnu:glibc"),
    Classifier(
        "musl",
        ("ld-*", "libc.musl-*", "libc.so"),
        (rb"\0(?P<version>1\.[12]\.\d+)\0", rb"\0(?P<version>0\.9\.\d+)\0"),
        "musl-libc:musl",
        path=b"musl",
    ),
    Classifier("krb5", ("libkrb5.so.#",), (rb"KRB5_BRAND:\s+krb5-\S+\s+<v2>",), "mit:kerberos_5"),
    Classifier(
        "heimdal", ("libkrb5.so.#",), (rb"\$Version:\s+Heimdal\s+<v2>",), "heimdal_project:heimdal"
    ),
    Classifier("ffmpeg", ("ffmpeg", "ffprobe"), _FFMPEG, "ffmpeg:ffmpeg"),
    Classifier(
        "ffmpeg",
        (
            "libavcodec.so.#",
            "libavformat.so.#",
            "libavutil.so.#",
            "libswresample.so.#",
            "libavfilter.so.#",
            "libavcodec-*",
            "libavformat-*",
            "libavutil-*",
            "libswresample-*",
        ),
        (rb"FFmpeg version <v2>",),
        "ffmpeg:ffmpeg",
    ),
    Classifier(
        "imagemagick",
        ("magick", "libMagickCore-*", "convert"),
        (rb"ImageMagick <v3|-\d+>",),
        "imagemagick:imagemagick",
    ),
    Classifier(
        "qt",
        ("libQt#Core.so.#", "libQtCore.so.#"),
        (rb"Qt <v3> \(", rb"Qt(?:Core library)? version <v3>", rb"QLibraryInfo.{0,80}?<v3>"),
        "qt:qt",
    ),
    Classifier(
        "chrome", ("chrome",), (rb"\0(?P<version>\d+\.\d+\.\d+\.\d+)\0Default",), "google:chrome"
    ),
    Classifier(
        "chromium",
        ("chromium",),
        (rb"\0(?P<version>\d+\.\d+\.\d+\.\d+)\0Default",),
        "chromium:chromium",
    ),
    Classifier("expat", ("libexpat.so.#",), (rb"expat_<v3>",), "libexpat_project:libexpat"),
)
