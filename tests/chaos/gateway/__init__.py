"""The campaign for the gateway: old programs in front, a printer behind, and faults on both sides."""
