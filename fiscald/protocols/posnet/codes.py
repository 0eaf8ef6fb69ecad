"""What the error numbers of POSNET printers mean and what to do about them.

A printer refuses in two ways. A *frame error*, ``ERR|?N``, says that the frame was not accepted and the
command in it not executed. An *execution error*, ``mnemonic|?N``, says that the command was understood and
failed. The same number means different things in the two: ``ERR|?10`` is a field of wrong length,
``trend|?10`` a receipt that was interrupted at the printer. So a number is always looked up with its
`Kind`.

Numbers, symbols and meanings are facts of the POSNET reference, section 8; the texts are ours. Where no
symbol has been published, the row has ``-``.

The column ``registered`` is about money: it says what the error proves about the *refused command*, which for
``trend`` is the receipt itself. ``no`` means that this command registered nothing; ``unknown`` means that the
error alone does not show it: read the counters. It never says anything about commands that were
answered before: a footer line refused after ``trend`` leaves a registered receipt. No published error
proves that something *was* registered, so there is no third value. The column is for people who read an answer:
verdicts rest on the counters alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from fiscald.protocols.tables import Registered, error_rows


class Kind(StrEnum):
    """The form of answer that contained a number."""

    FRAME = "frame"
    """``ERR|?N``: the frame was refused, the command in it was not executed."""
    EXEC = "exec"
    """``mnemonic|?N``: the command was understood and failed."""


class Reaction(StrEnum):
    """What to do after an error."""

    PROGRAM = "program"
    """We sent something illegal. Cancel an open receipt and report; repeating is useless."""
    NOISE = "noise"
    """The line disturbed the frame. The same command may be sent once more."""
    FULL = "full"
    """The printer has no room for a command. Wait until its queue is empty, then send again."""
    ABSENT = "absent"
    """The printer does not know this token: the command that carried it never arrived and may be sent."""
    DAY = "day"
    """The order of reports, the clock or the day's totals forbids it. A person has to act first."""
    AUTHORISATION = "authorisation"
    """The printer's authorisation: a code is missing, wrong or used up, or none is needed."""
    SERVICE = "service"
    """The printer is broken or tampered with. Block it and call service."""
    DATA = "data"
    """The document asks for something that the printer refuses. Cancel and report; repeating is useless."""
    STATE = "state"
    """The printer is in another state than we assumed. Read its state and counters, then decide."""
    MEDIUM = "medium"
    """The electronic copy or its medium. Block the printer and call for action."""
    CANCELLED = "cancelled"
    """A person at the printer interrupted it. Read the counters to learn how far it got."""
    CONFIGURATION = "configuration"
    """Settings, ports, forms, images, display and whatever else a technician has to look at."""


class Code(NamedTuple):
    """One error number and what is known about it."""

    kind: Kind
    number: int
    symbol: str
    """The manufacturer's name for it; empty if none has been published."""
    text: str
    """English, for developers and technicians."""
    text_pl: str
    """Polish, for the cashier."""
    registered: Registered
    reaction: Reaction

    @property
    def name(self) -> str:
        """Number and symbol for logs and messages: ``2106 ERR_DF_DB_LOCKED``, ``2059``, ``frame 5 …``."""
        name = f"{self.number} {self.symbol}".rstrip()
        return f"frame {name}" if self.kind is Kind.FRAME else name


# The table: one error per line, ordered by number. Lines that begin with "#" are comments.
#
#     number registered reaction symbol | English text | Polish text
#
# Frame errors are "no" throughout: the printer says that it did not execute the command. For 13 that is the
# command it was asked about, which never arrived.
_FRAME_ROWS = """
1  no program PROTO_ERR_CMD_UNKNOWN | the printer has no command of this name | błąd programu: drukarka nie zna tego polecenia
2  no program PROTO_ERR_CMD_MANDATORY_FIELDS | the command lacks a required field | błąd programu: w poleceniu dla drukarki brakuje danych
3  no program PROTO_ERR_DATA_CONVERSION | a field does not parse (such as a decimal comma where hundredths belong) or is out of range | błąd programu: wartość w poleceniu dla drukarki jest niepoprawna
4  no program PROTO_ERR_TOKEN_INVALID | the token is not valid | błąd programu: niepoprawny znacznik polecenia
5  no noise   PROTO_ERR_CRC_INVALID | the checksum does not fit the frame | zakłócenia w połączeniu z drukarką; sprawdź kabel
6  no program PROTO_ERR_FLD_INVALID | malformed frame: a field without a name, or an empty one | błąd programu: puste lub nienazwane pole w poleceniu dla drukarki
7  no program PROTO_ERR_CMD_LENGTH | the command's name is not of a permitted length | błąd programu: nazwa polecenia ma niedozwoloną długość
8  no noise   PROTO_ERR_TOKEN_LENGTH | the token does not have four digits | zakłócenia w połączeniu z drukarką (znacznik polecenia); sprawdź kabel
9  no noise   PROTO_ERR_CRC_LENGTH | the checksum does not have four digits | zakłócenia w połączeniu z drukarką (suma kontrolna); sprawdź kabel
10 no program PROTO_ERR_DATA_LENGTH | a field's value is not of a permitted length | błąd programu: dane w poleceniu dla drukarki mają niedozwoloną długość
11 no full    PROTO_ERR_INPUT_BUFFER_OVERRUN | the receive buffer overflowed | drukarka nie nadąża z odbiorem danych; poczekaj chwilę
12 no program PROTO_ERR_CMD_IMMEDIATE_FORBIDDEN | this command may not be sent with "!" ahead of the queue | błąd programu: tego polecenia nie wolno wysłać poza kolejką
13 no absent  PROTO_ERR_TOKEN_NOT_FOUND | repetition refused: no command with this token has arrived | wcześniejsze polecenie nie dotarło do drukarki
14 no full    PROTO_ERR_INPUT_QUEUE_FULL | no room left in the queue of waiting commands | drukarka jest zajęta, kolejka poleceń jest pełna; poczekaj chwilę
15 no program PROTO_ERR_SYNTAX | malformed frame: no checksum, or not built as a frame | błąd programu: polecenie dla drukarki jest źle zbudowane
"""  # noqa: E501

_EXEC_ROWS = """
10   unknown cancelled     ERR_CANCEL | interrupted at the printer (number of older firmware) | czynność przerwano na drukarce; sprawdź, czy dokument został wydrukowany
30   unknown cancelled     - | interrupted at the printer (number of newer firmware) | czynność przerwano na drukarce; sprawdź, czy dokument został wydrukowany

# -- internal faults: nothing shows how far the command got
50   unknown service       ERR_UNKN | internal fault, origin not known | nieznany błąd wewnętrzny drukarki; wezwij serwis
51   unknown service       ERR_ASSERT_FM | internal fault in the fiscal memory module | błąd wewnętrzny modułu pamięci fiskalnej; wezwij serwis
52   unknown service       ERR_ASSERT_DB | internal fault in the database | błąd wewnętrzny bazy danych drukarki; wezwij serwis
53   unknown service       ERR_ASSERT_SALE | internal fault in the sale module | błąd wewnętrzny modułu sprzedaży drukarki; wezwij serwis
54   unknown service       ERR_ASSERT_UI | internal fault in the user interface | błąd wewnętrzny klawiatury lub wyświetlacza drukarki; wezwij serwis
55   unknown service       ERR_ASSERT_CFG | internal fault in the configuration module | błąd wewnętrzny ustawień drukarki; wezwij serwis
56   unknown service       - | internal fault, module not stated | błąd wewnętrzny drukarki; wezwij serwis

323  no      configuration ERR_OPER_BLOCKED | the printer's settings lock this function | ta funkcja jest zablokowana w ustawieniach drukarki

360  unknown service       ERR_SERVICE_SWITCH_FOUND | the service jumper is fitted | w drukarce jest założona zwora serwisowa; wezwij serwis
361  unknown service       ERR_SERVICE_SWITCH_NOT_FOUND | the service jumper is not fitted | w drukarce nie ma zwory serwisowej; wezwij serwis
362  unknown service       ERR_SERVICE_KEY_DATA | the service key's data did not pass the check | klucz serwisowy nie został rozpoznany; wezwij serwis
363  unknown service       ERR_SERVICE_KEY_TIMEOUT | no timely answer from the service key | klucz serwisowy nie odpowiada; wezwij serwis
364  no      configuration - | the password breaks the rules for passwords | hasło nie spełnia wymagań drukarki
365  no      configuration - | this is not the password stored in the printer | błędne hasło drukarki
382  no      day           ERR_RD_ZERO | daily report refused because it would be zero | raport dobowy byłby zerowy: od poprzedniego nie było sprzedaży
383  no      day           ERR_RD_NOT_PRINTED | a daily report is due and has to come first | najpierw wykonaj zaległy raport dobowy
384  no      data          ERR_FM_NO_REC | the memory holds no such record | w pamięci drukarki nie ma takiego zapisu
400  no      data          ERR_WRONG_VALUE | a value is not acceptable | drukarka nie przyjęła podanej wartości
404  no      configuration - | the control code keyed in is not right | wpisany kod kontrolny jest błędny
460  unknown service       ERR_CLOCK_RTC_FSK | clock fault while in fiscal mode | błąd zegara drukarki w trybie fiskalnym; wezwij serwis
461  unknown service       ERR_CLOCK_RTC_NFSK | clock fault while in non-fiscal mode | błąd zegara drukarki w trybie niefiskalnym; wezwij serwis

# -- authorisation; 480 is good news: it answers the question for the days left
480  no      authorisation ERR_AUTH_AUTHORIZED | no authorisation needed, the printer has one for good | drukarka jest już autoryzowana bezterminowo
481  no      authorisation ERR_AUTH_NOT_STARTED | authorisation has not begun | autoryzacja drukarki jeszcze się nie rozpoczęła
482  no      authorisation ERR_AUTH_WAS_ADDED | the printer has had this authorisation code before | ten kod autoryzacyjny był już wpisany
483  no      authorisation ERR_AUTH_DAY_CNT | the values given for the authorisation are wrong | błędne dane autoryzacji drukarki
484  no      authorisation ERR_AUTH_BLOCKED | the authorised time has run out, no sale until a code is entered | skończył się czas autoryzacji, sprzedaż zablokowana; wpisz kod autoryzacyjny
485  no      authorisation ERR_AUTH_BAD_CODE | the authorisation code is not right | błędny kod autoryzacyjny
486  no      authorisation ERR_AUTH_TOO_MANY_WRONG_CODES | locked after too many wrong codes, key the authorisation code in at the printer | autoryzacja zablokowana; wpisz kod na klawiaturze drukarki
487  no      authorisation - | all authorisation codes are used up | wykorzystano wszystkie kody autoryzacyjne; wezwij serwis
499  no      configuration - | the printer is set to the Thermal protocol, set it to POSNET | w drukarce jest włączony protokół Thermal; przełącz ją na protokół POSNET

500  no      data          ERR_STAT_MIN_OVF | a statistic would pass its lower limit | przekroczony dolny zakres statystyk drukarki
501  no      data          ERR_STAT_MAX_OVF | a statistic would pass its upper limit | przekroczony górny zakres statystyk drukarki
502  no      data          ERR_CASH_IN_MAX_OVF | the cash state would exceed its range | stan gotówki w drukarce przekroczyłby dopuszczalny zakres
# 503 is not a plain refusal: the printer goes on with a cash state of zero, so the pay-out may have been booked.
503  unknown data          ERR_CASH_OUT_BELOW_0 | more cash taken out than the printer has on record, its cash state becomes zero | wypłata jest większa niż stan gotówki w drukarce; stan zostaje wyzerowany

# -- settings
700  no      configuration ERR_INVALID_IP_ADDR | not a valid IP address | niepoprawny adres IP w ustawieniach drukarki
701  no      configuration ERR_INVALID_TONE_NUMBER | there is no tone with this number | niepoprawny numer dźwięku
702  no      configuration ERR_ILLEGAL_DRAWER_IMPULSE_LEN | not a valid length of the drawer pulse | niepoprawna długość impulsu otwarcia szuflady
703  no      configuration ERR_ILLEGAL_VAT_RATE | not a valid VAT rate in the settings | niepoprawna stawka PTU w ustawieniach drukarki
704  no      configuration ERR_INVALID_LOGOUT_TIME | not a valid time until log-out | niepoprawny czas do wylogowania kasjera
705  no      configuration ERR_INVALID_SLEEP_TIME | not a valid time until sleep | niepoprawny czas do uśpienia drukarki
706  no      configuration ERR_INVALID_TURNOFF_TIME | not a valid time until switch-off | niepoprawny czas do wyłączenia drukarki
713  no      configuration ERR_CONFIG_SET | the settings sent are not valid | niepoprawne ustawienia drukarki
714  no      configuration ERR_ILLEGAL_DSP_CONTRAST | not a valid contrast for the display | niepoprawny kontrast wyświetlacza
715  no      configuration ERR_ILLEGAL_DSP_LUMIN | not a valid brightness for the backlight | niepoprawna jasność podświetlenia wyświetlacza
716  no      configuration ERR_ILLEGAL_DSP_OFF_DELAY | not a valid delay until the backlight goes off | niepoprawny czas do wygaszenia podświetlenia
717  no      configuration ERR_LINE_TOO_LONG | a line of the header or footer has too many characters | wiersz nagłówka lub stopki jest za długi
718  no      configuration ERR_ILLEGAL_COMM_CFG | the communication settings are not valid | niepoprawne ustawienia komunikacji drukarki
719  no      configuration ERR_ILLEGAL_PROTOCOL_CFG | the settings of the communication protocol are not valid | niepoprawne ustawienia protokołu komunikacji
720  no      configuration ERR_ILLEGAL_PORT | there is no port with this id | drukarka nie ma takiego portu
721  no      configuration ERR_ILLEGAL_INFO_TXT_NUM | there is no advertising text with this number | niepoprawny numer tekstu reklamowego
722  no      configuration ERR_ILLEGAL_TIME_DIFF | the time is not within its permitted range | czas wykracza poza dozwolony przedział
723  no      configuration ERR_ILLEGAL_TIME | not a valid date or time | niepoprawna data lub godzina
724  no      configuration ERR_ILLEGAL_HOUR_DIFF | the hours of a time difference have to be 0 to 23 | różnica czasu: godziny muszą być od 0 do 23
726  no      configuration ERR_ILLEGAL_DSP_LINE_CONTENT | a display line cannot show this text | niepoprawny tekst dla wyświetlacza
727  no      configuration ERR_ILLEGAL_DSP_SCROLL_VALUE | not a valid scroll value for the display | niepoprawne przewijanie tekstu na wyświetlaczu
728  no      configuration ERR_ILLEGAL_PORT_CFG | the port's settings are not valid | niepoprawne ustawienia portu
729  no      configuration - | the settings of the transaction monitor are not valid | niepoprawne ustawienia monitora transakcji
730  no      configuration - | the port belongs to the computer interface already | port zajęty przez połączenie z komputerem
731  no      configuration - | the port belongs to TCP/IP already | port zajęty przez TCP/IP
732  no      configuration - | the port belongs to the monitor already | port zajęty przez monitor
733  no      configuration - | the port is occupied | port jest zajęty
734  no      configuration - | the port belongs to tunnelling already | port zajęty przez tunelowanie
738  no      configuration ERR_ETH_CONFIG | the Ethernet settings are not valid | niepoprawne ustawienia sieci Ethernet
739  no      configuration ERR_ILLEGAL_DSP_ID | there is no display of this type | niepoprawny rodzaj wyświetlacza
740  no      configuration ERR_ILLEGAL_DSP_ID_FOR_OFF_DELAY | a display of this type has no backlight time to set | dla tego wyświetlacza nie ustawia się czasu podświetlenia
741  no      configuration - | a time is beyond its limits | wartość czasu poza dozwolonym zakresem
745  no      configuration - | there is no code page with this number | niepoprawny numer strony kodowej
746  no      configuration - | the settings of the transaction monitor's frame are not valid | niepoprawne ustawienia ramki monitora transakcji
747  no      configuration - | not to be had while DHCP is on | funkcja niedostępna przy włączonym DHCP
748  no      configuration - | without Ethernet transmission there is no DHCP | funkcja DHCP działa tylko przy transmisji przez Ethernet
752  no      configuration - | the Thermal protocol does not run over TCP/IP | protokół Thermal nie działa przez TCP/IP
820  unknown service       ERR_TEST | the printer did not pass a test | test drukarki nie powiódł się; wezwij serwis
821  no      configuration ERR_TEST_NO_CONF | the option to test is not set up | testowana opcja nie jest skonfigurowana
857  unknown service       ERR_DF_DB_NO_MEM | too little memory to set up the goods base | za mało pamięci na bazę towarową drukarki; wezwij serwis

# -- fiscal memory
1000 unknown service       ERR_FATAL_FM | the fiscal module has failed | awaria modułu fiskalnego; wezwij serwis
1001 unknown service       ERR_FM_NCONN | the fiscal memory is not connected | pamięć fiskalna jest odłączona; wezwij serwis
1002 unknown service       ERR_FM_WRITE | the fiscal memory could not be written | błąd zapisu do pamięci fiskalnej; wezwij serwis
1003 unknown service       ERR_FM_UNKN | a fiscal memory fault that the BIOS specification does not list | nieznany błąd pamięci fiskalnej; wezwij serwis
1004 unknown service       ERR_FM_CHKSUM_CNT | checksums in the fiscal memory do not match | błędne sumy kontrolne pamięci fiskalnej; wezwij serwis
1005 unknown service       ERR_FM_CTRL_BLK_0 | control block 1 is faulty | błąd pierwszego bloku kontrolnego pamięci fiskalnej; wezwij serwis
1006 unknown service       ERR_FM_CTRL_BLK_1 | control block 2 is faulty | błąd drugiego bloku kontrolnego pamięci fiskalnej; wezwij serwis
1007 unknown service       ERR_FM_BAD_REC_ID | a fiscal memory record bears a wrong id | błędne oznaczenie zapisu w pamięci fiskalnej; wezwij serwis
1008 unknown service       ERR_FM_DATA_ADDR_INIT | the start address could not be initialised | błąd ustawienia adresu początkowego pamięci fiskalnej; wezwij serwis
1009 unknown service       ERR_FM_DATA_ADDR_INITED | the start address has been initialised before | adres początkowy pamięci fiskalnej jest już ustawiony; wezwij serwis
1010 unknown service       ERR_FM_NU_PRESENT | there is a unique number already | numer unikatowy jest już zapisany; wezwij serwis
1011 unknown service       ERR_FM_NU_NO_PRESENT_FSK | fiscal mode, yet no unique number | brak numeru unikatowego w trybie fiskalnym; wezwij serwis
1012 unknown service       ERR_FM_NU_WRITE | the unique number could not be written | błąd zapisu numeru unikatowego; wezwij serwis
1013 unknown service       ERR_FM_NU_FULL | no room for another unique number | brak miejsca na numer unikatowy; wezwij serwis
1014 unknown service       ERR_FM_NU_LANG | the unique number names a wrong language | błędny język w numerze unikatowym; wezwij serwis
1015 unknown service       ERR_FM_TIN_CNT | the memory holds more than a single NIP | w pamięci jest więcej niż jeden NIP; wezwij serwis
1016 unknown service       ERR_FM_READ_ONLY_NFSK | read-only, yet fiscalisation is not on record | drukarka tylko do odczytu, bez zapisu fiskalizacji; wezwij serwis
1017 unknown service       ERR_FM_CLR_RAM_CNT | no RAM reset left | wyczerpana liczba zerowań pamięci RAM; wezwij serwis
1018 unknown service       ERR_FM_REP_DAY_CNT | no daily report left | wyczerpana liczba raportów dobowych; wezwij serwis
1019 unknown service       ERR_FM_VERIFY_NU | the unique number did not pass the check | błąd kontroli numeru unikatowego; wezwij serwis
1020 unknown service       ERR_FM_VERIFY_STAT | statistics and daily report disagree | statystyki nie zgadzają się z raportem dobowym; wezwij serwis
1021 unknown service       ERR_FM_VERIFY_NVR_READ | fiscal memory check: NVR could not be read | błąd odczytu NVR przy kontroli pamięci fiskalnej; wezwij serwis
1022 unknown service       ERR_FM_VERIFY_NVR_WRITE | fiscal memory check: NVR could not be written | błąd zapisu NVR przy kontroli pamięci fiskalnej; wezwij serwis
1023 unknown service       ERR_FM_CTRL_BLK_2 | the fiscal memory is of the small kind | w drukarce jest pamięć fiskalna mniejszego typu; wezwij serwis
1024 unknown service       ERR_FM_DATA_ADDR_NO_INITED | the fiscal memory's data area has not been initialised | obszar danych pamięci fiskalnej nie jest przygotowany; wezwij serwis
1025 unknown service       ERR_FM_NU_FORMAT | the unique number is not of the right format | błędny format numeru unikatowego; wezwij serwis
1026 unknown service       ERR_FM_REC_BAD_CNT | the fiscal memory has more bad blocks than allowed | za dużo uszkodzonych bloków pamięci fiskalnej; wezwij serwis
1027 unknown service       ERR_FM_NO_BADBLK_MARKER | a bad block could not be marked as such | nie udało się oznaczyć uszkodzonego bloku pamięci fiskalnej; wezwij serwis
1028 unknown service       ERR_FM_REC_EMPTY | there is no such fiscal memory record, its place is empty | brak zapisu w pamięci fiskalnej, obszar jest pusty; wezwij serwis
1029 unknown service       ERR_FM_REC_DATE | the dates of neighbouring fiscal memory records are out of order | błędna kolejność dat w pamięci fiskalnej; wezwij serwis
1030 unknown service       - | a daily report's hash could not be read | błąd odczytu skrótu raportu dobowego; wezwij serwis
1031 unknown service       - | a daily report's hash could not be written | błąd zapisu skrótu raportu dobowego; wezwij serwis
1032 unknown service       - | the data to check a daily report's hash could not be read | błąd odczytu danych do kontroli skrótu raportu dobowego; wezwij serwis
1033 unknown service       - | the data to check a daily report's hash could not be written | błąd zapisu danych do kontroli skrótu raportu dobowego; wezwij serwis
1034 unknown service       - | the medium's label could not be read | błąd odczytu etykiety nośnika; wezwij serwis
1035 unknown service       - | the medium's label could not be written | błąd zapisu etykiety nośnika; wezwij serwis
1036 unknown service       - | the electronic copy contradicts itself | niespójne dane kopii elektronicznej; wezwij serwis
1037 unknown service       - | the invoice bit area holds wrong data | błędne dane w obszarze faktur pamięci fiskalnej; wezwij serwis
1038 unknown service       - | the invoice area should be empty and is not | obszar faktur pamięci fiskalnej nie jest pusty; wezwij serwis
1039 unknown service       - | the fiscal memory takes no more invoices | brak miejsca na nowe faktury; wezwij serwis
1040 unknown service       - | more invoices in daily reports than the invoice counter says | liczba faktur w raportach dobowych nie zgadza się z licznikiem; wezwij serwis
1041 unknown service       - | the area of copy-module ids is faulty | błąd obszaru oznaczeń modułu kopii; wezwij serwis
1042 unknown service       - | the copy-module id could not be written | błąd zapisu oznaczenia modułu kopii; wezwij serwis
1043 unknown service       - | no room for another copy-module id | brak miejsca na oznaczenia modułu kopii; wezwij serwis
1044 unknown service       - | fiscalisation did not succeed | fiskalizacja drukarki nie powiodła się; wezwij serwis
1045 unknown service       - | the date lies before the last daily report | data wcześniejsza niż poprzedni raport dobowy; wezwij serwis

# -- amounts of a document
1950 no      data          ERR_TR_TOT_OVR | a total of the receipt exceeds its range | suma paragonu przekracza zakres drukarki
1951 no      data          ERR_TR_PF_OVR | a single payment is above the limit | kwota płatności jest za duża
1952 no      data          ERR_TR_PF_SUM_OVR | the payments together are above the limit | łączna kwota płatności jest za duża
1953 no      data          ERR_PAYMENT_OVR | nothing is left to pay, no further payment is taken | płatności pokrywają już całą należność
1954 no      data          ERR_TR_CHANGE_OVR | the change is above the limit | kwota reszty przekracza limit drukarki
1955 no      data          ERR_TR_CHANGE_SUM_OVR | the change payments together are above the limit | łączna kwota reszty jest za duża
1956 no      data          ERR_TR_TOTAL_OVR | the total lies outside its range | suma poza zakresem drukarki
1957 no      data          ERR_TR_FISC_OVR | the receipt is worth more than the printer allows | przekroczona największa dozwolona wartość paragonu
1958 no      data          ERR_TR_PACK_OVR | the value of the packaging lies outside its range | wartość opakowań poza zakresem drukarki
1959 no      data          ERR_TR_PACK_STORNO_OVR | a storno takes the value of the packaging out of its range | wartość opakowań po stornie poza zakresem drukarki
1961 no      data          ERR_TR_PF_REST_TOO_BIG | more change than the printer accepts here | reszta jest za duża
1962 no      data          ERR_TR_PF_ZERO | the payment is zero | płatność ma wartość zero
1980 no      data          ERR_TR_DISCNT_BASE_OVR | the amount to be discounted lies outside its range | kwota objęta rabatem lub narzutem poza zakresem drukarki
1981 no      data          ERR_TR_DISCNT_AFTER_OVR | the discount or surcharge takes the amount out of its range | kwota po rabacie lub narzucie poza zakresem drukarki
1982 no      data          ERR_TR_DISCNT_CALC | the discount or surcharge could not be worked out | błąd obliczenia rabatu lub narzutu
1983 no      data          ERR_TR_DISCNT_BASE_NEGATIVE_OR_ZERO | the amount to be discounted is not above zero | nie ma kwoty, od której można dać rabat
1984 no      data          ERR_TR_DISCNT_ZERO | the discount or surcharge comes to nothing | rabat lub narzut wynosi zero
1985 no      data          ERR_TR_DISCNT_AFTER_NEGATIVE_OR_ZERO | the discount would leave nothing or less | po rabacie nie zostaje żadna kwota do zapłaty
1990 no      data          ERR_TR_STORNO_NOT_ALLOWED | a storno is not possible at this point of the document | storno nie jest możliwe w tym miejscu dokumentu
1991 no      data          ERR_TR_DISCNT_NOT_ALLOWED | a discount or surcharge is not possible at this point of the document | rabat lub narzut nie jest możliwy w tym miejscu dokumentu

2000 no      data          ERR_TR_FLD_VAT | there is no such VAT rate, or it is not active | nieprawidłowa lub nieaktywna stawka PTU
2002 no      configuration ERR_NO_HDR | the header has not been programmed | w drukarce nie zaprogramowano nagłówka
2003 no      configuration ERR_HDR | the header has been programmed already | nagłówek jest już zaprogramowany
2004 no      configuration ERR_NO_VAT | not one VAT rate is active | w drukarce nie ma aktywnych stawek PTU
2005 no      state         ERR_NO_TRNS_MODE | no transaction is open | na drukarce nie ma otwartego dokumentu
2006 no      data          ERR_TR_FLD_PRICE | the price is not above zero | cena musi być większa od zera
2007 no      data          ERR_TR_FLD_QUANT | the quantity is not above zero | ilość musi być większa od zera
2008 no      data          ERR_TR_FLD_TOTAL | the total given is not right | błędna wartość pozycji lub suma dokumentu
2009 no      data          ERR_TR_FLD_TOTAL_ZERO | the total given is zero | wartość pozycji lub suma dokumentu wynosi zero
2010 no      data          ERR_TOT_OVR | the day's totals would exceed their range | przekroczony zakres sum dobowych; wykonaj raport dobowy

# -- clock, rates, identity, mode
2020 no      day           - | the date may not be changed | nie wolno zmienić daty drukarki
2021 no      day           ERR_RTC_WAS_SET | the clock has been set once this day, a second time is refused | zegar drukarki był już dziś ustawiany
2022 no      day           ERR_RTC_DIFF | the date is too far from the printer's | data zbyt różni się od daty w drukarce
2023 no      day           ERR_RTC_HOUR | the clock may be moved by 1 hour at most (newer firmware: 2 hours) | zegar można przestawić najwyżej o 1 godzinę (w nowszych drukarkach o 2)
2024 no      day           ERR_RTC_BAD_FORMAT | the date is not in the expected format | niepoprawny zapis daty
2025 no      day           ERR_RTC_FM_DATE | the date lies before the last record in the fiscal module | data wcześniejsza niż ostatni zapis w pamięci fiskalnej
# 2026 does not say whether the clock is wrong or broken (compare 460), so it proves nothing.
2026 unknown day           ERR_RTC | something is wrong with the clock | błąd zegara drukarki; sprawdź datę i godzinę
2027 no      configuration ERR_VAT_CHNG_CNT | no change of VAT rates left | wyczerpana liczba zmian stawek PTU
2028 no      configuration ERR_VAT_SAME | the VAT rates sent are those already in force | nowe stawki PTU są takie same jak obecne
2029 no      configuration ERR_VAT_VAL | the values of the VAT rates are not valid | niepoprawne wartości stawek PTU
2030 no      configuration ERR_VAT_NO_ACTIVE | the change would leave no VAT rate active | co najmniej jedna stawka PTU musi być aktywna
2031 no      data          ERR_FLD_TIN | the NIP is not valid | niepoprawny NIP
2032 unknown service       ERR_FM_ID | the unique number is faulty | błąd numeru unikatowego drukarki; wezwij serwis
2033 no      configuration ERR_FISC_MODE | not possible in fiscal mode | niemożliwe w trybie fiskalnym drukarki
2034 no      configuration ERR_NO_FISC_MODE | only possible in fiscal mode | możliwe tylko w trybie fiskalnym drukarki
2035 no      day           ERR_TOT_NOT_ZERO | only possible while the day's totals are zero | najpierw wykonaj raport dobowy: jest niezaraportowana sprzedaż
2036 unknown service       ERR_READ_ONLY | the printer can be read out and nothing else | drukarka działa tylko w trybie odczytu; wezwij serwis
2037 no      configuration ERR_NO_READ_ONLY | only possible on a read-only printer | możliwe tylko w trybie odczytu drukarki
2038 no      state         ERR_TRNS_MODE | not possible while a transaction is open | na drukarce jest otwarty inny dokument
2039 no      day           ERR_TOT_ZERO | not possible while the day's totals are zero | niemożliwe: od raportu dobowego nie było sprzedaży
2040 no      data          ERR_CURR_CALC | converting the currency gives too large an amount | kwota po przeliczeniu waluty jest za duża
2041 no      data          ERR_TR_END_VAL_0 | the receipt cannot end with a value of zero | paragon ma wartość zero i nie może być zakończony

# -- reports: what was asked for
2042 no      data          ERR_REP_PER_DATE_FORMAT_FROM | the first date is not in the expected format | niepoprawny zapis daty początkowej
2043 no      data          ERR_REP_PER_DATE_FORMAT_TO | the last date is not in the expected format | niepoprawny zapis daty końcowej
2044 no      day           ERR_REP_PER_CURR_MONTH | the month of the monthly report is not over yet | nie można wykonać raportu miesięcznego za bieżący miesiąc
2045 no      data          ERR_REP_PER_DATE_START_GT_CURR | the first date lies in the future | data początkowa jest późniejsza niż dzisiejsza
2046 no      data          ERR_REP_PER_DATE_END_GT_FISK | the last date lies before fiscalisation | data końcowa jest wcześniejsza niż fiskalizacja drukarki
2047 no      data          ERR_REP_PER_NUM_ZERO | the first or the last report number is zero | numer początkowy lub końcowy raportu wynosi zero
2048 no      data          ERR_REP_PER_NUM_FROM_GT_END | the first report number is above the last | numer początkowy raportu jest większy niż końcowy
2049 no      data          ERR_REP_PER_NUM_TOO_BIG | there are not as many reports as that | nie ma raportu o tak dużym numerze
2050 no      data          ERR_REP_PER_DATE_END_GT_START | the first date lies after the last | data początkowa jest późniejsza niż końcowa
# 2051: the printer takes only so many different footer texts between two daily reports.
2051 no      day           ERR_REP_TXT_NO_MEM | the text buffer is full | bufor tekstów drukarki jest pełny; wykonaj raport dobowy
2052 no      data          ERR_TR_NO_MEM | the buffer for the lines of a transaction is full | dokument ma za dużo pozycji dla drukarki
2054 no      data          ERR_TR_END_PAYMENT | the payments are too low for the amount due or for the change | płatności nie pokrywają należności lub reszty

# -- texts, printout state, parameters
2055 no      data          ERR_LINE | a line is not acceptable | błędny wiersz wydruku
2056 no      data          ERR_EMPTY_TXT | a text is empty | tekst do wydruku jest pusty
2057 no      data          ERR_SIZE | a text is too long or has too many formatting characters | tekst jest za długi lub ma za dużo znaków formatujących
2058 no      data          ERR_LINE_CNT | the number of lines is not permitted | niepoprawna liczba wierszy tekstu
2059 no      data          - | not a valid bar code | błędny kod kreskowy
2060 no      state         ERR_TR_BAD_STATE | not possible in this state of the transaction | czynność niemożliwa w tym momencie dokumentu
# 2062: a printout has started and is not finished; it may be that of our own document.
2062 unknown state         ERR_PRN_START | a document has been printed in part | drukarka wydrukowała już część dokumentu; sprawdź wydruk
2063 no      data          ERR_PAR | a parameter is not acceptable | drukarka nie przyjęła danych polecenia
2064 no      state         ERR_FTR_NO_HDR | nothing has been started, neither printout nor transaction | na drukarce nie rozpoczęto żadnego wydruku ani dokumentu
2067 no      configuration ERR_PRN_CFG_SET | the settings of printout or printer are not valid | niepoprawne ustawienia wydruku
2070 no      configuration ERR_WRONG_MAINTENANCE_TIME | the maintenance date lies before the printer's clock | data przeglądu jest wcześniejsza niż data w drukarce
2080 no      program       - | hexadecimal data with half a byte left over | błąd programu: niepełne dane kodu do wydruku
2081 no      program       - | not a hexadecimal value | błąd programu: niepoprawne dane kodu do wydruku

# -- goods base
2101 no      data          ERR_DF_DB_OVR | no room for another name in the goods base | baza towarowa drukarki jest pełna
2102 no      data          ERR_DF_DB_VAT_INACTIVE | goods base: the rate is not active | stawka PTU towaru jest nieaktywna
2103 no      data          ERR_DF_DB_VAT_INVALID | goods base: there is no such VAT rate | błędna stawka PTU towaru
2104 no      data          ERR_DF_DB_NAME | goods base: the name is not acceptable | błędna nazwa towaru
2105 no      data          ERR_DF_DB_NAME_VAT | goods base: the rate could not be assigned to the name | nie można przypisać stawki PTU do towaru
2106 no      data          ERR_DF_DB_LOCKED | the control of rate assignments blocks this name at this rate | towar zablokowany: był sprzedawany z inną stawką PTU
2107 no      data          ERR_DF_DB_NAME_NOT_FOUND | the goods base does not have this name | towaru nie ma w bazie towarowej drukarki
2108 no      configuration ERR_DF_DB_NOT_OVR | only possible when the goods base is full | baza towarowa drukarki nie jest pełna
2110 no      authorisation - | authorisation failed (number of newer firmware) | błąd autoryzacji drukarki
2200 no      authorisation - | authorisation failed (number of older firmware) | błąd autoryzacji drukarki

# -- forms, goods-base report, invoices
2501 no      configuration ERR_FORM_ID | there is no form with this number | błędny numer formatki wydruku
2502 no      configuration ERR_FORM_LINE_NO | this form has no line with this number | błędny numer wiersza formatki
2503 no      configuration ERR_FORM_HDR_NO | there is no form header with this number | błędny numer nagłówka formatki
2504 no      configuration ERR_FORM_PAR_CNT | the form needs more parameters | za mało danych do formatki wydruku
2505 no      state         ERR_FORM_NOT_STARTED | no form has been started | nie rozpoczęto wydruku niefiskalnego
2506 no      state         ERR_FORM_STARTED | a form is open already | wydruk niefiskalny jest już rozpoczęty
2507 no      configuration ERR_FORM_CMD | there is no form command with this number | błędny numer polecenia formatki
2508 no      configuration - | the form is too wide for 57 mm paper | formatka jest za szeroka na papier 57 mm
2521 no      state         ERR_DB_REP_PLU_ACTIVE | a goods-base report is open already | raport bazy towarowej jest już rozpoczęty
2522 no      state         ERR_DB_REP_PLU_NOT_ACTIVE | no goods-base report has been started | nie rozpoczęto raportu bazy towarowej
2523 no      data          ERR_DB_REP_PLU_VAT_ID | goods-base report: there is no such VAT rate | błędna stawka PTU w raporcie bazy towarowej
2532 no      data          ERR_FV_COPY_CNT | the number of invoice copies is not permitted | niepoprawna liczba kopii faktury
2533 no      data          - | the invoice has no number | brak numeru faktury
2534 no      configuration - | the format of the printout is not permitted | niepoprawny format wydruku
2600 no      program       ERR_DISCNT_TYPE | there is no discount or surcharge of this type | błąd programu: niepoprawny rodzaj rabatu lub narzutu
2601 no      data          ERR_TR_DISCNT_VALUE | the discount or surcharge lies outside its range | wartość rabatu lub narzutu poza zakresem drukarki
2620 no      data          - | the name of the quotation is not acceptable | błędna nazwa wyceny
2621 no      configuration - | no room for another quotation | tablica wycen jest pełna
2622 no      configuration - | only possible while there are no quotations | tablica wycen nie jest pusta
2623 no      configuration - | no room in the quotation table | brak miejsca w tablicy wycen
2624 no      state         - | a quotation of a different type is open | otwarta jest wycena innego rodzaju
2625 no      data          - | the quotation has more lines than allowed | wycena ma za dużo pozycji

2701 no      data          ERR_VAT_ID | there is no VAT rate with this id | błędne oznaczenie stawki PTU
2702 no      program       ERR_FTRLN_ID | there is no footer line with this id | błąd programu: niepoprawny numer wiersza stopki
2703 no      data          ERR_FTRLN_CNT | more footer lines than allowed | za dużo dodatkowych wierszy stopki
# 2704, 2706: power may fail at any point of a command.
2704 unknown state         ERR_ACC_LOW | the battery is too weak to go on | rozładowany akumulator drukarki; podłącz zasilanie
2705 no      data          ERR_PF_TYPE | the printer does not have this type of payment | drukarka nie obsługuje tej formy płatności
2706 unknown state         - | mains power is missing | brak zasilania drukarki; podłącz zasilacz
2710 no      configuration - | the service asked for is not running | wskazana usługa drukarki nie działa

# -- the printer's arithmetic against ours
2801 no      data          ERR_DISCNT_VERIFY | check: the discount or surcharge differs from the printer's result | wartość rabatu lub narzutu nie zgadza się z obliczeniem drukarki
2802 no      data          ERR_LNTOT_VERIFY | check: the line's value differs from the printer's result | wartość pozycji nie zgadza się z obliczeniem drukarki
2803 no      data          ERR_PACKTOT_VERIFY | check: the packaging's value differs from the printer's result | wartość opakowania nie zgadza się z obliczeniem drukarki
2804 no      data          ERR_CURRTOT_VERIFY | check: the payment in currency differs from the printer's result | wartość płatności w walucie nie zgadza się z obliczeniem drukarki
2805 no      data          ERR_ENDTOT_VERIFY | check: the document's fiscal value differs from the printer's sum | suma dokumentu nie zgadza się z obliczeniem drukarki
2806 no      data          ERR_ENDPACKPLUS_VERIFY | check: packaging given out (op) differs from the printer's sum | suma wydanych opakowań nie zgadza się z obliczeniem drukarki
2807 no      data          ERR_ENDPACKMINUS_VERIFY | check: packaging taken back (om) differs from the printer's sum | suma przyjętych opakowań nie zgadza się z obliczeniem drukarki
2808 no      data          ERR_ENDPAYMENT_VERIFY | check: the payments (fp) differ from the printer's sum | suma płatności nie zgadza się z obliczeniem drukarki
2809 no      data          ERR_ENDCHANGE_VERIFY | check: the change (re) differs from the printer's result | reszta nie zgadza się z obliczeniem drukarki
2851 no      data          ERR_STORNO_QNT | the storno's quantity does not fit what was sold | ilość w stornie nie zgadza się ze sprzedażą
2852 no      data          ERR_STORNO_AMT | the storno's value does not fit what was sold | wartość storna nie zgadza się ze sprzedażą

# -- electronic copy: what was sold may be registered before its copy fails
2900 unknown medium        ERR_EC_NOT_ENOUGH_SPACE | the state of the electronic copy rules this document out | stan kopii elektronicznej nie pozwala na ten dokument; wezwij serwis
2901 unknown medium        ERR_EC_EDM_NOT_READY | the medium is missing or busy | brak nośnika kopii elektronicznej lub jest on zajęty
2902 unknown medium        - | the medium has not been verified | nośnik kopii elektronicznej nie został sprawdzony
2903 unknown medium        ERR_EC_DATA_PENDING | too much data waits in the cache of the electronic copy | pamięć podręczna kopii elektronicznej jest przepełniona
2906 unknown medium        - | the buffer of the electronic copy is damaged | uszkodzony bufor kopii elektronicznej; wezwij serwis
2907 unknown medium        - | there is no medium in the printer | brak nośnika kopii elektronicznej; włóż nośnik
2908 unknown medium        - | this medium cannot be used for the operation | nośnik kopii elektronicznej nie nadaje się do tej czynności
2911 unknown medium        ERR_EC_EDM_FILE_NOT_FOUND | the medium does not hold that file | na nośniku kopii elektronicznej nie ma takiego pliku
2913 unknown medium        ERR_EC_TEST_FAILED | a test of the electronic copy gave a wrong result | test kopii elektronicznej nie powiódł się; wezwij serwis
2915 unknown medium        - | nothing waits in the cache of the electronic copy | pamięć podręczna kopii elektronicznej jest pusta
2916 unknown medium        - | the medium is being verified | trwa sprawdzanie nośnika kopii elektronicznej; poczekaj
2917 unknown medium        - | not a valid type of document | błędny rodzaj dokumentu kopii elektronicznej
2918 unknown medium        - | the data are out of date and cannot be had | dane kopii elektronicznej są nieaktualne i niedostępne

# -- currency, dated rates, form authorisation, fiscalisation
3051 no      configuration ERR_CURRENCY_ALREADY_CHANGED | after a daily report the currency may be changed only once | walutę można zmienić tylko raz po raporcie dobowym
3052 no      configuration ERR_CURRENCY_SAME | this currency is the one in use | ta waluta jest już ustawiona
3053 no      configuration ERR_CURRENCY_INVALID_NAME | not a valid name of a currency | niepoprawna nazwa waluty
3054 no      configuration ERR_CURRENCY_SHOULD_CHANGE | the programmed change of currency has fallen due | nadszedł termin automatycznej zmiany waluty
3055 no      data          ERR_CURRENCY_RATE | not a valid exchange rate | niepoprawny kurs waluty
3056 no      configuration ERR_CURRENCY_CHNG_CNT | no change of currency left | wyczerpana liczba zmian waluty
3080 no      configuration - | the VAT rates carry a date in the past | stawki PTU mają nieaktualną datę
3084 no      configuration - | the programmed change of VAT rates has fallen due | nadszedł termin automatycznej zmiany stawek PTU
3085 no      program       - | the command lacks its date field | błąd programu: w poleceniu dla drukarki brakuje daty
3090 no      configuration - | the form's authorisation code is not right | błędny kod autoryzacyjny formatki
3091 no      configuration - | authorising the form is locked | autoryzacja formatki jest zablokowana
3092 no      configuration - | the form is locked | formatka jest zablokowana
# 3100, 3101: older firmware reports faults in parameter blocks 1 and 2 under these numbers.
3100 no      configuration - | authorisation of the fiscalisation: parameter missing (older firmware: block 1 not valid) | brak danych autoryzacji fiskalizacji
3101 no      configuration - | authorisation of the fiscalisation: wrong code (older firmware: block 2 not valid) | błędny kod autoryzacji fiskalizacji
3102 no      configuration - | the "destination" name has too few characters | za krótka nazwa miejsca docelowego
3103 no      configuration - | the "transition" name has too few characters | za krótka nazwa miejsca tranzytu
3104 no      configuration - | the destination port contains characters that are not allowed | niedozwolone znaki w nazwie portu docelowego
3105 no      configuration - | the transit port contains characters that are not allowed | niedozwolone znaki w nazwie portu tranzytowego
3106 no      configuration - | the parameters of block 1 are not valid | niepoprawne dane w bloku 1
3107 no      configuration - | the parameters of block 2 are not valid | niepoprawne dane w bloku 2
# 3110: the drawer may open by itself when a document has been closed.
3110 unknown configuration - | the voltage for the drawer is not right | błędne napięcie szuflady; sprawdź podłączenie szuflady

# -- codes to be printed. They are prepared before a document and printed at its end; 3201, 3205, 3221 and
# -- 3222 may show only then, after the document has been registered.
3200 no      data          - | a code without content cannot be printed | kod do wydruku jest pusty
3201 unknown data          - | the code is too big, or wider than the paper | kod nie mieści się na papierze
3202 no      data          - | not a valid scale for the code | niepoprawna skala wydruku kodu
3203 no      data          - | not a valid Y to X ratio for the code | niepoprawne proporcje kodu
3205 unknown data          - | the code does not fit into the memory | kod nie mieści się w pamięci drukarki
3206 no      data          - | more input than the code can hold | za dużo danych w kodzie do wydruku
3207 no      data          - | the code's number of columns lies outside its range | niedozwolona liczba kolumn kodu
3208 no      data          - | the code's number of rows lies outside its range | niedozwolona liczba wierszy kodu
3209 no      data          - | the code's level of error correction lies outside its range | niedozwolony poziom korekcji błędów kodu
3210 no      data          - | the code's pixels per module lie outside their range | niedozwolony rozmiar punktu kodu
3220 no      data          - | the printer cannot print this type of bar code | drukarka nie obsługuje tego rodzaju kodu kreskowego
3221 unknown configuration - | the bar code could not be stored | błąd zapisu kodu kreskowego w drukarce
3222 unknown configuration - | the stored bar code could not be read | błąd odczytu kodu kreskowego z drukarki

# -- images; 3255 and 3256 broke off in the middle of writing
3250 no      configuration - | the image's number lies outside its range | niedozwolony numer grafiki
3251 no      configuration - | there is no image under this number | w drukarce nie ma grafiki o tym numerze
3252 no      configuration - | the image may not be changed | grafiki nie wolno zmienić
3253 no      configuration - | the size of the image is not permitted | niedozwolony rozmiar grafiki
3254 no      configuration - | the images need more memory than there is | brak miejsca na grafikę w drukarce
3255 unknown configuration - | the image could not be written to the electronic copy | błąd zapisu grafiki w kopii elektronicznej
3256 unknown configuration - | the image could not be written | błąd zapisu grafiki w drukarce
3257 no      configuration - | the image's printability level lies outside its range | niedozwolony poziom jakości wydruku grafiki
3258 no      configuration - | not a valid size of the data | niepoprawny rozmiar danych
"""  # noqa: E501


def _parse(kind: Kind, rows: str) -> tuple[Code, ...]:
    codes = []
    for (number, registered, reaction, symbol), text, text_pl in error_rows(rows):
        known = "" if symbol == "-" else symbol
        codes.append(Code(kind, int(number), known, text, text_pl, Registered(registered), Reaction(reaction)))
    return tuple(codes)


#: Every known error, frame errors first, each kind ordered by number.
TABLE: tuple[Code, ...] = _parse(Kind.FRAME, _FRAME_ROWS) + _parse(Kind.EXEC, _EXEC_ROWS)

#: Frame errors by number.
FRAME: dict[int, Code] = {code.number: code for code in TABLE if code.kind is Kind.FRAME}

#: Execution errors by number.
EXEC: dict[int, Code] = {code.number: code for code in TABLE if code.kind is Kind.EXEC}


def lookup(kind: Kind, number: int) -> Code:
    """What is known about error ``number`` of that kind; never raises.

    A number that is not in the table proves nothing, so the counters must be read.
    """
    code = (FRAME if kind is Kind.FRAME else EXEC).get(number)
    if code is not None:
        return code
    return Code(
        kind,
        number,
        symbol="",
        text=f"unknown error number {number}",
        text_pl=f"nieznany błąd drukarki {number}",
        registered=Registered.UNKNOWN,
        reaction=Reaction.PROGRAM if kind is Kind.FRAME else Reaction.STATE,
    )
