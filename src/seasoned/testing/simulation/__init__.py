"""Seeded simulation: clients, processes, a clock, a model and a disk that fail, in one thread; one seed decides all.

    with opened("sqlite") as database:
        assert simulate(123, database).violations == []

What is simulated is around the code that runs: the engine, the stages, the store and its writer are the real ones.
"""

from seasoned.testing.simulation.database import Database, Postgres, Sqlite
from seasoned.testing.simulation.run import Report, simulate

__all__ = ["Database", "Postgres", "Report", "Sqlite", "simulate"]
