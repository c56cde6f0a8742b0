"""Files of the Hub's dataset repositories: fetched once, and kept in the Hub client's own cache.

The client repeats what fails in passing and serves an older copy from its cache where the Hub
cannot be reached. Unless ``HF_HUB_DISABLE_TELEMETRY`` is set, it also asks the Hub once a day
which programs to recognise as its callers.
"""

import re
from pathlib import Path

import httpx2
from huggingface_hub import hf_hub_download, is_offline_mode
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from graph.errors import HubError, InputError, ModelkinError, UsageError
from ingest.hub_protocol import checked_endpoint, checked_token

_ADDRESS = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+)(?:@([^/@]+))?/([^@]+)", re.ASCII)


def dataset_file(address: str, *, endpoint: str, token: str | None) -> Path:
    """Return where a file of a dataset is on this machine, fetching it if need be.

    Parameters
    ----------
    address
        ``hf://datasets/OWNER/NAME/PATH``, or ``NAME@REVISION`` for another than the newest.
    endpoint
        The Hub's base address (``HF_ENDPOINT``). The token goes nowhere else.
    token
        An access token (``HF_TOKEN``); None asks anonymously.

    Raises
    ------
    UsageError
        When the address is none, or the Hub refuses the token or asks for one.
    InputError
        When there is no such dataset or file.
    HubError
        When the Hub does not answer or breaks off, or in offline mode if the file was never
        fetched.
    """
    parts = _ADDRESS.fullmatch(address)
    if parts is None:
        raise UsageError(f"{address} is no address such as hf://datasets/OWNER/NAME/FILE.parquet")
    repository, revision, filename = parts.groups()
    endpoint = checked_endpoint(endpoint)
    token = checked_token(token.strip()) if token and token.strip() else None
    try:
        found = hf_hub_download(
            repository,
            filename,
            repo_type="dataset",
            revision=revision,
            endpoint=endpoint,
            token=token or False,  # None would pick up one that nobody gave
        )
    except (httpx2.HTTPError, OSError, EntryNotFoundError, ValueError, RuntimeError) as error:
        raise _told(error, address, endpoint) from error
    return Path(found)


def _told(error: Exception, address: str, endpoint: str) -> ModelkinError:
    """Say in one line what happened and what to do; the client's own messages take several."""
    kind: type[ModelkinError] = UsageError
    match error:
        case HfHubHTTPError() as answer:
            return _refused(answer, address, endpoint)
        case LocalEntryNotFoundError(__cause__=HfHubHTTPError() as answer):
            return _refused(answer, address, endpoint)
        case LocalEntryNotFoundError() if is_offline_mode():
            kind = HubError
            said = f"HF_HUB_OFFLINE is set and {address} is not in the cache: unset it to fetch it"
        case OSError(errno=int()) if not isinstance(error, LocalEntryNotFoundError):
            said = f"cannot keep {address} ({error.strerror}): make room, or set HF_HOME elsewhere"
        case ValueError():
            said = f"{address} cannot be fetched ({_line(error)}): check the address"
        case _:
            return _unanswered(error.__cause__ or error, address, endpoint)
    return kind(said)


def _refused(error: HfHubHTTPError, address: str, endpoint: str) -> ModelkinError:
    kind: type[ModelkinError] = InputError
    match error:
        case GatedRepoError():
            kind = UsageError
            said = (
                f"{endpoint} wants its terms accepted for {address}: do that on its page, and set"
                " HF_TOKEN to a token of the account that did"
            )
        case RepositoryNotFoundError() | DisabledRepoError():
            said = (
                f"{endpoint} shows no dataset for {address}: check the address, and HF_TOKEN if"
                " it is private"
            )
        case RevisionNotFoundError():
            said = f"{endpoint} has no such revision of {address}: check what follows @"
        case EntryNotFoundError():
            said = f"{endpoint} has no file {address}: check its path in the dataset"
        case _ if error.response.status_code in (401, 403):
            kind = UsageError
            said = f"{endpoint} refuses {address} ({_line(error)}): check the address and HF_TOKEN"
        case _:
            return _unanswered(error, address, endpoint)
    return kind(said)


def _unanswered(error: BaseException, address: str, endpoint: str) -> HubError:
    return HubError(
        f"{endpoint} did not give {address} ({_line(error)}): check the network and HF_ENDPOINT,"
        " or come back later"
    )


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".rstrip(": ")
