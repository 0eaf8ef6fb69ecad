"""The problems that fiscald reports: a closed list of codes. Each code says who has to act, what is known about the
document, and whether a retry is safe.

The list is ``CATALOGUE``; ``docs/errors.md`` is generated from it (``python -m fiscald.model.problems``) and
applications may rely on the codes. ``detail`` is for the developer and the technician, ``detail_pl`` for the
cashier.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple

from pydantic import ConfigDict, Field

from fiscald.model.conditions import CONDITIONS
from fiscald.model.strict import Strict

#: A problem lists at most this many bad fields.
MAX_ERRORS = 50


class Fault(StrEnum):
    """Who has to act."""

    REQUEST = "request"
    PRINTER = "printer"
    LINK = "link"
    LICENCE = "licence"
    DAEMON = "daemon"


class Fate(StrEnum):
    """What is known about the document this problem belongs to."""

    NOT_PRINTED = "not_printed"
    PRINTED = "printed"
    UNKNOWN = "unknown"


class Retry(StrEnum):
    """What a retry would do."""

    SAFE = "safe"
    """Nothing was printed: a retry is safe. A failed job keeps its answer, so the retry needs a new key."""
    SAME_KEY = "same_key"
    """Retry with the same key only: the answer may already be there."""
    USELESS = "useless"
    """The same request will fail again until something changes."""


class FieldProblem(Strict):
    """One bad field: where it is and what to send instead."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into the request body")
    code: str = Field(description="stable, dotted")
    detail: str
    detail_pl: str


#: Members that only some problems have.
_FURTHER: dict[str, dict[str, Any]] = {
    "expected": {"description": "what was expected: a number, a unique number, a company"},
    "found": {"description": "what is there instead"},
    "cause": {"type": "string", "description": "why a job is undecided; docs/recovery.md explains each"},
    "pointer": {"type": "string", "description": "the part of the document that the printer refused"},
    "prompt": {"type": "string", "description": "which input to ask the person for (licence problems)"},
    "certificate_code": {"type": "string", "description": "why a certificate was refused"},
    "rights": {"type": "array", "items": {"type": "string"}, "description": "the caller needs one of these"},
    "given_to": {"type": "array", "items": {"type": "string"}, "description": "who has them"},
    "allow": {"type": "array", "items": {"type": "string"}, "description": "the methods that the route has"},
}


def name_further_members(schema: dict[str, Any]) -> None:
    """Add the members that only some problems have to the JSON schema. The model does not declare them."""
    schema["properties"] |= {name: dict(member) for name, member in _FURTHER.items()}


class Problem(Strict):
    """Why something was refused, failed or is undecided (RFC 9457 with our extensions).

    Some codes have more members: ``prompt`` (licence problems), ``expected`` and ``found``.
    """

    model_config = ConfigDict(extra="allow", json_schema_extra=name_further_members)

    code: str = Field(
        description="stable, dotted; the list is in docs/errors.md and may grow",
        json_schema_extra={"pattern": r"^[a-z_]+(\.[a-z_]+)+$"},
    )
    title: str
    detail: str
    detail_pl: str
    fault: Fault
    document: Fate
    retry: Retry
    device_code: str | None = Field(default=None, description="the printer's own error number, as the vendor writes it")
    errors: tuple[FieldProblem, ...] = ()
    """At most ``MAX_ERRORS``; ``detail`` says how many there are."""


class ProblemError(Exception):
    """A problem, raised as an exception."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(f"{problem.code}: {problem.detail}")


class Row(NamedTuple):
    """One catalogue row; ``detail`` and ``detail_pl`` are ``str.format`` templates."""

    fault: Fault
    document: Fate
    retry: Retry
    title: str
    detail: str
    detail_pl: str


_REQ, _PRN, _LNK, _LIC, _DMN = Fault.REQUEST, Fault.PRINTER, Fault.LINK, Fault.LICENCE, Fault.DAEMON
_NOT, _UNK = Fate.NOT_PRINTED, Fate.UNKNOWN
_SAFE, _SAME, _USELESS = Retry.SAFE, Retry.SAME_KEY, Retry.USELESS

#: If the request names a key, the API adds what is known about its document.
_APP_PL = "Program sprzedaży wysłał błędne polecenie. Zgłoś to jego dostawcy."
_WAIT_PL = "Dokument czeka i zostanie wydrukowany, gdy drukarka będzie gotowa."
_FATE_PL = "Stan rozpoczętego dokumentu zostanie ustalony."

#: Every code that an application can get.
CATALOGUE: dict[str, Row] = {
    # -- the request itself ---------------------------------------------------------------------------
    "request.json": Row(_REQ, _NOT, _USELESS, "The body is not JSON", "{reason}", _APP_PL),
    "request.invalid": Row(
        _REQ, _NOT, _USELESS, "The request has bad fields", "{reason}",
        "Program sprzedaży wysłał błędne dane: {reason_pl} Popraw je albo zgłoś to dostawcy programu.",
    ),
    "request.too_large": Row(
        _REQ, _NOT, _USELESS, "The body is too large", "a body may have at most {limit} bytes", _APP_PL
    ),
    "request.query": Row(_REQ, _UNK, _USELESS, "A bad query parameter", "{reason}", _APP_PL),
    "request.cursor": Row(
        _REQ, _UNK, _USELESS, "The cursor belongs to another journal",
        "the cursor {cursor} is ahead of the newest job, {newest}: the journal was restored or replaced since then; "
        "read the list from its beginning", _APP_PL,
    ),
    "request.slow": Row(
        _REQ, _UNK, _SAME, "The body did not arrive in time", "the whole body must arrive within {seconds} s", _APP_PL
    ),
    "request.key": Row(
        _REQ, _NOT, _USELESS, "Not a job key",
        "a key has 1-128 characters of A-Z a-z 0-9 . _ : / -, percent-encoded in the path; this is {key!r}", _APP_PL,
    ),
    "request.reserved_key": Row(
        _REQ, _NOT, _USELESS, "A reserved key",
        "keys that begin with {prefix!r} belong to {owner}; begin the key with something else", _APP_PL,
    ),
    "request.route": Row(
        _REQ, _UNK, _USELESS, "No such route", "there is no {method} {path}; see GET /v1/openapi.json", _APP_PL
    ),
    "request.method": Row(
        _REQ, _UNK, _USELESS, "No such method on this route", "{path} has no {method}; use {methods}{hint}", _APP_PL,
    ),
    "request.accept": Row(
        _REQ, _UNK, _USELESS, "Not in this format", "{reason}; the formats are: {formats}",
        "Program sprzedaży prosi o nieobsługiwany format. Zgłoś to jego dostawcy.",
    ),
    "request.denied": Row(
        _REQ, _NOT, _USELESS, "Not allowed",
        "this needs the right {right!r} (given to: {holders}); {asker}. {remedy}",
        "Brak uprawnienia: {right_pl}. Zgłoś administratorowi.",
    ),
    # -- over the network: the caller may not learn anything about a document -------------------------
    "request.no_tls": Row(
        _REQ, _UNK, _USELESS, "Plain HTTP where TLS is spoken", "this port speaks TLS: use https:// in the address",
        "Program sprzedaży łączy się bez szyfrowania. W adresie programu fiscald wpisz https://.",
    ),
    "request.host": Row(
        _REQ, _UNK, _USELESS, "Not a name of this daemon",
        "{host!r} is not a name of this daemon: use its address, a name in its certificate, or one of listen.hosts "
        "in the configuration", "Nieznana nazwa komputera w adresie programu fiscald. Zgłoś administratorowi.",
    ),
    "request.origin": Row(
        _REQ, _UNK, _USELESS, "Web pages of this site may not call",
        "add {origin!r} to listen.origins in the configuration if its pages may print",
        "Ta strona internetowa nie ma pozwolenia na drukowanie. Zgłoś administratorowi.",
    ),
    "token.missing": Row(
        _REQ, _UNK, _USELESS, "A token is needed",
        "send the header Authorization: Bearer TOKEN; fiscalctl token create makes one",
        "Program sprzedaży nie podał tokenu dostępu. Zgłoś jego dostawcy.",
    ),
    "token.wrong": Row(
        _REQ, _UNK, _USELESS, "Not a token of this daemon",
        "the token is mistyped or belongs to another daemon; make one with fiscalctl token create",
        "Token dostępu jest nieprawidłowy. Zgłoś administratorowi.",
    ),
    "token.expired": Row(
        _REQ, _UNK, _USELESS, "The token has expired",
        "the token {name!r} expired at {at}; make another one with fiscalctl token create",
        "Token dostępu stracił ważność. Zgłoś administratorowi.",
    ),
    "token.revoked": Row(
        _REQ, _UNK, _USELESS, "The token was revoked",
        "the token {name!r} was revoked at {at}; make another one with fiscalctl token create",
        "Token dostępu został unieważniony. Zgłoś administratorowi.",
    ),
    "token.slowed": Row(
        _REQ, _UNK, _SAME, "Too many wrong tokens",
        "too many requests with wrong tokens come from this address; try again in {seconds} s with the right one",
        "Zbyt wiele prób z błędnym tokenem dostępu. Zgłoś administratorowi.",
    ),
    "token.printer": Row(
        _REQ, _NOT, _USELESS, "Not a printer of this token",
        "the token {name!r} is for {printers} only{hint}",
        "Token dostępu nie obejmuje tej drukarki. Zgłoś administratorowi.",
    ),
    "token.by_token": Row(
        _REQ, _NOT, _USELESS, "Only a user makes tokens",
        "a token cannot make, list or revoke tokens: run fiscalctl token on the daemon's computer",
        "Tokenami dostępu zarządza się na komputerze z programem fiscald.",
    ),
    "token.rights": Row(
        _REQ, _NOT, _USELESS, "More rights than the caller has",
        "the caller does not have the rights that the token would have: {rights}",
        "Nie można nadać uprawnień, których się nie ma.",
    ),
    "token.exists": Row(
        _REQ, _NOT, _USELESS, "The token cannot be made",
        "{reason}; choose another name, or first revoke it: fiscalctl token revoke {name}",
        "Token o tej nazwie już istnieje.",
    ),
    "token.unknown": Row(
        _REQ, _NOT, _USELESS, "No such token", "there is no valid token {name!r}; see fiscalctl token list",
        "Nie ma tokenu o tej nazwie.",
    ),
    "request.raw": Row(
        _REQ, _NOT, _USELESS, "Not a command of this printer", "{reason}",
        "Błędne polecenie serwisowe. Nic nie wysłano do drukarki.",
    ),
    "document.refused": Row(
        _REQ, _NOT, _USELESS, "The printer would refuse this document", "{reason}",
        "Drukarka odrzuciłaby ten dokument: {reason_pl} Nic nie wydrukowano.",
    ),
    "document.unsupported": Row(
        _REQ, _NOT, _USELESS, "This printer cannot print this kind of document",
        "printer {printer} ({family}) has no {document}: {why}; it can do: {documents}",
        "Drukarka {printer} nie obsługuje tego dokumentu.",
    ),
    "job.unknown": Row(
        _REQ, _NOT, _SAFE, "No such job", "the journal has no job with key {key!r}",
        "Nie ma takiego dokumentu.",
    ),
    "job.conflict": Row(
        _REQ, _UNK, _USELESS, "This key belongs to another document",
        "key {key!r} was used at {created_at} for a document with other content, which may be printed: look at that "
        "job first; a new key is for another sale only",
        "Ten numer zlecenia ma już inny dokument. Nic nowego nie wydrukowano.",
    ),
    "job.started": Row(
        _REQ, _UNK, _USELESS, "Too late to withdraw", "job {key!r} is {state}; only an accepted job can be withdrawn",
        "Dokumentu nie można już wycofać.",
    ),
    "job.withdrawn": Row(
        _REQ, _NOT, _USELESS, "Withdrawn", "the job was withdrawn before anything was sent to the printer",
        "Dokument wycofano przed wydrukiem.",
    ),
    "job.expired": Row(
        _REQ, _NOT, _SAFE, "The deadline passed",
        "the job had not started by {deadline}; nothing was sent to the printer",
        "Minął termin wydruku. Dokumentu nie wydrukowano.",
    ),
    "job.unexpected_last": Row(
        _REQ, _NOT, _USELESS, "Another last receipt than expected",
        "the printer's last receipt has the number {found}, the application expected {expected}; nothing was printed",
        "Numer ostatniego paragonu na drukarce ({found}) jest inny niż oczekiwany ({expected}). Nic nie wydrukowano.",
    ),
    "job.not_undecided": Row(
        _REQ, _UNK, _USELESS, "Nothing to decide", "job {key!r} is {state}; only an undecided job can be resolved",
        "Ten dokument nie wymaga decyzji.",
    ),
    "job.no_paper": Row(
        _REQ, _UNK, _USELESS, "There is no copy of this document", "there is no copy of the paper of {key!r}: {reason}",
        "Nie ma kopii tego wydruku.",
    ),
    "job.resolved_not_printed": Row(
        _REQ, _NOT, _USELESS, "A person decided: not printed", "resolved by {by}: {note}",
        "Osoba uprawniona stwierdziła, że dokumentu nie wydrukowano.",
    ),
    "printer.unknown": Row(
        _REQ, _NOT, _USELESS, "No such printer", "there is no printer {printer!r}; configured: {printers}",
        "Nie ma takiej drukarki.",
    ),
    "printer.not_waiting": Row(
        _REQ, _UNK, _USELESS, "Nothing to adopt",
        "printer {printer} does not need to be adopted as {printer_id!r}: {reason}",
        "Ta drukarka nie wymaga zatwierdzenia.",
    ),
    # -- the printer ----------------------------------------------------------------------------------
    "printer.refused": Row(
        _PRN, _NOT, _USELESS, "The printer refused the document", "{reason}",
        "Drukarka odrzuciła dokument: {reason_pl}. Dokumentu nie zarejestrowano.",
    ),
    **{
        f"printer.{name}": Row(_PRN, _NOT, _SAME, words.title, words.detail, words.detail_pl)
        for name, words in CONDITIONS.items()
    },
    "printer.foreign_transaction": Row(
        _PRN, _NOT, _SAME, "Another program's document is open on the printer",
        "a document that fiscald did not open is open on {printer}; finish or cancel it there. "
        "fiscald never cancels a document of another program",
        "Na drukarce jest otwarty dokument innego programu. Zakończ go lub anuluj.",
    ),
    "printer.swapped": Row(
        _PRN, _NOT, _SAME, "Another printer is connected",
        "{printer} has the unique number {found!r}, the journal knows {expected!r}; connect the old one, or adopt "
        "the new one with: fiscalctl adopt {printer} {found_quoted}",
        "Podłączono inną drukarkę niż dotychczas. Nic nie zostanie wydrukowane, dopóki ktoś tego nie zatwierdzi.",
    ),
    "printer.undecided": Row(
        _PRN, _NOT, _SAME, "An earlier document is undecided",
        "printing on {printer} is stopped: job {key!r} needs a manual decision (fiscalctl resolve)",
        "Drukowanie wstrzymano: trzeba rozstrzygnąć wcześniejszy dokument.",
    ),
    "printer.interrupted": Row(
        _PRN, _NOT, _SAFE, "Interrupted before it was registered", "{reason}",
        "Wydruk przerwano przed zarejestrowaniem. Dokumentu nie ma w pamięci fiskalnej.",
    ),
    "printer.cancelled": Row(
        _PRN, _NOT, _SAFE, "Cancelled on the printer",
        "the document was cancelled on the printer, by a person or by another program, before it was finished",
        "Dokument anulowano na drukarce, zanim został ukończony.",
    ),
    "printer.unproven": Row(
        _PRN, _UNK, _SAME, "The printer cannot tell whether the document was registered", "{reason}",
        "Nie wiadomo, czy dokument został zarejestrowany. Sprawdź wydruk i zgłoś kierownikowi.",
    ),
    # -- the link -------------------------------------------------------------------------------------
    "link.absent": Row(
        _LNK, _NOT, _SAME, "No such device", "{address}: {reason}",
        "Drukarka nie jest podłączona. Sprawdź kabel i zasilanie.",
    ),
    "link.refused": Row(
        _LNK, _NOT, _SAME, "Connection refused or unreachable", "{address}: {reason}",
        "Drukarka nie odpowiada w sieci. Sprawdź zasilanie i kabel.",
    ),
    "link.certificate": Row(
        _LNK, _NOT, _SAME, "Another certificate than the configured one", "{address}: {reason}",
        "Certyfikat drukarki jest inny niż w konfiguracji. Zgłoś administratorowi.",
    ),
    "link.denied": Row(
        _LNK, _NOT, _SAME, "No permission for the port", "{address}: {reason}",
        "Brak uprawnień do portu drukarki. Zgłoś administratorowi.",
    ),
    "link.held": Row(
        _LNK, _NOT, _SAME, "Another computer or program has the printer", "{address}: {reason}",
        "Drukarkę zajmuje inny program lub komputer. Zamknij tam połączenie z drukarką.",
    ),
    "link.lost": Row(
        _LNK, _UNK, _SAME, "The link was lost", "{address}: {reason}",
        "Utracono połączenie z drukarką. Sprawdź kabel i zasilanie.",
    ),
    "link.silent": Row(
        _LNK, _UNK, _SAME, "The printer does not answer", "{address}: {reason}",
        "Drukarka nie odpowiada. Sprawdź, czy jest włączona.",
    ),
    "link.garbage": Row(
        _LNK, _UNK, _SAME, "The printer keeps sending, but does not answer commands", "{address}: {reason}",
        "Drukarka wysyła niezrozumiałe dane. Wyłącz ją i włącz ponownie; sprawdź prędkość i protokół w jej menu.",
    ),
    "link.unanswered": Row(
        _LNK, _UNK, _USELESS, "No reply to a raw command",
        "{printer}: {reason}; the printer may have carried out the command, check the printer before you send it again",
        "Drukarka nie odpowiedziała na polecenie serwisowe. Sprawdź ją, zanim wyślesz je ponownie.",
    ),
    # -- the licence ----------------------------------------------------------------------------------
    "licence.refused": Row(
        _LIC, _NOT, _USELESS, "The certificate was refused", "{reason} ({certificate_code})",
        "Plik licencji jest nieprawidłowy. Poprzednia licencja pozostaje w mocy.",
    ),
    "licence.unregistered": Row(
        _LIC, _NOT, _SAFE, "No valid licence", "there is no valid licence ({reason}); enter a licence number",
        "Program nie jest zarejestrowany. Podaj numer licencji.",
    ),
    "licence.revoked": Row(
        _LIC, _NOT, _SAFE, "The licence was revoked", "the vendor revoked this licence at {since}: {reason}",
        "Licencja została cofnięta przez dostawcę. Podaj inny numer licencji.",
    ),
    "licence.suspended": Row(
        _LIC, _NOT, _SAFE, "The licence is suspended",
        "the vendor suspended this licence at {since}: {reason}; ask the vendor, and then: fiscalctl licence check",
        "Dostawca zawiesił licencję. Skontaktuj się z nim, a potem sprawdź licencję ponownie.",
    ),
    "licence.transferred": Row(
        _LIC, _NOT, _SAFE, "The licence was moved to another computer",
        "this licence was moved to another computer at {since}; register its number here again, or another number",
        "Licencję przeniesiono na inny komputer.",
    ),
    "licence.machine_mismatch": Row(
        _LIC, _NOT, _SAFE, "The licence belongs to another computer",
        "the licence is bound to another computer; register its number here, or move it here by e-mail",
        "Licencja należy do innego komputera. Przenieś ją na ten komputer.",
    ),
    "licence.company_mismatch": Row(
        _LIC, _NOT, _SAFE, "The licence belongs to another company",
        "the licence belongs to {expected}, and this is {found}; enter this company's own number",
        "Licencja należy do innej firmy. Podaj numer licencji tej firmy.",
    ),
    "licence.ended": Row(
        _LIC, _NOT, _SAFE, "The licence ended", "the {was} licence ended at {since}; enter a licence number",
        "Licencja wygasła. Podaj numer licencji.",
    ),
    "licence.updates_ended": Row(
        _LIC, _NOT, _SAFE, "This version is not covered",
        "updates are covered until {upd}, this series was released on {released}; enter an updates & support number, "
        "or install the last covered series again ({last_covered})",
        "Ta wersja programu nie jest objęta licencją. Podaj numer aktualizacji.",
    ),
    "licence.lapsed": Row(
        _LIC, _NOT, _SAFE, "The licence was not confirmed in time",
        "the licence should have been confirmed by {since}; connect to the internet",
        "Licencja wymaga potwierdzenia. Połącz komputer z internetem.",
    ),
    "licence.module_missing": Row(
        _LIC, _NOT, _SAFE, "The licence does not include fiscal printers",
        "the module {module!r} is not in the licence (it has: {modules})",
        "Licencja nie obejmuje drukarek fiskalnych.",
    ),
    "licence.test_keys": Row(
        _LIC, _NOT, _SAFE, "A test licence prints on emulated printers only",
        "the licence is signed with the published test key, but {printer_id!r} is not an emulated printer",
        "Licencja testowa nie pozwala drukować na prawdziwej drukarce.",
    ),
    "licence.files": Row(
        _LIC, _NOT, _SAFE, "The licence directory cannot be used", "{reason}",
        "Nie można zapisać plików licencji. Zgłoś administratorowi.",
    ),
    "licence.number": Row(
        _LIC, _NOT, _USELESS, "Not a licence number", "{reason}", "{reason_pl}",
    ),
    "licence.company": Row(
        _LIC, _NOT, _USELESS, "Company details are incomplete", "{reason}",
        "Dane firmy są niepełne lub błędne. Sprawdź nazwę, kod pocztowy i NIP.",
    ),
    "licence.denied": Row(
        _LIC, _NOT, _USELESS, "The vendor's server refused the request", "{reason} ({vendor_code})", "{reason_pl}",
    ),
    "licence.unreachable": Row(
        _LIC, _NOT, _SAFE, "The vendor's server cannot be reached",
        "{reason}; nothing has changed, try again later, or exchange files: fiscalctl licence request",
        "Serwer licencji nie odpowiada. Nic się nie zmieniło, można dalej sprzedawać. Spróbuj później.",
    ),
    "licence.no_server": Row(
        _LIC, _NOT, _USELESS, "No licence server is configured",
        "there is no server in the configuration ([licence] server); exchange files: fiscalctl licence request",
        "Nie skonfigurowano serwera licencji. Użyj wymiany plików.",
    ),
    "licence.nothing_to_do": Row(
        _LIC, _NOT, _USELESS, "This needs an installed licence", "{reason}",
        "Ta czynność wymaga zainstalowanej licencji.",
    ),
    "licence.emergency_used": Row(
        _LIC, _NOT, _USELESS, "The emergency pass was used",
        "there is one pass in 90 days; the next one is available from {again}",
        "Przepustka awaryjna została już wykorzystana.",
    ),
    "licence.emergency_useless": Row(
        _LIC, _NOT, _USELESS, "The emergency pass would change nothing",
        "the licence's state is {state}: a pass is not needed or would not help; it was not used",
        "Przepustka awaryjna nie jest teraz potrzebna lub nie pomoże. Nie została wykorzystana.",
    ),
    "licence.emergency_denied": Row(
        _LIC, _NOT, _USELESS, "No emergency pass", "the pass is only for a computer that has or had a paid licence for "
        "fiscal printers, unless the vendor revoked it",
        "Przepustka awaryjna jest dostępna tylko dla płatnej licencji.",
    ),
    # -- the journal ----------------------------------------------------------------------------------
    "journal.behind": Row(
        _DMN, _UNK, _SAME, "The journal may be incomplete",
        "{reason}. New documents wait until a person compares the journal with the printer's paper and confirms it: "
        "fiscalctl journal confirm {printer} (docs/recovery.md)",
        "{reason_pl} Nowe dokumenty czekają, aż osoba uprawniona porówna je z wydrukami i to potwierdzi.",
    ),
    "journal.reading": Row(
        _DMN, _NOT, _SAME, "The journal is being read",
        "{printer} waits while fiscald reads its journal. After a power cut fiscald first checks the whole journal for "
        "damage, which takes seconds for a large one. Nothing has to be done",
        "Program sprawdza swój dziennik po nagłym wyłączeniu. Drukowanie zacznie się samo.",
    ),
    "journal.nothing_to_confirm": Row(
        _REQ, _UNK, _USELESS, "Nothing to confirm", "printer {printer} does not need a confirmation: {reason}",
        "Dziennik tej drukarki nie wymaga potwierdzenia.",
    ),
    "journal.damaged": Row(
        _DMN, _UNK, _SAME, "The journal's record of this job is damaged", "{reason}. Check the paper, then "
        "decide the job: fiscalctl resolve",
        "Zapis tego dokumentu w dzienniku programu jest uszkodzony. Sprawdź wydruk i zgłoś kierownikowi.",
    ),
    # -- orders of a fleet ----------------------------------------------------------------------------
    "fleet.session": Row(
        _REQ, _UNK, _SAME, "Signed for another session of the shop",
        "the order is signed for the session {found}, and the shop has the session {session}: sign it again for that",
        "Zlecenie z centrali jest nieaktualne. Centrala wyśle je ponownie.",
    ),
    "fleet.clock": Row(
        _REQ, _UNK, _SAME, "Signed in the future",
        "the order was signed at {issued}, and the shop's clock shows {now}: correct the clock that is wrong",
        "Zegar sklepu albo centrali jest nieprawidłowy. Zgłoś administratorowi.",
    ),
    "fleet.stale": Row(
        _REQ, _UNK, _SAME, "Signed too long ago",
        "the order was signed at {issued}, more than {days} days ago: sign it again",
        "Zlecenie z centrali jest nieaktualne. Centrala wyśle je ponownie.",
    ),
    "fleet.order": Row(
        _REQ, _NOT, _USELESS, "The shop cannot read the order", "{reason}",
        "Centrala wysłała błędne zlecenie. Zgłoś administratorowi.",
    ),
    "fleet.printer": Row(
        _REQ, _NOT, _USELESS, "The central may not use this printer",
        "the shop has no printer {printer!r} for the central; it may use: {printers} (fleet.printers)",
        "Centrala nie może drukować na tej drukarce.",
    ),
    "fleet.document": Row(
        _REQ, _NOT, _USELESS, "The central may not print this kind of document",
        "the shop does not let the central print {document}; it may print: {documents} (fleet.documents)",
        "Centrala nie może drukować dokumentów tego rodzaju.",
    ),
    "fleet.limit": Row(
        _REQ, _NOT, _USELESS, "The daily limit is reached",
        "the shop lets the central print {limit} a day; more needs a new order tomorrow, or another limit",
        "Wyczerpano dzienny limit zleceń z centrali.",
    ),
    "fleet.name": Row(
        _REQ, _UNK, _USELESS, "Another shop",
        "this shop is {shop!r} in its fleet, not {name!r}: leave out the name, or change fleet.shop",
        "Ten sklep ma w konfiguracji inną nazwę.",
    ),
    "fleet.keys": Row(
        _DMN, _UNK, _SAME, "The shop's keys cannot be read", "{reason}",
        "Nie można odczytać kluczy sklepu. Zgłoś administratorowi.",
    ),
    # -- the central of a fleet -----------------------------------------------------------------------
    "fleet.shop_unknown": Row(
        _REQ, _NOT, _USELESS, "The central does not know this shop",
        "there is no shop {shop!r}; enrol it first: fiscald-fleet enrol",
        "Centrala nie zna tego sklepu. Zgłoś administratorowi.",
    ),
    "fleet.shop_revoked": Row(
        _REQ, _UNK, _USELESS, "The shop is revoked",
        "the shop {shop} was revoked: nothing is ordered there, and what it says is not believed. Its open orders get "
        "no outcome before it is enrolled again",
        "Sklep został wyłączony w centrali. Zgłoś administratorowi.",
    ),
    "fleet.shop_away": Row(
        _LNK, _UNK, _SAME, "The shop cannot be reached",
        "the shop {shop} was last heard at {since} and is not connected; the order is kept, and sent when it is back",
        "Sklep nie ma połączenia z centralą. Zlecenie czeka i zostanie wysłane, gdy połączenie wróci.",
    ),
    "fleet.token": Row(
        _REQ, _UNK, _USELESS, "A token of the central is needed",
        "send the header Authorization: Bearer TOKEN with a token that is valid; fiscald-fleet token create makes one",
        "Program nie podał ważnego tokenu dostępu do centrali. Zgłoś jego dostawcy.",
    ),
    "fleet.read_only": Row(
        _REQ, _NOT, _USELESS, "The token may only read",
        "the token {name!r} may only read; make one for orders: fiscald-fleet token create --order",
        "Token dostępu pozwala tylko na odczyt. Zgłoś administratorowi.",
    ),
    "fleet.database": Row(
        _DMN, _UNK, _SAME, "The central's database cannot be used",
        "the central's log has the reason; send the request again with the same key when it works",
        "Baza danych centrali nie działa. Zgłoś administratorowi.",
    ),
    # -- webhooks -------------------------------------------------------------------------------------
    "webhook.unknown": Row(
        _REQ, _UNK, _USELESS, "No such webhook", "there is no webhook {webhook!r}; configured: {webhooks}",
        "Nie ma takiego powiadomienia.",
    ),
    "webhook.gone": Row(
        _REQ, _UNK, _USELESS, "The receiver wants no messages",
        "the receiver of webhook {webhook!r} answered 410 Gone. When it is back: fiscalctl webhook test {webhook}; "
        "then send the dead letters again",
        "Odbiorca powiadomień odmówił ich przyjmowania. Zgłoś administratorowi.",
    ),
    # -- the daemon -----------------------------------------------------------------------------------
    "daemon.journal": Row(
        _DMN, _UNK, _SAME, "The journal cannot be read or written",
        "nothing new is accepted or printed until it can be stored safely: {reason}",
        "Dziennik programu nie działa (np. pełny dysk). Zgłoś administratorowi.",
    ),
    "daemon.stopping": Row(
        _DMN, _NOT, _SAFE, "The daemon is stopping", "nothing was accepted; try again when the daemon runs again",
        "Program drukujący jest zatrzymywany. Nic nie przyjęto.",
    ),
    "console.off": Row(
        _REQ, _NOT, _USELESS, "There is no web console",
        "the daemon serves no web console: it needs [listen] in the configuration, and pip install 'fiscald[console]'",
        "Konsola WWW nie jest włączona. Zgłoś administratorowi.",
    ),
    "console.unknown_user": Row(
        _REQ, _NOT, _USELESS, "The user is not known",
        "a link to the console has the rights of the user who asks, so only a user of the Unix socket can ask for one: "
        "fiscalctl console",
        "Odnośnik do konsoli można utworzyć tylko na komputerze z programem: fiscalctl console.",
    ),
    "daemon.busy": Row(
        _DMN, _UNK, _SAME, "Too many open requests",
        "this user has reached the limit of open event streams and waiting requests; close some of them",
        "Program sprzedaży ma zbyt wiele otwartych połączeń. Spróbuj ponownie za chwilę.",
    ),
    "daemon.internal": Row(
        _DMN, _UNK, _SAME, "Internal error in fiscald", "{reason}", "Błąd programu fiscald. Zgłoś administratorowi.",
    ),
}  # fmt: skip


def problem(
    code: str,
    *,
    fate: Fate | None = None,
    device_code: str | None = None,
    errors: Iterable[FieldProblem] = (),
    extra: Mapping[str, Any] | None = None,
    **facts: object,
) -> Problem:
    """The problem ``code`` of the catalogue with its templates filled from ``facts``.

    ``fate`` replaces the row's ``document``; ``extra`` adds members.
    """
    row = CATALOGUE[code]
    return Problem(
        code=code,
        title=row.title,
        detail=row.detail.format(**facts),
        detail_pl=row.detail_pl.format(**facts),
        fault=row.fault,
        document=fate or row.document,
        retry=row.retry,
        device_code=device_code,
        errors=tuple(islice(errors, MAX_ERRORS)),
        **(extra or {}),
    )


def of_document(why: Problem, *, started: bool, doubtful: bool = False) -> Problem:
    """The problem of a printer or of its link, as the problem of one document that waits for it.

    ``doubtful``: the document may have been printed already, although the journal has no record of its start.
    """
    changed = why.model_copy(update={"document": Fate.UNKNOWN if started or doubtful else Fate.NOT_PRINTED})
    if why.fault not in (Fault.PRINTER, Fault.LINK) or (doubtful and not started):
        return changed
    sentence = _FATE_PL if started else _WAIT_PL
    return changed.model_copy(update={"detail_pl": f"{why.detail_pl} {sentence}"})


def catalogue_markdown() -> str:
    """``docs/errors.md``: the catalogue as a table."""
    lines = [
        "# Error codes",
        "",
        "Generated from `fiscald/model/problems.py` by `python -m fiscald.model.problems`. `fault` says who has to",
        "act, `document` what is known about the document, `retry` what a retry would do. The table shows the usual",
        "value of `document`; an answer may have a more exact one.",
        "",
        "| code | fault | document | retry | meaning |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{code}` | {row.fault} | {row.document} | {row.retry} | {row.title} |" for code, row in CATALOGUE.items()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(catalogue_markdown())
