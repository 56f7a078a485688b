"""The command `ngrok-async`, by the name of the package: `python -m ngrok_async`."""

import sys

from ngrok_async.cli import main

sys.exit(main())
