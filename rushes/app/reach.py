"""How vendors are reached: with which keys, at which addresses, over which clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from rushes.config import Access, Config, Provider, access, same_account
from rushes.errors import NotAuthorized
from rushes.http import Api, httpx

if TYPE_CHECKING:
    from rushes.jobs.link import Link
    from rushes.jobs.pace import Door
    from rushes.jobs.slots import Account
    from rushes.ledger import Job


class Reach:
    """From one program, in the real world or in a simulated one."""

    def __init__(self, config: Config, environ: Mapping[str, str], day: Callable[[], date], *, simulate: bool) -> None:
        self._config = config
        self._environ = environ
        self._day = day
        self._simulate = simulate
        self._links: dict[tuple[str, str | None, str | None], Link] = {}

    def use(self, polls: httpx.AsyncClient, submits: httpx.AsyncClient) -> None:
        """Goes over these clients from now on; links made before lead to clients that are closed."""
        self._polls, self._submits = polls, submits
        self._links = {}

    def access(self, provider: str, credential: str | None = None) -> Access:
        """A provider with one of its credentials."""
        entry = self._config.providers[provider].by(credential)
        if self._simulate:
            from rushes.simulated import simulated_access

            return simulated_access(provider, entry, self._day(), credential)
        return access(entry, self._environ)

    def missing(self, provider: str) -> tuple[str, ...]:
        """What keeps this machine from using a provider; empty where it can be used."""
        keys = self._config.providers[provider].keys
        found = {key: self.access(provider, key).missing for key in keys}
        if not all(found.values()):
            return ()
        return tuple(each if key is None else f"{key}: {each}" for key in keys for each in found[key])

    def keys(self, provider: str) -> list[str | None]:
        """The credentials of a provider that are set."""
        return [key for key in self._config.providers[provider].keys if not self.access(provider, key).missing]

    def link(self, endpoint: str, credential: str | None, base_url: str | None) -> Link:
        """To an endpoint with one of its provider's keys; `base_url` where a job was sent, None for today's.

        Raises NotAuthorized where the key is not there, or is one for somewhere else.
        """
        key = (endpoint, credential, base_url)
        if key not in self._links:
            self._links[key] = self._make_link(endpoint, credential, base_url)
        return self._links[key]

    def link_of(self, job: Job) -> Link:
        """To where a job was sent, with the key that made it."""
        return self.link(job.endpoint, job.credential, job.base_url)

    def _make_link(self, id: str, credential: str | None, base_url: str | None) -> Link:
        from rushes.jobs.link import Link
        from rushes.providers import PROVIDERS
        from rushes.providers.credentials import auth_of
        from rushes.router.candidates import endpoints

        [endpoint] = endpoints(self._config, endpoint=id)
        provider = self._config.providers[endpoint.provider]
        if credential is not None and credential not in provider.credentials:
            raise NotAuthorized(
                f"the job was made with {endpoint.provider}'s key '{credential}', which providers.yaml no longer has",
                hint="Put it back under `credentials` until the job has ended.",
            )
        entry, reached = provider.by(credential), self.access(endpoint.provider, credential)
        auth = auth_of(entry, reached)
        if base_url is not None and not same_account(entry, reached, base_url):
            raise NotAuthorized(
                f"the job was sent to {base_url}, and today's key is for {reached.base_url}",
                hint=f"Set {entry.base_url_variable or 'base_url in providers.yaml'} and the key as they were then.",
            )
        trusted = frozenset(entry.trusted_hosts)
        api = Api(self._polls, base_url or reached.base_url, auth, trusted_hosts=trusted)
        adapter = PROVIDERS[entry.wire](reached.settings)
        return Link(endpoint, entry, adapter, api, self._submits, auth, credential)

    def has(self, job: Job) -> bool:
        """True for jobs of the world that this program is in: the real one, or one simulated in this process."""
        from rushes.simulated import is_in_process, root

        return job.base_url.startswith(root(self._day())) if self._simulate else not is_in_process(job.base_url)

    def concurrency(self, account: Account) -> int:
        """How many jobs may run at once."""
        entry = self._entry(*account)
        return 1 if entry is None else entry.concurrency

    def submits_per_minute(self, door: Door) -> float | None:
        """None where no limit is known."""
        endpoint, credential = door
        entry = self._entry(endpoint.partition("/")[0], credential)
        return None if entry is None else entry.submits_per_minute

    def _entry(self, provider: str, credential: str | None) -> Provider | None:
        """None for one that an older job was made with, and that no file has any more."""
        entry = self._config.providers.get(provider)
        known = entry is not None and (credential is None or credential in entry.credentials)
        return entry.by(credential) if entry is not None and known else None
