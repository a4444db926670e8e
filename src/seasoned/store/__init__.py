"""Everything that must survive a crash: rows in a database, large bytes in an object store.

The functions of the modules here take a connection and the project; `Store` runs them: reads at once, writes through
the one thread that commits in groups.
"""

from sqlalchemy import Connection

from seasoned.store.database import Store

__all__ = ["Connection", "Store"]
