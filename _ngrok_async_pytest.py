"""The plugin by its name of before; goes once every work tree has been installed anew."""

import sys

from ngrok_async import _pytest

sys.modules[__name__] = _pytest
