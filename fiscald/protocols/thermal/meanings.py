"""What every Thermal command, answer and single byte means, and its fields: a table in words.

The meanings are facts of the Thermal reference, sections 3.3, 5 and appendix A. If the reference does not know a
meaning, the row marks it. The words are ours.
"""

from __future__ import annotations

from typing import NamedTuple

from fiscald.protocols.thermal.layouts import RATE_LETTERS

# The table: one command, answer or single byte per line, its fields separated by ";". A field that ends in "*" stands
# for one per rate. "=" before a field: its value depends on the printer and the moment. "!" before a field:
# personal data.
_WORDS = """
ENQ     | state, in the order of commands | FSK fiscal mode; CMD the last command was carried out; PAR a receipt is open; TRF the last receipt was completed
DLE     | state, at once | ONL on-line; PE no paper, or the battery is discharged; ERR fault of the mechanism
DLE2    | extended state, at once |
CAN     | give an unfinished sequence up |
BEL     | beep |
#s      | status, of the rates in use | Ps not used
#s 22   | status, with the totals of the receipt |
#s 23   | status, with the totals of the day |
#s 24   | records, and the receipt by rate |
#s 25   | where the readout of the fiscal memory begins, by date | Py year; Pm month; Pd day; Ph hour; Pmin minute; Ps second
#s 26   | where the readout of the fiscal memory begins, by number | Pn 0 every record, 1 daily reports only; Nr number
#s 27   | the next record of the fiscal memory |
#s 28   | the open day |
#s 50   | number of the last printed document |
#s 99   | status, with the cash in euro |
#s 100  | the open or last receipt by rate | Pn 0 gross, 1 net, 2 VAT
#s 210  | the protected memory, and the id of its last document |
@PMI    | a document of the protected memory | stan 0 look for it, 1 its next part; jpkid id; idz 1 with the buyer's code; zawartosc 0 its data, 1 its print, 2 further data; typ kinds, added: 1 report, 2 receipt, 4 cancelled receipt, 8 invoice, 16 cancelled invoice, 32 daily report, 64 not fiscal, 128 event
#n      | error of the last command | Ps not used
#v      | model and firmware |
#v 30   | original model and firmware |
#c      | read the clock | Ps not used
#u      | read the header |
^u      | read the header |
$g      | may this name be sold at this rate | nazwa name; ptu rate
#e      | how errors are reported | Ps 0 display, 1 not, 2 display and answers, 3 answers to all, 4 answers to what has no other
$c      | set the clock | Py year; Pm month; Pd day; Ph hour; Pmn minute; Ps second; nr_kasy till; !kasjer cashier
$p      | set the rates | Ps how many; Py year; Pm month; Pd day; conf confirmation at the printer; ptu* rate; nr_kasy till; !kasjer cashier; data date
$f 0    | set the header | naglowek text; nr_kasy till; !kasjer cashier
$r      | options of the printer | Pr option; P2 its value; P3 its value
#l      | feed paper | Ps lines; ciecie 0 no cut, 1 full, 2 partial
$d 1    | open the drawer |
$d 2    | text on the displays | tekst text
$d 3    | clock on the customer's display | Pn 0 time, 1 date
$d 4    | display back to the sale |
$d 5    | text on the operator's display | tekst text
$d 101  | upper line of the customer's display | tekst text
$d 102  | lower line of the customer's display | tekst text
#p      | log a cashier in | Ps not used; !kasjer cashier; nr_kasy till
#q      | log the cashier out | Ps not used; !kasjer cashier; nr_kasy till
#i      | pay-in | Ps not used; kwota amount; nr_kasy till; !kasjer cashier
#d      | pay-out | Ps not used; kwota amount; nr_kasy till; !kasjer cashier
#z      | goods return | Ps not used; kwota amount; nr_kasy till; !kasjer cashier
#w      | packaging taken back without a sale | Ps not used; kwota value; nr_kasy till; !kasjer cashier
$w 0    | open a form that is not fiscal | formularz form; naglowek heading; opcje 1 margin, 2 no paper, 4 no header, 8 no mark of a non-fiscal document; id an id follows; id_transakcji id
$w      | line of a form | formularz form; linia line, 255 is empty; P3 bold, or the kind of a special line; inwers 1 white on black; czcionka font; srodek 1 centred; atrybuty attributes of the font; argumenty text
$w 1    | end of a form | formularz form, 255: for the next document that is not fiscal; nr_sys a system number follows; ile lines of the footer; numer_systemowy system number; linie line of the footer
#t      | cash report | Ps 1 sets the cash to zero (Novitus); nr_kasy till; !kasjer cashier
#k      | shift report | Ps 0 with reset, 23 reading only; zmiana shift; !kasjer cashier; nr_kasy till
$h      | open a receipt | Pl lines in block mode, 0 without; Pn lines of text; P0 always 0; idtype kind of the buyer's number: 1 NIP, 2 REGON, 3 PESEL; PL print PL in front of it; linie line of text; !id buyer's number
$h invoice | open an invoice | Pl lines, 0 any; Pn lines of the buyer's address, 0 is three; typ 1 invoice, 2 of a pharmacy; kopia 2 original and copy; margines 1 a margin above; P6 not used; kopie further copies, 255 none; P8 not used; P9 not used; podpisy 1 without room for signatures; PL print PL in front of the seller's NIP; numer number of the invoice; !nabywca line of the buyer's address; !nip buyer's number; termin due; forma form of payment; !odbiorca recipient; !wystawiajacy issuer; numer_systemowy system number; !nazwa buyer's name
@c      | options of the invoice | kopie further copies, 255 none; opcje_kup 0 what stands for the buyer's signature, 1 with the name, 2 nothing; opcje_sprz the same for the seller; linia 1 print what is paid; Py sold, year; Pm sold, month; Pd sold, day; opcje1 options of the summary; opcje2 more options; idtype kind of the buyer's number: 0 NIP, 1 REGON, 2 PESEL; opcje3 more options; etykieta 1 the buyer is called recipient; termin due; forma form of payment; !odbiorca recipient; !wystawiajacy issuer; zaplacono text of what is paid; numer_systemowy system number; !informacje text; !nazwa buyer's name
$e 0 invoice | cancel the invoice | Pr not used; Pn lines of the footer; Pc not used; Px not used; Py always 1; linia 1 print what is paid; opcje_kup 0 what stands for the buyer's signature, 1 with the name, 2 nothing; opcje_sprz the same for the seller; !kasjer cashier; linie line of the footer; zaplacono text of what is paid; !kupujacy buyer; !sprzedajacy seller; wplata paid in cash; total lines of the invoice; rabat not used
$e 1 invoice | close the invoice | Pr not used; Pn lines of the footer; Pc not used; Px not used; Py always 1; linia 1 print what is paid; opcje_kup 0 what stands for the buyer's signature, 1 with the name, 2 nothing; opcje_sprz the same for the seller; !kasjer cashier; linie line of the footer; zaplacono text of what is paid; !kupujacy buyer; !sprzedajacy seller; wplata paid in cash; total lines of the invoice; rabat not used
$N 1    | buyer's NIP | !nip NIP
$l      | sell or reverse a line | Pi number of the line, 0 reverses; Pr 0 none, 1 discount, 2 discount in per cent, 3 surcharge, 4 surcharge in per cent; Po description of the discount, 16 its own; Pd a line under the name; nazwa name; ilosc quantity and unit; ptu rate; cena price; brutto value before the discount; rabat discount or surcharge; nazwa_rabatu name of the discount; opis line under the name
$d 6    | packaging given out | kwota value; nr number; ilosc quantity
$d 7    | reverse packaging given out | kwota value; nr number; ilosc quantity
$d 10   | packaging returned | kwota value; nr number; ilosc quantity
$d 11   | reverse packaging returned | kwota value; nr number; ilosc quantity
$L      | discount or surcharge on one rate | Ps rate, 0 is A; Px 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge; Po description, 16 its own; total_w_stawce sold in that rate; wartosc discount or surcharge; nazwa name
$Y      | discount or surcharge on the subtotal | Px 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge; Po description, 16 its own; podsuma subtotal; wartosc discount or surcharge; nazwa name
$n      | announce a discount or surcharge of the receipt | Px 0 none, 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge, 5 to 8 the same with subtotal; nazwa name; wartosc discount or surcharge
$b 1    | payment | Pfx form of payment; kwota amount; nazwa name
$b 2    | take a payment back | Pfx form of payment; kwota amount; nazwa name
$e 0    | cancel the receipt | Pc how the paper ends; Pns a system number follows; nr_kasy till; !kasjer cashier; numer_systemowy system number
$e 1    | close the receipt | Pr discount in per cent; Pn lines of the footer; Pc how the paper ends; Px 0 none, 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge; Py not used; !kod till and cashier; linie line of the footer; wplata paid in cash; total lines of the receipt; rabat discount or surcharge
$x      | close the receipt | Pn lines of the footer; Pc how the paper ends; Py not used; Px 0 none, 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge; Pg print the cash; Pk print the card; Pz print the cheque; Pb print the voucher; Po1 compare packaging given out; Po2 compare packaging returned; Pr print the change as sent; !kod till and cashier; teksty lines of the footer, then names of card, cheque and voucher; total lines of the receipt; rabat discount or surcharge; wplata paid in cash; karta paid by card; czek paid by cheque; bon paid by voucher; przyjecie packaging given out; wydanie packaging returned; reszta change
$y      | close the receipt | Pn lines of the footer; Pc how the paper ends, 3 further lines follow; Py short summary; Pdsp the display's amount is negative; Px 0 none, 1 discount in per cent, 2 surcharge in per cent, 3 discount, 4 surcharge; Pkb packaging given out; Pkz packaging returned; Pns a system number is used; Pfn forms of payment; Pr print the change as sent; Pg paid in cash; Pfx form of payment; Psx a name of the discount follows; nr_kasy till; !kasjer cashier; numer_systemowy system number; linie line of the footer; formy name of the form; nr_kaucji_pobr number of packaging given out; ilosc_kaucji_pobr quantity given out; nr_kaucji_zwr number of packaging returned; ilosc_kaucji_zwr quantity returned; opis_rabatu name of the discount; total lines of the receipt; dsp on the display; rabat discount or surcharge; wplata paid in cash; kwoty paid in that form; reszta change; kaucja_pobr value given out; kaucja_zwr value returned
$z 4    | after the closing: packaging given out | nr number; ilosc quantity; kwota price
$z 8    | after the closing: packaging returned | nr number; ilosc quantity; kwota price
$z 12   | after the closing: print payments and change now |
$z 20   | after the closing: line with a keyword | Psx keyword; tekst text
$z 24   | after the closing: lines of the footer | Pn how many; linie line of the footer
$z 28   | after the closing: end of the sheet | Pc how the paper ends
$z 100  | buyer's number | idtype kind of it: 1 NIP, 2 REGON, 3 PESEL; !id number
#r      | daily report | Ps 1 the date is checked; Py year; Pm month; Pd day; nr_kasy till; !kasjer cashier
#o 16   | periodic report by numbers | Od from number; Do to number; nr_kasy till; !kasjer cashier
#o 17   | summary of daily reports by numbers | Od from number; Do to number; nr_kasy till; !kasjer cashier
#o      | periodic report | Py1 from year; Pm1 from month; Pd1 from day; Py2 to year; Pm2 to month; Pd2 to day; Pt kind of report; nr_kasy till; !kasjer cashier
#Z      | result | Pe error; rozkaz command
#X 1    | status | Pe error of the last command; Pm 1 fiscal mode, 0 training; Pt 1 a receipt is open; =Px 1 the last receipt was completed; Pf always 1; =Pz memory resets; =Py last record, year; =Pmies last record, month; =Pd last record, day; =ptu* rate; =ptu rate in use; =par_num receipts of the day, or of all days; =tot* totals in rate; =tot totals in a rate in use, the exempt one last; =cash cash in the drawer; =nr_unikatowy unique number
#X 2    | status | Pe error of the last command; Pm 1 fiscal mode, 0 training; Pt 1 a receipt is open; =Px 1 the last receipt was completed; Pf always 1; =Pz memory resets; =Py last record, year; =Pmies last record, month; =Pd last record, day; =ptu* rate; =par_num receipts of the day, or of all days; =tot* totals in rate; =cash cash in the drawer; =nr_unikatowy unique number
#X 3    | records, and the receipt by rate | =Py fiscalised, year; =Pm fiscalised, month; =Pd fiscalised, day; =n_dobowych daily reports made; =n_wolnych free records; =n_zablokowanych blocked goods; p* receipt in rate
#X 10   | the open day | =Py year; =Pm month; =Pd day; =Ph hour; =Pmin minute; =Ps second; =parag receipts of the day; =anul cancelled receipts of the day; =zmiany changes in the goods base; =anul_kwota value of cancelled receipts; =tot* totals in rate
#X 11   | record of the fiscal memory: a change of the rates | =Py year; =Pm month; =Pd day; =Ph hour; =Pmin minute; =Ps second; z1 not used; z2 not used; z3 not used; z4 not used; ptu* VAT rate
#X 25   | no more records of the fiscal memory | Py year; Pm month; Pd day; Ph hour; Pmin minute; Ps second; parag not used; anul not used; zmiany not used; anul_kwota not used; tot* not used
#X 50   | number of the last printed document | =numer its number; =dalsze differs between brands
#X 100  | the open or last receipt by rate | Pn 0 gross, 1 net, 2 VAT; Pt 0 none, 1 receipt, 17 receipt in block mode, 19 invoice; total total; v* value in rate; f not known
#X 210  | the protected memory, and the id of its last document | =numer its number; =etykieta its label; =stan id of the last document, number of its first daily report, free space, space
@PMD    | a document of the protected memory | status 0 more follows, 1 whole, 2 there is none, 9 error; =typ kind; =rozmiar size; =pozycja where this part begins; =jpkid id; !nabywca buyer's code; !dane content, packed
#E 1    | error of the last command | Pe error
#R 1    | model and firmware | =typ model; =wersja firmware
#C 1    | the printer's clock | =Py year; =Pm month; =Pd day; =Ph hour; =Pmin minute; =Ps second
#U 1    | the header | =naglowek text
$G 1    | may this name be sold at this rate | Pe error; ptu rate
@s      | extended state | Pe error of the last command; =nr_wydruku last printed document; =nr_paragonu last receipt; stan state, eight hexadecimal digits
"""  # noqa: E501


class Meaning(NamedTuple):
    """Of one field."""

    text: str
    volatile: bool = False
    """Belongs to this very printer at this very moment."""
    private: bool = False
    """Personal data."""


def _parse(rows: str) -> dict[str, tuple[str, dict[str, Meaning]]]:
    table = {}
    for row in rows.strip().splitlines():
        name, text, fields = (column.strip() for column in row.split("|"))
        meanings: dict[str, Meaning] = {}
        for each in filter(None, fields.split("; ")):
            field, _, meaning = each.lstrip("=!").partition(" ")
            volatile, private = each.startswith("="), each.startswith("!")
            if field.endswith("*"):
                for letter in RATE_LETTERS:
                    meanings[field[:-1] + letter] = Meaning(f"{meaning} {letter}", volatile, private)
            else:
                meanings[field] = Meaning(meaning, volatile, private)
        table[name] = (text, meanings)
    return table


#: Meaning of every command, answer and single byte, and of its fields.
WORDS = _parse(_WORDS)
#: Identifiers of commands with personal data.
PRIVATE = {name.split()[0] for name, (_, meanings) in WORDS.items() if any(each.private for each in meanings.values())}
