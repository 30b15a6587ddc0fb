"""How well a model uses tools, asked through any server that speaks OpenAI's API: `make bench-tools URL=… MODEL=…`.

Two sets: BFCL v4, its data and its checker as its authors publish them (`bfcl-eval`, in an environment of its own), and one of ours over
Hulk's own tools, in Portuguese and English (`own/`). What comes of it is a file of answers, from which a stopped run goes on, and a report.
"""
