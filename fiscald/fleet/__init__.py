"""The fleet: a central system orders documents on printers of shops, over a broker that need not be trusted."""
