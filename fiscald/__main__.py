"""``python -m fiscald``."""

from fiscald.cli.fiscald import main

main()
