"""Strings round the version of real programs: of Debian 12's packages, of Go, Rust and OpenJDK."""

from __future__ import annotations

# name of the package, path, version, what stands there
CAPTURED: tuple[tuple[str, str, str, bytes], ...] = (
    (
        "python",
        "usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0",
        "3.11.2",
        b"r $\x00%s: '%s'\x003.11.2\x00%.80s (%.80s",
    ),
    (
        "go",
        "usr/local/go/bin/go",
        "1.26.8",
        (
            b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff Go buildinf:\x08\x02\x00\x00"
            b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08go1.26.8\xd6\x010w"
            b"\xaf\x0c\x92t\x08\x02A\xe1"
        ),
    ),
    ("node", "usr/bin/node", "20.20.2", b" \x00]\n\n\x00/json\x00node.js/v20.20.2\x00(delegate_)"),
    ("perl", "usr/bin/perl", "5.36.0", b"/local/share/perl/5.36.0\x00/usr/share/p"),
    (
        "ruby",
        "usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2",
        "3.1.2p20",
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00ruby 3.1.2p20 (2022-04-12 r",
    ),
    (
        "php-cli",
        "usr/bin/php8.2",
        "8.2.36",
        b"'%s'\n\x00%s,%s\x00X-Powered-By: PHP/8.2.36\x00ZEND_MM_MAX",
    ),
    (
        "php-fpm",
        "usr/sbin/php-fpm8.2",
        "8.2.36",
        b"'%s'\n\x00%s,%s\x00X-Powered-By: PHP/8.2.36\x00ZEND_MM_MAX",
    ),
    (
        "lua",
        "usr/bin/lua5.4",
        "5.4.4",
        b"din\n\x00\x00\x00\x00\x00\x00\x00\x00Lua 5.4.4  Copyright (C) 1994-20",
    ),
    ("luajit", "usr/bin/luajit", "2.1.0-beta3", b"g options.\n\x00LuaJIT 2.1.0-beta3 -- Copyrigh"),
    (
        "tcl",
        "usr/lib/x86_64-linux-gnu/libtcl8.6.so",
        "8.6.13",
        b"\x00pointerSize\x008.6.13\x00tcl_patchLev",
    ),
    (
        "erlang",
        "usr/lib/erlang/erts-13.1.5/bin/beam.smp",
        "25.2.3",
        b"ducible-path/erlang-25.2.3+dfsg/erts/x8",
    ),
    ("cabal", "usr/bin/cabal", "3.4.1.0", b"x-ghc-9.0.2/cabal-install-3.4.1.0-3R2S9ClFrM4I"),
    ("stack", "usr/bin/stack", "2.7.5", b"ux-ghc-9.0.2/stack-2.7.5\x00stack_libexe"),
    (
        "rust",
        "root/.rustup/toolchains/stable-x86_64-unknown-linux-gnu/lib/librustc_driver-6108105cd7e839cf.so",
        "1.95.0",
        (
            b"\\7\x92\xffx\xab\x88\xff\x987\x92\xffrustc version 1.95.0 (59807616e 2026-04-14)"
            b"\x00Linke"
        ),
    ),
    (
        "gcc",
        "usr/bin/x86_64-linux-gnu-gcc-12",
        "12.2.0",
        b"l: %s\n\x00 zstd\x0012.2.0\x00(Debian 12.2",
    ),
    (
        "openjdk",
        "usr/lib/jvm/java-17-openjdk-amd64/bin/java",
        "17.0.21.1+2-1-deb12u1-Debian",
        (
            b"d up %s: %s\x00openjdk\x00java\x000.0\x0017.0.21.1+2-1-deb12u1-Debian\x00-J-ms8m"
            b"\x00\x00\x01\x1b\x03"
        ),
    ),
    (
        "jre",
        "usr/lib/jvm/java-17-openjdk-amd64/bin/java",
        "17.0.21.1+2-1-deb12u1-Debian",
        b"jdk\x00java\x000.0\x0017.0.21.1+2-1-deb12u1-Debian\x00-J-ms8m\x00\x00\x01\x1b\x03",
    ),
    (
        "nginx",
        "usr/sbin/nginx",
        "1.22.1",
        b'ption: "%c"\x00nginx version: nginx/1.22.1\n\x00OpenSSL 3.',
    ),
    ("httpd", "usr/sbin/apache2", "2.4.71", b'y "\x00mailto:\x00Apache/2.4.71\x00 Server at '),
    (
        "lighttpd",
        "usr/sbin/lighttpd",
        "1.4.69",
        b"ite support\n\x00lighttpd/1.4.69\x00server\x00\x00\x00Ar",
    ),
    (
        "haproxy",
        "usr/sbin/haproxy",
        "2.6.12",
        (
            b"\x08;\x08X\x08Z\x08\x00\x00\x00\x00 version 2.6.12-1+deb12u4, released 2026/10/17"
            b"\x00\x0020"
        ),
    ),
    (
        "varnish",
        "usr/sbin/varnishd",
        "7.1.1",
        b"d87a\x00\x00\x00\x00\x00\x00\x00\x00varnish-7.1.1 revision 7c",
    ),
    ("squid", "usr/sbin/squid", "5.7", b"\x00/1.0) in '\x00squid/5.7\x00;\t \x00HTTP/\x00r"),
    (
        "proftpd",
        "usr/sbin/proftpd",
        "1.3.8",
        b"np:qS:tvX46\x00ProFTPD Version 1.3.8\x00LANG\x001.3.8 ",
    ),
    ("openssh", "usr/bin/ssh", "9.2p1", b"Command\x00\x00\x00\x00\x00OpenSSH_9.2p1 Debian-2+de"),
    ("bind", "usr/sbin/named", "9.18.49", b"ducible-path/bind9-9.18.49=. -fstack-p"),
    ("dnsmasq", "usr/sbin/dnsmasq", "2.90", b"nsmasq.conf\x00dnsmasq-2.90\x00version.bin"),
    ("unbound", "usr/sbin/unbound", "1.17.1", b"led\x00READY=1\x00unbound 1.17.1\x00start of se"),
    (
        "postfix",
        "usr/lib/postfix/libpostfix-global.so",
        "3.7.11",
        b"_fix_enable\x00mail_version\x003.7.11\x00multi_instan",
    ),
    ("exim", "usr/sbin/exim4", "4.96", b"ximcnumber>>\x004.96\x00<<eximversio"),
    (
        "dovecot",
        "usr/sbin/dovecot",
        "2.3.19.1",
        b"eadm\x00version\x002.3.19.1 (9b53102964)\x00hostdomain\x00b",
    ),
    (
        "openldap",
        "usr/sbin/slapd",
        "2.5.13",
        b"\x00\x00\x00\x00\x00\x00@(#) $OpenLDAP: slapd 2.5.13+dfsg-5 (Feb",
    ),
    ("mosquitto", "usr/sbin/mosquitto", "2.0.11", b"e remapping.\x002.0.11\x00mosquitto ve"),
    (
        "openvpn",
        "usr/sbin/openvpn",
        "2.6.14",
        b"eway.\n\x00\x00\x00\x00\x00\x00OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL",
    ),
    (
        "stunnel",
        "usr/bin/stunnel4",
        "5.68",
        b"cond\x00\x00\x00\x00\x00\x00\x00\x00stunnel 5.68 on x86_64-pc-l",
    ),
    (
        "tor",
        "usr/bin/tor",
        "0.4.9.11",
        b"\x00\x00\x00\x00\x00\x00\x00 (on Tor 0.4.9.11 )\x00\x00%s (git-%",
    ),
    (
        "redis",
        "usr/bin/redis-check-aof",
        "7.0.15",
        (
            b"\n\x00\x00\x00\x00\x00\xc0\xff\xff\xff\xdfA7.0.151790282056000000000\x00%llx\x00n"
            b"etwork"
        ),
    ),
    (
        "memcached",
        "usr/bin/memcached",
        "1.6.18",
        b"_cmd\x00listen\x00memcached 1.6.18\x00udp-port\x00me",
    ),
    (
        "postgresql",
        "usr/lib/postgresql/15/bin/postgres",
        "15.20",
        b"rg\x00postgres (PostgreSQL) 15.20 (Debian 15.",
    ),
    (
        "mariadb",
        "usr/bin/mariadb",
        "10.11.19",
        b"an-linux-gnu\x0010.11.19-MariaDB\x00x86_64\x00sele",
    ),
    (
        "sqlite",
        "usr/lib/x86_64-linux-gnu/libsqlite3.so.0.8.6",
        "3.40.1",
        (
            b"\x00\x90\xd0\x03\x00\xe8\x03\x00\x00\x08\x00\x00\x003.40.1\x00\x00\x01\x00\x00"
            b"\x00\x00\x00\x00\x00\x00\xca\x9a"
        ),
    ),
    (
        "caddy",
        "usr/bin/caddy",
        "2.6.2",
        (
            b"\xff\xff\xff\xff/\x00\x00\x00\xfd\xff\x00\x002.6.2\x00\x00\x00\x00\x00\x00\x00"
            b"\x00\x00\x00\x00\x00\x00"
        ),
    ),
    ("busybox", "bin/busybox", "1.35.0", b"t of memory\x00BusyBox v1.35.0 (Debian 1:1"),
    ("bash", "usr/bin/bash", "5.2.15", b"d by law.\x00\x00\x00@(#)Bash version 5.2.15(1) release "),
    ("zsh", "bin/zsh", "5.9", b"64-linux-gnu/zsh/5.9\x00\x00\x00\x00\x00\x00\x00zsh: c"),
    (
        "fish",
        "usr/bin/fish",
        "3.6.0",
        b"\x00\xfd\xff\x10\x00 \x00\x00\x00~\x00\x00\x003.6.0\x00\x00\x00Failed to ",
    ),
    (
        "util-linux",
        "usr/bin/getopt",
        "2.38.1",
        b"%s from %s\n\x00util-linux 2.38.1\x00\nUsage:\n\x00Pa",
    ),
    (
        "coreutils",
        "usr/bin/cp",
        "9.1",
        b"s\x00\x00\x00CuXXXXXX\x009.1\x00invalid argument %s for %s\x00ambiguou",
    ),
    (
        "openssl",
        "usr/lib/x86_64-linux-gnu/libcrypto.so.3",
        "3.0.22",
        b"\x81\r\x80\x03\x80\x03\x80\x03\x80\x03@\x00OpenSSL 3.0.22 25 Aug 2026\x00",
    ),
    (
        "gnutls",
        "usr/lib/x86_64-linux-gnu/libgnutls.so.30.34.3",
        "3.7.9",
        b"\x00\x00\x00\x00Enabled GnuTLS 3.7.9 logging...\n",
    ),
    (
        "curl",
        "usr/bin/curl",
        "7.88.1",
        b"cation/json\x00curl/7.88.1\x00\x00\x00\x00\x00\x00\x00\x00\xfc\xa9\xf1\xd2",
    ),
    (
        "libcurl",
        "usr/lib/x86_64-linux-gnu/libcurl.so.4.8.0",
        "7.88.1",
        b"89abcdef\x00\x00/\x00libcurl/7.88.1\x00zlib/%s\x00lib",
    ),
    ("wget", "usr/bin/wget", "1.21.3", b"ucible-path/wget-1.21.3=. -fstack-pr"),
    (
        "git",
        "usr/lib/git-core/git",
        "2.39.5",
        b"\xef\x01\x0e\x00\xef\xbb\xbf\x00\xff\xfe\xfe\xffgit/2.39.5\x00GIT_USER_AG",
    ),
    ("vim", "usr/bin/vim.tiny", "9.0", b"2022 Jun 28\x00VIM - Vi IMproved 9.0\x00%s (%s, com"),
    (
        "gzip",
        "usr/bin/gzip",
        "1.12",
        (
            b"ize changed while zipping\n\x001.12\x00\x00\x00\x08\xb7\xff\xff\x08\xb7\xff\xff"
            b"\x00\xb7"
        ),
    ),
    ("xz", "usr/bin/xz", "5.4.1", b"ain: %s\n\x00xz (XZ Utils) 5.4.1\x00liblzma %s\n"),
    ("zstd", "usr/bin/zstd", "1.5.4", b"bled\x00Enabled\x00v1.5.4\x00Zstandard CL"),
    (
        "bzip2",
        "usr/lib/x86_64-linux-gnu/libbz2.so.1.0.4",
        "1.0.8",
        b" 0x%08x}\x00w\x00r\x001.0.8, 13-Jul-2019\x00OK\x00SEQUENCE",
    ),
    (
        "lz4",
        "usr/bin/lz4",
        "1.9.4",
        (
            b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x02\x001.9.4\x00\x00\x00\x00\x00\x00"
            b"\x00\x00\x00\x00\x00\x00\x00"
        ),
    ),
    (
        "zlib",
        "lib/x86_64-linux-gnu/libz.so.1.2.13",
        "1.2.13",
        b"\x8e\x0c\xc3\x1b\xdf\x05Z\x8d\xef\x02- deflate 1.2.13 Copyright 1995-2022 J",
    ),
    (
        "tar",
        "bin/tar",
        "1.34",
        (
            b", %s ],\n\x00r+\x00GNU tar\x00Bad incremental file format\x00Invalid time stamp"
            b"\x00%s:%ld: %s\x00Invalid modification time\x00Invalid device number\x00Invalid i"
            b"node number\x00nfs\x00ino\x00Missing record terminator\x00%s: byte %s: %s\x001.34"
            b"\x00%s-%s-%d\n\x00%s"
        ),
    ),
    ("7zip", "usr/bin/7zz", "26.02", b"olders:\x00\x00\x00\x00\n7-Zip (z) 26.02 (x64) : Copy"),
    ("jq", "usr/bin/jq", "1.6", b" failed: %s\n\x001.6\x00DEBUG:\x00\x1e\x00jq:"),
    ("sudo", "usr/bin/sudo", "1.9.13p3", b" version %s\n\x001.9.13p3\x00Configure op"),
    ("rsync", "usr/bin/rsync", "3.5.0", b'  "%s": "%s"\x003.5.0\x00copyright\x00ur'),
    ("gnupg", "usr/bin/gpg", "2.2.40", b"G@ (@GNUPG@)\x002.2.40\x00GNU/Linux\x00\nH"),
    (
        "iptables",
        "usr/sbin/xtables-legacy-multi",
        "1.8.9",
        b"combine\x00help\x001.8.9\x00\x00\x00\x00Usage: %s",
    ),
    ("tini", "usr/bin/tini", "0.19.0", b"tini (%i)] \x00tini version 0.19.0\x00%s (%s)\n\x00Co"),
    ("tmux", "usr/bin/tmux", "3.3a", b"ate path: %s\x003.3a\x00en_US.UTF-8\x00"),
    (
        "glibc",
        "lib/x86_64-linux-gnu/libc.so.6",
        "2.36",
        (
            b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00GNU C Library (Debian GLIBC 2.36-"
            b"9+deb12u14) stable release version 2.36.\nCopyright "
        ),
    ),
    ("musl", "lib/x86_64-linux-musl/libc.so", "1.2.3", b"roc/self/fd/\x001.2.3\x00Unsupported "),
    (
        "krb5",
        "usr/lib/x86_64-linux-gnu/libkrb5.so.3.3",
        "1.20.1",
        (
            b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00KRB5_BRAND: krb5-1.20.1-final 1.2"
            b"0.1 20221111\x00\x00\x00"
        ),
    ),
    (
        "heimdal",
        "usr/lib/x86_64-linux-gnu/libkrb5.so.26.0.0",
        "7.8.0",
        b"l 7.8.0\x00@(#)$Version: Heimdal 7.8.0 $\x00<unknown ",
    ),
    ("ffmpeg", "usr/bin/ffmpeg", "5.1.9", b"specified.\n\x00%s version 5.1.9-0+deb12u1\x00%"),
    (
        "qt",
        "usr/lib/x86_64-linux-gnu/libQt5Core.so.5.15.8",
        "5.15.8",
        b"gs\x00/etc/xdg\x00Qt 5.15.8 (x86_64-littl",
    ),
    (
        "expat",
        "lib/x86_64-linux-gnu/libexpat.so.1.8.10",
        "2.5.0",
        b"not started\x00expat_2.5.0\x00\\0\x00\\x1\x00\\x2\x00",
    ),
)
