"""Findings against what people who looked say is right: the labels of 52 real images."""

from __future__ import annotations

from pathlib import Path

from match_labels import Score, scores


def test_what_is_found_is_right_and_what_the_feeds_name_is_found(
    shared: Path, tmp_path: Path
) -> None:
    total = sum((one for _, one in scores(shared, f"{tmp_path}/labels.db")), Score())
    assert total.true > 300
    assert total.precision >= 0.99
    assert total.recall >= 0.99
