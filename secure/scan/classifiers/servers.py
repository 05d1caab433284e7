"""Servers of the web, of mail, of names and of files."""

from __future__ import annotations

from secure.scan.classifiers.classifier import Classifier, lone

SERVERS = (
    Classifier(
        "nginx",
        ("nginx", "nginx-*"),
        (rb"nginx version: nginx/<v3>", rb"\0nginx/<v3>", rb"nginx version: [^\0/]{0,40}/<v3>"),
        "f5:nginx",
    ),
    Classifier(
        "openresty", ("nginx", "openresty"), (rb"openresty/<v3|\.\d+>",), "openresty:openresty"
    ),
    Classifier("httpd", ("httpd", "apache#"), (rb"Apache/<v3>",), "apache:http_server"),
    Classifier("lighttpd", ("lighttpd",), (rb"\0lighttpd/<v3>",), "lighttpd:lighttpd"),
    Classifier(
        "haproxy",
        ("haproxy",),
        (
            rb"version (?P<version>\d+\.\d+(?:\.|-dev|-rc)\d+)(?:[-+][-.~\w+]*)?, released 20",
            rb"HA-Proxy version <v2|(?:-dev|-rc)\d+>",
            (
                b"HAProxy version",
                rb"\D(?P<version>\d+\.\d+(?:\.|-dev)\d+)-[0-9a-zA-Z]{7}.+HAProxy version",
            ),
        ),
        "haproxy:haproxy",
    ),
    Classifier("varnish", ("varnishd",), (rb"varnish-<v3>",), "varnish-software:varnish_cache"),
    Classifier(
        "squid", ("squid",), (rb"Squid Web Proxy Version <v2>", rb"squid/<v2>"), "squid-cache:squid"
    ),
    Classifier(
        "envoy",
        ("envoy",),
        (
            rb"\0(?P<version>1\.\d+\.\d+(?:-dev)?)\0.{0,20}RELEASE",
            rb"\0(?P<version>1\.\d+\.\d+(?:-dev)?)\0TLS ",
            rb"\0(?P<version>1\.\d+\.\d+(?:-dev)?)\0.{0,900}envoy",
            rb"\0(?P<version>1\.\d+\.\d+(?:-dev)?)\0.{0,900}ValidationError",
            rb"\0(?P<version>1\.\d+\.\d+(?:-dev)?)\0.{0,900}Unable to",
            rb"(?:envoy_quic_.{0,700}|\[source/.{0,200})\0(?P<version>1\.\d+\.\d+(?:-dev)?)\0",
        ),
        "envoyproxy:envoy",
    ),
    Classifier(
        "traefik",
        ("traefik",),
        lone("1 2 3", rb"-(?:alpha|beta|rc)\.?\d+", before=rb"\x20-\x75\x77-\x7e"),
        "traefik:traefik",
    ),
    Classifier("proftpd", ("proftpd",), (rb"ProFTPD Version <v3|[a-z]+\d*>",), "proftpd:proftpd"),
    Classifier(
        "vsftpd",
        ("vsftpd",),
        (rb"vsftpd: version <v3>", rb"\(vsFTPd <v3>\)"),
        "vsftpd_project:vsftpd",
    ),
    Classifier(
        "openssh",
        ("sshd", "ssh", "sshd-session"),
        (rb"OpenSSH_(?P<version>\d+\.\d+p\d+)", rb"OpenSSH_<v>"),
        "openbsd:openssh",
    ),
    Classifier(
        "dropbear",
        ("dropbear", "dropbearmulti"),
        (rb"SSH-2\.0-dropbear_<v>",),
        "dropbear_ssh_project:dropbear_ssh",
    ),
    Classifier(
        "bind",
        ("named", "libdns-*", "libisc-*"),
        (rb"/bind9?-<v3>", rb"\0<v3|-[-\w+~.]+>\0.{0,200}BIND 9"),
        "isc:bind",
    ),
    Classifier(
        "dnsmasq",
        ("dnsmasq",),
        (rb"dnsmasq-<v>", rb"\0<v2>\0.{0,200}dnsmasq"),
        "thekelleys:dnsmasq",
    ),
    Classifier(
        "unbound",
        ("unbound", "libunbound.so.#"),
        (rb"unbound <v3>", rb"unbound-<v3>"),
        "nlnetlabs:unbound",
    ),
    Classifier(
        "postfix",
        ("master", "postconf", "libpostfix-global.so"),
        (rb"mail_version=<v3>", rb"mail_version\0.{0,60}?\0?<v3>\0"),
        "postfix:postfix",
        path=b"postfix",
    ),
    Classifier(
        "exim",
        ("exim#", "exim"),
        (rb"Exim version <v2>", rb"\0(?P<version>4\.\d\d(?:\.\d+)?)\0"),
        "exim:exim",
    ),
    Classifier(
        "dovecot",
        ("dovecot", "libdovecot.so.#"),
        (rb"\0<v> \([0-9a-f]{7,}\)\0",),
        "dovecot:dovecot",
    ),
    Classifier(
        "openldap",
        ("slapd", "libldap.so.#", "ldapsearch"),
        (rb"OpenLDAP: slapd <v3>", rb"OpenLDAP: [\w ]{1,20} <v3>", rb"openldap-<v3>"),
        "openldap:openldap",
    ),
    Classifier(
        "mosquitto", ("mosquitto",), (rb"mosquitto version <v3>", rb"\0<v3>\0"), "eclipse:mosquitto"
    ),
    Classifier(
        "fluent-bit",
        ("fluent-bit",),
        (rb"Fluent Bit v<v3>", rb"\0v?<v3>\0"),
        "treasuredata:fluent_bit",
    ),
    Classifier("openvpn", ("openvpn",), (rb"OpenVPN <v3|_\w+> [\w-]+ \[",), "openvpn:openvpn"),
    Classifier(
        "stunnel",
        ("stunnel#", "stunnel"),
        (rb"stunnel <v2> on", rb"stunnel <v2>"),
        "stunnel:stunnel",
    ),
    Classifier(
        "tor", ("tor",), (rb"Tor <v|-(?:alpha|rc)> ", rb"\0<v>\0.{0,100}Tor "), "torproject:tor"
    ),
)
