"""What agents fail with."""

from hulk.kernel.errors import Refused


class Nobody(Refused):
    """No model may answer: there is none, or none may see this."""

    code = "no_model"


class Unfit(Refused):
    """What a model gave will not do, nor what it gave when it was told so: for a person to look at."""

    code = "unfit"
