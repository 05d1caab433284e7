"""Law: no two flows import each other, for types neither.

import-linter holds the same for what runs; imports for types it cannot see, since init's may name
what init must not load.
"""

from __future__ import annotations

import grimp


def test_no_flow_imports_in_a_circle_not_even_for_types() -> None:
    graph = grimp.build_graph("secure", exclude_type_checking_imports=False, cache_dir=None)
    assert graph.nominate_cycle_breakers("secure.flows") == set()
