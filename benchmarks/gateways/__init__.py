"""What a call through a gateway costs, Hulk's beside LiteLLM's and Portkey's: `make bench-gateway`.

All of them stand in front of the same upstream, which answers at once and always the same, and are asked by the same client; both are
processes of their own. Hulk reserves and settles a budget, scans what it is sent, chooses between two models and records; the peers pass
on: neither keeps a budget without a database.
"""
