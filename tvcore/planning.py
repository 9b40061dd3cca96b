"""From a case to the plan of a job: its members, what runs in each one's tile, in which image, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast, get_args

from tvcore import paths
from tvcore.batch.place import Ask, place
from tvcore.batch.plan import Meaning, NodeHook, Plan, TilePlan, refused_by_name
from tvcore.batch.schedulers import check as check_scheduler
from tvcore.cases import catalog
from tvcore.cases.case import Bind, Kind, TileSpec
from tvcore.cases.hookspecs import Report
from tvcore.cases.kinds import OURS, PluginKinds
from tvcore.config import JobSettings, Settings, load, split_settings
from tvcore.errors import UsageError
from tvcore.session import SESSION

NO_CONTAINER = "none"
NODE_HOOKS: tuple[NodeHook, ...] = get_args(NodeHook)


def silent(_fraction: float, _text: str) -> None:
    """Take a report of progress and say nothing."""


def plan_case(
    name: str,
    given: Mapping[str, object] | None = None,
    tiles: int | None = None,
    title: str | None = None,
    report: Report = silent,
    indices: Sequence[int] | None = None,
    cancelled: Callable[[], bool] | None = None,
    session: str = SESSION,
) -> tuple[Plan, Settings]:
    """Return the plan that shows *tiles* members of the case *name* in *session*, and the settings of its job.

    *given* are parameters of the case and settings of the job alike. What the members need is made first. *indices*
    takes those members alone, counted from 0 in the case's order. Once *cancelled* returns true what is being made is
    given up. Raises UsageError for an unknown case, key or value, CancelledError for what was cancelled.
    """
    known = list(catalog.describe(name).parameters.get("properties", {}))
    for_case, for_job = split_settings(given or {}, known)
    settings = load(for_job).settings
    check_scheduler(settings.scheduler.backend)
    if tiles is not None and tiles < 1:
        raise UsageError(f"--tiles {tiles}: a wall needs at least one tile")
    count = tiles if indices is None else max(indices) + 1
    found = catalog.survey(name, for_case, count, indices, report, cancelled)
    places = place([Ask(gpu=spec.gpu) for spec in found.tiles], settings.job.nodes, settings.job.gpus_per_node)
    settings = settings.model_copy(update={"job": _asking(settings.job, found.tiles, [there.node for there in places])})
    images, kinds = _Images(settings), PluginKinds(settings.plugins.seconds)
    paths.jobs_dir()  # where Slurm is to write the job's log
    with refused_by_name(f"the case {name}"):
        plan = Plan(
            case=name,
            title=title or found.title,
            session=session,
            state=str(paths.state_dir()),
            ensemble=found.ensemble,
            live=found.live,
            parameters=found.parameters,
            tiles=tuple(
                _tile(found, number, images, settings.tiles.size, kinds).model_copy(
                    update={"node": there.node, "gpu": there.gpu}
                )
                for number, there in enumerate(places)
            ),
            container=settings.job.container,
            images=images.digests,
            gl=settings.tiles.gl,
            plugin=found.plugin.spec,
            hooks=tuple(hook for hook in NODE_HOOKS if hook in found.hooks),
            means=cast(tuple[Meaning, ...], found.means),
            plugin_memory=settings.plugins.memory_bytes or 0,
            warning=settings.job.warning,
            scratch=settings.job.scratch,
            isolation=settings.tiles.isolation,
            tunnel_way=settings.tunnel.way,
            encoders=settings.wall.encoders,
            cores=settings.wall.cores,
        )
    return plan, settings


def _asking(job: JobSettings, tiles: Sequence[TileSpec], nodes: Sequence[int]) -> JobSettings:
    """Return *job* with the cores and the memory that the *tiles* of each of its *nodes* need, unless it says them."""
    cores, memory = (
        max((sum(needs[i] for i in range(len(tiles)) if nodes[i] == node) for node in set(nodes)), default=0)
        for needs in ([tile.cpus for tile in tiles], [tile.memory for tile in tiles])
    )
    update: dict[str, object] = {}
    if cores and job.cpus is None:
        update["cpus"] = cores
    if memory and not job.memory:
        update["memory"] = str(-(-memory >> 20)) if memory >> 20 else "1"
    return job.model_copy(update=update)


class _Images:
    """The images of a plan, each looked for once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._paths: dict[str, str] = {}
        self.digests: dict[str, str] = {}

    @property
    def used(self) -> bool:
        """Return whether the job runs tiles in containers."""
        return self._settings.job.container != NO_CONTAINER

    def path(self, name: str) -> str:
        """Return the absolute path of the image *name*. Raises UsageError and TiledVizError."""
        from tvcore.container import images  # those who use no containers need none of it

        if name not in self._paths:
            found = images.find(name, self._settings.images)
            self._paths[name] = str(found.path)
            self.digests[str(found.path)] = found.digest
        return self._paths[name]


def _tile(found: catalog.Survey, number: int, images: _Images, size: str, kinds: PluginKinds) -> TilePlan:
    """Return the plan of one tile, but for its place: as its image has it, where the job uses containers."""
    spec = found.tiles[number]
    command, environment = spec.command, spec.environment
    image: str | None = None
    binds: tuple[Bind, ...] = ()
    if images.used and spec.image is not None:
        image, binds = images.path(spec.image.name), spec.image.binds
        command, environment = spec.image.command or command, spec.image.environment
    if spec.cpus:
        environment = {"OMP_NUM_THREADS": str(spec.cpus), **environment}  # what it was promised, and no more
    width, height = map(int, size.split("x")) if size else (spec.width, spec.height)
    kind, drawn_by = spec.kind, None
    if kind not in OURS:
        kind, drawn_by = "picture", kinds.drawn_by(kind, spec.source)
    return TilePlan(
        index=found.indices[number],
        title=found.titles[number],
        tags=found.tags[number],
        command=command,
        kind=cast(Kind, kind),
        source=spec.source,
        drawn_by=drawn_by,
        environment=environment,
        member=found.rows[number],
        width=width,
        height=height,
        image=image,
        binds=binds,
        window_manager=spec.window_manager,
        unwatched=spec.unwatched,
    )
