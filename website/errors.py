"""The page of error codes: what each means, who has to act, whether a retry is safe, what is known, what to do."""

from __future__ import annotations

import re
from itertools import groupby

from fiscald.api.problems import status_of
from fiscald.model.conditions import CONDITIONS
from fiscald.model.problems import CATALOGUE, Fate, Fault, Retry, Row
from website.markdown import code, prose, table
from website.prepare import Page

_GROUPS = {
    "request": "Requests",
    "token": "Tokens",
    "document": "Documents",
    "job": "Jobs",
    "printer": "Printers",
    "link": "The link to a printer",
    "licence": "The licence",
    "journal": "The journal",
    "fleet": "Orders of a fleet",
    "webhook": "Webhooks",
    "console": "The web console",
    "daemon": "The daemon",
}
_WHO = {
    Fault.REQUEST: "the application",
    Fault.PRINTER: "a person at the printer",
    Fault.LINK: "a person who looks after the connection",
    Fault.LICENCE: "a person who looks after the licence",
    Fault.DAEMON: "the administrator",
}
_PAPER = {
    Fate.NOT_PRINTED: "not printed",
    Fate.PRINTED: "printed",
    Fate.UNKNOWN: "not known",
}
_SAFE = {
    Retry.SAFE: "safe: nothing was printed",
    Retry.SAME_KEY: "with the same key only: the answer may already be there",
    Retry.USELESS: "useless until something changes",
}
_QUESTIONS = (
    (
        "Who has to act?",
        "`fault`",
        "`request`: the application. `printer`: a person at it. `link`: cable, power, network. `licence`, `daemon`",
    ),
    ("Was the document printed?", "`document`", "`not_printed`, `printed`, `unknown`"),
    (
        "Is a retry safe?",
        "`retry`",
        "`safe`: nothing was printed. `same_key`: ask again, with the same key only. `useless`: change something first",
    ),
    ("What do I say?", "`detail`, `detail_pl`", "English for the log, Polish for the cashier"),
)
_INTRO = """\
# Error codes

Every code that an application can get. Codes do not change; new ones may be added. An error arrives in one of three
places: as the answer to a request, as `error` of a job that failed or is undecided, and as `waiting` of a job that is
not final yet.

Each code answers four questions, and each problem has the answers as fields:

{questions}
A program needs only these fields, not the code: it shows `detail_pl`, and looks at `document` and `retry`. The sections
below show the usual value of `document`; the answer has the exact one. Words in braces are filled in.

"""


def errors_page() -> Page:
    """The page."""
    parts = [_INTRO.replace("{questions}", table(("question", "field", "values"), _QUESTIONS))]
    for group, rows in groupby(_sorted(), key=lambda each: each[0].partition(".")[0]):
        listed = list(rows)
        parts.append(f"## {_GROUPS[group]}\n\n")
        parts.append(
            table(
                ("code", "what it means", "retry"),
                ((f"[{code(name)}](#{_anchor(name)})", prose(row.title), code(row.retry)) for name, row in listed),
            )
        )
        parts += [_section(name, row) for name, row in listed]
    return Page("errors.md", "\n".join(parts))


def _sorted() -> list[tuple[str, Row]]:
    order = list(_GROUPS)
    return sorted(CATALOGUE.items(), key=lambda each: order.index(each[0].partition(".")[0]))


def _anchor(name: str) -> str:
    """As the heading's anchor is made."""
    return re.sub(r"[^\w-]", "", name)


def _section(name: str, row: Row) -> str:
    facts = [
        ("who has to act", f"{_WHO[row.fault]} (`{row.fault}`)"),
        ("the document", f"{_PAPER[row.document]} (`{row.document}`)"),
        ("a retry", f"{_SAFE[row.retry]} (`{row.retry}`)"),
        ("HTTP status", f"{status_of(name)}, if it is the answer to a request"),
        ("message", prose(_braces(row.detail))),
        ("for the cashier", prose(_braces(row.detail_pl))),
        ("what to do", what_to_do(name, row)),
    ]
    return f"### `{name}`\n\n{prose(row.title)}.\n\n{table(('', ''), facts)}"


def _braces(template: str) -> str:
    """The parts of a template that are filled in, without how they are written."""
    if template in ("{reason}", "{reason_pl}"):
        return "what exactly is wrong, in one sentence"
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: f"`{{{found[1]}}}`", template)


def what_to_do(name: str, row: Row) -> str:
    """What the application does, and then what a person does."""
    group, _, short = name.partition(".")
    steps = [_application(row, group)]
    if group == "printer" and short in CONDITIONS:
        steps.append(f"At the printer: {prose(_braces(CONDITIONS[short].fix.partition('    #')[0]))}.")
    elif name in _PERSON:
        steps.append(_PERSON[name])
    elif group in _PERSON:
        steps.append(_PERSON[group])
    return " ".join(steps)


def _application(row: Row, group: str) -> str:
    """By the fields, as a program decides it."""
    match row.fault, row.retry:
        case Fault.REQUEST, Retry.USELESS:
            return "The application must send something else; the same request gets the same answer."
        case Fault.REQUEST, Retry.SAFE:
            return "Nothing was printed. Submit the sale again if it is still wanted."
        case _, Retry.SAFE:
            return (
                "Nothing was printed. As the answer to a request: send it again with the same key, when the cause is "
                "gone. As the `error` of a failed job: submit the same sale under a new key."
            )
        case Fault.PRINTER | Fault.LINK, Retry.SAME_KEY if row.document is Fate.NOT_PRINTED or group == "link":
            return (
                "As `waiting` of a job: show the cashier's text and ask again with the same key. The document is "
                "printed when the cause is gone; withdraw it (`DELETE`) if the sale ends otherwise."
            )
        case _, Retry.SAME_KEY:
            return "Ask again with the same key. Never use a new one: the document may have been printed."
        case Fault.PRINTER, _:
            return (
                "The document is not registered, and its key keeps this answer. Show the cashier's text; the corrected "
                "sale gets a new key."
            )
        case Fault.LICENCE, _:
            return "Show the person who looks after the licence the text; the same step fails until something changes."
    return "Do not send the command again before a person has looked at the printer."


#: What a person does, by code, or by the first word of the code.
_CENTRAL = "[The central of a fleet](fleet-central.md) has the commands."
_PERSON = {
    "job.conflict": "Look at the job with that key first. Only another sale gets a new key.",
    "printer.unproven": "A person compares the paper with the evidence and decides: [undecided](howto/undecided.md).",
    "printer.undecided": "A person decides the earlier document: [undecided](howto/undecided.md).",
    "printer.swapped": "Connect the old printer, or adopt the new one: "
    "[another printer](symptoms.md#the-printer-was-replaced).",
    "printer.foreign_transaction": "Finish or cancel the document in the other program; fiscald never does.",
    "journal.behind": "A person compares the journal with the paper: "
    "[the journal and the printer](recovery.md#the-journal-and-the-printer).",
    "journal.damaged": "A person looks at the paper and decides the job: [undecided](howto/undecided.md).",
    "journal.reading": "Wait: it ends without help.",
    "daemon.journal": "The administrator looks at the disk: `fiscalctl doctor`.",
    "daemon.internal": "The administrator sends a bug report: `fiscalctl bugreport`.",
    "daemon.busy": "Close connections that are no longer needed.",
    "token": "The administrator looks at `fiscalctl token list`, and makes a token with `fiscalctl token create`.",
    "request.denied": "The administrator gives the right: [rights](configuration.md#rights).",
    "request.host": "The administrator adds the name to `hosts`: [the network](configuration.md#the-network).",
    "request.origin": "The administrator adds the site to `origins`: [printing from a web page](browser.md).",
    "request.no_tls": "Write `https://` in the address: [programs on another computer](clients.md).",
    "document.unsupported": "[What each printer prints](documents.md) shows which printers print it.",
    "document.refused": "`errors[]` names each field and what to send instead; "
    "[what each printer prints](documents.md) has the limits.",
    "link": "A technician starts with `fiscalctl doctor`: [by symptom](symptoms.md#the-printer-is-offline).",
    "licence": "[The licence](licence.md) says how to register, renew and move it; `fiscalctl licence status` shows "
    "its state.",
    "webhook": "[Webhooks](webhooks.md#watching) has the commands.",
    "fleet": "[The fleet](fleet.md#messages-that-are-not-obeyed) explains each.",
    "fleet.shop_unknown": _CENTRAL,
    "fleet.shop_revoked": _CENTRAL,
    "fleet.shop_away": _CENTRAL,
    "fleet.token": _CENTRAL,
    "fleet.read_only": _CENTRAL,
    "fleet.database": _CENTRAL,
    "console": "[The web console](console.md) says what it needs.",
}
