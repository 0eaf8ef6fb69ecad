"""Strangers and cheats against the vendor's licence server, beside customers who are in a hurry.

``python -m tests.hostile_licence`` runs every attack against real processes: ``fiscald-vendor serve`` with TLS and a
mail server, daemons with emulated printers where the shop's side matters. Strangers are scripts with keys of their
own, from addresses 127.0.0.N as networks. ``test_attacks`` runs the same scripts in this process, with a clock that
jumps.
"""
