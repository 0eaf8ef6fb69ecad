"""Printers and jobs as text."""

from __future__ import annotations

from decimal import Decimal

from fiscald.cli.context import problem_text
from fiscald.cli.evidence import evidence_lines
from fiscald.cli.frames import frame_lines
from fiscald.model.e_receipt import Delivered, EReceiptState
from fiscald.model.jobs import Job, JobEvent, JobState
from fiscald.model.money import format_money
from fiscald.model.printers import PrinterStatus
from fiscald.model.programs import PrinterGateway, Program
from fiscald.model.times import POLISH_TIME
from fiscald.recording.pcapng import RecordingError
from fiscald.recording.sent import decoded
from fiscald.terminal import shown

#: The age of the counters is shown if it exceeds this many milliseconds.
OLD_MS = 5000


def describe_due(due: Decimal) -> str:
    """What the customer pays; or, below zero, gets."""
    return f"paid out {format_money(-due)}" if due < 0 else f"due {format_money(due)}"


def _e_receipt(e_receipt: EReceiptState) -> str:
    """What is known about an e-receipt."""
    if not e_receipt.registered:
        return "e-receipt not known" if e_receipt.registered is None else "e-receipt not registered"
    delivered = {Delivered.YES: "delivered", Delivered.NO: "not delivered", Delivered.UNKNOWN: "delivery not known"}
    return f"e-receipt {e_receipt.id} ({delivered[e_receipt.delivered]})"


def printer_text(printer: PrinterStatus) -> str:
    """Everything about a printer, on several lines."""
    printer = shown(printer)
    age = "never answered" if printer.age_ms is None else f"answered {printer.age_ms / 1000:.1f} s ago"
    lines = [f"{printer.name}: {printer.state}{' (stale)' if printer.stale else ''}, {age}"]
    lines.append(f"  {printer.family} at {printer.address}")
    if printer.identity is not None:
        identity = printer.identity
        mode = "fiscal" if identity.fiscal else "not fiscalised"
        lines.append(f"  {identity.model or 'unknown model'} {identity.firmware or ''}, {identity.printer_id}, {mode}")
    if printer.counters is not None:
        counters = printer.counters
        # Shown only if old: fiscald reads the counters less often than the state.
        old = printer.ages.counters is not None and printer.ages.counters > OLD_MS
        when = f", {(printer.ages.counters or 0) / 1000:.0f} s ago" if old else ""
        lines.append(
            f"  day {counters.daily_report}: {counters.receipts} receipts, last number {counters.last_receipt}"
            f"{f', {counters.invoices} invoices' if counters.invoices else ''}{when}"
        )
    if printer.vat is not None:
        lines.append("  VAT " + "  ".join(f"{letter} {rate}" for letter, rate in printer.vat.items() if rate))
    lines += [f"  note: {warning.detail}" for warning in printer.warnings]
    if printer.gateway is not None:
        lines += gateway_lines(printer.gateway)
    if printer.job is not None:
        lines.append(f"  printing {printer.job}")
    if printer.queue:
        lines.append(f"  {printer.queue} waiting")
    if printer.problem is not None:
        lines.append("  " + problem_text(printer.problem).replace("\n", "\n  "))
    return "\n".join(lines)


def gateway_lines(gateway: PrinterGateway) -> list[str]:
    """What a gateway has done, and what is wrong there."""
    who = "" if gateway.listen.startswith("pty:") else f", {gateway.program or 'no program'} is connected"
    done = f"{gateway.printed} printed, {gateway.refused} refused, {gateway.repeated} sent again"
    lines = [f"  gateway: {gateway.family} at {gateway.listen}{who}; {done}"]
    lines += [f"    {trouble}" for trouble in gateway_troubles(gateway)]
    if gateway.document is not None:
        lines.append(f"    a program waits for {gateway.document}")
    last = [] if gateway.last_printed is None else [f"last printed {gateway.last_printed}"]
    if gateway.last_refused is not None:
        at = f"{gateway.last_refused.at.astimezone(POLISH_TIME):%Y-%m-%d %H:%M:%S}"
        last.append(f"last refused {at} ({gateway.last_refused.code})")
    return [*lines, f"    {', '.join(last)}"] if last else lines


def gateway_troubles(gateway: PrinterGateway) -> list[str]:
    """What keeps programs from printing through it."""
    found = []
    if gateway.state == "failed":
        found.append(f"cannot listen: {gateway.reason}")
    elif gateway.programs == 0 and not gateway.listen.startswith("pty:"):
        found.append("no program has connected since the start")
    if gateway.denied:
        found.append(
            f"{gateway.denied} refused connections, the last from {gateway.denied_last}: allow does not name it"
        )
    if gateway.speaks == "noise":
        found.append("what comes is no known protocol: another speed, or another kind of program")
    elif gateway.speaks not in (None, gateway.family):
        found.append(f"the program speaks {gateway.speaks}, and this gateway {gateway.family}")
    if gateway.busy:
        found.append(f"{gateway.busy} connections were closed because another program was connected")
    return found


def program_lines(program: Program) -> list[str]:
    """Who sent a document through a gateway; and, where that is known, what it said, frame by frame."""
    again = f", and sent it again {program.repeated} times" if program.repeated else ""
    lines = [f"  through the gateway, from {program.peer} ({program.family}){again}"]
    for sending in program.sent or ():
        answered = "" if sending.answered else "; no answer was sent"
        lines.append(f"  sent {sending.began.astimezone(POLISH_TIME):%Y-%m-%d %H:%M:%S}{answered}")
        try:
            found = shown(decoded(program, sending))
        except RecordingError as error:
            lines += [f"    {error}", *(f"    {each.direction} {each.hex}" for each in sending.said)]
            continue
        for entry in found:
            at = f"    {entry.at.astimezone(POLISH_TIME):%H:%M:%S.%f} "
            if entry.frame is None:
                lines.append(f"{at}- {entry.note}")
            else:
                lines += frame_lines(f"{at}{entry.direction} ", entry.frame)
    return lines


def job_line(found: Job) -> str:
    """A job on one line."""
    found = shown(found)
    number = found.result.number if found.result else None
    outcome = f"number {number}" if number is not None else found.error.code if found.error else ""
    when = f"{found.updated_at:%Y-%m-%d %H:%M:%S}"
    line = f"{when}  {found.printer}  {found.state:9}  {found.document.type:12}  {found.key}  {outcome}".rstrip()
    return line if found.program is None else f"{line}  from {found.program.peer}"


def event_text(event: JobEvent) -> str:
    """What happened to a job, with the reason on a second line."""
    found = shown(event)
    lines = [f"  {found.at:%Y-%m-%d %H:%M:%S}  {found.phase}"]
    if found.problem is not None:
        lines.append(f"    {found.problem.code}: {found.problem.detail}")
    if found.resolution is not None:
        said = found.resolution
        number = "" if said.number is None else f", number {said.number}"
        lines.append(f"    {said.by} decided: {said.verdict}{number}{f' ({said.note})' if said.note else ''}")
    return "\n".join(lines)


def job_text(job: Job, *, frames: bool = False) -> str:
    """Everything about a job, on several lines. ``frames``: also what the program of a gateway said."""
    found = shown(job)
    lines = [f"{found.key}: {found.state}, paper {found.paper}"]
    if found.result is not None:
        result = found.result
        facts = [
            "" if result.number is None else f"number {result.number}",
            "" if result.daily_report is None else f"daily report {result.daily_report}",
            "" if result.total is None else f"total {format_money(result.total)}",
            "" if result.due is None or result.due == result.total else describe_due(result.due),
            "" if result.e_receipt is None else _e_receipt(result.e_receipt),
            result.printer_id,
            "" if result.printed_at is None else f"{result.printed_at:%Y-%m-%d %H:%M:%S}",
        ]
        lines.append("  " + ", ".join(fact for fact in facts if fact))
    lines += [f"  note: {notice.pointer + ' ' if notice.pointer else ''}{notice.detail}" for notice in found.warnings]
    for problem in (found.error, found.waiting):
        if problem is not None:
            lines.append("  " + problem_text(problem).replace("\n", "\n  "))
    if found.program is not None:
        lines += program_lines(found.program if frames else found.program.model_copy(update={"sent": None}))
        if not frames:
            lines.append(f"  what the program said: fiscalctl job '{found.key}' --frames")
    if found.state is JobState.UNDECIDED:
        lines += [f"  {line}" for line in evidence_lines(job.evidence)]
        lines.append(f"  all the evidence: fiscalctl --json job '{found.key}'")
        lines.append(f"  decide with: fiscalctl resolve '{found.key}' printed|not_printed --by NAME")
    return "\n".join(lines)
