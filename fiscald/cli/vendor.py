"""``fiscald-vendor``: the command of the vendor's licence server, where its packages are installed."""

from __future__ import annotations

import sys

from fiscald.extras import missing_extra


def main() -> None:
    """Run it; without its packages, say what to install."""
    try:
        from fiscald.licence.server.cli import main as run
    except ModuleNotFoundError as error:
        if missing_extra(error) is None:
            raise
        sys.exit("Error: fiscald-vendor needs more packages: pip install 'fiscald[vendor]'")
    run()


if __name__ == "__main__":
    main()
