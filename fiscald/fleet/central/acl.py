"""Access lists for brokers: each shop may use its own topics only, the central what it needs."""

from __future__ import annotations

import json

_NOTE = "The broker is not trusted: messages are signed. This list keeps shops from disturbing each other."


def mosquitto(central_user: str) -> str:
    """``acl_file`` of mosquitto. A shop's user name, or the common name of its certificate, is the shop's name."""
    return "\n".join([
        f"# acl_file of mosquitto, made by fiscald-fleet acl mosquitto. {_NOTE}",
        "# With certificates: require_certificate true, use_identity_as_username true. Else: one user for each shop.",
        "# Also set: allow_anonymous false, retain_available true, max_packet_size 270336.",
        "",
        f"user {central_user}",
        "topic write fiscald/v1/+/orders",
        "topic write fiscald/v1/+/acknowledgements",
        "topic read fiscald/v1/+/outcomes",
        "topic read fiscald/v1/+/status",
        "",
        "# every shop; %u is its user name",
        "pattern read fiscald/v1/%u/orders",
        "pattern read fiscald/v1/%u/acknowledgements",
        "pattern write fiscald/v1/%u/outcomes",
        "pattern write fiscald/v1/%u/status",
        "",
    ])  # fmt: skip


def emqx(central_user: str) -> str:
    """``acl.conf`` of EMQX 5; with certificates ``peer_cert_as_username = cn``."""
    user = json.dumps(central_user)
    rules = [
        f'{{allow, {{username, {user}}}, publish, ["fiscald/v1/+/orders", "fiscald/v1/+/acknowledgements"]}}.',
        f'{{allow, {{username, {user}}}, subscribe, ["fiscald/v1/+/outcomes", "fiscald/v1/+/status"]}}.',
        '{allow, all, subscribe, ["fiscald/v1/${username}/orders", "fiscald/v1/${username}/acknowledgements"]}.',
        '{allow, all, publish, ["fiscald/v1/${username}/outcomes", "fiscald/v1/${username}/status"]}.',
        "{deny, all}.",
    ]
    return "\n".join([f"%% acl.conf of EMQX, made by fiscald-fleet acl emqx. {_NOTE}", *rules, ""])
