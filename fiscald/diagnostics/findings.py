"""The findings of the doctor: a closed list, each with one sentence and the exact remedy.

``docs/technician.md`` lists them; programs may rely on the codes.
"""

from __future__ import annotations

from typing import NamedTuple

from fiscald.model.conditions import CONDITIONS, Heals
from fiscald.model.problems import Problem


class Row(NamedTuple):
    """One finding; the texts are ``str.format`` templates."""

    stops: bool
    """Whether it stops printing."""
    text: str
    text_pl: str
    fix: str
    """A command to paste, or what to do by hand."""


class Finding(NamedTuple):
    """A finding with its facts."""

    code: str
    stops: bool
    text: str
    text_pl: str
    fix: str
    printer: str | None = None


_APPLY = "sudo udevadm control --reload && sudo udevadm trigger"
# With the Debian package these files are there, unless somebody deleted them.
_AGAIN = "    # in fiscald's source; with the Debian package instead: sudo apt install --reinstall fiscald"
_RULE = f"sudo install -m 644 systemd/70-fiscald.rules /etc/udev/rules.d/ && {_APPLY}{_AGAIN}"
_GROUP = (
    "sudo install -D -m 644 systemd/fiscald.sysusers /usr/lib/sysusers.d/fiscald.conf && sudo systemd-sysusers "
    f"&& sudo systemctl restart fiscald.socket fiscald.service{_AGAIN}"
)
_IDS = (
    "sudo cp /usr/lib/udev/rules.d/70-fiscald.rules /etc/udev/rules.d/ && sudoedit /etc/udev/rules.d/70-fiscald.rules "
    f"&& {_APPLY}    # add the ids that lsusb shows"
)

#: Every finding, by code without ``doctor.``.
CATALOGUE: dict[str, Row] = {
    # -- the daemon and its socket --------------------------------------------------------------------
    "config": Row(
        True, "the configuration cannot be used: {reason}", "Plik konfiguracji zawiera błędy.", "sudoedit {path}"
    ),
    "config_unread": Row(
        False, "{reason}; so the configured printers are unknown",
        "Użytkownik nie ma prawa odczytać konfiguracji.", "sudo fiscalctl doctor",
    ),
    "config_hidden": Row(
        True, "the daemon's user {user} cannot read {path}: {reason}",
        "Program nie ma prawa odczytać swojej konfiguracji.",
        "{remedy}",
    ),
    "rights": Row(
        True, "rights.{right}: there is no {kind} {user} on this computer, so the daemon does not start",
        "Konfiguracja wymienia użytkownika lub grupę, których nie ma: {user}.", "{add}    # or correct it in {path}",
    ),
    "ca_file": Row(
        True, "licence.ca_file: {file} cannot be used: {reason}", "Brak pliku certyfikatu lub jest on nieprawidłowy.",
        "sudoedit {path}",
    ),
    "socket_taken": Row(
        True, "socket: {socket} exists and is not a socket", "Pod ścieżką gniazda programu jest inny plik.",
        "sudo mv {socket} {socket}.kept",
    ),
    "socket_folder": Row(
        True, "socket: cannot create {socket}: {reason}", "Nie można utworzyć gniazda programu.",
        "sudo install -d -o {user} -m 0755 {folder}",
    ),
    "state_dir": Row(
        True, "state_dir: {path} cannot be used: {reason}", "Program nie może zapisywać w swoim katalogu.",
        "sudo install -d -o {user} -m 0700 {path}",
    ),
    # -- the listener on the network ------------------------------------------------------------------
    "listen_file": Row(
        True, "listen.{name}: {file} cannot be used, so the daemon does not start: {reason}",
        "Plik certyfikatu lub klucza jest nieprawidłowy.", "sudo fiscalctl listen certificate",
    ),
    "listen_hidden": Row(
        True, "listen.{name}: the daemon's user {user} cannot read {file}, so the daemon does not start",
        "Program nie ma prawa odczytać certyfikatu lub jego klucza.", "{remedy}",
    ),
    "listen_key": Row(
        False, "other users can read the listener's key {file} (mode {mode})",
        "Inni użytkownicy mają dostęp do klucza certyfikatu.", "sudo chown {user} {file} && sudo chmod 600 {file}",
    ),
    "listen_down": Row(
        False, "the daemon does not answer at {url}: {reason}", "Program fiscald nie odpowiada w sieci.",
        "sudo systemctl restart fiscald; journalctl -u fiscald -n 20    # a changed [listen] needs a restart",
    ),
    "certificate_over": Row(
        False, "the listener's certificate {file} is valid from {begin} to {end} only: programs refuse it",
        "Certyfikat programu fiscald nie jest ważny.",
        "sudo fiscalctl listen certificate --force && sudo systemctl reload fiscald    # first: timedatectl",
    ),
    "certificate_ends": Row(
        False, "the listener's certificate {file} ends in {days} days",
        "Certyfikat programu fiscald wkrótce straci ważność.",
        "sudo fiscalctl listen certificate --force && sudo systemctl reload fiscald    # clients must trust it",
    ),
    "certificate_names": Row(
        False, "the listener's certificate {file} is for no name, and not for its address {host}",
        "Certyfikat programu fiscald nie zawiera adresu tego komputera.",
        "sudo fiscalctl listen certificate --force {host}",
    ),
    "origin_closed": Row(
        False, "pages of {origin} cannot call: {reason}", "Strona internetowa sprzedaży nie może drukować.",
        "sudo systemctl restart fiscald    # a changed {path} needs a restart; docs/browser.md",
    ),
    "no_printers": Row(
        True, "no printer is configured", "Nie skonfigurowano żadnej drukarki.", "fiscalctl scan --probe"
    ),
    "daemon_down": Row(
        True, "no reply at {socket}: the daemon is not running", "Program fiscald nie działa.",
        "sudo systemctl enable --now fiscald.socket fiscald.service; journalctl -u fiscald -n 20",
    ),
    "socket_denied": Row(True, "{reason}", "Użytkownik {user} nie ma prawa drukować.", "{remedy}"),
    "group_not_active": Row(True, "{reason}", "Wyloguj się i zaloguj ponownie.", "{remedy}"),
    "group_missing": Row(
        False, "there is no group {group}: only root, the daemon's user, and users and groups in [rights] can print",
        "Brak grupy {group} w systemie.",
        _GROUP,
    ),
    "socket_for_all": Row(
        False, "every user of this computer can read sales and buyers: {socket} has the mode {mode}",
        "Każdy użytkownik komputera może odczytać wydrukowane dokumenty.", "sudo chmod 0660 {socket}",
    ),
    # -- the port -------------------------------------------------------------------------------------
    "port_absent": Row(
        True, "there is no {device}: the printer is off, unplugged, or connected to another port",
        "Nie znaleziono portu drukarki. Sprawdź zasilanie i kabel.", "{remedy}",
    ),
    "port_denied": Row(
        True, "{user} cannot open {device} (it belongs to {owner}:{group}, mode {mode})",
        "Program nie ma prawa do portu drukarki.", "{remedy}",
    ),
    "port_held": Row(
        True, "{device} is in use by {holder}", "Port drukarki zajmuje inny program: {program}.", "{remedy}"
    ),
    "unit_denies": Row(
        True, "fiscald.service cannot open {device}: its unit allows only {allowed}",
        "Usługa fiscald nie ma dostępu do tego rodzaju portu.",
        "sudo mkdir -p /etc/systemd/system/fiscald.service.d && printf '[Service]\\nDeviceAllow=char-{kind} rw\\n' "
        "| sudo tee /etc/systemd/system/fiscald.service.d/ports.conf && sudo systemctl daemon-reload "
        "&& sudo systemctl restart fiscald.service",
    ),
    "same_device": Row(
        True, "{other} is configured for the same device, {device}", "Dwie drukarki w konfiguracji mają ten sam port.",
        "sudoedit {path}    # correct the address of one of them: fiscalctl scan",
    ),
    "getty": Row(
        True, "a login prompt runs on {device} and sends its text to the printer",
        "Na porcie drukarki działa konsola logowania.", "sudo systemctl mask --now serial-getty@{tty}.service",
    ),
    "console": Row(
        False, "the kernel writes its messages to {device}", "System wypisuje komunikaty na port drukarki.",
        "{remedy}",
    ),
    "modem_manager": Row(
        False, "ModemManager is running, and may probe {device} as a modem when it is plugged in",
        "ModemManager może zająć port drukarki.", "{remedy}",
    ),
    "brltty": Row(
        False, "brltty is running, and uses serial adapters like {device} for braille displays",
        "Program brltty może zająć port drukarki.", "sudo systemctl mask --now brltty.service brltty-udev.service",
    ),
    "udev_rule": Row(
        False, "fiscald's udev rule for USB printers is not installed", "Brak reguły udev dla drukarki USB.", _RULE
    ),
    "unstable_name": Row(
        False, "{device} may have another name after the next restart",
        "Nazwa portu może się zmienić po ponownym uruchomieniu.", 'address = "{better}"    # in {path}',
    ),
    "same_name": Row(
        False, "two adapters have the same name {name}: the port may be the other one",
        "Nazwa portu pasuje do dwóch jednakowych przejściówek.", 'address = "{better}"    # in {path}',
    ),
    "dtr": Row(
        True, "DTR is off on {device} although the port is open: the printer may hold its replies back",
        "Sygnał DTR jest wyłączony.", "sudo systemctl restart fiscald.service    # if it stays off: the cable",
    ),
    "no_carrier": Row(
        False, "neither DSR nor CTS nor CD is on at {device}: the printer is off, or the cable has three wires",
        "Brak sygnałów z drukarki. Sprawdź zasilanie i kabel.", "switch it on; with flow=rtscts use a full cable",
    ),
    # -- the conversation -----------------------------------------------------------------------------
    "line_noise": Row(
        False, "{damaged} of {all} replies arrived damaged", "Zakłócenia na kablu drukarki.",
        "use a shorter or shielded cable, away from mains; or a lower speed, in the printer's menu and as ?baud=",
    ),
    "wrong_speed": Row(
        True, "{address} has the wrong speed, or the wrong protocol: {seen}",
        "Drukarka ma ustawioną inną prędkość lub inny protokół.", "{remedy}",
    ),
    "wrong_family": Row(
        True, "{address} is not a {configured} printer: it answers as {found}",
        "Drukarka ma ustawiony inny protokół niż w konfiguracji: {found}.",
        'family = "{found}"{better}    # under [printers.{name}] in {path}; then sudo systemctl restart fiscald. Or in '
        "the printer's menu: {menu}",
    ),
    "echo": Row(
        True, "{address} sends back only the bytes that it receives", "Kabel zwraca wysłane dane (pętla).",
        "use a cable that does not connect its transmit and receive wires",
    ),
    "silent": Row(
        True, "port opens, no reply: {address}{asked}", "Drukarka nie odpowiada.",
        "in its menu: PC interface (COM, USB or TCP/IP), speed, and {menu}; then {remedy}",
    ),
    "server_off": Row(
        True, "{address} refuses the connection: the host answers, and no server listens at that port{more}",
        "Serwer NoviAPI nie jest włączony w menu drukarki, albo ma inny port.",
        "activate the server of this port in the printer's menu: {menu}",
    ),
    "certificate": Row(
        True, "another certificate answers at {where}: {reason}",
        "Certyfikat drukarki jest inny niż w konfiguracji programu.",
        "{read}    # at a safe place; then write that fingerprint into the address",
    ),
    "shared_server": Row(
        False, "the printer's server is in use by another program: {reason}",
        "Z tego samego serwera NoviAPI korzysta inny program.",
        "give every program its own server in the printer's menu (ports 8888 to 8897), and its port in the address",
    ),
    "unreachable": Row(
        True, "{address} cannot be reached: {reason}", "Drukarka nie odpowiada w sieci. Sprawdź zasilanie i kabel.",
        "{remedy}    # address and port are in the printer's menu",
    ),
    "taken": Row(
        True, "{address}: another computer or program has this printer ({reason})",
        "Drukarkę zajmuje inny program lub komputer.",
        "end that connection: a network printer takes one at a time; on this computer: ss -tnp dst {host}",
    ),
    "unlinked": Row(
        True, "there is no link to {address}: {reason}", "Brak połączenia z drukarką. Sprawdź zasilanie i kabel.",
        "{remedy}",
    ),
    "not_asked": Row(
        False, "{user} cannot probe the printer: {reason}", "Brak uprawnień, aby sprawdzić drukarkę.",
        "sudo fiscalctl doctor",
    ),
    # -- the printer ----------------------------------------------------------------------------------
    **{
        name: Row(True, words.detail, words.detail_pl, words.fix)
        for name, words in CONDITIONS.items()
        if words.heals is not Heals.ITSELF
    },
    "paper_low": Row(
        False, "the paper is near its end", "Kończy się papier. Przygotuj nową rolkę.", "prepare a new roll"
    ),
    "foreign": Row(
        True, "another program's document is open on the printer", "Na drukarce jest otwarty dokument innego programu.",
        "finish or cancel it in that program; fiscald never does",
    ),
    "swapped": Row(
        True, "{reason}", "Podłączono inną drukarkę niż dotychczas.", "fiscalctl adopt {name} {found}"
    ),
    "undecided": Row(
        True, "{reason}", "Trzeba rozstrzygnąć wcześniejszy dokument.",
        "fiscalctl jobs --state undecided    # then fiscalctl resolve KEY printed|not_printed --by NAME",
    ),
    "clock_drift": Row(
        False, "the printer's clock is {apart} {side} this computer's",
        "Zegar drukarki różni się od zegara komputera o {apart_pl}.", "{remedy}",
    ),
    "vat_none": Row(
        True, "the printer's VAT table is empty", "Tabela stawek VAT w drukarce jest pusta.",
        "fiscalctl rates set A=23% B=8% C=5% D=0% E= F= G=exempt --printer {name}    # the shop's own table; or the "
        "printer's service",
    ),
    "vat_unusual": Row(
        False, "unusual VAT rates: {rates}", "Nietypowe stawki VAT w drukarce: {rates_pl}.",
        "compare with the shop's own table: fiscalctl status",
    ),
    "memory": Row(
        False, "{reason}", "Pamięć fiskalna jest prawie pełna.",
        "order a new fiscal memory from the printer's service",
    ),
    "not_fiscal": Row(
        False, "the printer is not fiscalised: it prints training documents", "Drukarka nie jest zafiskalizowana.",
        "call the printer's service before the shop starts selling",
    ),
    # -- webhooks -------------------------------------------------------------------------------------
    "webhook_secret": Row(
        False, "webhooks.{name}.secret_file: {reason}, so nothing is sent to this webhook",
        "Powiadomienia „{name}” nie są wysyłane: brak pliku z kluczem.", "{remedy}",
    ),
    "webhook": Row(
        False, "messages do not reach the webhook {name} ({waiting} wait): {reason}",
        "Powiadomienia „{name}” nie docierają do odbiorcy.", "{remedy}",
    ),
    "webhook_dead": Row(
        False, "{dead} messages to the webhook {name} were given up",
        "Część powiadomień „{name}” nie dotarła do odbiorcy.",
        "fiscalctl webhook dead {name}    # then fiscalctl webhook resend {name} --all",
    ),
    # -- the licence and the journal ------------------------------------------------------------------
    "licence": Row(
        True, "the licence does not allow printing: {reason}", "Brak ważnej licencji.",
        "{remedy}",
    ),
    "licence_test_keys": Row(
        True, "with test_keys = true only emulated printers can print, but {printers} is a real one",
        "Włączono klucze testowe: prawdziwa drukarka nie drukuje.",
        "sudoedit {path}    # [licence] test_keys = false; then: sudo systemctl restart fiscald",
    ),
    "licence_warning": Row(
        False, "warnings of the licence: {warnings}", "Licencja wymaga uwagi.", "{remedy}"
    ),
    "journal": Row(
        True, "the journal cannot be used: {reason}", "Dziennik programu jest niedostępny lub uszkodzony.",
        "sudo cp -a {path} {path}.kept    # then docs/configuration.md, The state directory",
    ),
    "journal_behind": Row(
        True, "{reason}", "Drukarka ma wydruki, których nie ma w dzienniku programu.",
        "fiscalctl journal confirm {name}    # after comparing the paper: docs/recovery.md",
    ),
    "journal_missing": Row(
        True, "{path}/journal.db is missing, and fiscald does not start without it",
        "Brak dziennika programu.", "restore a backup: docs/backup.md    # without one: fiscald run --new-journal",
    ),
    "state_writable": Row(
        True, "other users can write to {path} (mode {mode}): fiscald does not start",
        "Inni użytkownicy mogą zmieniać pliki programu.", "sudo chmod 700 {path}",
    ),
    "state_readable": Row(
        False, "other users can read {path} (mode {mode})",
        "Inni użytkownicy mają dostęp do katalogu programu.", "sudo chmod 700 {path}",
    ),
    "disk_full": Row(
        True, "{free} MiB are free in {path}: documents cannot be stored", "Dysk jest pełny.",
        "sudo journalctl --vacuum-size=200M; sudo du -xh --max-depth=2 / | sort -h | tail",
    ),
    "disk_low": Row(
        False, "only {free} MiB are free in {path}", "Kończy się miejsce na dysku.",
        "sudo journalctl --vacuum-size=200M; sudo du -xh --max-depth=2 / | sort -h | tail",
    ),
    "disk_read_only": Row(
        True, "{path} is read-only: documents cannot be stored", "Dysk jest tylko do odczytu.",
        "journalctl -k | grep -iE 'remount|error'; sudo mount -o remount,rw {mount}",
    ),
    # -- gateways: programs that speak a printer's protocol -------------------------------------------
    "gateway_open": Row(
        False, "every computer that reaches {listen} can print receipts: the protocol knows no password",
        "Każdy komputer w sieci może drukować paragony.", "sudoedit {path}    # allow: only the computers of the tills",
    ),
    "gateway_port": Row(
        True, "gateway of {name}: cannot listen at {listen}: {holder} has the port",
        "Port bramki zajmuje inny program.", "sudo ss -ltnp 'sport = :{port}'    # end it, or write another port",
    ),
    "gateway_unseen": Row(
        True, "gateway of {name}: programs cannot see {link}: fiscald.service sees another directory there",
        "Program sprzedaży nie widzi portu bramki.", 'listen = "pty:/run/fiscald/{name}"    # in the configuration',
    ),
    "gateway_documents": Row(
        False, "gateway of {name}: documents has {documents}, which the printer behind ({family}) cannot print",
        "Drukarka nie obsługuje dokumentów wymienionych w bramce.", "sudoedit {path}    # the program gets an error",
    ),
    "gateway_down": Row(
        True, "the gateway cannot listen at {listen}: {reason}", "Programy nie mogą się połączyć z drukarką.",
        "sudo ss -ltnp    # is the port taken; is the address this computer's; correct listen, or the path",
    ),
    "gateway_denied": Row(
        False, "the gateway refused {count} connections, the last from {last}: allow does not name it",
        "Konfiguracja nie pozwala temu komputerowi drukować.",
        "sudoedit {path}    # add {last} to allow, if that is a till",
    ),
    "gateway_busy": Row(
        False, "the gateway closed {count} connections, because another program was connected",
        "Dwa programy łączą się z tą samą drukarką.",
        "sudo ss -tnp    # which programs; close one, or give it another gateway with its own port",
    ),
    "gateway_unused": Row(
        False, "no program has sent anything to {listen} since the start",
        "Od uruchomienia nie połączył się żaden program.",
        "check the address, port or COM port in the program's settings, and the firewall of this computer",
    ),
    "gateway_noise": Row(
        True, "bytes that are no protocol come to {listen}: another speed, or another device",
        "Program wysyła nieczytelne dane.",
        "set the serial line in front of the gateway, and the program, to the same speed, 8 data bits, no parity",
    ),
    "gateway_speaks": Row(
        True, "the program speaks {speaks}, the gateway {family}",
        "Program używa innego protokołu niż konfiguracja.", "{remedy}",
    ),
    "gateway_link": Row(
        True, "gateway of {name}: cannot make {link}: {reason}",
        "Nie można utworzyć portu szeregowego dla programu.",
        "sudoedit {path}    # listen: a new name in a directory of the daemon, like pty:/run/fiscald/{name}",
    ),
    "gateway_group": Row(
        True, "gateway of {name}: group {group}: {reason}", "Brak grupy, której wolno używać portu szeregowego.",
        "{remedy}",
    ),
}  # fmt: skip

#: Remedies: install the udev rule; let udev read it again; add a printer to it; create the group that may print.
INSTALL_RULE, APPLY_RULE, EXTEND_RULE, INSTALL_GROUP = _RULE, _APPLY, _IDS, _GROUP


def finding(code: str, printer: str | None = None, **facts: object) -> Finding:
    """The finding ``code`` of the catalogue with its templates filled from ``facts``."""
    row = CATALOGUE[code]
    text, text_pl, fix = (template.format(**facts) for template in (row.text, row.text_pl, row.fix))
    return Finding(f"doctor.{code}", row.stops, text, text_pl, fix, printer)


def condition_finding(name: str, printer: str, why: Problem | None = None) -> Finding:
    """The finding for a condition of the printer, with the text of the printer's problem ``why`` if there is one."""
    row = CATALOGUE[name]
    title = CONDITIONS[name].title.lower()
    text = row.text.format(reason=title) if why is None else why.detail
    text_pl = row.text_pl.replace(" ({reason_pl})", "") if why is None else why.detail_pl
    return Finding(f"doctor.{name}", row.stops, text, text_pl, row.fix.format(printer=printer), printer)


def findings_markdown() -> str:
    """The catalogue as the table of ``docs/technician.md``."""
    lines = ["| code | stops printing | what is wrong | what to do |", "| --- | --- | --- | --- |"]
    for code, row in CATALOGUE.items():
        text, fix = (part.replace("|", "\\|") for part in (row.text, row.fix))
        lines.append(f"| `doctor.{code}` | {'yes' if row.stops else ''} | {text} | `{fix}` |")
    return "\n".join(lines) + "\n"
