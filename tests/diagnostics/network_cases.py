"""What provokes each finding about the listener on the network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from fiscald.certificates import CertificateFacts
from fiscald.diagnostics.facts import Facts
from fiscald.diagnostics.findings import finding
from fiscald.diagnostics.network import Listen, NetworkFacts
from tests.diagnostics.judged import facts

LISTEN = Listen("192.168.1.5", 8443, Path("/c"), Path("/k"), ("https://pos.example.pl",))


def certificate(days: int, *, begins: int = -9) -> CertificateFacts:
    """One that ends in so many days, and began so many days ago (negative)."""
    now = datetime.now(UTC)
    ends = now + timedelta(days=days, hours=1)
    return CertificateFacts(("till",), ("10.0.0.1",), now + timedelta(days=begins), ends, "sha256:00")


HIDDEN = finding("listen_hidden", name="key", user="fiscald", file="/k", remedy="sudo chown fiscald /k")
NETWORK: dict[str, list[tuple[Facts, str]]] = {
    "listen_file": [
        (
            facts(network=NetworkFacts(LISTEN, unusable=(("key", Path("/k"), "No such file"),))),
            "fiscalctl listen certificate",
        )
    ],
    "listen_hidden": [
        (
            facts(named=(HIDDEN,)),
            "sudo chown fiscald /k",
        )
    ],
    "listen_key": [(facts(network=NetworkFacts(LISTEN, key_mode=0o644)), "sudo chown fiscald /k && sudo chmod 600 /k")],
    "listen_down": [(facts(network=NetworkFacts(LISTEN, down="refused")), "systemctl restart fiscald")],
    "certificate_over": [
        (facts(network=NetworkFacts(LISTEN, certificate(-1))), "listen certificate --force"),
        (facts(network=NetworkFacts(LISTEN, certificate(900, begins=2))), "timedatectl"),
    ],
    "certificate_ends": [(facts(network=NetworkFacts(LISTEN, certificate(29))), "systemctl reload fiscald")],
    "certificate_names": [
        (
            facts(network=NetworkFacts(LISTEN, certificate(90)._replace(names=()))),
            "listen certificate --force 192.168.1.5",
        )
    ],
    "origin_closed": [
        (facts(network=NetworkFacts(LISTEN, closed_to=(("https://pos.example.pl", "403"),))), "docs/browser.md")
    ],
}
GOOD = (
    facts(network=NetworkFacts(LISTEN, certificate(30))),
    facts(network=NetworkFacts(Listen("0.0.0.0", 1, Path("/c"), Path("/k")), certificate(90))),
)
