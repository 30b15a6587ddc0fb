"""The acts of learning: choosing a model, giving feedback, running experiments, judging a policy before it goes live."""
