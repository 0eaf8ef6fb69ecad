"""The Thermal protocol (``ESC P`` sequences): older POSNET printers, Novitus, Innova and their relatives.

This is not the newer POSNET protocol with STX frames, which many of the same devices also support. All facts come from
the Thermal reference, a digest of two published manuals (POSNET 2006, Novitus 2018-2023), of client programs used in
shops, and of a few recordings from real devices.
"""
