"""``python -m tvcore.tunnel``: the tunnels' endpoint, until SIGTERM or until nobody needs it."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import logging  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402

from tvcore import config, logs, paths, proc  # noqa: E402
from tvcore.errors import TiledVizError  # noqa: E402
from tvcore.tunnel.admission import Facts  # noqa: E402
from tvcore.tunnel.endpoint import AlreadyRunsError, Endpoint  # noqa: E402
from tvcore.tunnel.strangers import Patient  # noqa: E402
from tvcore.workers import Workers  # noqa: E402

ANSWER_SECONDS = 8.0  # of the batch system; a node waits ten seconds to be let in


class WorkerFacts:
    """Asks the batch system in a worker process."""

    def __init__(self) -> None:
        self._workers = Workers(1, "tvcore.batch.facts")

    def job_facts(self, ids: list[str], urgent: bool) -> dict[str, dict[str, Any]]:
        """Return what is known of the jobs *ids* (``tvcore.batch.facts``)."""
        facts: dict[str, dict[str, Any]] = self._workers.call("job_facts", ANSWER_SECONDS, ids=ids, urgent=urgent)
        return facts

    def node_addresses(self, job: str, node: str) -> list[str]:
        """Return the names and addresses of *node*."""
        addresses: list[str] = self._workers.call("node_addresses", ANSWER_SECONDS, job=job, node=node)
        return addresses

    def close(self) -> None:
        """End the worker process."""
        self._workers.close()


def speak() -> None:
    """Log to standard error, no faster than somebody can read; paramiko's own lines are for its developers."""
    logs.speak("%(asctime)s %(message)s", Patient())
    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)


def serve(endpoint: Endpoint) -> None:
    """Run *endpoint* until SIGTERM or SIGINT. Raises TiledVizError."""
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, endpoint.stop)
    gevent.spawn(logs.Follower().loop, gevent.sleep)
    gevent.setswitchinterval(0.001)  # seconds for which what is ready may go on before sockets are looked at
    endpoint.run()


def main() -> int:
    """Run the endpoint and return the exit code."""
    proc.hide_memory()
    speak()
    try:
        facts: Facts = WorkerFacts()
        serve(Endpoint(paths.state_dir(), config.load().settings.tunnel, facts))
    except AlreadyRunsError as error:
        logging.info("%s", error)
    except TiledVizError as error:
        print(f"tiledviz: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
