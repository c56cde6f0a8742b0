"""Who may ask: those with a key, and others where anonymous reading is on; each at its rate."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

from api.failure import RequestError
from api.keys import Keys
from api.rate import Allowance, Allowances, Rates

_LONGEST_ADDRESS = 45
"""Characters of the longest text of an IPv6 address; what a proxy says may be no address."""


class Admission:
    """Lets requests in.

    Parameters
    ----------
    keys
        Those that are known; None where there are none, so that all are anonymous.
    anonymous
        Whether who sends no key may ask.
    key_rates
        What may be asked with one key.
    address_rates
        What may be asked without a key from one address; of IPv6, from one network of 64 bits,
        which is what one customer has.
    """

    def __init__(
        self,
        keys: Keys | None = None,
        *,
        anonymous: bool = True,
        key_rates: Rates | None = None,
        address_rates: Rates | None = None,
    ) -> None:
        self.anonymous = anonymous
        self._keys = keys
        self._by_key = Allowances(key_rates or Rates())
        self._by_address = Allowances(address_rates or Rates())

    def admit(self, scope: Scope) -> Allowance:
        """Let a request in: it counts against what its client may ask, which is returned.

        Raises
        ------
        RequestError
            With 401, when the client must send a key or its key is not known; with 429, when it
            has asked too much.
        """
        name, error = self._name(scope)
        allowance = self._by_key.of(name) if name else self._by_address.of(_network(scope))
        allowance.take("requests", 1)
        if error:
            raise error
        return allowance

    def check(self, scope: Scope) -> None:
        """Check that a client may ask, without counting it.

        Raises
        ------
        RequestError
            With 401.
        """
        if error := self._name(scope)[1]:
            raise error

    def _name(self, scope: Scope) -> tuple[str | None, RequestError | None]:
        told = Headers(scope=scope).get("authorization") if self._keys else None
        if told is None or self._keys is None:
            return None, None if self.anonymous else _unauthenticated("send an API key")
        scheme, _, key = told.partition(" ")
        name = self._keys.name(key.strip()) if scheme.lower() == "bearer" else None
        return name, None if name else _unauthenticated("the API key is not known; send another")


def _unauthenticated(message: str) -> RequestError:
    how = f"{message}, as 'Authorization: Bearer KEY'"
    return RequestError("UNAUTHENTICATED", how, 401, headers={"www-authenticate": "Bearer"})


def _network(scope: Scope) -> object:
    client = scope.get("client")
    return _network_of(client[0][:_LONGEST_ADDRESS]) if client else None


@lru_cache(maxsize=4096)
def _network_of(host: str) -> object:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return address
    return address.ipv4_mapped or int(address) >> 64
