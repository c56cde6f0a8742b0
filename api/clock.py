"""A query's deadline, and an executor that looks at it."""

import time
from typing import Any

from graphql.execution import Executor

from api.failure import TimeUpError


class Deadline:
    """When a query must have ended; graphql-core's executor asks it as its abort signal."""

    def __init__(self, seconds: float) -> None:
        self.reason = TimeUpError(seconds)
        self._end = time.monotonic() + seconds

    @property
    def aborted(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() > self._end


class ClockedExecutor(Executor[None]):
    """graphql-core's executor, which looks at the clock at each object."""

    def look_at_the_clock(self) -> None:
        """End the execution if its time is up.

        Raises
        ------
        TimeUpError
            When the deadline has passed.
        """
        if self.abort_signal is not None and self.abort_signal.aborted:
            raise self.abort_error()

    def execute_fields(self, *args: Any, **kwargs: Any) -> Any:
        """Execute the fields of an object."""
        self.look_at_the_clock()
        return super().execute_fields(*args, **kwargs)
