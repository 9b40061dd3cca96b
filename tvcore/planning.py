"""From a case to the plan of a job: its members, what runs in each one's tile, in which image, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tvcore import paths
from tvcore.batch.place import Ask, place
from tvcore.batch.plan import Plan, TilePlan, refused_by_name
from tvcore.cases import manager
from tvcore.cases.case import Bind, Member, TileSpec
from tvcore.cases.hookspecs import Report
from tvcore.config import Settings, load, split_settings
from tvcore.errors import UsageError

NO_CONTAINER = "none"


def silent(_fraction: float, _text: str) -> None:
    """Take a report of progress and say nothing."""


def plan_case(
    name: str,
    given: Mapping[str, object] | None = None,
    tiles: int | None = None,
    title: str | None = None,
    report: Report = silent,
    indices: Sequence[int] | None = None,
) -> tuple[Plan, Settings]:
    """Return the plan that shows *tiles* members of the case *name*, and the settings that its job is to have.

    *given* are parameters of the case and settings of the job alike. What the members need is made first. *indices*
    takes those members alone, counted from 0 in the case's order. Raises UsageError for an unknown case, key or value.
    """
    case = manager.find(name)
    for_case, for_job = split_settings(given or {}, case.parameter_names())
    settings = load(for_job).settings
    parameters = case.parameters(for_case)
    if tiles is not None and tiles < 1:
        raise UsageError(f"--tiles {tiles}: a wall needs at least one tile")
    if indices is not None:
        tiles = max(indices) + 1
    case.prepare(parameters, report)
    members = case.members(parameters, tiles)
    if not members or (tiles is not None and len(members) < tiles):
        raise UsageError(f"the case {name} has {len(members)} members with these parameters, fewer than {tiles or 1}")
    ensemble = case.ensemble(parameters)
    chosen = range(len(members)) if indices is None else indices
    planned = [(index, members[index], case.tile(parameters, members[index])) for index in chosen]
    places = place([Ask(gpu=spec.gpu) for _, _, spec in planned], settings.job.nodes, settings.job.gpus_per_node)
    images = _Images(settings)
    paths.jobs_dir()  # where Slurm is to write the job's log
    with refused_by_name(f"the case {name}"):
        plan = Plan(
            case=name,
            title=title or case.info.title,
            state=str(paths.state_dir()),
            ensemble=str(ensemble.path) if ensemble else None,
            live=ensemble is not None and ensemble.live,
            parameters=parameters.model_dump(mode="json"),
            tiles=tuple(
                _tile(index, member, spec, images, settings.tiles.size).model_copy(
                    update={"member": member.index if ensemble else None, "node": there.node, "gpu": there.gpu}
                )
                for (index, member, spec), there in zip(planned, places, strict=True)
            ),
            container=settings.job.container,
            images=images.digests,
            gl=settings.tiles.gl,
            ready=case.has_ready,
            scratch=settings.job.scratch,
            isolation=settings.tiles.isolation,
            tunnel_way=settings.tunnel.way,
            encoders=settings.wall.encoders,
            cores=settings.wall.cores,
        )
    return plan, settings


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


def _tile(index: int, member: Member, spec: TileSpec, images: _Images, size: str) -> TilePlan:
    """Return the plan of one tile, but for its place: as its image has it, where the job uses containers."""
    command, environment = spec.command, spec.environment
    image: str | None = None
    binds: tuple[Bind, ...] = ()
    if images.used and spec.image is not None:
        image, binds = images.path(spec.image.name), spec.image.binds
        command, environment = spec.image.command or command, spec.image.environment
    width, height = map(int, size.split("x")) if size else (spec.width, spec.height)
    return TilePlan(
        index=index,
        title=member.title,
        tags=member.tags,
        command=command,
        kind=spec.kind,
        source=spec.source,
        environment=environment,
        width=width,
        height=height,
        image=image,
        binds=binds,
        window_manager=spec.window_manager,
        unwatched=spec.unwatched,
    )
