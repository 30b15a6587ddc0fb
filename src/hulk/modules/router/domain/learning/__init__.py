"""How the router learns which model answers what best: from feedback, experiments and graded sets. Pure rules."""
