"""How the learner computes, and where it keeps what it learns from."""
