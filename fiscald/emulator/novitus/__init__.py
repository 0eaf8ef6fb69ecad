"""The common inside of Novitus printers: documents carried out on the register, with paper, limits and memory.

It knows no wire. The faces ``fiscald.emulator.novitus_xml`` and others translate their language into calls of
``fiscald.emulator.novitus.core.Core``.
"""
