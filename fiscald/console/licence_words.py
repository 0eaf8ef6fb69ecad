"""The licence in the reader's language: its state, what to do, what it unlocks, its warnings."""

from __future__ import annotations

from typing import Any, NamedTuple

from fiscald.console.languages import Words

#: State: title, title in Polish, what to do, what to do in Polish, tone.
_STATES: dict[str, tuple[str, str, str, str, str]] = {
    "active": ("Registered", "Program zarejestrowany", "Nothing to do.", "Nic nie trzeba robić.", "good"),
    "trial": ("Trial", "Wersja próbna", "Register a licence number before the trial ends.",
              "Zarejestruj numer licencji przed końcem okresu próbnego.", "good"),
    "grace": ("Not confirmed for some days", "Niepotwierdzona od kilku dni",
              "Everything works. Connect this computer to the internet some time.",
              "Wszystko działa. Połącz kiedyś ten komputer z internetem.", "warn"),
    "lapsed": ("Confirmation is overdue", "Brak potwierdzenia w terminie",
               "Connect this computer to the internet and check the licence now.",
               "Połącz ten komputer z internetem i sprawdź licencję teraz.", "warn"),
    "unregistered": ("Not registered", "Program niezarejestrowany",
                     "Enter a licence number, or try fiscald for 30 days.",
                     "Podaj numer licencji albo wypróbuj program przez 30 dni.", "bad"),
    "ended": ("The licence has ended", "Licencja wygasła", "Enter a licence number.", "Podaj numer licencji.", "bad"),
    "updates_ended": ("This version is not covered", "Ta wersja nie jest objęta licencją",
                      "Enter a number for updates and support, or install the last version that is covered.",
                      "Podaj numer aktualizacji i wsparcia albo zainstaluj ostatnią objętą wersję.", "bad"),
    "machine_mismatch": ("This licence belongs to another computer", "Licencja należy do innego komputera",
                         "Move it to this computer, or enter its number here.",
                         "Przenieś ją na ten komputer albo podaj tutaj jej numer.", "bad"),
    "company_mismatch": ("This licence belongs to another company", "Licencja należy do innej firmy",
                         "Enter this company's own licence number.", "Podaj numer licencji tej firmy.", "bad"),
    "transferred": ("This licence was moved to another computer", "Licencję przeniesiono na inny komputer",
                    "Move it back here, or enter a licence number.",
                    "Przenieś ją z powrotem albo podaj numer licencji.", "bad"),
    "revoked": ("The vendor withdrew this licence", "Dostawca cofnął tę licencję",
                "Talk to the vendor, or enter another licence number.",
                "Porozmawiaj z dostawcą albo podaj inny numer licencji.", "bad"),
    "suspended": ("The vendor stopped this licence for a while", "Dostawca zawiesił tę licencję",
                  "Talk to the vendor, then check the licence again.",
                  "Porozmawiaj z dostawcą, a potem sprawdź licencję ponownie.", "bad"),
}  # fmt: skip
_MODULES = {
    "app": ("application", "aplikacja"),
    "bank": ("bank module", "moduł bankowy"),
    "fiscal": ("fiscal module", "moduł fiskalny"),
}
_KINDS = {
    "trial": ("trial", "próbna"),
    "paid": ("bought, without end", "kupiona, bezterminowa"),
    "sub": ("for a term", "na czas określony"),
}
_WARNINGS = {
    "licence.w.trial": ("This is a trial.", "To wersja próbna."),
    "licence.w.ending_soon": ("It ends soon.", "Wkrótce wygaśnie."),
    "licence.w.updates_ending_soon": ("Updates and support end soon.", "Aktualizacje i wsparcie wkrótce się skończą."),
    "licence.w.update_available": ("A newer version is available.", "Jest nowsza wersja programu."),
    "licence.w.unconfirmed": ("It was not confirmed for some days.", "Nie potwierdzono jej od kilku dni."),
    "licence.w.lapsed": ("Its confirmation is overdue.", "Potwierdzenie jest po terminie."),
    "licence.w.emergency": ("An emergency pass is in use.", "Działa przepustka awaryjna."),
    "licence.w.clock_back": ("The computer's clock was set back.", "Zegar komputera cofnięto."),
    "licence.w.clock_forward_unconfirmed": ("The computer's clock may be ahead.", "Zegar komputera może się spieszyć."),
}  # fmt: skip


class State(NamedTuple):
    """A licence in words."""

    title: str
    advice: str
    tone: str


def state(t: Words, licence: dict[str, Any]) -> State:
    """The state of a licence."""
    name = licence["state"]
    title, title_pl, advice, advice_pl, tone = _STATES.get(name, (name, name, "", "", "warn"))
    if name == "active" and not licence["may_print"]:
        advice = "It does not include the fiscal module: enter a licence number that does."
        advice_pl, tone = "Nie obejmuje modułu fiskalnego: podaj numer licencji, który go obejmuje.", "bad"
    elif name == "lapsed" and not licence["may_print"]:
        tone = "bad"
    return State(t(title, title_pl), t(advice, advice_pl), tone)


def warnings(t: Words, licence: dict[str, Any]) -> list[str]:
    """Its warnings in words; a warning that has none here is left out."""
    return [t(*_WARNINGS[code]) for code in licence["warnings"] if code in _WARNINGS]


def facts(t: Words, licence: dict[str, Any]) -> list[tuple[str, str]]:
    """What the licence is, and what it unlocks."""
    found: list[tuple[str, str]] = []
    company = licence.get("company")
    modules = licence.get("modules") or []
    if company is not None:
        parts = (company["name"], company["post"], f"NIP {company['tin']}" if company["tin"] else "")
        found.append((t("Company", "Firma"), ", ".join(filter(None, parts))))
    if licence.get("kind"):
        found.append((t("Licence", "Licencja"), t(*_KINDS.get(licence["kind"], (licence["kind"],) * 2))))
    if licence.get("number"):
        found.append((t("Number", "Numer"), licence["number"].replace("-", "-…-", 1)))
    if "kind" in licence:
        for name, words in _MODULES.items():
            found.append((t(*words), t("yes", "tak") if name in modules else t("no", "nie")))
    if licence.get("updates_until") and licence.get("kind") != "trial":
        found.append(
            (t("Updates and support until", "Aktualizacje i wsparcie do"), t.day(f"{licence['updates_until']}"))
        )
    if licence.get("end"):
        found.append((t("Ends", "Kończy się"), t.day(licence["end"])))
    if licence["days_left"] is not None:
        found.append((t("Days left", "Pozostało dni"), str(licence["days_left"])))
    if licence.get("confirmed_at"):
        found.append((t("Confirmed by the vendor", "Potwierdzona przez dostawcę"), t.time(licence["confirmed_at"])))
    if licence["emergency_until"]:
        found.append((t("Emergency pass until", "Przepustka awaryjna do"), t.time(licence["emergency_until"])))
    return found


def modules(t: Words, names: list[str]) -> list[str]:
    """The modules of a number."""
    return [t(*_MODULES[name]) for name in names if name in _MODULES]
