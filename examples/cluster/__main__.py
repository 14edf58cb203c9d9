"""Start the cluster: `python -m examples.cluster`."""

from __future__ import annotations

import sys

from examples.cluster.launcher import main

sys.exit(main())
