"""Runs the comparison: see `check.py` beside this."""

import sys

from tools.contract.check import main

sys.exit(main())
