"""How much free disk space is enough: the limits for log, status, metrics, doctor and recordings."""

from __future__ import annotations

#: Bytes. The journal of a busy day needs less than ``DISK_FULL``; below it, fiscald soon cannot store documents.
DISK_FULL, DISK_LOW = 16 << 20, 256 << 20
