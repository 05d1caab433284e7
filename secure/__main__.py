"""Where the launcher starts. Short: this file alone is compiled at every start."""

import sys
from _frozen_importlib import module_from_spec, spec_from_loader
from _frozen_importlib_external import SourceFileLoader

_HOME = __file__.rsplit("/", 1)[0]
# Behind the standard library, which nothing here may stand in for.
sys.path.append(_HOME.rsplit("/", 1)[0])
# By its file: to find it by its name Python lists every folder of its path.
_LOADER = SourceFileLoader("secure.start", f"{_HOME}/start.py")
_SPEC = spec_from_loader(_LOADER.name, _LOADER)
start = sys.modules[_LOADER.name] = module_from_spec(_SPEC)  # type: ignore[arg-type]  # not None
_LOADER.exec_module(start)
start.start()
