"""Diagnostics for a technician: the ports of this computer, the programs that use them, the printers there, the faults.

This package does not need the daemon, and changes nothing on the computer or on a printer. It sends a printer only
queries without side effects according to its references (``Family.identify``).
"""
