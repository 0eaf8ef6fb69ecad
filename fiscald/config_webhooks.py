"""``[webhooks.NAME]`` of the configuration file."""

from __future__ import annotations

import hashlib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field

from fiscald.config_text import FilePath, meant
from fiscald.journal import Subscription
from fiscald.model.strict import Strict
from fiscald.model.webhooks import DEFAULT_EVENTS, WebhookEvent
from fiscald.webhooks import Hook, Poster

#: Webhooks of one daemon, and characters of a URL.
MOST_WEBHOOKS, LONGEST_URL = 8, 2000
_EVENTS = [event.value for event in WebhookEvent]


def _is_url(value: str) -> str:
    """The URL may have a secret in it, so the errors repeat only its beginning."""
    if len(value) > LONGEST_URL or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(f"a URL has at most {LONGEST_URL} characters of ASCII and no spaces; encode the others with %")
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError('no URL; write one like "https://erp.example.pl/hooks/fiscald"') from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError('no URL of a web server; write one like "https://erp.example.pl/hooks/fiscald"')
    if "@" in parts.netloc:
        raise ValueError("a user name or password in a URL is not supported: receivers check the signature")
    if parts.fragment:
        raise ValueError("a web server never sees what is behind #; leave it out")
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise ValueError(
            f'"http://{parts.netloc}" is not encrypted, and only for this computer (127.0.0.1, ::1, localhost); '
            f'write "https://{parts.netloc}" and the rest of the URL'
        )
    return value


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_event(value: str) -> str:
    if value not in _EVENTS:
        raise ValueError(f'"{value}" is none of {", ".join(_EVENTS)}{meant(value, _EVENTS)}')
    return value


def _is_some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("an empty list would send nothing; leave the line out for the default")
    return tuple(dict.fromkeys(value))


class WebhookConfig(Strict):
    """``[webhooks.NAME]``: a receiver of changes of jobs."""

    url: Annotated[str, AfterValidator(_is_url)] = Field(
        description="where messages go: https://..., or http:// on this computer"
    )
    secret_file: FilePath = Field(description="file with the secret, mode 0600; fiscalctl webhook secret makes it")
    events: Annotated[tuple[Annotated[str, AfterValidator(_is_event)], ...], AfterValidator(_is_some)] = Field(
        default=tuple(event.value for event in DEFAULT_EVENTS), description="which changes are sent"
    )
    printers: Annotated[tuple[str, ...], AfterValidator(_is_some)] | None = Field(
        default=None, description="only jobs of these printers; all if absent"
    )
    ca_file: FilePath | None = Field(
        default=None, description="trusted instead of the system's certificate authorities"
    )

    def at(self, folder: Path) -> WebhookConfig:
        """The same, with paths relative to ``folder``."""
        ca_file = None if self.ca_file is None else folder / self.ca_file
        return self.model_copy(update={"secret_file": folder / self.secret_file, "ca_file": ca_file})

    def hook(self, name: str) -> tuple[Hook, Poster]:
        """The webhook of that name, and what sends its messages."""
        events = tuple(WebhookEvent(event) for event in self.events)
        printers = None if self.printers is None else frozenset(self.printers)
        subscription = Subscription(name, frozenset(events), printers, hashlib.sha256(self.url.encode()).digest())
        hook = Hook(subscription, _shown(urlsplit(self.url)), events, self.printers)
        return hook, Poster(self.url, self.secret_file, self.ca_file)


def check_webhooks(webhooks: dict[str, WebhookConfig], printers: list[str]) -> None:
    """Raises ``ValueError`` for a printer that is not configured."""
    for name, each in webhooks.items():
        for printer in each.printers or ():
            if printer not in printers:
                raise ValueError(
                    f'webhooks.{name}.printers: there is no printer "{printer}"; configured: '
                    f"{', '.join(printers) or 'none'}{meant(printer, printers)}"
                )


def _shown(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}"
