"""The meaning of every attribute, for people. The meanings are facts of the Novitus reference, section 5; the words are
ours.

One element per line, its attributes separated by ";"; an attribute that is only the element's text is ``.``. "=" before
an attribute: its value depends on the printer and the moment. "!" before one: personal data.
"""

from __future__ import annotations

from typing import NamedTuple

_WORDS = """
dle        | =online ready; =papererror no paper; =printererror fault of the mechanism
enq        | =fiscal in fiscal mode; =lastcommanderror the last element failed; =intransaction a document is open; =lasttransactioncorrect the last document was closed
error      | action; value number of the error, or display or silent
receipt    | action; mode printed at once or at the end; pharmaceutical of a pharmacy; systemno the application's number; checkout till; !cashier cashier; total total before a discount inside; charge paid by the customer; !nip buyer's NIP
item       | name goods; quantity; quantityunit unit; ptu VAT letter; price; total value; recipe prescription; charge fee; plu code; description line under the name; action sale or storno; code code of the goods; totaldiscount discount in per cent; totalafterdiscount value after it
payment    | type form of payment; action add or clear; value amount; rate exchange rate; mode payment or change; name
discount   | value percentage or amount; name; descid number of the name; type subtotal or display only; total sum before it; ptu one VAT letter only; action discount or markup
container  | action sale or storno; price per piece; type out: given, in: taken back; quantity; code; total value
additional | type line or definition of the footer; id kind of line; value text
line       | . text; type kind of line; bold; inwers inverse; center; align; fontid font; fontattr size; print_on copy only; double_height; double_width; index1 kind of field 1; text1 field 1; index2 kind of field 2; text2 field 2; index3 kind of field 3; text3 field 3; index4 kind of field 4; text4 field 4; index5 kind of field 5; text5 field 5; index6 kind of field 6; text6 field 6; index7 kind of field 7; text7 field 7; text
rcpitemadvances | action advance or settlement; description; ptu VAT letter; value; surcharge left to pay
invoice    | action; invoicetype; number; !nip buyer's NIP; description original or both; paymentname form of payment; paymentdate to be paid until; !recipient receiver; !issuer issuer; copies; margins; signarea place for signatures; customernameoptions; sellernameoptions; paidlabel note about the payment; selldate day of the sale; buyerlabel; additionalinfo; total; systemno the application's number; checkout till; !cashier cashier; !buyer who receives it; !pesel buyer's PESEL
customer   | !. line about the buyer
option     | id
info       | action; type receipt or invoice, or kind of document; =date printer's time; =version model and program; =lasterror last error; =isfiscal in fiscal mode; =receiptopen a document is open; =lastreceipterror the last document was not closed; =resetcount memory resets; =receiptcount receipts; =cash in the drawer; =uniqueno unique number; =lastreceipt last receipt's number; =lastinvoice last invoice's number; =lastprintout last printed document; =fiscalmemorysize size; =recordsize size of a record; =fiscal 0 no, 1 yes, 2 closed; !nip taxpayer; =maxrecordscount records in all; =recordscount records; =maxreportscount daily reports in all; =reportscount daily reports; =resetmaxcount resets in all; =taxratesprglimit changes of rates in all; =taxratesprg changes of rates; =currencychangeprglimit changes of currency in all; =currencychangeprg changes of currency; =fiscalstartdate made fiscal; =fiscalstopdate closed; currencyname; =state; =size; =free; =lastreport last report; =lastaccess last access; mode printed at once or at the end; =nettotal net; =grosstotal gross; =total total; =number number; =printoutno number of the printout; checkout till; !cashier cashier; systemno the application's number; discountcalc method of discounts; euroexchangerate; rest change; eurorest change in EUR; value port; =date_send last time of sending; =date_send_correct last time of success; =data_send_correct last time of success; =jpk_send_count documents that wait; =jpk_actual_send_no document that is sent; =server address
ptu        | =. rate or amount; name letter; rate; =sale; =tax; =totaltax; =invoicesale; =invoicetax; =invoicetotaltax
total      | name letter; =tax; =net; =gross
deviceinfo | action; =devicename model; =version program; =moduleprinterversion mechanism; =systemname; =systemversion; =displaycount displays; =displaylen characters of the display; =ecopy electronic copy; =fiscalsize; =recordlen; =mode 0 not fiscal, 1 fiscal; =uniqueno unique number; !nip taxpayer; =eventlen; =recordcount; =maxdailyreportcount; =dailyreportcount; =printermoduleversion; =printerlen characters of a line; =printerlenmm width in mm; =font; =cutter; =papercount; =drawer_state; =db_article_state; =powersupply; =powersupplyvoltage; =poweraccumulatorvoltage; =powerbatteryvoltage; =powermode; =acumulatorstate; =batterystate; =chargelevelakumulator
control    | action; value lines; cutter cut the paper; line1; line2; line3; line4; line5; line6; line7; line8; text
report     | type; =date printer's date; from; to; kind; checkout till; !cashier cashier; begin; end; income; expense; cash; payin; payout; balance; receiptcount; canceledreceiptcount; stornocount; mode; settlement_relief; tax_changes; daily_reports; format; action
cashier    | action; !number; !name
cash       | action; value amount; checkout till; !cashier cashier
dbcheck    | action; mode; pluname goods; ptu VAT letter; checkout till; !cashier cashier
config     | action; from; to
set        | . value; id number of the setting
clock      | date new time
header_online | action
header     | action
taxrates   | action; checkout till; !cashier cashier; =date printer's time
currency   | action; date; name; exchangerate; type
fiscalization | action; typedevice; !nip taxpayer; !officename; !servicename; !servicemanname; service_id; taxofficecode; regnumber; tax_service; typenumbering
service    | action; date; description; !password; !service_id
serweraddr | action; =value address; type
graphic    | . hexadecimal; action; id; type
animation  | . base64; action; name; size; type; id
paper      | action; =value
drawercounter | action; =value
updatelog  | action; =value
processlog | action; =value; datetimestart; datetimestop; level; mode
log        | =. data; action; port; =date
fiscalmemory | action; =from; =type; =time; =number; =receiptcount; =invoicecount; =canceledreceiptcount; =lastreceipt; =lastinvoice; =lastprintout; =sale; =tax; =totalsale; =totaltax
nonfiscalprintout | systemno the application's number; nonfiscalheader heading
"""  # noqa: E501


class Meaning(NamedTuple):
    """What an attribute means."""

    text: str
    volatile: bool = False
    private: bool = False


def _parse(table: str) -> dict[tuple[str, str], Meaning]:
    found = {}
    for line in filter(None, table.splitlines()):
        name, attributes = (column.strip() for column in line.split("|"))
        for attribute in attributes.split("; "):
            word, _, text = attribute.lstrip("=!").partition(" ")
            meaning = Meaning(text or word.strip("."), attribute.startswith("="), attribute.startswith("!"))
            found[name, "" if word == "." else word] = meaning
    return found


#: By element and attribute; ``""``: the text of the element.
WORDS = _parse(_WORDS)
