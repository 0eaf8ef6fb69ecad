"""Conditions of POSNET printers: the errors that mean each one, and the documents that wait for its end.

Numbers are execution errors; with ``frame`` before them they are frame errors (``codes``). No source says which
documents a condition stops; known is only the refused command. So receipts wait for conditions about sales, and all
documents wait for conditions about the whole printer. A document of another type waits too if the printer refuses it
with the same number. Source: POSNET reference, sections 3.4, 5.3 and 8.
"""

from __future__ import annotations

from fiscald.protocols.conditions import Conditions

DOCUMENTS = (
    "receipt",
    "invoice",
    "daily_report",
    "cash_in",
    "cash_out",
    "goods_return",
    "packaging",
    "printout",
    "drawer",
)

# name           | documents that wait | errors | what the status shows
CONDITIONS = Conditions(
    """
paper_out        | all                  |                                   | sprn 4, 5
cover_open       | all                  |                                   | sprn 1, 3, 10
attention        | all                  |                                   | sdev 1, 2, 3
busy             | all                  | frame11 frame14 2916              | sdev without an empty queue
battery          | receipt invoice      | 2704                              |
no_power         | all                  | 2706                              |
unauthorised     | receipt invoice      | 481 484 486 487 2110 2200         |
report_due       | receipt invoice      | 383                               |
totals_full      | receipt invoice      | 501 2010                          |
texts_full       | refused              | 2051                              |
change_due       | receipt invoice      | 3054 3084                         |
no_header        | receipt invoice      | 2002                              | scomm hr
no_rates         | receipt invoice      | 2004                              | stot, sfsk: no rate is active
goods_full       | refused              | 2101                              |
locked           | refused              | 323                               |
wrong_protocol   | all                  | 499                               |
jumper           | receipt invoice daily_report | 360                               |
no_clock         | receipt invoice daily_report | 460-461 1045 2025-2026            |
memory_full      | receipt invoice daily_report | 1018                              |
read_only        | receipt invoice daily_report cash_in cash_out goods_return packaging printout | 2036 |
copy_blocked     | receipt invoice daily_report | 2900-2903 2906-2908 2913 2918     |
# Internal faults, the fiscal memory, and everything else that only the service can repair.
out_of_order     | all                  | 50-56 361-363 820 857 1000-1017 1019-1044 2032 | sprn 2, 6, 7, 8, 9
# Answers to what fiscald does not send, and refusals that name the document or its values.
-                |                      | 364-365 382 404 480 482-483 485 2020-2024 2035 2039 2044 2911 2915 2917 |
""",
    DOCUMENTS,
)
