"""Virtual paper: what a printer would have printed, as lines of fixed width.

Every printout carries ``MARK``, and every copy of a real one ``COPY_MARK``. It is not an option: ``Printout`` cannot be
made without one of them.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from fiscald.model.qr import Correction

#: Stands on every printout of the emulator.
MARK = "EMULATOR - NIE JEST PARAGONEM FISKALNYM"
#: Stands on every copy of what a real printer printed.
COPY_MARK = "KOPIA - DOKUMENT NIEFISKALNY"


class PaperLine(BaseModel):
    """One line; ``style`` and ``code`` are shown by the picture, not by the text."""

    text: str
    style: Literal["plain", "bold", "wide"] = "plain"
    code: tuple[Literal["qr", "aztec", "datamatrix", "pdf417", "barcode"], str] | None = None
    correction: Correction = "L"
    """Of a QR code."""
    dots: int = 4
    """Printer dots for each module of a QR code."""

    @property
    def is_mark(self) -> bool:
        """Whether it says that this is no fiscal document."""
        return self.text.strip() in (MARK, COPY_MARK)


class Printout(BaseModel):
    """A finished sheet."""

    number: int = Field(description="place in the protected memory")
    kind: str = Field(description="receipt, cancelled_receipt, daily_report, slip, ...")
    at: AwareDatetime
    width: int
    lines: tuple[PaperLine, ...]
    facts: dict[str, object] = Field(default_factory=dict, description="what it says, for tests")

    @model_validator(mode="after")
    def _marked(self) -> Self:
        if not any(line.is_mark for line in self.lines):
            raise ValueError("every printout of the emulator carries its mark")
        return self

    @property
    def text(self) -> str:
        """The sheet as plain text."""
        return "\n".join(line.text.rstrip() for line in self.lines) + "\n"

    @property
    def on_paper(self) -> bool:
        """Whether it comes out on paper: an e-document does not."""
        return "e_document" not in self.facts


class Paper:
    """A sheet being written."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[PaperLine] = []

    def left(self, text: str, *, style: Literal["plain", "bold", "wide"] = "plain") -> None:
        """Text from the left edge, broken at the right one."""
        for start in range(0, max(len(text), 1), self.width):
            self.lines.append(PaperLine(text=text[start : start + self.width], style=style))

    def right(self, text: str) -> None:
        """Text to the right edge."""
        self.lines.append(PaperLine(text=text.rjust(self.width)))

    def centre(self, text: str, *, style: Literal["plain", "bold", "wide"] = "plain") -> None:
        """Text in the middle, broken at the edges."""
        for start in range(0, max(len(text), 1), self.width):
            part = text[start : start + self.width]
            self.lines.append(PaperLine(text=(" " * ((self.width - len(part)) // 2) + part), style=style))

    def pair(self, left: str, right: str, *, style: Literal["plain", "bold", "wide"] = "plain") -> None:
        """One text to the left, one to the right; the right one on the next line if both do not fit."""
        if len(left) + 1 + len(right) <= self.width:
            gap = self.width - len(left) - len(right)
            self.lines.append(PaperLine(text=f"{left}{' ' * gap}{right}", style=style))
        else:
            self.left(left, style=style)
            self.right(right)

    def rule(self) -> None:
        """A line across the paper."""
        self.lines.append(PaperLine(text="-" * self.width))

    def title(self, text: str) -> None:
        """Centred, letters spaced out if that fits."""
        self.centre(self._spaced(text), style="bold")

    def sum(self, left: str, right: str) -> None:
        """A pair with spaced letters if that fits."""
        wide_left, wide_right = _space(left), _space(right)
        if len(wide_left) + 1 + len(wide_right) <= self.width:
            left, right = wide_left, wide_right
        self.pair(left, right, style="bold")

    def mark(self) -> None:
        """The emulator's mark."""
        self.centre(MARK, style="bold")

    def copy_mark(self) -> None:
        """The mark of a copy."""
        self.centre(COPY_MARK, style="bold")

    def code(
        self,
        kind: Literal["qr", "aztec", "datamatrix", "pdf417", "barcode"],
        content: str,
        correction: Correction = "L",
        dots: int = 4,
    ) -> None:
        """A printed code: in text a placeholder."""
        text = f"[{kind.upper()} {content}]"
        self.lines.append(PaperLine(text=text, code=(kind, content), correction=correction, dots=dots))

    def _spaced(self, text: str) -> str:
        spaced = _space(text)
        return spaced if len(spaced) <= self.width else text


def _space(text: str) -> str:
    return "   ".join(" ".join(word) for word in text.split())


def amount(grosze: int) -> str:
    """``1234,56`` as printed."""
    sign = "-" if grosze < 0 else ""
    return f"{sign}{abs(grosze) // 100},{abs(grosze) % 100:02d}"


def words(number: int) -> str:
    """A whole number below a billion in Polish words, as invoices carry it."""
    if number == 0:
        return "zero"
    parts = []
    for power, forms in ((1_000_000, ("milion", "miliony", "milionów")), (1000, ("tysiąc", "tysiące", "tysięcy"))):
        count, number = divmod(number, power)
        if count:
            parts.append(_below_thousand(count) if count > 1 else "")
            parts.append(_form(count, forms))
    parts.append(_below_thousand(number))
    return " ".join(part for part in parts if part)


_UNITS = (
    "", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć", "dziesięć", "jedenaście",
    "dwanaście", "trzynaście", "czternaście", "piętnaście", "szesnaście", "siedemnaście", "osiemnaście",
    "dziewiętnaście",
)  # fmt: skip
_TENS = (
    "", "", "dwadzieścia", "trzydzieści", "czterdzieści", "pięćdziesiąt", "sześćdziesiąt", "siedemdziesiąt",
    "osiemdziesiąt", "dziewięćdziesiąt",
)  # fmt: skip
_HUNDREDS = (
    "", "sto", "dwieście", "trzysta", "czterysta", "pięćset", "sześćset", "siedemset", "osiemset", "dziewięćset",
)  # fmt: skip


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    tens, units = (0, rest) if rest < 20 else divmod(rest, 10)
    return " ".join(part for part in (_HUNDREDS[hundreds], _TENS[tens], _UNITS[units]) if part)


def _form(count: int, forms: tuple[str, str, str]) -> str:
    if count == 1:
        return forms[0]
    few = count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14)
    return forms[1] if few else forms[2]
