"""The POSNET protocol (STX frames): POSNET's own printers of both generations.

This is not the older Thermal protocol, which many of the same devices also support. All facts come from the POSNET
reference, a digest of published sources and of recordings from a real printer.
"""
