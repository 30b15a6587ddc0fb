"""Forecasting one series with numpy: ways to do it, a trial of each on the series itself, and how far off they were."""
