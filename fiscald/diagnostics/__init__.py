"""What a technician looks at: the ports of this computer, who holds them, what answers there, and what is wrong.

Nothing here needs the daemon, and nothing here changes anything: not on the computer, and not on a printer, which is
only asked what none of its references says to have an effect (``Family.identify``).
"""
