-- The vulnerability database: one file, written once, read only and by many at a time.
-- Blobs are MessagePack; secure/vulns/schema.py has their types. Raise VERSION there with any change.

-- What is said of the whole: when it was built, whether it is only the starter set.
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- Where records came from, with the digest of what was read.
CREATE TABLE feed (
    number INTEGER PRIMARY KEY, name TEXT, records INTEGER, refused INTEGER, newest INTEGER,
    bytes INTEGER, sha256 TEXT
);

CREATE TABLE ecosystem (number INTEGER PRIMARY KEY, name TEXT, records INTEGER, newest INTEGER);

-- All that is known of one package: a list of `compact.Affected`, by zstd with the dictionary of
-- `meta` where that is shorter. Matching reads this table alone.
CREATE TABLE affected (
    ecosystem INTEGER, name TEXT, content BLOB, PRIMARY KEY (ecosystem, name)
) WITHOUT ROWID;

-- The heads of the advisories from `first` on, without prose: zstd over 64, as they resemble each other.
CREATE TABLE advisory (first INTEGER PRIMARY KEY, content BLOB);

-- Vectors and words of severity repeat a thousandfold.
CREATE TABLE severity (number INTEGER PRIMARY KEY, type TEXT, score TEXT);

-- Own ids and aliases: 48 bits of a hash; the head tells whether it is the id that was meant.
CREATE TABLE identifier (
    hash INTEGER, advisory INTEGER, PRIMARY KEY (hash, advisory)
) WITHOUT ROWID;

-- Prose and references of the advisories from `first` on: zstd over many, as they resemble each other.
CREATE TABLE description (first INTEGER PRIMARY KEY, content BLOB);

-- Exploited in the wild (CISA KEV), the probability of it in millionths (EPSS), and releases' ends.
CREATE TABLE kev (cve TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID;
CREATE TABLE epss (cve TEXT PRIMARY KEY, score INTEGER, percentile INTEGER) WITHOUT ROWID;
CREATE TABLE release (ecosystem TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID;
