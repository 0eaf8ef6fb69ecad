"""The Thermal face of a gateway."""

from __future__ import annotations
