"""The daemon's face: HTTP and JSON on a Unix socket; and ``client``, the typed way to talk to it."""
