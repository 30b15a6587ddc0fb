"""What is done with tools: one class per act."""
