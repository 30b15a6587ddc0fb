"""An attacker at every place where one could stand, and what is counted of what comes of it."""
