"""`python -m ci_tools` is `ci-tools`."""

from __future__ import annotations

import sys

from ci_tools.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
