"""What can go wrong, as one tree.

Each message is one line that names the input and the mend. ``exit_code`` is what the
command line ends with; the GraphQL API gives ``code`` as ``extensions.code``.

::

    ModelkinError            1   something failed
    ├── UsageError           2   wrong usage or configuration
    │   ├── StoreUrlError    2   a store URL that names no store
    │   ├── CredentialsError 2   the store refuses the user name or password
    │   ├── InputError       2   a file that is missing or is not what it should be
    │   └── RegistryError    2   a registry file that cannot be read
    ├── NotFoundError        1   no such model, family or snapshot
    ├── CursorError          1   a page cursor that is malformed, foreign or outdated
    ├── StoreError           1   the store is unreachable, or refuses
    ├── SnapshotFormatError  1   a snapshot of a format that this version does not read
    ├── ShrinkError          1   a run would delete more than it may
    ├── LeaseLostError       1   another run took the lease over
    └── TryLaterError       75   nothing is wrong: come back later
        ├── LeaseHeldError  75   another run is at work
        └── HubError        75   the Hub does not answer, or the quota is spent
"""

from typing import ClassVar


class ModelkinError(Exception):
    """Something failed; the message names the input and the mend."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "INTERNAL"


class UsageError(ModelkinError):
    """Wrong usage or configuration."""

    exit_code = 2
    code = "BAD_USER_INPUT"


class StoreUrlError(UsageError):
    """A store URL that names no store."""


class CredentialsError(UsageError):
    """The store refuses the user name or the password."""


class InputError(UsageError):
    """A file that is missing, or is not what it should be."""


class RegistryError(UsageError):
    """A registry file that cannot be read.

    ``problems`` are all that is wrong in it, a line each.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        more = len(problems) - 1
        hint = f" (and {more} more: see 'modelkin registry check')" if more else ""
        super().__init__(f"{problems[0]}{hint}")


class NotFoundError(ModelkinError):
    """No such model, family or snapshot."""

    code = "NOT_FOUND"


class CursorError(ModelkinError):
    """A page cursor that is malformed, of another list, or of another snapshot."""

    code = "BAD_CURSOR"


class StoreError(ModelkinError):
    """The store is unreachable, or refuses."""

    code = "STORE_UNAVAILABLE"


class SnapshotFormatError(ModelkinError):
    """A snapshot of a format that this version does not read, or a damaged one."""

    code = "SNAPSHOT_FORMAT"


class ShrinkError(ModelkinError):
    """A run would delete more models than it may."""


class LeaseLostError(ModelkinError):
    """Another run took the lease over; what this run stored so far is kept."""


class TryLaterError(ModelkinError):
    """Nothing is wrong with the input: come back later."""

    exit_code = 75
    code = "TRY_LATER"


class LeaseHeldError(TryLaterError):
    """Another run is at work on this store."""


class HubError(TryLaterError):
    """The Hub does not answer, or the quota is spent."""
