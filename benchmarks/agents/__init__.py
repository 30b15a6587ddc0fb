"""What agents take of models: the evaluation sets of those that come with Hulk, done as Hulk does them and by single agents with the same
tools.

python -m benchmarks.agents
"""
