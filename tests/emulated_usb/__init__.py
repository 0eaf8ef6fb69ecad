"""A USB bus in memory, with emulated printers on it, in the place of libusb."""
