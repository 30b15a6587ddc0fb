"""What a skill is, how its parameters are read from a sentence, and the rules of the built-in ones. Pure."""
