"""The looks of `data.anomalies`: the engine sorts the points of all series on disk, numpy judges them series by series."""
