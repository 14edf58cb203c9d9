"""Auth under load: beside its own bare floor, beside peers, with full tables, and as several processes."""
