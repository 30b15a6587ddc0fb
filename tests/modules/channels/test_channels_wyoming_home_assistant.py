"""A real Home Assistant (2024.9 or newer, in an environment of its own: `HULK_TEST_HASS=/path/to/hass`) asks a real Hulk."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.processes import die_with_parent
from support.spoken import a_hulk, free_port

HASS = os.environ.get("HULK_TEST_HASS", "")
pytestmark = [
    pytest.mark.local, pytest.mark.voice, pytest.mark.timeout(600),
    pytest.mark.skipif(not HASS, reason="HULK_TEST_HASS does not say where Home Assistant's program is"),
]  # fmt: skip
SETTINGS = """\
http: {{server_host: 127.0.0.1, server_port: {port}}}
homeassistant: {{name: House, time_zone: America/Sao_Paulo}}
api:
config:
onboarding:
conversation:
"""


@dataclass
class House:
    """Home Assistant with its owner signed in."""

    session: aiohttp.ClientSession
    url: str
    token: str = ""

    async def post(self, path: str, **more: Any) -> dict[str, Any]:
        """What it answers."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.session.post(self.url + path, headers=headers, **more) as response:
            assert response.status == 200, await response.text()
            found: dict[str, Any] = await response.json()
            return found

    async def own(self) -> None:
        """Somebody moves in."""
        who = {"client_id": f"{self.url}/", "name": "Ana", "username": "ana", "password": "a-password-of-ana", "language": "pt-BR"}
        code = (await self.post("/api/onboarding/users", json=who))["auth_code"]
        asked = {"client_id": f"{self.url}/", "grant_type": "authorization_code", "code": code}
        self.token = (await self.post("/auth/token", data=asked))["access_token"]

    async def has(self, port: int) -> None:
        """As somebody adds the integration by hand."""
        flow = await self.post("/api/config/config_entries/flow", json={"handler": "wyoming"})
        made = await self.post(f"/api/config/config_entries/flow/{flow['flow_id']}", json={"host": "127.0.0.1", "port": port})
        assert (made["type"], made["title"], made["result"]["state"]) == ("create_entry", "hulk", "loaded")

    async def hears(self, text: str) -> dict[str, Any]:
        """As a satellite or the app tells it."""
        said = {"text": text, "agent_id": "conversation.hulk", "language": "pt-BR"}
        found: dict[str, Any] = (await self.post("/api/conversation/process", json=said))["response"]
        return found


@contextmanager
def _hass(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        [HASS, "-c", str(folder), "--skip-pip"], stdout=quiet, stderr=quiet, preexec_fn=die_with_parent, env=ours
    ) as process:
        yield process
        process.kill()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    port, folder = free_port(), tmp_path / "house"
    folder.mkdir()
    (folder / "configuration.yaml").write_text(SETTINGS.format(port=port), "utf-8")
    with _hass(folder) as process:
        async with aiohttp.ClientSession() as session:
            made = House(session, f"http://127.0.0.1:{port}")
            await _ready(made, process)
            await made.own()
            yield made


async def _ready(house: House, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            async with house.session.get(f"{house.url}/api/onboarding") as response:
                if response.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.5)
    raise AssertionError("Home Assistant has ended")


async def test_home_assistant_takes_hulk_as_a_conversation_agent(tmp_path: Path, house: House) -> None:
    with a_hulk(tmp_path) as hulk:
        await house.has(hulk.port)
        answer = await house.hears("/help")
        assert answer["response_type"] == "action_done"
        assert "/vincular" in answer["speech"]["plain"]["speech"]
        answer = await house.hears("Qual é a capital da França?")
        assert "Nenhuma habilidade" in answer["speech"]["plain"]["speech"]
        answer = await house.hears("")
        assert (answer["response_type"], answer["data"]["code"]) == ("error", "failed_to_handle")
