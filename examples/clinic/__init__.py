"""The clinic: two small Services, a page and a launcher that show what Gatepass does.

Read `appointments.py` first: it is all that a Service needs. Start it with `python -m examples.clinic`.
"""
