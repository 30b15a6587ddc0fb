"""`data.forecast`: what the time series of a table will do next."""

from hulk.modules.skills.domain.forecast.answer import CHART, FORECAST, LEDGER, forecast_title
from hulk.modules.skills.domain.forecast.horizon import MOST_STEPS, Horizon, ahead, regular, steps
from hulk.modules.skills.domain.forecast.outcome import (
    MOST_FORECAST,
    MOST_MISSING,
    Forecast,
    ForecastMethod,
    Forecasts,
    ForecastStep,
    Reason,
    Unforecast,
)

__all__ = [
    "CHART",
    "FORECAST",
    "LEDGER",
    "MOST_FORECAST",
    "MOST_MISSING",
    "MOST_STEPS",
    "Forecast",
    "ForecastMethod",
    "ForecastStep",
    "Forecasts",
    "Horizon",
    "Reason",
    "Unforecast",
    "ahead",
    "forecast_title",
    "regular",
    "steps",
]
