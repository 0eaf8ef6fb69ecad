"""What every test may rely on."""

from __future__ import annotations

import importlib.metadata

from hypothesis import settings

pytest_plugins = ["pytester"]
# An installed package brings its plugin by itself; in a bare checkout it is named here.
if not any(
    point.value == "fiscald.emulator.pytest_plugin" for point in importlib.metadata.entry_points(group="pytest11")
):
    pytest_plugins.append("fiscald.emulator.pytest_plugin")

# The same examples on every machine; and no deadline, because machines differ.
settings.register_profile("fiscald", derandomize=True, deadline=None)
settings.load_profile("fiscald")
