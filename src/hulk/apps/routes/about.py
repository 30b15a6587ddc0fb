"""What this Hulk is made of: versions, licences, and a bill of materials (CycloneDX 1.6)."""

import asyncio
import platform
import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import Distribution, distributions
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

import hulk
from hulk.kernel.records import JsonObject
from hulk.kernel.time import iso, utc_now
from hulk.modules.console.wiring import Vendored, vendored
from hulk.runtime.bus import Bus
from hulk.runtime.http import Caller, sending
from hulk.runtime.store import Store

SBOM = "application/vnd.cyclonedx+json"
_LONGEST = 100
"""Characters of a licence's name; some packages put all of its words there."""
_CLASSIFIER = "License :: OSI Approved :: "


def about_routes(store: Store, bus: Bus) -> APIRouter:
    """`/v1/about`."""
    router = APIRouter(prefix="/v1/about", tags=["operation"])

    @router.get("", summary="The versions of Hulk and of what it stands on, with their licences")
    async def about(caller: Caller) -> JsonObject:  # noqa: ARG001  # whoever is let in
        """`components` are the installed packages and the files that the console brings along."""
        return {
            "hulk": hulk.__version__, "python": platform.python_version(), "platform": platform.platform(terse=True),
            "nats": bus.facts.version or None, "database": await store.read(_database), "components": await asyncio.to_thread(parts),
        }  # fmt: skip

    @router.get(
        "/sbom", summary="The bill of materials, as CycloneDX 1.6", response_class=Response, responses=sending(SBOM, {"type": "object"})
    )
    async def sbom(caller: Caller) -> Response:  # noqa: ARG001  # whoever is let in
        """Of what is installed in this process."""
        named = {"content-disposition": f'attachment; filename="hulk-{hulk.__version__}.cdx.json"'}
        return JSONResponse(bill(await asyncio.to_thread(parts)), media_type=SBOM, headers=named)

    return router


def _database(connection: Any) -> str:
    found = connection.dialect.server_version_info or ()
    return f"{connection.dialect.name} {'.'.join(map(str, found))}".strip()


@cache
def parts() -> Sequence[JsonObject]:
    """What this process is made of, by name. Reads some hundred files the first time."""
    found = {one.metadata["Name"].lower(): one for one in distributions() if one.metadata["Name"]}
    return [*(_package(found[name]) for name in sorted(found)), *map(_file, vendored())]


def _package(one: Distribution) -> JsonObject:
    name = one.metadata["Name"]
    purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{one.version}"
    return {"name": name, "version": one.version, "licence": licence(one), "kind": "package", "purl": purl, "sha256": None}


def _file(one: Vendored) -> JsonObject:
    purl = f"pkg:npm/{one.name}@{one.version}"
    return {"name": one.file, "version": one.version, "licence": one.licence, "kind": "file", "purl": purl, "sha256": one.sha256}


def licence(one: Distribution) -> str:
    """As its metadata says: the SPDX expression (PEP 639), else the classifiers, else the short name; empty when it does not."""
    expression = one.metadata["License-Expression"]
    if expression:
        return str(expression)
    classified = [text.removeprefix(_CLASSIFIER) for text in one.metadata.get_all("Classifier", []) if text.startswith(_CLASSIFIER)]
    written = str(one.metadata["License"] or "").strip()
    return ", ".join(classified) or (written if len(written) <= _LONGEST and "\n" not in written else "")


def bill(components: Sequence[Mapping[str, Any]]) -> JsonObject:
    """The bill (https://cyclonedx.org/docs/1.6/json/)."""
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{uuid.uuid4()}", "version": 1,
        "metadata": {
            "timestamp": iso(utc_now()),
            "component": {"type": "application", "name": "hulk-ops", "version": hulk.__version__, "bom-ref": "hulk"},
        },
        "components": [_component(one) for one in components],
    }  # fmt: skip


def _component(one: Mapping[str, Any]) -> JsonObject:
    return {
        "type": "file" if one["kind"] == "file" else "library", "bom-ref": f"{one['purl']}#{one['name']}", "name": one["name"],
        "version": one["version"], "purl": one["purl"],
        **({"licenses": [{"license": {"name": one["licence"]}}]} if one["licence"] else {}),
        **({"hashes": [{"alg": "SHA-256", "content": one["sha256"]}]} if one["sha256"] else {}),
    }  # fmt: skip
