"""Every bound on untrusted input, in one frozen value."""

from __future__ import annotations

from secure.value import value

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@value
class Limits:
    """Bounds on what is read from an image. Reaching one is a `LimitExceededError` naming it.

    The defaults let every public image of the 2020s through and stop bombs early.
    """

    # archives
    layers: int = 512  # overlayfs itself stops at 500
    entries: int = 2_000_000  # tar members in one layer; the largest CUDA images have 400 k
    path_bytes: int = 4_096  # PATH_MAX
    path_depth: int = 256  # directories below the root; deeper trees break every tool
    name_bytes: int = 255  # NAME_MAX, one path component
    extended_header_bytes: int = 1 * MIB  # one pax or GNU long-name header
    file_bytes: int = 64 * GIB  # one member
    layer_bytes: int = 128 * GIB  # one layer, uncompressed
    ratio: int = 1_100  # uncompressed : compressed; deflate cannot exceed 1 032
    ratio_floor_bytes: int = 16 * MIB  # the ratio is judged only beyond this size
    sparse_segments: int = 65_536  # one sparse member
    zstd_window_bytes: int = 128 * MIB  # memory of one decoder; `zstd --long` asks for this much
    xz_memory_bytes: int = 128 * MIB  # `xz -9` asks for 65 MiB
    # documents
    manifest_bytes: int = 4 * MIB  # distribution-spec: registries must accept 4 MiB
    config_bytes: int = 8 * MIB
    json_depth: int = 64
    history: int = 4_096
    env: int = 8_192
    # scanning
    database_bytes: int = 64 * MIB  # one package database
    text_bytes: int = 1 * MIB  # one file searched for secrets; larger ones are cut in windows
    secrets_file_bytes: int = 16 * MIB  # beyond this a file is listed as not searched
    # SBOMs of others
    sbom_bytes: int = 256 * MIB  # 50,000 packages take 190 MiB in the wordiest form, SPDX 3
    sbom_values: int = 6_000_000  # JSON values, XML elements or tags; the same take 3.8 million
    sbom_components: int = 500_000
    # advisories
    advisory_bytes: int = 16 * MIB  # one OSV record; the wordiest of a distribution's kernel take 4
    advisory_packages: int = 20_000  # affected packages of one record
    advisory_versions: int = 500_000  # listed versions of one record
    advisory_events: int = 100_000  # introduced, fixed, … of one record
    advisory_names: int = 10_000  # aliases, related and upstream records of one record
    feed_bytes: int = 16 * GIB  # one file of records, uncompressed; all of OSV takes about 3
    feed_records: int = 2_000_000  # of one file; all of OSV has about 400 k
    feed_directory_bytes: int = 256 * MIB  # the list of members at the end of a zip
    # audit log
    audit_record_bytes: int = 1 * MIB  # one line; the evidence of one launch takes about 10 KiB
    audit_segment_bytes: int = 64 * MIB  # a longer log goes on in a further file


DEFAULT_LIMITS = Limits()
