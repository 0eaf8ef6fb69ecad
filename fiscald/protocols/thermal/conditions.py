"""Conditions of Thermal printers: the errors that mean each one, and the documents that wait for its end.

Numbers are those of ``#Z`` and ``#n``; with ``novitus`` before it, a number is for devices of that brand, with
``posnet`` for the others. A printer without rates or without a clock refuses nearly every command (6.1), so all
documents wait for those. 18 also means missing rates, but after a line it is the control of rates (``commit``). 40 and
6 mean a full fiscal memory if the memory reports that it takes no more records; otherwise a missing header and a fault.
Source: Thermal reference, sections 3.3, 5.9, 6.1 and 8.
"""

from __future__ import annotations

from fiscald.protocols.conditions import Conditions

DOCUMENTS = (
    "receipt", "invoice", "daily_report", "shift_report", "monthly_report", "periodic_report", "cash_in", "cash_out",
    "goods_return", "packaging", "printout", "drawer", "set_clock", "set_vat_rates", "set_header", "set_display",
)  # fmt: skip

# name           | documents that wait | errors | what the status shows
CONDITIONS = Conditions(
    """
paper_out        | all                  | 1037                              | DLE: no paper, off-line
attention        | all                  |                                   | DLE: off-line
busy             | all                  | 112 1033-1034                     |
battery          | all                  | 97                                | DLE: no paper or battery, on-line
no_power         | all                  | 1108                              |
report_due       | receipt invoice      | 1086 1116                         |
totals_full      | receipt invoice      | 28                                |
texts_full       | refused              | 84                                |
change_due       | receipt invoice      | 113                               |
no_header        | receipt invoice      | 12 40                             |
no_rates         | all -monthly_report -periodic_report -set_clock -set_vat_rates | 85 1007                           | #s 23: no rate is active
goods_full       | refused              | 92                                |
locked           | refused              | 1054 1100                         |
jumper           | receipt invoice      | posnet98 novitus98 novitus94      |
no_clock         | receipt invoice daily_report cash_in cash_out goods_return packaging printout | 1 5 1085                          | #c is refused
memory_full      | receipt invoice daily_report | 1008 1029                         | #s 24: no free record
read_only        | receipt invoice daily_report cash_in cash_out goods_return packaging printout | 1021                              |
copy_blocked     | receipt invoice daily_report | 110-111 1038-1045 1047-1053 1055-1058 |
# Faults of the device, of its fiscal memory and of its fiscalisation.
out_of_order     | all                  | 6 9 1000-1001 1006 1009-1019 1027-1028 1030 1078 1088-1091 1093 1095-1096 1099 1102-1103 1105 1111 1113-1114 1501-1502 1505 1510-1512 1519 9999 | DLE: fault
# Answers to what fiscald does not send, and refusals that name the document or its values.
-                |                      | 7-8 10 13-14 24 31-32 35-37 1020 1070 1073 1075-1076 1079 1083 1094 1097 1106-1107 1110 1112 1500 1503-1504 1517-1518 1520 1525 |
""",  # noqa: E501
    DOCUMENTS,
)
