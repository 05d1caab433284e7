"""Programs of clusters and observability, mostly written in Go.

Their build information names the main module, but often as "(devel)": the version was handed to
the linker and is a string of its own.
"""

from __future__ import annotations

from secure.scan.classifiers.classifier import Classifier, lone

_PRE = rb"-(?:alpha|beta|rc)\.?\d*"
_LONE = rb"v(?<![\x20-\x40\x5b-\x7e]v)<v3|" + _PRE + rb">\0"
_BARE = lone("0 1 2 3", _PRE)
# Since 1.13 the version is a file, "1.15.4" and a line break, embedded as a string: it lies without
# a mark among Go's other strings of that length. In prose a blank or a quote stands before it.
_VAULT_FILE = (
    rb"(?P<version>1\.(?<![\s\"'`\d.v=]1\.)\d{1,2}\.\d{1,2}(?:-(?:rc|beta)\d+)?(?:\+ent)?)\n"
    rb"(?=[^\s\d])"
)
# Where digits follow in place of the line break, what always stands on either side tells its end.
_VAULT_BETWEEN = (
    rb"0x%016x(?P<version>1\.\d{1,2}\.\d{1,2}?)(?:\n|1\.49\.|123-abc)",
    rb"revoke(?P<version>1\.\d{1,2}\.\d{1,2})\)\(nil\)",
)
_BEATS = (
    rb"Test <v3>[a-z%]",
    rb"plugin(?:output)?<v3>[-a-z]",
    rb"5m\.rate<v3>-",
)
_ISTIO = (
    rb"Clean\0+(?P<version>\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+|-dev)?)\0",
    rb"Modified\0+(?P<version>\d+\.\d+(?:\.\d+)?-dev)\0",
    rb"\d+\.\d+\.\d+\0+(?P<version>\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+|-dev)?)\0",
    rb"\D(?P<version>\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+|-dev)?)\0+.{1,100}=v<y5",
)
_GRAFANA = (
    rb"\0release-<v3|-(?:beta\d|test|preview)>(?:\+security-\d+)?\0",
    *lone("10 11 12 13", rb"-(?:beta\d|test|preview|\d{6,})", end=rb"(?:\+security-\d+)?\0"),
    rb"HEAD\0+[^\0]{0,60}\0+<v3|-(?:beta\d|test|preview)>\0",
    *lone("5 6 7 8 9", rb"-(?:beta\d|test|preview)", end=rb"(?:\+security-\d+)?\0"),
)


def _github(name: str, files: tuple[str, ...], where: str, cpe: str) -> Classifier:
    return Classifier(name, files, (_LONE, *_BARE), cpe, type="golang", namespace=where)


CLOUD = (
    Classifier(
        "helm",
        ("helm",),
        (_LONE, rb"@v<v3|" + _PRE + rb">\0"),
        "helm:helm",
        type="golang",
        namespace="helm.sh",
    ),
    Classifier(
        "consul",
        ("consul",),
        (rb"CONSUL_VERSION: <v3>", rb"GitDescribe=<v3>\"", _LONE),
        "hashicorp:consul",
        type="golang",
        namespace="github.com/hashicorp",
    ),
    Classifier(
        "vault",
        ("vault",),
        (
            rb"/vault/sdk/version\.Version=<v3|" + _PRE + rb">",
            rb"vault/version\.Version=<v3>",
            _LONE,
            *lone("0 1", _PRE),
            _VAULT_FILE,
            *_VAULT_BETWEEN,
        ),
        "hashicorp:vault",
        type="golang",
        namespace="github.com/hashicorp",
    ),
    _github("nomad", ("nomad",), "github.com/hashicorp", "hashicorp:nomad"),
    _github("terraform", ("terraform",), "github.com/hashicorp", "hashicorp:terraform"),
    _github("etcd", ("etcd", "etcdctl"), "github.com/etcd-io", "etcd:etcd"),
    _github("nats-server", ("nats-server",), "github.com/nats-io", "nats:nats_server"),
    _github(
        "prometheus", ("prometheus", "promtool"), "github.com/prometheus", "prometheus:prometheus"
    ),
    _github("coredns", ("coredns",), "github.com/coredns", "coredns.io:coredns"),
    _github("caddy", ("caddy",), "github.com/caddyserver", "caddyserver:caddy"),
    Classifier(
        "minio",
        ("minio",),
        (rb"RELEASE\.(?P<version>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)",),
        "minio:minio",
    ),
    Classifier("grafana", ("grafana", "grafana-server"), _GRAFANA, "grafana:grafana"),
    Classifier("pilot-discovery", ("pilot-discovery",), _ISTIO, "istio:istio"),
    Classifier("pilot-agent", ("pilot-agent",), _ISTIO, "istio:istio"),
    Classifier(
        "nginx-ingress-controller",
        ("nginx-ingress-controller",),
        (_LONE, *_BARE),
        "kubernetes:ingress-nginx",
    ),
    Classifier("filebeat", ("filebeat",), _BEATS, "elastic:filebeat"),
    Classifier("metricbeat", ("metricbeat",), _BEATS, "elastic:metricbeat"),
    Classifier("heartbeat", ("heartbeat",), _BEATS, "elastic:heartbeat"),
    Classifier("packetbeat", ("packetbeat",), _BEATS, "elastic:packetbeat"),
    Classifier("auditbeat", ("auditbeat",), _BEATS, "elastic:auditbeat"),
    Classifier(
        "elastic-agent",
        ("elastic-agent",),
        (rb"enroll(?:: true)?<v3>-?header", rb"PM<v3>:https"),
        "elastic:elastic_agent",
    ),
)
