"""Moments as they are told, and on which step of their series they lie."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from hulk.modules.skills import Frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints: TypeAlias = NDArray[np.int64]


DAY = 86_400


def ordinals(times: "Ints", frame: Frame) -> "Ints":
    """Each point's step since an origin; of a series with working days only, in working days."""
    import numpy as np

    if frame.step is None:
        return np.arange(len(times))
    if frame.step.unit == "month":
        return np.asarray(times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64) // frame.step.count)
    if frame.weekdays:
        days = times // (DAY * 1000) + 3  # 1970-01-01 was a Thursday
        ranks = np.searchsorted(np.array(frame.weekdays), days % 7)
        return np.asarray(days // 7 * len(frame.weekdays) + ranks)
    return np.asarray(np.rint((times - times[0]) / (frame.step.count * 1000)).astype(np.int64) + times[0] // (frame.step.count * 1000))


def moment(times: "Ints", index: int) -> str:
    """One of the times (milliseconds since 1970), written out."""
    return iso(datetime.fromtimestamp(int(times[index]) / 1000, UTC))


def iso(when: datetime) -> str:
    """ISO 8601 without a zone, to the second; to the millisecond where there are any."""
    return when.replace(tzinfo=None).isoformat(timespec="milliseconds" if when.microsecond else "seconds")
