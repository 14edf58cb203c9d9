"""gatepass.jose beside the raw primitives and every peer that is installed."""
