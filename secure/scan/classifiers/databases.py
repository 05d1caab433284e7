"""Databases, caches and queues."""

from __future__ import annotations

from secure.scan.classifiers.classifier import Classifier, lone

_MORE = rb"(?:alpha|beta|rc)\d+"
_CLUSTER = (rb"/mysql-cluster-gpl-<v|" + _MORE + rb">", rb"\0\d[.\d]*-ndb-<v3>")

# Version, host and time of the build in one string (redis: src/release.c), the host as hex or name;
# a reproducible build has the time in nanoseconds and no host. The host may begin with digits that
# look like a part of the version: that of a container is twelve hex digits.
_BUILT = (
    *(
        one.replace(rb"\d+\.\d+", rb"\d{1,2}\.\d{1,2}?")
        for one in lone("2 3 4 5 6 7 8 9", before=rb"\d.", end=rb"[0-9a-f]{12}-\d{10}")
    ),
    *lone("2 3 4 5 6 7 8 9", before=rb"\d.", end=rb"(?:[0-9a-f]{7,12}|[a-z][-\w.]{0,62})-\d{10}"),
    *(
        one.replace(rb"\d+\.\d+", rb"\d{1,2}\.\d{1,2}")
        for one in lone("5 6 7 8 9", before=rb"\d.", end=rb"1\d{9}0{9}\0")
    ),
)

DATABASES = (
    Classifier(
        "redis",
        ("redis-server", "redis-check-rdb", "redis-check-aof"),
        (rb"Redis version <v3>", *_BUILT),
        "redis:redis",
    ),
    Classifier(
        "valkey",
        ("valkey-server",),
        _BUILT,
        "lfprojects:valkey",
    ),
    Classifier(
        "memcached",
        ("memcached",),
        (rb"memcached <v3>", rb"STAT version <v3>", rb"\0<v3>\0.{0,300}memcached"),
        "memcached:memcached",
    ),
    Classifier(
        "postgresql",
        ("postgres",),
        (
            rb"\(PostgreSQL\) <v>",
            rb"PostgreSQL (?P<version>\d[\w.]{0,20})[^\0]{0,80} on ",
            rb"[\0?]PostgreSQL (?P<version>\d+(?:\.\d+)*(?:" + _MORE + rb")?)",
        ),
        "postgresql:postgresql",
    ),
    Classifier(
        "postgresql",
        ("psql",),
        (rb"PostgreSQL\) <v>", rb"psql \(PostgreSQL\) <v>"),
        "postgresql:postgresql",
    ),
    Classifier(
        "mysql",
        ("mysql",),
        (rb"/mysql-<v|" + _MORE + rb">", rb"\0<v|" + _MORE + rb">\0+mysql"),
        "oracle:mysql",
    ),
    Classifier(
        "mysql-server",
        ("mysqld",),
        (rb"/mysql-<v|" + _MORE + rb">/", rb"cluster-gpl\0<v>-ndb-"),
        "oracle:mysql_server",
    ),
    Classifier(
        "mysql-cluster", ("mysqld", "ndbd", "ndbmtd", "ndb_mgmd"), _CLUSTER, "oracle:mysql_cluster"
    ),
    Classifier(
        "percona-server",
        ("mysql", "mysqld"),
        (rb"/percona-server-<v|-\d+>",),
        "percona:percona_server",
    ),
    Classifier(
        "percona-xtradb-cluster",
        ("mysql", "mysqld"),
        (rb"/Percona-XtraDB-Cluster-<v|-\d+>",),
        "percona:xtradb_cluster",
    ),
    Classifier(
        "percona-xtrabackup",
        ("xtrabackup",),
        (rb"/percona-xtrabackup-<v3|-\d+>", rb"/percona-xtrabackup-<v>"),
        "percona:xtrabackup",
    ),
    Classifier(
        "mariadb",
        ("mariadb", "mysql", "mariadbd", "mysqld"),
        (rb"/mariadb-<v|" + _MORE + rb">", (b"-MariaDB", rb"[^\d.]<v>-MariaDB")),
        "mariadb:mariadb",
    ),
    Classifier(
        "mongodb",
        ("mongod", "mongos"),
        (
            (b"tcmalloc", rb"\D<v3|-rc\d+>\0+tcmalloc"),
            (b"heap_size", rb"\D<v3|-rc\d+>\0+heap_size"),
            (b"cppdefines", rb"\D<v3|-rc\d+>\0+cppdefines"),
        ),
        "mongodb:mongodb",
    ),
    Classifier(
        "arangodb",
        ("arangosh", "arangod"),
        ((b"[linux]", rb"\D<v3|-\d+> (?:enterprise )?\[linux\]"),),
        "arangodb:arangodb",
    ),
    Classifier(
        "sqlite",
        ("sqlite#", "libsqlite#.so.#"),
        (rb"\0(?P<version>3\.\d{1,2}\.\d{1,2})\0",),
        "sqlite:sqlite",
    ),
    Classifier(
        "sqlcipher",
        ("sqlcipher", "libsqlcipher.so.#"),
        (rb"[^0-9]\0(?P<version>4\.\d+\.\d+)(?: community)?\0", rb"[^0-9]\0<v3>(?: community)?\0"),
        "zetetic:sqlcipher",
    ),
)
