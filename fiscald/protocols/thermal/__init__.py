"""The Thermal protocol (``ESC P`` sequences): older POSNET printers, Novitus, Innova and their relatives.

Not the newer POSNET protocol with STX frames, which many of the same devices also speak. Everything rests on the
Thermal reference, a digest of two published manuals (POSNET 2006, Novitus 2018-2023), of client programs used in
shops, and of the few conversations that were seen on real devices.
"""
