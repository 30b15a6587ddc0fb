"""What Hulk costs, measured on the started program: `make bench` prints a table and writes `benchmarks/results.json`.

CPU per operation is the figure to compare between machines; wall-clock figures depend on what else the machine does.
"""
