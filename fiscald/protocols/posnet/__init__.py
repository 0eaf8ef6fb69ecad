"""The POSNET protocol (STX frames): POSNET's own printers of both generations.

Not the older Thermal protocol, which many of the same devices also speak. Everything rests on the POSNET
reference, a digest of openly published sources and of conversations recorded on a real printer.
"""
