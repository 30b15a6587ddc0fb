"""When Python looks for garbage (reference cycles): not while a program starts, and later not among what the start made.

A start makes 160,000 objects, nearly all to stay. Looking through them again and again took a fifth of it; once it is up, each full
look held everything else up for 0.1 s.
"""

import gc


def ignored() -> None:
    """Stop looking, until `watched`."""
    gc.disable()


def watched() -> None:
    """Look again, at what is made from now on."""
    gc.freeze()
    gc.enable()
