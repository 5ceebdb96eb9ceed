"""`python -m nasrepro`, where the script is not on the path."""

import sys

from nasrepro.cli import main

if __name__ == "__main__":
    sys.exit(main())
