from os import *  # noqa: F403
from os import PathLike as PathLike
from os import _exit as _exit
