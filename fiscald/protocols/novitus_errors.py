"""What the error numbers of Novitus Online printers mean, and what to do about them.

The numbers are the same on every protocol of these printers: ``<error action="get"/>`` reports them in XML, and
``request.error.code`` in NoviAPI. Numbers and meanings are facts of the Novitus reference, section 8; those of 1500 and
above are known from NoviAPI and from the Thermal reference (8.2). The texts are ours. Older printers have some more
numbers, and a few with another meaning: then the text has both.

The column ``registered`` is about money: it says what the error proves about the *refused command*, which for a
closing command is the document itself. The column ``condition`` names the condition of the printer
(``fiscald.model.conditions``) for whose end a document waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from fiscald.model.problems import Fault
from fiscald.protocols.tables import Registered, error_rows


class Reaction(StrEnum):
    """What to do after an error (8.3)."""

    NOISE = "noise"
    """The line disturbed the command."""
    STATE = "state"
    """The printer is in another state than we assumed. Read its state and counters, then decide."""
    DATA = "data"
    """The document asks for something that the printer refuses. Repeating is useless."""
    PROGRAM = "program"
    """We sent something illegal. Repeating is useless."""
    DAY = "day"
    """A daily report has to be made first, or there is nothing to report. A person has to act."""
    LATER = "later"
    """It passes."""
    CANCELLED = "cancelled"
    """A person at the printer interrupted it."""
    TEXTS = "texts"
    """Too many different texts today. Without the text the printer takes the command."""
    SERVICE = "service"
    """The printer is broken, locked or not set up."""


#: Who has to act. What comes from the moment comes from the line or from the printer, never from the document.
_FAULTS = {
    Reaction.NOISE: Fault.LINK,
    Reaction.STATE: Fault.PRINTER,
    Reaction.DATA: Fault.REQUEST,
    Reaction.PROGRAM: Fault.DAEMON,
    Reaction.DAY: Fault.PRINTER,
    Reaction.LATER: Fault.PRINTER,
    Reaction.CANCELLED: Fault.PRINTER,
    Reaction.TEXTS: Fault.PRINTER,
    Reaction.SERVICE: Fault.PRINTER,
}
#: The problem for an error that is no condition.
_PROBLEMS = {
    Reaction.NOISE: "printer.interrupted",
    Reaction.STATE: "printer.interrupted",
    Reaction.LATER: "printer.interrupted",
    Reaction.CANCELLED: "printer.cancelled",
}


class Code(NamedTuple):
    """One error number and what is known about it."""

    number: int
    text: str
    """English, for developers and technicians."""
    text_pl: str
    """Polish, for the cashier."""
    registered: Registered
    reaction: Reaction
    condition: str | None = None
    """The name of the condition that it means; ``None``: it means none."""
    online: bool = True
    """Whether online printers have it; ``False``: only older ones."""

    @property
    def fault(self) -> Fault:
        """Who has to act."""
        return _FAULTS[self.reaction]

    @property
    def problem_code(self) -> str:
        """The code of the problem that an application gets (``docs/errors.md``)."""
        return f"printer.{self.condition}" if self.condition else _PROBLEMS.get(self.reaction, "printer.refused")


# The tables: one error per line, ordered by number. ``-``: no condition.
#
#     number registered reaction condition | English text | Polish text
#
_ONLINE = """
1    no      service   no_clock     | the clock was never set | zegar drukarki nie jest ustawiony; wezwij serwis
2    no      noise     -            | the check byte does not fit the command | zakłócenia w połączeniu z drukarką; sprawdź kabel
3    no      program   -            | wrong number of parameters | błąd programu: niepoprawna liczba danych w poleceniu dla drukarki
4    no      data      -            | a parameter does not fit | niepoprawna wartość w poleceniu dla drukarki
5    unknown service   no_clock     | fault of the clock | błąd zegara drukarki; wezwij serwis
6    unknown service   out_of_order | fault of the fiscal module | błąd modułu fiskalnego drukarki; wezwij serwis
7    no      data      -            | the date is not acceptable | błędna data; sprawdź zegar drukarki
8    no      day       -            | not possible before a daily report: the day's totals are not zero | najpierw trzeba wykonać raport dobowy
9    unknown service   out_of_order | fault of input or output | błąd wejścia lub wyjścia drukarki
11   no      data      -            | wrong number of VAT rates | błędna liczba stawek PTU
12   no      service   no_header    | the header is too long, empty or missing | błędny nagłówek drukarki lub jego brak
13   no      service   -            | the device is fiscalised already | drukarka jest już zafiskalizowana
15   no      data      -            | the additional lines are not acceptable | błędne linie dodatkowe
16   no      data      -            | the name of the goods is empty or too long | błędna nazwa towaru
17   no      data      -            | the quantity or the number of packaging is empty, too long or wrong | błędna ilość
18   no      data      -            | no such VAT rate, an inactive one, or goods blocked by the control of rates | błędna stawka PTU lub towar zablokowany: był sprzedawany z inną stawką
19   no      data      -            | the price is not acceptable, or a sum is too large | błędna cena
20   no      data      -            | the line's value is not quantity times price, or its discount leaves less than nothing | wartość pozycji lub rabatu nie zgadza się z obliczeniem drukarki
21   no      state     -            | no receipt is open | paragon nie jest rozpoczęty
22   no      data      -            | the storno fits no line, or a sum would be negative | błędne storno lub ujemna wartość
23   no      data      -            | wrong number of lines: nothing was sold | brak sprzedaży na paragonie
25   no      data      -            | the cashier's name or a text is not acceptable | błędna nazwa kasjera lub błędny tekst
26   no      data      -            | the value of a payment is not acceptable | błędna wartość płatności
27   no      data      -            | the total differs from the printer's sum | suma dokumentu nie zgadza się z obliczeniem drukarki
28   no      day       totals_full  | the totals of the day are full | totalizery drukarki są pełne; wykonaj raport dobowy
30   no      data      -            | the value of a payment is not acceptable (2) | błędna wartość płatności
32   unknown data      -            | not so much cash in the drawer; its state is now zero | za mało gotówki w kasie; drukarka przyjęła stan zerowy
34   no      data      -            | an amount or another text is not acceptable | błędna kwota lub tekst
35   no      day       -            | there is nothing to report: the day's totals are zero | nie ma sprzedaży do raportu dobowego
38   no      data      -            | the name is not acceptable | błędna nazwa
40   no      service   no_header    | no header is programmed | nie zaprogramowano nagłówka drukarki
51   no      data      -            | the amount is not acceptable | błędna kwota
52   no      state     -            | the pricing table is not empty | tabela wycen nie jest pusta
53   no      data      -            | the value differs from the pricing | wartość nie zgadza się z wyceną
54   no      data      -            | the drug was not priced | lek nie został wyceniony
56   no      data      -            | the fee is not acceptable | błędna opłata
57   no      data      -            | the pricing table is full | tabela wycen jest pełna
58   no      data      -            | the receipt is too long for the printer's memory | paragon jest za długi dla pamięci drukarki
82   no      state     -            | the command is not allowed in the printer's present state | polecenie niedozwolone w obecnym stanie drukarki
83   no      data      -            | the value of the packaging is not acceptable | błędna wartość opakowania
84   no      texts     texts_full   | too many different texts since the last daily report | za dużo różnych tekstów dodatkowych od raportu dobowego
99   no      state     -            | the command is not allowed | polecenie niedozwolone
500  no      data      -            | wrong type of receipt | zły rodzaj paragonu
502  no      data      -            | unknown relief | nieznana ulga
503  no      data      -            | a discount is forbidden | rabat zabroniony
1000 unknown service   out_of_order | initialisation failed | błąd inicjalizacji drukarki; wezwij serwis
1002 no      state     -            | a receipt is open already | paragon jest już rozpoczęty
1003 no      data      -            | no such VAT rate | brak stawki PTU
1004 no      data      -            | the discount is not acceptable | błędny rabat
1005 no      data      -            | the data are not acceptable | błędne dane
1006 no      service   out_of_order | the printer is not in fiscal mode | drukarka nie jest w trybie fiskalnym
1007 no      service   no_rates     | the VAT rates are not programmed | nie zaprogramowano stawek PTU
1008 unknown service   memory_full  | the fiscal memory is full | pamięć fiskalna jest pełna; wezwij serwis
1009 unknown service   out_of_order | checksum of the memory | błąd sumy kontrolnej pamięci drukarki; wezwij serwis
1010 unknown service   out_of_order | checksum of the goods base | błąd sumy kontrolnej bazy towarowej; wezwij serwis
1011 unknown service   out_of_order | checksum of the header | błąd sumy kontrolnej nagłówka; wezwij serwis
1012 unknown service   out_of_order | checksum of the cashier's name | błąd sumy kontrolnej nazwy kasjera; wezwij serwis
1013 unknown service   out_of_order | checksum of the register's number | błąd sumy kontrolnej numeru kasy; wezwij serwis
1014 unknown service   out_of_order | an update failed | nie powiodła się aktualizacja drukarki; wezwij serwis
1015 no      service   out_of_order | the unique number is not programmed | brak numeru unikatowego drukarki
1016 unknown service   out_of_order | no fiscal memory | brak pamięci fiskalnej; wezwij serwis
1017 unknown service   out_of_order | no printing mechanism | brak mechanizmu drukującego; wezwij serwis
1018 unknown service   out_of_order | no display | brak wyświetlacza; wezwij serwis
1019 unknown service   out_of_order | the fiscal memory was exchanged | wymieniono pamięć fiskalną; wezwij serwis
1021 no      service   read_only    | the device is read-only | drukarka jest w trybie tylko do odczytu
1022 no      program   -            | the printer does not know this command | błąd programu: drukarka nie zna tego polecenia
1023 no      program   -            | the command is not built as it should be | błąd programu: błędne polecenie dla drukarki
1024 no      data      -            | the range of the report is not acceptable | błędny zakres raportu
1025 no      data      -            | no data in this range | brak danych w podanym zakresie
1026 no      noise     -            | the receive buffer overflowed | przepełniony bufor odbiorczy drukarki
1027 no      service   out_of_order | the fiscal mode is not finished | niezakończony tryb fiskalny
1028 unknown service   out_of_order | the fiscal memory is damaged | uszkodzona pamięć fiskalna; wezwij serwis
1029 unknown service   memory_full  | a limit of the fiscal memory is exceeded | przekroczony limit pamięci fiskalnej; wezwij serwis
1030 unknown service   out_of_order | the map of the fiscal memory is damaged | uszkodzona mapa pamięci fiskalnej; wezwij serwis
1031 no      state     -            | the command does not belong to this mode | polecenie niedozwolone w tym trybie
1032 no      program   -            | a wrong pointer of a frame | błąd programu: błędny wskaźnik ramki
1033 no      later     busy         | the fiscal memory is busy | pamięć fiskalna jest zajęta
1034 no      later     busy         | the printer is busy | drukarka jest zajęta
1037 unknown later     paper_out    | no paper | brak papieru
1046 no      data      -            | no data | brak danych
1054 no      service   locked       | no access | brak dostępu
1070 no      service   -            | the graphics of the header failed | błąd grafiki nagłówka
1073 unknown service   -            | graphics could not be printed | błąd wydruku grafiki
1075 no      service   -            | the graphics is not acceptable | błędna grafika
1076 no      service   -            | this graphics is programmed already | grafika jest już zaprogramowana
1078 unknown service   out_of_order | a transaction of the printer's database failed | błąd bazy danych drukarki; wezwij serwis
1079 no      service   -            | the memory for advertisements is full | pamięć reklam jest pełna
1083 no      service   -            | the advertisement is in use | reklama jest używana
1085 no      service   no_clock     | date or time does not match the last fiscal record | data lub czas nie zgadza się z ostatnim zapisem w pamięci fiskalnej
1086 unknown service   out_of_order | fault of the printing service (older firmware: a daily report is overdue) | błąd usługi drukowania lub brak zaległego raportu dobowego
1088 unknown service   out_of_order | no protected memory (older firmware: limit of memory resets) | brak pamięci chronionej lub przekroczony limit zerowań pamięci; wezwij serwis
1089 unknown service   out_of_order | fault of the protected memory | błąd pamięci chronionej; wezwij serwis
1090 no      service   out_of_order | no room in the exchange file | brak miejsca w pliku wymiany
1091 unknown service   out_of_order | fault of the table of contents | błąd bazy spisu treści; wezwij serwis
1092 no      data      -            | there is nothing on the receipt | brak pozycji na paragonie
1093 unknown service   out_of_order | fault of the process status | błąd statusu procesu drukarki
1094 no      service   -            | the schedule is not set up | błąd konfiguracji harmonogramu
1095 no      service   out_of_order | fault of the fiscalisation | błąd fiskalizacji
1096 unknown service   out_of_order | no connection to the security module | błąd połączenia z modułem zabezpieczeń; wezwij serwis
1097 no      service   -            | a name could not be resolved | błąd sieci drukarki (DNS)
1098 no      data      -            | the buyer's NIP is missing or not valid | brak NIP nabywcy lub jest on błędny
1099 unknown service   out_of_order | the protected memory could not be written | błąd zapisu pamięci chronionej; wezwij serwis
1100 no      service   locked       | sale is blocked | sprzedaż zablokowana
1101 no      data      -            | no data of the buyer | brak danych nabywcy
1102 unknown service   out_of_order | the protected memory could not be read | błąd dostępu do pamięci chronionej; wezwij serwis
1103 no      service   out_of_order | no certificates | brak certyfikatów drukarki
1104 no      data      -            | no name of the buyer | brak nazwy nabywcy
1105 unknown service   out_of_order | checksum of the program | błąd sumy kontrolnej programu drukarki; wezwij serwis
1106 no      service   -            | nothing to download | nie ma czego pobrać
1107 no      service   -            | nothing to install | nie ma czego zainstalować
1108 unknown service   no_power     | no power supply | brak zasilania drukarki; podłącz zasilacz
1109 no      data      -            | the number of the invoice is not acceptable | błędny numer faktury
1110 no      service   -            | a certificate could not be written | błąd zapisu certyfikatu
1111 no      service   out_of_order | limit of memory resets reached | przekroczony limit zerowań pamięci; wezwij serwis
1112 no      service   -            | the fiscalisation is finished | fiskalizacja jest zakończona
1113 no      service   out_of_order | the fiscalisation is not finished | fiskalizacja nie jest zakończona
1114 unknown service   out_of_order | the fiscal memory could not be written | błąd zapisu pamięci fiskalnej; wezwij serwis
1115 no      data      -            | a surcharge is forbidden | narzut zabroniony
1116 no      day       report_due   | an overdue daily report must be made first | najpierw trzeba wykonać zaległy raport dobowy
1117 no      data      -            | discounts and surcharges are forbidden | rabat i narzut zabronione
1118 no      data      -            | too many items on the ticket | za dużo pozycji na bilecie
1119 no      state     -            | a printout from the protected memory is open | trwa wydruk z pamięci chronionej
1120 no      state     -            | no printout from the protected memory is open | nie rozpoczęto wydruku z pamięci chronionej
1500 no      service   -            | the index of the spare is not acceptable | błędny indeks
1501 unknown service   out_of_order | the memory is full | pamięć drukarki jest pełna
1502 unknown service   out_of_order | a verification failed | błąd weryfikacji
1503 no      service   -            | the change of the server is blocked | zmiana serwera jest zablokowana
1504 no      service   -            | electronic receipts are not active | e-paragony nie są aktywne
1505 unknown service   out_of_order | checksum of the fiscal memory's program | błąd sumy kontrolnej programu pamięci fiskalnej; wezwij serwis
1506 no      data      -            | unknown VAT rate | nieznana stawka PTU
1507 no      data      -            | the number of the car is not acceptable | błędny numer boczny
1508 no      data      -            | the name of the stop is not acceptable | błędna nazwa przystanku
1509 no      data      -            | date or time is not acceptable | błędna data lub czas
1510 unknown service   out_of_order | the voltage is not right | błędne napięcie zasilania drukarki
1511 unknown service   out_of_order | no connection | błąd połączenia
1512 unknown service   out_of_order | the temperature is not right | niewłaściwa temperatura drukarki
1513 no      data      -            | an additional line is too long | za długa linia dodatkowa
1514 no      data      -            | the relief is not acceptable | błędna ulga
1515 no      data      -            | a refund is forbidden | zwrot zabroniony
1516 no      state     -            | an invoice is open already | faktura jest już rozpoczęta
1517 no      service   -            | the pharmacy is blocked | tryb apteczny jest zablokowany
1518 no      service   -            | the ticket is blocked | bilet jest zablokowany
1519 no      service   out_of_order | the printer is not fiscalised | drukarka jest w trybie niefiskalnym
1520 no      day       -            | there is no daily report | brak raportu dobowego
1521 no      data      -            | the transaction's id has a wrong length | błędna długość identyfikatora transakcji
1522 no      data      -            | the transaction's id is not a number | identyfikator transakcji nie jest liczbą
1523 no      data      -            | checksum of the transaction's id | błędna suma kontrolna identyfikatora transakcji
1524 no      data      -            | the document was not found | nie znaleziono dokumentu
1525 no      service   -            | it could not be deleted | błąd usuwania
9999 unknown service   out_of_order | critical fault | błąd krytyczny drukarki; wezwij serwis
"""  # noqa: E501

_OLDER = """
10   no      service   -            | the clock may not be changed so far | niedozwolona zmiana zegara drukarki
14   no      service   -            | no header goes into the memory of a fiscalised device | błąd zapisu nagłówka drukarki
24   unknown service   -            | the printer's buffer overflowed | przepełniony bufor drukarki
29   no      state     -            | no receipt is open that could be closed | nie ma rozpoczętego paragonu
31   unknown data      -            | too much cash in the drawer; its state is now the amount sent | za duży stan kasy
33   no      data      -            | the text of shift or cashier is not acceptable | błędna nazwa zmiany lub kasjera
36   no      day       -            | a report of this date exists already, and there is nothing new to report | raport dobowy z tą datą już wykonano
37   unknown cancelled -            | a person broke it off on the keypad | czynność przerwano na drukarce; sprawdź, czy dokument został wydrukowany
39   no      data      -            | goods base: the rate is not acceptable | błędna stawka PTU towaru
41   no      data      -            | card slip: number of the register | błędny numer kasy na potwierdzeniu płatności kartą
42   no      data      -            | card slip: number of the cashier | błędny numer kasjera na potwierdzeniu płatności kartą
43   no      data      -            | card slip: number of the receipt | błędny numer paragonu na potwierdzeniu płatności kartą
44   no      data      -            | card slip: customer | błędny kontrahent na potwierdzeniu płatności kartą
45   no      data      -            | card slip: terminal | błędny terminal na potwierdzeniu płatności kartą
46   no      data      -            | card slip: name of the card | błędna nazwa karty
47   no      data      -            | card slip: number of the card | błędny numer karty
48   no      data      -            | card slip: month of validity | błędny miesiąc ważności karty
49   no      data      -            | card slip: year of validity | błędny rok ważności karty
50   no      data      -            | card slip: authorisation code | błędny kod autoryzacji karty
55   no      data      -            | the drug has no description | brak opisu leku
1001 unknown service   out_of_order | the memory is damaged | uszkodzona pamięć RAM drukarki; wezwij serwis
1020 no      data      -            | the same VAT rates are programmed already | takie stawki PTU są już zaprogramowane
1038 unknown service   copy_blocked | electronic copy: it could not be written | błąd zapisu kopii elektronicznej
1039 unknown service   copy_blocked | electronic copy: the card could not be installed | błąd instalacji karty kopii elektronicznej
1040 unknown service   copy_blocked | electronic copy: the card is closed | karta kopii elektronicznej jest zamknięta
1041 unknown service   copy_blocked | electronic copy: its check failed | błąd weryfikacji kopii elektronicznej
1042 unknown service   copy_blocked | electronic copy: its cache is full | pamięć podręczna kopii elektronicznej jest pełna
1043 unknown service   copy_blocked | electronic copy: not saved | nie zapisano kopii elektronicznej
1044 unknown service   copy_blocked | electronic copy: it could not be printed | błąd wydruku kopii elektronicznej
1045 unknown service   copy_blocked | electronic copy: no card | brak karty kopii elektronicznej
1047 unknown service   copy_blocked | electronic copy: the card is not ready | karta kopii elektronicznej nie jest gotowa
1048 unknown service   copy_blocked | electronic copy: the card could not be closed | błąd zamknięcia karty kopii elektronicznej
1049 unknown service   copy_blocked | electronic copy: the card could not be opened | błąd otwarcia karty kopii elektronicznej
1050 unknown service   copy_blocked | electronic copy: its file id.txt | błąd pliku id.txt kopii elektronicznej
1051 unknown service   copy_blocked | electronic copy: its file no.txt | błąd pliku no.txt kopii elektronicznej
1052 unknown service   copy_blocked | electronic copy: its base of files | błąd bazy plików kopii elektronicznej
1053 unknown service   copy_blocked | electronic copy: its password | błędne hasło kopii elektronicznej
1055 unknown service   copy_blocked | electronic copy: its cache | błąd pamięci podręcznej kopii elektronicznej
1056 unknown service   copy_blocked | electronic copy: its cache | błąd pamięci podręcznej kopii elektronicznej
1057 unknown service   copy_blocked | electronic copy: its base of cards | błąd bazy kart kopii elektronicznej
1058 unknown service   copy_blocked | electronic copy: its base of files | błąd bazy plików kopii elektronicznej
1059 unknown service   copy_blocked | electronic copy: fault of its memory | błąd pamięci kopii elektronicznej
1060 unknown service   copy_blocked | electronic copy: fault of its memory | błąd pamięci kopii elektronicznej
1061 unknown service   copy_blocked | electronic copy: fault of its memory | błąd pamięci kopii elektronicznej
1062 unknown service   copy_blocked | electronic copy: fault of its memory | błąd pamięci kopii elektronicznej
1063 unknown service   copy_blocked | electronic copy: fault of its memory | błąd pamięci kopii elektronicznej
1064 unknown service   copy_blocked | electronic copy: fault of its memory | błąd pamięci kopii elektronicznej
1065 unknown service   copy_blocked | electronic copy: fault of its memory | błąd pamięci kopii elektronicznej
1066 unknown service   copy_blocked | electronic copy: fault of its memory | błąd pamięci kopii elektronicznej
1067 unknown service   copy_blocked | electronic copy: fault of its memory | błąd pamięci kopii elektronicznej
1068 unknown service   copy_blocked | electronic copy: fault of its memory | błąd pamięci kopii elektronicznej
1069 unknown service   copy_blocked | electronic copy: fault of its memory | błąd pamięci kopii elektronicznej
1071 no      day       -            | the month is not finished | miesiąc nie jest zakończony
1072 no      service   -            | data of a device that is not supported | dane nieobsługiwanego urządzenia
1074 unknown service   -            | the graphics of the printout is not acceptable | błędna grafika wydruku
1084 no      service   out_of_order | this version of the program is forbidden | niedozwolona wersja programu drukarki; wezwij serwis
1087 unknown service   out_of_order | fault of the file system | błąd systemu plików drukarki; wezwij serwis
"""  # noqa: E501


def _parse(rows: str, *, online: bool) -> dict[int, Code]:
    return {
        int(number): Code(
            int(number),
            text,
            text_pl,
            Registered(registered),
            Reaction(reaction),
            None if condition == "-" else condition,
            online,
        )
        for (number, registered, reaction, condition), text, text_pl in error_rows(rows)
    }


#: Every known error by number. 0 is no error.
CODES: dict[int, Code] = _parse(_ONLINE, online=True) | _parse(_OLDER, online=False)


def lookup(number: int) -> Code:
    """What is known about error ``number``; never raises. A number that is not known proves nothing."""
    return CODES.get(number) or Code(
        number,
        text=f"unknown error number {number}",
        text_pl=f"nieznany błąd drukarki {number}",
        registered=Registered.UNKNOWN,
        reaction=Reaction.STATE,
    )


def of_condition(name: str) -> str:
    """The numbers that mean the condition ``name``, as a family's table of conditions has them."""
    return " ".join(str(code.number) for code in CODES.values() if code.condition == name)


def of_no_condition(known: Iterable[Code] = CODES.values()) -> str:
    """The numbers that are about the printer or its service and mean no condition, as such a table has them."""
    about_the_printer = (Reaction.DAY, Reaction.SERVICE, Reaction.LATER, Reaction.TEXTS, Reaction.CANCELLED)
    return " ".join(str(code.number) for code in known if code.condition is None and code.reaction in about_the_printer)
