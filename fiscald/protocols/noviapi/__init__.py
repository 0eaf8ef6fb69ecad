"""NoviAPI: JSON over HTTP to the printers POINT, HD II Online, Deon Online, Bono Online and INFIS.

Whole documents are sent with ``POST``, which gives an id, confirmed with ``PUT`` and followed with ``GET``. Source: the
vendor's OpenAPI contract 1.0.4 of 10.02.2026 ("the contract"), and part II of the Novitus reference (sections N1 to N8
and the additions).
"""
