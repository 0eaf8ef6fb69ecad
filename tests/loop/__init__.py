"""No request blocks the daemon's event loop: measured in a real daemon, in processor time of the loop's thread."""
