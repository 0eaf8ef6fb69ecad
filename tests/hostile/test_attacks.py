"""Every attack can begin: one that ends at once does no harm, and its row of the table would show nothing."""

from __future__ import annotations

from fiscald.api.routes import ROUTES
from tests.hostile.attacks import routes_with_a_body


def test_attacks_know_every_route_that_takes_a_body() -> None:
    paths = routes_with_a_body()
    assert len(paths) == sum(route.body is not None for route in ROUTES) > 10
    assert not [path for _, path in paths if "{" in path]
