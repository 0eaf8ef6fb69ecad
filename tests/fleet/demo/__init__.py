"""``make fleet-demo``: a central, a broker and five shops as processes, each of them killed at random."""
