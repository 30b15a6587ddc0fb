"""What is said of every backend, whatever it is."""

from pydantic import Field

from hulk.modules.tools.domain import DataClass
from hulk.runtime.config import Section


class BackendSettings(Section):
    """A system whose tools may be used."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,30}$", description="What its tools' names begin with: `sales` in `sales.query`. Each is there once."
    )
    owner: str = Field(default="", max_length=120, description="Who answers for it, as people read it.")
    outside: bool = Field(default=True, description="Whether what it is given leaves the company: then it is given nothing sensitive.")
    data: DataClass = Field(default="public", description="`p0`: what it gives stays in the company, whatever is found in it.")
    tools: tuple[str, ...] = Field(default=("*",), description="Which of its tools there are (`list_*`).")
    tenants: tuple[str, ...] = Field(default=("default",), description="The tenants that may use it.")
    timeout: float = Field(default=30.0, gt=0, le=600, description="Seconds that a call may take.")
