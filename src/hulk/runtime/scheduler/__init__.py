"""Schedules: cron in a time zone, intervals and single moments that begin work, once in a cluster, also after restarts.

    scheduler = Scheduler(store, bus, outbox, {"intent": begins_intent}, metrics)
    await scheduler.add(Schedule(...).timed(now, "cron", "30 8 * * mon-fri", "America/Sao_Paulo"))
    await scheduler.run()                                   # until cancelled

The rows are the truth, JetStream's own schedules keep the time; docs/schedules.md has the rules.
"""

from hulk.runtime.scheduler.schedule import Firing, Policy, Schedule, named
from hulk.runtime.scheduler.scheduler import Begins, Scheduler
from hulk.runtime.scheduler.schedules import Schedules, What
from hulk.runtime.scheduler.timetable import Kind, zone_named

__all__ = ["Begins", "Firing", "Kind", "Policy", "Schedule", "Scheduler", "Schedules", "What", "named", "zone_named"]
