"""What Gatepass costs, measured beside its peers in one run."""
