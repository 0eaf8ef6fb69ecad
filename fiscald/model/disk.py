"""How much free disk is enough: one measure for the log, the status, the metrics, the doctor and the recordings."""

from __future__ import annotations

#: Bytes. The journal of a busy day takes less than the first; with less than it, documents soon cannot be stored.
DISK_FULL, DISK_LOW = 16 << 20, 256 << 20
