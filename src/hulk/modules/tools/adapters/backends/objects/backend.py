"""The acts on objects. What changes something says how it must be found, so that asking twice changes it once."""

import base64
import binascii
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hulk.kernel.errors import Conflict, NotFound, Refused, TooLarge
from hulk.kernel.time import Clock, iso, utc_now
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, said
from hulk.modules.tools.adapters.backends.bounds import seconds_left
from hulk.modules.tools.adapters.backends.objects.areas import Areas
from hulk.modules.tools.adapters.backends.objects.arguments import (
    DeleteObject,
    HeadObject,
    LinkObject,
    ListObjects,
    PutObject,
    ReadObject,
    ReplaceObject,
)
from hulk.modules.tools.adapters.backends.objects.failures import told
from hulk.modules.tools.domain import Bytes, Link, Output, Words
from hulk.modules.tools.ports import Calling

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Most:
    """Bounds: `size` in bytes of what is read or put at once, `link` how long a link holds."""

    size: int = 1_000_000
    objects: int = 1000
    seconds: float = 30.0
    link: timedelta = timedelta(minutes=15)


class Objects(Acts):
    """`Backend` over the buckets that `store` opens. Without an area to write in, there are no tools that write."""

    def __init__(
        self,
        name: str,
        store: Callable[[str], "ObjectStore"],
        *,
        read: Areas,
        write: Areas,
        about: About,
        most: Most,
        clock: Clock = utc_now,
    ) -> None:
        self._store, self._read, self._write, self._most, self._clock = store, read, write, most, clock
        same: dict[str, Any] = {"seconds": most.seconds, "tags": ("objects",)}
        reading = (
            Act("list_objects", "List objects", ListObjects, self._list, **same),
            Act("head_object", "Look at an object", HeadObject, self._head, **same),
            Act("read_object", "Read an object", ReadObject, self._content, at="/{bucket}/{+key}", **same),
            Act("link_object", "Lend an object by a link", LinkObject, self._link, **same),
        )
        writing = (
            Act("put_object", "Put a new object", PutObject, self._put, effect="write", idempotent=True, **same),
            Act("replace_object", "Replace an object", ReplaceObject, self._replace, effect="destroy", idempotent=True, **same),
            Act("delete_object", "Delete an object", DeleteObject, self._delete, effect="destroy", idempotent=True, **same),
        )
        super().__init__(name, about, *reading, *(writing if write.all else ()))

    async def _list(self, wanted: ListObjects, calling: Calling) -> Output:
        folders = self._read.folders(wanted.bucket, wanted.prefix)
        most = min(wanted.most, self._most.objects)
        async with told(f"{wanted.bucket}/{wanted.prefix}", self._seconds(calling)):
            found = [_shown(one) async for one in _listed(self._store(wanted.bucket), folders, wanted.after, most + 1)]
        cut = f"more than {most} objects: ask for those after {found[most - 1]['key']}" if len(found) > most else ""
        return said({"objects": found[:most]}, cut=cut)

    async def _head(self, wanted: HeadObject, calling: Calling) -> Output:
        import obstore  # see S3

        self._read.require(wanted.bucket, wanted.key)
        async with told(f"{wanted.bucket}/{wanted.key}", self._seconds(calling)):
            found = await obstore.get_async(self._store(wanted.bucket), wanted.key, options={"head": True})
        return said({**_shown(found.meta), "media_type": _kind(found.attributes)})

    async def _content(self, wanted: ReadObject, calling: Calling) -> Output:
        import obstore  # see S3

        self._read.require(wanted.bucket, wanted.key)
        store, what = self._store(wanted.bucket), f"{wanted.bucket}/{wanted.key}"
        async with told(what, self._seconds(calling)):
            meta = await obstore.head_async(store, wanted.key)
            end = min(wanted.start + min(wanted.length or self._most.size, self._most.size), meta["size"])
            if wanted.start > meta["size"] or (wanted.start == meta["size"] and wanted.start):
                raise Refused("{object} has {size} bytes: there is none at {start}.", object=what, size=meta["size"], start=wanted.start)
            data, kind = b"", ""
            if end > wanted.start:
                got = await obstore.get_async(store, wanted.key, options={"range": (wanted.start, end), "if_match": meta["e_tag"]})
                data, kind = bytes(await got.bytes_async()), _kind(got.attributes)
        if end < meta["size"]:
            data = _whole_letters(data)
        end, rest = wanted.start + len(data), meta["size"] - wanted.start - len(data)
        cut = f"{rest} of {meta['size']} bytes: read on from {end}" if rest else ""
        shown = {**_shown(meta), "start": wanted.start, "end": end, "media_type": kind}
        return Output(data=shown, pieces=(_piece(data, kind, wanted.key),), cut=cut)

    async def _link(self, wanted: LinkObject, calling: Calling) -> Output:
        import obstore  # see S3
        from obstore.store import S3Store

        self._read.require(wanted.bucket, wanted.key)
        store, holds = self._store(wanted.bucket), min(timedelta(minutes=wanted.minutes), self._most.link)
        if not isinstance(store, S3Store):
            raise Refused("This store lends no objects by links: read it instead.")
        async with told(f"{wanted.bucket}/{wanted.key}", self._seconds(calling)):
            meta = await obstore.head_async(store, wanted.key)
            url = await obstore.sign_async(store, "GET", wanted.key, holds)
        until = iso(self._clock() + holds)
        return Output(data={**_shown(meta), "until": until}, pieces=(Link(uri=url, name=wanted.key.rpartition("/")[2]),))

    async def _put(self, wanted: PutObject, calling: Calling) -> Output:
        return await self._written(wanted, "create", calling)

    async def _replace(self, wanted: ReplaceObject, calling: Calling) -> Output:
        return await self._written(wanted, {"e_tag": wanted.etag}, calling)

    async def _written(self, wanted: PutObject, mode: Any, calling: Calling) -> Output:
        """Put it if the object is as expected; when it is not, but holds this very content, it was put before."""
        import obstore  # see S3

        self._write.require(wanted.bucket, wanted.key)
        data, store, what = self._given(wanted), self._store(wanted.bucket), f"{wanted.bucket}/{wanted.key}"
        attributes: Any = {"Content-Type": wanted.media_type} if wanted.media_type else None
        try:
            async with told(what, self._seconds(calling), writes=True):
                done = await obstore.put_async(store, wanted.key, data, mode=mode, attributes=attributes, use_multipart=False)
        except Conflict:
            return said(await self._put_before(store, wanted, data, calling))
        return said({"key": wanted.key, "size": len(data), "etag": done["e_tag"], "changed": True})

    async def _put_before(self, store: "ObjectStore", wanted: PutObject, data: bytes, calling: Calling) -> Mapping[str, Any]:
        import obstore  # see S3

        what = f"{wanted.bucket}/{wanted.key}"
        async with told(what, self._seconds(calling)):
            meta = await obstore.head_async(store, wanted.key)
            same = meta["size"] == len(data) and bytes(await (await obstore.get_async(store, wanted.key)).bytes_async()) == data
        if not same:
            raise Conflict("{object} has other content now (etag {etag}): look at it, then decide.", object=what, etag=meta["e_tag"] or "—")
        return {"key": wanted.key, "size": len(data), "etag": meta["e_tag"], "changed": False}

    async def _delete(self, wanted: DeleteObject, calling: Calling) -> Output:
        import obstore  # see S3

        self._write.require(wanted.bucket, wanted.key)
        store, what = self._store(wanted.bucket), f"{wanted.bucket}/{wanted.key}"
        try:
            async with told(what, self._seconds(calling)):
                await obstore.head_async(store, wanted.key)
            async with told(what, self._seconds(calling), writes=True):
                await obstore.delete_async(store, wanted.key)
        except NotFound:
            return said({"key": wanted.key, "changed": False})
        return said({"key": wanted.key, "changed": True})

    def _given(self, wanted: PutObject) -> bytes:
        if (wanted.text is None) == (wanted.base64 is None):
            raise Refused("Give either `text` or `base64`: one of the two.")
        try:
            data = wanted.text.encode() if wanted.text is not None else base64.b64decode(wanted.base64 or "", validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise Refused("`base64` is no base64, or `text` no whole text.") from error
        if len(data) > self._most.size:
            raise TooLarge("At most {most} bytes are put at once; here are {size}.", most=self._most.size, size=len(data))
        return data

    def _seconds(self, calling: Calling) -> float:
        return seconds_left(calling, self._clock, self._most.seconds, self.name)


async def _listed(store: "ObjectStore", folders: tuple[str, ...], after: str, most: int) -> "AsyncIterator[ObjectMeta]":
    """Page by page; the folders are in order, so the keys are, too."""
    import obstore  # see S3

    count = 0
    for folder in sorted(folders):
        async for page in obstore.list(store, folder.removesuffix("/") or None, offset=after or None, chunk_size=min(most, 100)):
            for one in page:
                if count < most and one["path"] > after:
                    count += 1
                    yield one
            if count >= most:
                return


def _shown(meta: "ObjectMeta") -> dict[str, Any]:
    return {"key": meta["path"], "size": meta["size"], "changed_at": iso(meta["last_modified"]), "etag": meta["e_tag"]}


def _kind(attributes: Mapping[Any, Any]) -> str:
    return str(attributes.get("Content-Type", ""))


def _whole_letters(data: bytes) -> bytes:
    """Of a part of a text, what is not a letter cut through; all of what is no text."""
    for left_out in range(min(4, len(data))):
        if _text(part := data[: len(data) - left_out]) is not None:
            return part
    return data


def _piece(data: bytes, kind: str, key: str) -> Words | Bytes:
    text = _text(data)
    if text is not None:
        return Words(text)
    return Bytes(data=data, media_type=kind or "application/octet-stream", name=key.rpartition("/")[2])


def _text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
