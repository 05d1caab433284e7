"""Where the launcher starts. Short: this file alone is compiled at every start."""

import sys

# Behind the standard library, which nothing here may stand in for.
sys.path.append(__file__.rsplit("/", 2)[0])
from secure.start import start

start()
