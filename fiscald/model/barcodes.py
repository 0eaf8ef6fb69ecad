"""What a scanner reads on paper: QR codes and bar codes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fiscald.model.strict import Strict


class QrCode(Strict):
    """A QR code."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    size: Annotated[int, Field(strict=True, ge=2, le=8, description="printer dots per module")] = 4
    correction: Literal["L", "M", "Q", "H"] = "M"


#: A one-dimensional code.
Barcode = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9]{1,64}$", description="one-dimensional code")]
