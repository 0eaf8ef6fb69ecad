"""``[printers.NAME.gateway]``: programs that speak a printer's protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from fiscald.config_listen import split_address
from fiscald.config_text import meant
from fiscald.emulator import emulator_factory
from fiscald.gateway import FAMILIES, GatewaySettings
from fiscald.model.strict import Strict

_EXAMPLES = '"tcp://127.0.0.1:6001" or "pty:/run/fiscald/till1"'


def _is_listen(value: str) -> str:
    kind, _, rest = value.partition(":")
    if kind == "tcp" and rest.startswith("//"):
        split_address(rest.removeprefix("//").removesuffix("/"))
    elif kind != "pty" or not rest or "\0" in rest:
        raise ValueError(f'"{value}": write {_EXAMPLES}')
    return value


def _is_family(value: str) -> str:
    if value not in FAMILIES:
        raise ValueError(
            f'"{value}": programs can speak {", ".join(FAMILIES)} to a gateway{meant(value, list(FAMILIES))}'
        )
    return value


class GatewayConfig(Strict):
    """``[printers.NAME.gateway]``: absent, no program speaks a printer's protocol to this printer."""

    listen: Annotated[str, AfterValidator(_is_listen)] = Field(
        description="tcp://ADDRESS:PORT, or pty:PATH for a serial port"
    )
    family: Annotated[str, AfterValidator(_is_family)] = Field(description="what the programs speak")
    profile: str | None = Field(default=None, description="which model programs see; absent: the family's usual one")
    code_page: str | None = Field(default=None, description="of the programs; absent: the family's usual one")
    repeat_seconds: Annotated[int, Field(strict=True, ge=0, le=86_400)] = Field(
        default=300, description="how long a document that a program sends again is recognised"
    )
    answer_seconds: Annotated[int, Field(strict=True, ge=1, le=600)] = Field(
        default=10, description="a program that waited longer than this for its answer may have given up"
    )

    @model_validator(mode="after")
    def _has_choices(self) -> GatewayConfig:
        factory = emulator_factory(self.family)
        for name, known in (("profile", factory.profiles), ("code_page", factory.code_pages)):
            chosen = getattr(self, name)
            if chosen is not None and chosen not in known:
                raise ValueError(f'{name}: "{chosen}" is none of {", ".join(known)}{meant(chosen, list(known))}')
        return self

    @property
    def address(self) -> tuple[str, int] | None:
        """IP address and port; ``None``: it is a pseudo-terminal."""
        kind, _, rest = self.listen.partition(":")
        return split_address(rest.removeprefix("//").removesuffix("/")) if kind == "tcp" else None

    def settings(self, printer: str, folder: Path) -> GatewaySettings:
        """The gateway of that printer; paths are relative to ``folder``."""
        address = self.address
        return GatewaySettings(
            printer,
            self.family,
            tcp=address,
            link=folder / self.listen.partition(":")[2] if address is None else None,
            profile=self.profile,
            code_page=self.code_page,
            repeat_seconds=self.repeat_seconds,
            answer_seconds=self.answer_seconds,
        )

    def beside(self, folder: Path) -> GatewayConfig:
        """The same, with a path relative to ``folder``."""
        if self.address is not None:
            return self
        return self.model_copy(update={"listen": f"pty:{folder / self.listen.partition(':')[2]}"})
