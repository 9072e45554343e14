"""`python -m rushes`: the same as the command `rushes`."""

import sys

from rushes.cli import main

if __name__ == "__main__":
    sys.exit(main())
