"""The POSNET face of a gateway."""

from __future__ import annotations
