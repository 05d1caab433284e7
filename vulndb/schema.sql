-- The vulnerability database: one file, written once, read only and by many at a time.
-- Blobs are MessagePack; secure/vulns/schema.py has their types. Raise VERSION there with any change.

-- What is said of the whole: when it was built, whether it is only the starter set, and which
-- advisories are `dropped`: a newer record stands for them.
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- Where records came from, with the digest of what was read.
CREATE TABLE feed (
    number INTEGER PRIMARY KEY, name TEXT, records INTEGER, refused INTEGER, newest INTEGER,
    bytes INTEGER, sha256 TEXT
);

CREATE TABLE ecosystem (number INTEGER PRIMARY KEY, name TEXT, records INTEGER, newest INTEGER);

-- Packages that follow each other, from `first` on, each with all that is known of it as a list of
-- `compact.Affected`: zstd with the dictionary of `meta`. Matching reads this table alone.
CREATE TABLE affected (
    ecosystem INTEGER, first TEXT, content BLOB, PRIMARY KEY (ecosystem, first)
) WITHOUT ROWID;

-- The heads of 64 advisories from `first` (1, 65, 129 and so on) on, without prose: zstd over all of them, as
-- they resemble each other.
CREATE TABLE advisory (first INTEGER PRIMARY KEY, content BLOB);

-- Vectors and words of severity repeat a thousandfold.
CREATE TABLE severity (number INTEGER PRIMARY KEY, type TEXT, score TEXT);

-- Own ids and aliases by a hash of 38 bits: the first 14 are the bucket; of each entry in it, 3 bytes
-- are the others and 4 the advisory. The head tells whether it is the id that was meant.
CREATE TABLE identifier (bucket INTEGER PRIMARY KEY, content BLOB);

-- Prose and references of the advisories from `first` on, by columns: zstd over many. In URLs U+0001 to
-- U+0008 stand for the first names of their advisory.
CREATE TABLE description (first INTEGER PRIMARY KEY, content BLOB);

-- Exploited in the wild (CISA KEV), the probability of it in millionths (EPSS), and releases' ends.
CREATE TABLE kev (cve TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID;
CREATE TABLE epss (cve TEXT PRIMARY KEY, score INTEGER, percentile INTEGER) WITHOUT ROWID;
CREATE TABLE release (ecosystem TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID;
