"""The face of each protocol that programs can speak."""

from __future__ import annotations

from fiscald.gateway.face import Face
from fiscald.gateway.posnet.face import PosnetFace
from fiscald.gateway.thermal.face import ThermalFace

#: By the name of the family; ``fiscald.gateway.FAMILIES`` are the same names.
FACES: dict[str, type[Face]] = {"posnet": PosnetFace, "thermal": ThermalFace}
