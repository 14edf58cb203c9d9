"""Start the clinic: `python -m examples.clinic`."""

from __future__ import annotations

import sys

from examples.clinic.launcher import main

sys.exit(main())
