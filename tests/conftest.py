"""What every test may rely on."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["pytester"]

# The same examples on every machine; and no deadline, because machines differ.
settings.register_profile("fiscald", derandomize=True, deadline=None)
settings.load_profile("fiscald")
