"""``fiscald-fleet``: the command of the central of a fleet, where its packages are installed."""

from __future__ import annotations

import sys

from fiscald.extras import missing_extra

_PACKAGES = ("aiomqtt", "jinja2", "psycopg", "sqlalchemy")


def main() -> None:
    """Run it; without its packages, say what to install."""
    try:
        from fiscald.fleet.central.cli import main as run
    except ModuleNotFoundError as error:
        if missing_extra(error) is None and (error.name or "").partition(".")[0] not in _PACKAGES:
            raise
        sys.exit("Error: fiscald-fleet needs more packages: pip install 'fiscald[fleet-central]'")
    run()


if __name__ == "__main__":
    main()
