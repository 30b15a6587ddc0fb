"""What can be started: the programs `hulk` and `thor`, and the bootstrap that joins the modules."""
