"""Webhooks: changes of jobs as signed HTTP requests, at least once, in order per job, retried for days."""

from __future__ import annotations

from fiscald.webhooks.hooks import Tally, Webhooks
from fiscald.webhooks.posting import Poster
from fiscald.webhooks.receiver import Hook
from fiscald.webhooks.secret_file import SecretUnusable, read_secrets

__all__ = ["Hook", "Poster", "SecretUnusable", "Tally", "Webhooks", "read_secrets"]
