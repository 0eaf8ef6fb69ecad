"""The predefined forms of POSNET: their headings and lines, with the fields that a line takes.

``{22n}`` is a field of 22 characters: ``n`` takes digits, signs and up to three letters, ``l`` letters, signs and up to
three digits, ``a`` everything; letters and digits beyond become spaces. Source: Thermal reference, appendix B, which
does not give the place of a field in its line; here the last one ends at the right edge (our assumption).
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: A form: its number and headings; below them its lines, numbered from 0. (rule) is a line of dashes, (dots) of dots.
_TABLE = """
2: TRANSAKCJE ODŁOŻONE; POTWIERDZENIE DOKONANIA TRANSAKCJI
Kasa: {34n} | Numer transakcji: {22n} | Numer kasjera: {25n}

3: RAPORT FUNKCJI OPERATORA
Funkcja {4n} {26a}

4: RAPORT KASJERA X; RAPORT KASJERA Z; RAPORT KASY X; RAPORT KASY Z; OFFLINE KASJERA; ONLINE KASJERA
LICZBA RESETÓW: {3n} | NUMER KASY {1n} {27n} | SUMY ŁĄCZNE | SUMA BIEŻĄCA DODATNIA {15n} | SUMA BIEŻĄCA UJEMNA {15n} |
SUMA POPRZEDNIA DODATNIA {15n} | SUMA POPRZEDNIA UJEMNA {15n} | (rule) | SUMA ŁĄCZNA DODATNIA {15n} |
SUMA ŁĄCZNA UJEMNA {15n} | SUMY SPRZEDAŻY | TOWARY: | {5n} POZYCJE DODATNIE {15n} | {5n} USŁUGI, INNE {15n} |
{5n} POZYCJE UJEMNE {15n} | {5n} DODATNIE KOREKTY {15n} | {5n} UJEMNE KOREKTY {15n} | {5n} KUPON SKLEPOWY {15n} |
PODSUMA TOWARÓW {15n} | PODSUMA PODATKU {15n} | RABAT / DOPŁATA | RABAT HEJ HEM {15n} | RABAT / DOPŁATA {15n} |
RABAT / DOPŁATA {15n} | RABAT DLA PRACOWNIKA {15n} | PODSUMA RABATU/DOPŁATY {15n} | (rule) |
SPRZEDAŻ NETTO ŁĄCZNIE {15n} | SUMY ŚRODKÓW PŁATNOŚCI | ŚRODKI PŁATNOŚCI | ŚRODEK PŁ.{2n}: {3l} {12l} {7n} |
{5n} KWOTA {15n} | {5n} ZEBRANE {15n} | {5n} W OBIEGU {15n} | {5n} START W OB. {15n} | {5n} TYP PŁ. NR 2 {15n} |
PODSUMA ŚR. PŁATNOŚCI {15n} | KOREKTA ŚRODKÓW PŁATNOŚCI | {5n} DOD. FUNKCJI BANK. {15n} |
{5n} POMN. FUNKCJI BANK.{15n} | {5n} USTAW. ZAOKRĄGLEŃ {15n} | {5n} ZAPAM. CZ. PŁATN. {15n} |
{5n} PRZYW. CZ. PŁATN. {15n} | {5n} OPŁATA PŁATNOŚCI {15n} | PODSUMA KOREKTY PŁATN. {15n} | (rule) |
ŚRODKI PŁATNICZE ŁĄCZNIE {15n} | INNE SUMY | {5n} OBNIŻKI DODATNIE {15n} | {5n} OBNIŻKI UJEMNE {15n} |
{5n} KOREKCJE BŁĘDÓW {15n} | {5n} SUMA ZWROTÓW {15n} | {5n} ZWROTY KOSZTÓW {15n} | {5n} ŚRODKI UNIEWAŻN. {15n} |
{5n} POZYCJE SPRZEDAŻY {15n} | {5n} RABAT ZBIORCZY {15n} | {5n} SPRZEDAŻ ANULOWANA {15n} |
{5n} SPRZEDAŻ ZAPAMIĘT. {15n} | {5n} SPRZEDAŻ UNIEWAŻN. {15n} | {5n} SPRZEDAŻ PRZYWOŁ. {15n} |
{5n} ZAMIANA ŚR. PŁATN. {15n} | {5n} BEZ PODATKU {15n} | {5n} KWOTA ZWOLNIONA {15n} | {5n} ZWROT NADPŁAC. VAT {15n} |
{5n} ZNACZKI WYEMITOW. {15n} | {5n} POZYCJE Z KLAWIAT. {6n}% | {5n} POZYCJE SKANOWANE {6n}% |
{5n} POZYCJE WAŻONE {6n}% | POZYCJE WAŻONE ŁĄCZNIE {15n} | {5n} TRANSAKCJE DODATNIE | {5n} ZWROT NADPŁACONEJ GOTÓWKI |
{5n} INNE TRANSAKCJE | {5n} OTWARCIE SZUFLADY | {5n} SUMA BIEŻĄCA | {5n} LICZBA KLIENTÓW |
{2n}:{2n} CZAS PRACY KASJERA | {2n}:{2n} CZASOWE WYŁĄCZENIE KASY | {2n}:{2n} CZAS WPROWADZANIA TOWARÓW |
{2n}:{2n} CZAS PŁACENIA | {2n}:{2n} CZAS OTWARCIA SZUFLADY

5: RAPORT ŚRODKÓW PŁATNOŚCI
KASJER {8n} | ŚRODEK PŁ.{2n}: {3l} {12l} {7n} | {5n} KWOTA {15n} | {5n} ZEBRANE {15n} | {5n} W OBIEGU {15n} |
{5n} START W OB. {15n} | PODSUMA ŚR. PŁATNOŚCI {15n}

6: SPRZEDAŻ ZAREJ. W KASIE
NUMER KASY {1n} {3n} | PODSUMA SPRZEDAŻY {16n} | PODSUMA RACH. SPRZEDAŻY {16n} | PODSUMA RABATU / DOPŁ. {16n} |
(rule) | SPRZEDAŻ ŁĄCZNIE {16n}

7: POKWITOWANIE
ZWROT: {33n} | ŚRODEK PŁ.: {28l} | KWOTA: {33n} | KONTO: {33n} | PODPIS: (dots)

8: PRZEDPŁATA
NUMER ZAMÓWIENIA: {22n} | ŚRODEK PŁ.: {28l} | KONTO: {33n} | KWOTA: {33n} | PRZEDPŁATA: {22n} | RESZTA: {28n}

16: RABAT DLA PRACOWNIKA
Rabat dla pracownika: {18n} | Numer pracownika: {22n} | KWOTA: {33n} | PODPIS: (dots)

17: WYMIANA ŚRODKÓW PŁATNOŚCI
Z: {34a} | NA: {34a}

18: OPERACJE KASOWE
OPERACJA {3n}: {26a}

19: BŁĘDY KASY
BŁĄD KRYTYCZNY | Serwis : {27a} | Urządzenie : {22a} | Urządzenie dod. : {21a} | Funkcja : {25a} |
Podfunkcja : {27a} | Rejestr # : {27a} | Trans # : {27a} | Kod błędu : {27a}

20: CENNIK; ZMIANY CEN; STATYSTYKA SPRZEDAŻY; POTWIERDZENIE DOKONANIA TRANSAKCJI
SKLEP {25a} | DATA {8n} {8n} | Kod art: {13n} Cena: {8n},{2n} | Kod art: {13n} Data: {11n} |
Cena1: {8n},{2n} Cena2: {8n},{2n} | Ilość: {11n}

21: WYDANIE BONU UPOMINKOWEGO
BON UPOMINKOWY: {16n} | NUMER BONU: {20a} | SUMA: {14n} | ŚRODEK PŁ.: {28a} | KWOTA: {33n} | KONTO: {33n} |
RESZTA: {28n}

22: Potwierdzenie zapłaty kartą; Potwierdzenie zapłaty rachunku; Pokwitowanie; Pokwitowanie transakcji uznania; Potwierdzenie unieważnienia
Kasa: {3a} Kasjer: {7a} | Nr dowodu sprzedaży: {15a} | Nr transakcji: {15a} | TID: {8a} UID: {16a} |
TID: {8a} MID: {16a} | Zapłata rachunku nr: {19a} | Dla: {35a} | Nr klienta: {28a} | Karta: {33a} |
{22a} Ważna do: {2a}/{2a} | Sprzedaż: PLN {22a} | Uznanie: PLN {22a} | Gotówka: PLN {22a} | Słownie: {31a} | {31a} |
Prowizja: PLN {18a} | Razem do zapłaty: PLN {18a} | Kod autoryzacji: {12a} | Liczba punktów za transakcję: {10a} |
Liczba punktów po transakcji: {10a} | Kwota na karcie: {15a} | Proszę obciążyć moje konto | Proszę uznać moje konto |
Transakcja unieważniona | KOD PIN ZGODNY | (dots) | podpis posiadacza karty | podpis kasjera | podpis klienta |
ORYGINAŁ | KOPIA | Sprzedaż: {3a} {22a} | Uznanie: {3a} {22a} | Gotówka: {3a} {22a} | Prowizja: {3a} {18a} |
Razem do zapłaty: {3a} {18a} | AID: {33a} | TC: {35a} | AAC: {35a}

23: Potwierdzenie doładowania numeru GSM; Potwierdzenie poprawności numeru
Kasa: {3a} Kasjer: {7a} | Nr dowodu sprzedaży: {15a} | Kod doładowujący: {19a} | Dla: {32a} | Numer telefonu: {9a} |
Potwierdzenie doładowania przez SMS | Wartość PLN: {11a} | Potwierdzam prawidłowość numeru telefonu | (dots) |
podpis klienta

24: Potwierdzenie skupu waluty
Kasa: {3a} Kasjer: {7a} | Nr dowodu sprzedaży: {15a} | Skup waluty: {4a} {11a} | Kurs skupu waluty: {21a} |
Wartość PLN: {11a} | Słownie: {31a} | {31a}

25: BON RABATOWY; LISTA TOWARÓW
Sklep:{3a} Kasa: {3a} Kasjer: {7a} | Nr dowodu sprzedaży: {19a} | PREMIOWANE TOWARY KWOTA PREMII | TOWAR:{20a} {11a} |
RAZEM {11a} | PREMIA:{13a} | PREMIA:{33a} | WAŻNY:{34a}

26: RAPORT ZMIANOWY
Zmiana: {22a} | Kasjer: {22a} | PRZYCHODY: {22n} | Sprzedaż gotówkowa:{21n} | Karta {16a}: {16n} | Czek {16a}: {16n} |
Bon {16a}: {16n} | Wpłaty do kasy: {22n} | Wydania opakowań: {22n} | ROZCHODY: {22n} | Wypłaty z kasy: {22n} |
Zwroty opakowań: {22n} | ROZLICZENIE | Gotówka: {22n} | Karta {16a}: {16n} | Czek {16a}: {16n} | Bon {16a}: {16n} |
Opakowania: {22n} | RAZEM | STAN KASY: {22n} | ILOŚĆ PARAGONÓW: {22n} | ILOŚĆ ANULOWANYCH PARAGONÓW:{12n} |
Liczba stornowanych pozycji:{12n} | Początek zmiany: {12a} | Koniec zmiany: {12a}

27: Rozliczenie konta; Saldo karty upominkowej; Karta upominkowa; Potwierdzenie płatności kartą; Wymiana środków płatności
Rozliczenie konta {10a} | Stan konta przed transakcją: {10a} | Przyznana premia: {10a} | Wykorzystane: {10a} |
Stan konta po transakcji: {10a} | Artykuł nr: {8n} {10n} | Nazwa karty: {21l} | Numer karty: {18n} |
Numer autoryzacji: {5n} | Data ważności karty: {10n} | Saldo karty: {14n} | EGRC - Pobrano {9n} |
Karta EGRC {15a} {9n} | Środek pł. Wydano {8a} {9n}

28: RAPORT KASJERA; RAPORT SKRÓCONY
Rodzaje płatności | Konto klienta : {12n} | Routex : {12n} | LOMO : {12n} | DKV : {12n} | UTA : {12n} |
Routex Manual : {12n} | LOMO Manual : {12n} | DKV Manual : {12n} | UTA Manual : {12n} | Karta bankowa i T&E : {12n} |
Czeki : {12n} | Vouchery : {12n} | Gotówka w PLN : {12n} | Dewizy przel. : {12n} | RAZEM {13n} | Przychody |
Kwota otwarcia : {12n} | Sprzedaż : {12n} | Wpłaty : {12n} | Wpłyn. na rach : {12n} | Różnice inkaso : {12n} |
RAZEM {13n} | Rozchody | Zwroty : {12n} | Wypłaty : {12n} | Kwota zamknięcia : {12n} | RAZEM {13n} | Płatności w PLN |
Czeki w sejfie : {12n} | Czeki w kasie : {12n} | RAZEM {13n} | Vouch. w sejfie : {12n} | Vouch. w kasie : {12n} |
RAZEM {13n} | Gotówka w sejfie : {12n} | Gotówka w kasie : {12n} | RAZEM {13n} | Płatności w dewizach |
DM w sejfie : {12n} | DM w kasie : {12n} | RAZEM {13n} | USD w sejfie : {12n} | USD w kasie : {12n} | RAZEM {13n} |
GBP w sejfie : {12n} | GBP w kasie : {12n} | RAZEM {13n} | Sejf | Nr schowka {4n} | Gotówka w PLN : {12n} |
Czeki : {12n} | Voucher : {12n} | DM : {12n} | USD : {12n} | GBP : {12n} | Rozliczenie kasjera |
Czeki w kasie : {12n} | Zliczono czeki : {12n} | RÓŻNICA {12n} | Vouch. w kasie : {12n} | Zlicz. Vouch. : {12n} |
RÓŻNICA {12n} | Gotówka w PLN : {12n} | Zliczono gotów. : {12n} | RÓŻNICA {12n} | DM w kasie : {12n} |
DM zliczono : {12n} | RÓŻNICA {12n} | USD w kasie : {12n} | USD zliczono : {12n} | RÓŻNICA {12n} |
GBP w kasie : {12n} | GBP zliczono : {12n} | RÓŻNICA {12n} | Zmiana zamknięta | Zmiana nr {3n} | Kasjer: {20l}

29: POKWITOWANIE WPŁATY; POKWITOWANIE WYPŁATY
Numer:{6n} | Komu: {19l} | TYTUŁ WPŁATY/WYPŁATY ILE | Przedpłata do par.nr. {13n} | Zabezpieczenie {13n} |
Do zafakturowania {13n} | Bilon {13n} | Wpłata 1 {13n} | Wpłata 2 {13n} | Sejf {13n} | Wypłata 1 {13n} |
Wypłata 2 {13n} | Do banku {13n} | Bilon {13n} | Wypłata {13n} | Razem {13n} | Powyższą kwotę otrzymałem | (rule) |
PODPIS

30: STANY LICZNIKÓW
Pompa {2n} {5n} stan {16n} | Ogółem liczniki | Paliwo {27n}

31: RAPORT TANKOWANIA
Nr Gatunek Obj. zb. Rezerwa Alarm | {2n} {10n} {8n} {5n} {8n}

32: KARTA KREDYTOWA
Numer transakcji: {5n} | Data: {8n} Godzina: {4n} | Nazwa karty: {17a} | Numer karty: {20n} | Transakcja karty: {6n} |
Numer autoryzacji: {6n} | Identyfikator autoryzacji: {7n} | Lp. Nazwa jm Ilość | {2n} {14l} {3a} {7n} | KWOTA: {10n} |
(dots) | podpis | Posiadacz: {25a} | Dane ident.: {25a} | Dane ident.: {25a} | Przebieg: {15n} | Kod kierowcy: {10n} |
Nr rej.: {18a}

33: WALUTA W SEJFIE
OGÓŁEM GOTÓWKA W SEJFIE : {10n} | {3n} {10n} W SEJFIE : {10n} | OGÓŁEM CZEKI W SEJFIE : {10n} |
OGÓŁEM VOUCHERY W SEJFIE : {10n} | OGÓŁEM W SEJFIE : {10n} | NUMER SKRYTKI {15n}

34: RAPORT ALARMU PALIWA
Zbiornik nr {7n} | Paliwo opis {17n} | RODZAJ ALARMU: | {30n} | {30n} | {30n} | DATA {14n} | CZAS {9n}

35: BILET DO MYJNI
WAŻNY NA {2n} PROGRAM NR {2n} ZŁ {6n} | W CELU URUCHOMIENIA MYJNI WPROWADŹ | KOD PROGRAMU | K O D : {15a} |
WYDANY W DNIU {12n} CZAS {8n} | ZAPRASZAMY DO KORZYSTANIA | Z NASZYCH MYJNI

36: STAN ZBIORNIKÓW RAPORT
MODUŁ: {3a} POZYCJA:{3n} SONDA NR {4n} | OPIS: {32n} | PRODUKT: {29a} | POZIOM OBJĘTOŚĆ | (CM) (LTR) |
POJEMNOŚĆ {10n} {12n} | PRODUKT : {10n} {12n} | WODA : {10n} {12n} | RAZEM : {10n} {12n} | KOREKTA O TEMPERATURĘ |
PRODUKT : {23n} | WODA : {23n} | RAZEM : {23n} | MAX.POZIOM NAPEŁ: {22n} | MAX.DO NAPEŁNIENIA: {20n} |
ŚREDNIA TEMPERATURA PRODUKTU: {10n}

37: RAPORT DOSTAWY PALIW
ZBIORNIK: {6n} | OZNACZENIE: {6n} PRODUKT: {12n} | PRZED DOSTAWĄ | OBJĘTOŚĆ PRODUKTU: {19n} | OBJĘTOŚĆ WODY: {19n} |
OBJ. DO WYPEŁ.: {19n} | TEMPERATURA PRODUKTU: {16n} | PO DOSTAWIE | OBJĘTOŚĆ PRODUKTU: {19n} | OBJĘTOŚĆ WODY: {19n} |
MAX. DO WYPEŁ.: {19n} | TEMPERATURA PRODUKTU: {16n} | DOSTAWA | DATA: {12n} CZAS: {13n} | OBJĘTOŚĆ: {18n} |
TEMPERATURA {18n} | DOSTAWA NETTO(15C): {18n} | TEMPERATURA PRODUKTU: {16n} | KSIĘGOWA OBJ.DOSTAWY:{17n} |
ROZBIEŻNOŚĆ: {18n}

38: BP partnerclub
Nr terminala nazwa stacji | {9n} {22l} | Nr kolejny {10n} | Kod terminala {14n} | Operator {14n} |
Czas rozpoczęcia {9n} | Data rozpoczęcia {14n} | Czas zakończenia {9n} | Data zakończenia {14n} |
Tariff PKT man. TR. man. | TAR {2n}: {27n} | % Wydania {14n} | Litry sprzedane {14n} | Litry wydane {13n} |
DAR {10n} | Punkty wymienione {20n} | Punkty wczytane {20n} | Trans. Wydano {20n}

39: BP partnerclub
Nr terminala nazwa stacji | {9n} {22l} | Ilość {9n} Podarunek numer {7n} | Punktów za podarunek {14n} |
Razem punkty z podarunek {14n} | Numer karty {25n} | Punkty początkowe {14n} | Punkty skasowane {14n} |
Nowych punktów razem {14n} | Nazwa {34l} | Dziękujemy. Do zobaczenia. | Nr terminala {14n} | Kod sprzedawcy {14n} |
Data {13n} Kasjer nr {9n} | Czas {10n}

40: BP partnerclub
Czas {10n} Data {17n} | Ilość {10n} Podarunek numer {7n} | Punktów za podarunek {13n} |
Razem punkty z podarunek {13n} | Nazwa {34l}
"""  # noqa: E501
_FIELD = re.compile(r"\{(\d+)([nla])\}")
#: How many letters a numeric field takes, and how many digits a literal one.
_OTHERS = 3


class Field(NamedTuple):
    """A field of a line."""

    characters: int
    kind: str

    def text(self, value: str) -> str:
        """``value`` as it is printed: numbers end at the right edge of the field (our assumption)."""
        surplus = {"n": str.isalpha, "l": str.isdigit}.get(self.kind)
        if surplus is not None:
            seen, kept = 0, ""
            for char in value:
                seen += surplus(char)
                kept += " " if surplus(char) and seen > _OTHERS else char
            value = kept
        return value.rjust(self.characters) if self.kind == "n" else value.ljust(self.characters)


class Line(NamedTuple):
    """A line: its words and its fields, in order."""

    parts: tuple[str | Field, ...]

    @property
    def fields(self) -> list[Field]:
        """Its fields."""
        return [part for part in self.parts if isinstance(part, Field)]

    def text(self, values: list[str], width: int) -> str:
        """The line on paper; one without fields is centred (our assumption)."""
        left = iter(values)
        texts = [part.text(next(left)) if isinstance(part, Field) else part for part in self.parts]
        whole = "".join(texts)
        if whole == "(rule)":
            return "-" * width
        if whole == "(dots)":
            whole = "." * (width // 2)
        if not self.fields:
            before, dotted, _ = whole.partition("(dots)")
            return before.ljust(width, ".") if dotted else whole.center(width).rstrip()
        gap = max(width - len(whole), 0)
        return "".join((*texts[:-1], " " * gap, texts[-1])) if isinstance(self.parts[-1], Field) else whole


class Form(NamedTuple):
    """A predefined form."""

    headings: tuple[str, ...]
    lines: tuple[Line, ...]


def _line(text: str) -> Line:
    parts: list[str | Field] = []
    at = 0
    for found in _FIELD.finditer(text):
        parts += [text[at : found.start()]] if found.start() > at else []
        parts.append(Field(int(found[1]), found[2]))
        at = found.end()
    parts += [text[at:]] if at < len(text) else []
    return Line(tuple(parts))


def _read(table: str) -> dict[int, Form]:
    forms = {}
    for block in table.strip().split("\n\n"):
        head, _, lines = block.partition("\n")
        number, _, headings = head.partition(": ")
        texts = " ".join(lines.splitlines()).split(" | ")
        forms[int(number)] = Form(tuple(headings.split("; ")), tuple(map(_line, texts)))
    return forms


FORMS = _read(_TABLE)
