"""Programs that speak a printer's protocol to a gateway: what one said for a document, and what a gateway has done."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from fiscald.model.strict import Strict

#: Pieces and bytes that are kept of one sending, and sendings of one document.
MOST_PIECES, MOST_BYTES, MOST_SENDINGS = 200, 16 * 1024, 4


class Said(Strict):
    """Bytes that passed between a program and a gateway at about the same time, in one direction."""

    at: AwareDatetime = Field(description="when the first of them passed")
    direction: Literal[">", "<"] = Field(description="> from the program, < to it")
    hex: Annotated[str, Field(max_length=2 * MOST_BYTES)] = Field(description="the bytes, in hexadecimal")
    left_out: int = Field(
        default=0, description="how many bytes before these are not kept, because there were too many"
    )


class Sending(Strict):
    """One time that a program sent a document: from its opening command to its closing command and the answer."""

    began: AwareDatetime
    answered: AwareDatetime | None = Field(
        default=None,
        description="when the answer to the closing command was sent; null: not yet, or the program was gone, or the "
        "protocol has no answer to it",
    )
    said: Annotated[tuple[Said, ...], Field(max_length=MOST_PIECES)] = Field(
        description="what the program sent, and the answers that it got; the middle of a long one is left out"
    )


class Program(Strict):
    """The program that sent a document through a gateway."""

    peer: str = Field(description="its network address, or `serial`")
    family: str = Field(description="the protocol that it speaks", examples=["posnet"])
    code_page: str | None = Field(default=None, description="of its texts; null: the usual one of the family")
    repeated: int = Field(default=0, description="how often it sent the document again and got the first one's answer")
    sent: tuple[Sending, ...] | None = Field(
        default=None,
        description=f"the bytes: the first {MOST_SENDINGS - 1} times that it sent the document, and the last one. Null "
        "in lists, events and messages to webhooks: only `GET /v1/jobs/{key}` has them",
    )


class Refusal(Strict):
    """A document of a program that was refused."""

    at: AwareDatetime
    code: str = Field(description="of the problem", examples=["document.refused"])


class PrinterGateway(Strict):
    """The gateway of a printer."""

    listen: str = Field(description="where programs connect", examples=["tcp://127.0.0.1:6001"])
    family: str = Field(description="the protocol that they speak", examples=["posnet"])
    state: Literal["starting", "listening", "failed"] = Field(
        description="`failed`: it cannot listen there, and tries again; `reason` says why"
    )
    reason: str = Field(default="", description="why it cannot listen")
    powered: bool = Field(description="false: fiscald has not reached the printer yet, so connections are closed")
    open_to_all: bool = Field(description="every computer that reaches the port may print")
    program: str | None = Field(
        description="the address of the program that is connected; null: none is, or a serial port does not show it"
    )
    programs: int = Field(description="connections since the start")
    quiet_ms: int | None = Field(description="since the last byte of a program; null: none has come")
    received: int = Field(description="bytes of all programs since the start")
    speaks: str | None = Field(
        description="what the last program speaks, told from its bytes: `posnet`, `thermal`, `rfc2217`, `xml`, `http`, "
        "`tls`, or `noise`, which is nothing of these; null: too few bytes to tell",
    )
    denied: int = Field(description="connections of computers that may not connect, since the start")
    denied_last: str | None = Field(description="the address of the last of them")
    busy: int = Field(description="connections that were closed because another program had the gateway")
    document: str | None = Field(description="key of the job whose end a program waits for")
    printed: int = Field(description="documents that were printed since the start")
    refused: int = Field(description="documents, and commands of documents, that were refused since the start")
    repeated: int = Field(description="documents that were sent again and recognised since the start")
    last_printed: str | None = Field(description="key of the last document that was printed")
    last_refused: Refusal | None = Field(description="the last refusal")
