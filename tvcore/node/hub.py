"""What the viewers of the wall are owed, and which picture is made next. No I/O.

Latest wins: no picture is kept for later; one is made, of what the tiles show then, when a message may go. It is made
for whoever has waited longest, and goes to all who can use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tvcore.node import wire
from tvcore.node.damage import Rect
from tvcore.node.encode import COARSE, MOVING, SHARP, STILL, Encoded, Quality, Step, picture_size
from tvcore.node.owed import Channel, Cohort, Cut, Picked, Source, Tile, earliest, join, size_of, still_blurred
from tvcore.node.queues import Queues
from tvcore.node.shrink import Shrink
from tvcore.node.wall_line import MOST_CREDIT, MOST_VIEWERS

MOST_PIXELS = 1 << 20  # scaled, in one message: so that one big tile does not keep the others waiting
MOST_CELLS = 64
MOST_STRANGE = 128  # tiles that go into another message are passed over for one
LINGER = 0.15  # seconds that who has fallen behind waits for a picture that is made for others as well
GATHER = 0.00025  # seconds that a message waits for more cells, per tile shown
MOST_GATHER = 0.016  # and in all
FEW = 8  # tiles shown that are not worth it
BUSY = 0.1  # seconds after which a tile is looked at again that was being received, if nothing is heard of it
REVIEW = 0.1  # seconds between two looks at whether a viewer keeps up

_BYTES_PER_PIXEL = {MOVING: 0.2, COARSE: 0.15, SHARP: 0.5, STILL: 0.8}  # before anything was sent
_LEARN = 0.3  # share of the latest picture in what is expected of the next


class Viewer:
    """A page, as the portal numbers it."""

    def __init__(self, number: int, now: float) -> None:
        self.number = number
        self.credit = 0.0
        self.gone = False
        self.shown: dict[int, tuple[int, int, int]] = {}  # by tile: width, height, urgency
        self.channels: dict[int, Channel] = {}  # by tile, those that have a picture
        self.urgencies: dict[int, int] = {}  # by tile, as its channel counts them
        self.shrink = Shrink(now)
        self.review = now  # when to look next at whether it keeps up

    def step(self, tile: Tile, level: int) -> Step:
        """Return the scale at which *tile* is shown at a *level* of its shrink."""
        width, height, _ = self.shown[tile.index]
        return picture_size(tile.size, (max(1, width >> level), max(1, height >> level)))


@dataclass(frozen=True)
class Job:
    """A picture that is to be made."""

    cuts: list[Cut]
    quality: Quality
    viewers: list[Viewer]
    expected: float  # bytes, taken from each one's credit

    @property
    def sources(self) -> list[Source]:
        """Return whose framebuffers are read."""
        return list({cut.channel.tile.index: cut.channel.tile.source for cut in self.cuts}.values())


class Hub:
    """The state of one wall stream; *now* is always the same clock's time, in seconds."""

    def __init__(self, number: int, sources: Mapping[int, Source]) -> None:
        self._number = number
        self._sources = sources
        self._sequence = 0
        self._viewers: dict[int, Viewer] = {}
        self._solvent: set[Viewer] = set()
        self._shrunk: set[Viewer] = set()
        self._tiles: dict[int, Tile] = {}
        self._flying: set[int] = set()  # tiles of which a picture is being made: the next comes after it
        self._queues = Queues()
        self._again = float("inf")  # when to look again at what could not go yet
        self._gathering = False  # until then more is to come into the next message
        self._bytes: dict[tuple[Step, Quality], float] = {}  # learnt, per pixel

    # what is known

    @property
    def tiles(self) -> frozenset[int]:
        """Return the tiles that somebody looks at."""
        return frozenset(self._tiles)

    @property
    def worked_in(self) -> frozenset[int]:
        """Return the tiles that somebody works in: of urgency 0 to any viewer."""
        return frozenset(index for index, tile in self._tiles.items() if tile.worked_in)

    def knows(self, number: int) -> bool:
        """Return whether a viewer is there."""
        return number in self._viewers

    def credit(self, number: int) -> float:
        """Return how many bytes may be sent to a viewer."""
        return self._viewers[number].credit

    def level(self, number: int) -> int:
        """Return how often a viewer's sizes are halved."""
        return self._viewers[number].shrink.level

    # what viewers say

    def demand(self, number: int, shown: Iterable[tuple[int, int, int, int]], now: float) -> None:
        """Replace what a viewer is shown by (tile, width, height, urgency) each.

        Tiles that are not here and empty sizes are left out. Raises ValueError for more than MOST_VIEWERS.
        """
        viewer = self._viewers.get(number)
        if viewer is None:
            if len(self._viewers) == MOST_VIEWERS:
                raise ValueError(f"there are more than {MOST_VIEWERS} viewers")
            viewer = self._viewers[number] = Viewer(number, now)
        old = viewer.shown
        viewer.shown = {
            tile: (width, height, urgency)
            for tile, width, height, urgency in shown
            if tile in self._sources and width > 0 and height > 0
        }
        for tile in old.keys() - viewer.shown.keys():
            self._hide(viewer, tile)
        for tile, wanted in viewer.shown.items():
            if old.get(tile) != wanted:
                self._show(viewer, tile, now)

    def allow(self, number: int, count: int, now: float) -> None:
        """Allow so many further bytes; of a viewer that is not known, nothing."""
        if viewer := self._viewers.get(number):
            viewer.shrink.credited(count, now)
            self._review(viewer, now)
            self._set_credit(viewer, min(MOST_CREDIT, viewer.credit + count))

    def gone(self, number: int) -> None:
        """Forget a viewer."""
        if viewer := self._viewers.pop(number, None):
            viewer.gone = True
            for tile in list(viewer.shown):
                self._hide(viewer, tile)
            self._solvent.discard(viewer)
            self._shrunk.discard(viewer)

    # what tiles say

    def changed(self, index: int, damage: tuple[Rect, ...], now: float) -> bool:
        """Note that *damage* of a tile (in its own pixels) changed; return whether ``next`` is to be asked at once."""
        if (tile := self._tiles.get(index)) is None:
            return False
        if tile.size != size_of(tile.source):
            self._resize(tile, now)
        for channel in tile.channels.values():
            for cohort in channel.cohorts:
                cohort.hurt(damage, now)
                self._queues.wait(cohort, now)
        return not self._gathering or tile.worked_in

    # what is sent

    def next(self, now: float) -> Job | None:
        """Return the next picture to be made and count it against credits; None when there is none to make now.

        Call ``done`` when it is made. What could not go at once, ``next_time`` says when to ask again.
        """
        self._again, self._gathering = float("inf"), False
        for viewer in list(self._shrunk):
            self._review(viewer, now)
        if not self._solvent:
            return None
        return self._pick(self._queues.moving(now), False, now) or self._pick(self._queues.rested(now), True, now)

    def next_time(self) -> float:
        """Return when ``next`` may have something without a change, a demand or credit; infinite when never."""
        rest = self._queues.next_rest() if self._solvent else float("inf")
        review = min((viewer.review for viewer in self._shrunk), default=float("inf"))
        return min(rest, review, self._again)

    def done(self, job: Job, encoded: Encoded) -> bytes:
        """Return the message that *job* comes to, with its length and whom it is for; empty when all have gone."""
        self._sequence += 1
        cells = [cut.cell(corner) for cut, corner in zip(job.cuts, encoded.corners, strict=True)]
        picture = wire.pack(self._number, self._sequence, cells, encoded.jpeg)
        self._flying.difference_update(cut.channel.tile.index for cut in job.cuts)
        self._learn(job, len(picture))
        viewers = [viewer for viewer in job.viewers if not viewer.gone]
        for viewer in viewers:
            self._set_credit(viewer, viewer.credit + job.expected - len(picture))
        return wire.address([viewer.number for viewer in viewers], picture) if viewers else b""

    # picking

    def _pick(self, offers: Iterator[Cohort], still: bool, now: float) -> Job | None:
        """Return the first of *offers* that can go, and what more goes well with it in one message."""
        picked: list[Picked] = []
        audience: set[Viewer] = set()
        broke: list[Cohort] = []
        budget = expected = 0.0
        pixels = cells = strange = 0
        for cohort in offers:
            if self._solvent.isdisjoint(cohort.viewers):
                broke.append(cohort)
                continue
            if not (wanted := self._ready(cohort, now)):
                continue
            if not picked:
                if not still and self._gathers(cohort, now):
                    break
                budget = max(viewer.credit for viewer in wanted)
            channel = cohort.channel
            quality = channel.quality(still)
            per_pixel = self._per_pixel(channel.step, quality)
            cuts = channel.cuts(cohort, still, min(MOST_PIXELS - pixels, (budget - expected) / per_pixel))
            helped = channel.helped(cohort, cuts, self._solvent)
            if picked and (helped != audience or quality != picked[0].cohort.channel.quality(still)):
                strange += 1
                if strange == MOST_STRANGE:
                    break
                continue
            area = sum(cut.size[0] * cut.size[1] for cut in cuts)
            size = area * per_pixel + wire.CELL.size * len(cuts)
            over = pixels + area > MOST_PIXELS or cells + len(cuts) > MOST_CELLS or expected + size > budget
            if picked and over:
                break
            audience = helped
            picked.append(Picked(cohort, cuts))
            pixels, cells, expected = pixels + area, cells + len(cuts), expected + size
            if over:
                break
        for cohort in broke:
            self._queues.park(cohort)
        return self._commit(picked, audience, expected, still, now) if picked else None

    def _ready(self, cohort: Cohort, now: float) -> set[Viewer]:
        """Return for whom of *cohort* a picture may be made now.

        When most of them lack credit, better wait a little for them than make it twice.
        """
        tile = cohort.channel.tile
        if tile.index in self._flying or tile.size != size_of(tile.source):
            return set()
        wanted = cohort.viewers & self._solvent
        after = cohort.after
        if 2 * len(wanted) < len(cohort.viewers):
            after = max(after, cohort.since + LINGER)
        if tile.source.busy:
            after = max(after, now + BUSY)
        if now < after:
            self._again = min(self._again, after)
            return set()
        return wanted

    def _gathers(self, cohort: Cohort, now: float) -> bool:
        """Return whether it is worth to wait for more cells: of many tiles, one each is a picture too many."""
        if len(self._tiles) <= FEW or cohort.channel.urgency == 0:
            return False
        until = cohort.since + min(MOST_GATHER, GATHER * len(self._tiles))
        if now < until:
            self._again = min(self._again, until)
            self._gathering = True
        return now < until

    def _commit(self, picked: list[Picked], audience: set[Viewer], expected: float, still: bool, now: float) -> Job:
        """Return the job of what was *picked*, for those of *audience* whose credit it does not exceed by far."""
        least = min(expected, max(viewer.credit for viewer in audience)) / 2
        viewers = {viewer for viewer in audience if viewer.credit >= least}
        waits = [now - one.cohort.stale for one in picked if one.cohort.stale is not None]
        for viewer in viewers:
            self._set_credit(viewer, viewer.credit - expected)
            if viewer.credit <= 0:
                viewer.shrink.ran_dry(now)
            if waits:
                viewer.shrink.waited(max(waits), now)
        quality = picked[0].cohort.channel.quality(still)
        for one in picked:
            self._send(one, viewers, still, now)
        return Job([cut for one in picked for cut in one.cuts], quality, list(viewers), expected)

    def _send(self, picked: Picked, viewers: set[Viewer], still: bool, now: float) -> None:
        """Note that *viewers* get what was picked; who else is owed it falls behind."""
        served, channel = picked.cohort, picked.cohort.channel
        self._flying.add(channel.tile.index)
        if len(channel.cohorts) > 1 or served.viewers != viewers:
            served = self._part(channel, served, viewers, now)
        served.whole, served.damage, served.stale, served.after = False, (), None, 0.0
        served.blurred = still_blurred(served.blurred, picked.cuts, still)
        for other in [c for c in channel.cohorts if c is not served and c.is_like(served)]:
            served.take(other)
            self._queues.drop(other)
        self._queues.served(served, still, now)
        self._queues.keep_few(channel)

    def _part(self, channel: Channel, cohort: Cohort, viewers: set[Viewer], now: float) -> Cohort:
        """Return one cohort of all *viewers*, taken out of their own; who is left in *cohort* waits a little."""
        served = Cohort(channel)
        for other in list(channel.cohorts):
            if not (got := other.viewers & viewers):
                continue
            served.viewers |= got
            served.blurred = join(served.blurred, other.blurred)
            other.viewers -= got
            if not other.viewers:
                self._queues.drop(other)
            elif other is cohort:
                other.after = now + LINGER
        channel.cohorts.append(served)
        return served

    def _per_pixel(self, step: Step, quality: Quality) -> float:
        return self._bytes.get((step, quality)) or _BYTES_PER_PIXEL[quality]

    def _learn(self, job: Job, size: int) -> None:
        got = max(1e-3, size / sum(cut.size[0] * cut.size[1] for cut in job.cuts))
        for step in {cut.channel.step for cut in job.cuts}:
            old = self._per_pixel(step, job.quality)
            self._bytes[step, job.quality] = old + (got - old) * _LEARN

    # viewers and their channels

    def _show(self, viewer: Viewer, index: int, now: float) -> None:
        """Have *viewer* in the channel of the size that it is shown at, or none while the tile has no picture."""
        tile = self._tiles.get(index)
        if tile is None:
            tile = self._tiles[index] = Tile(index, self._sources[index])
        tile.viewers.add(viewer)
        if not tile.size[0]:
            return
        key = (viewer.step(tile, viewer.shrink.level), viewer.shrink.level > 0)
        old = viewer.channels.get(index)
        if old is None or old.key != key:
            stale = self._leave(viewer, old) if old else now  # nothing of it has been seen yet
            channel = tile.channels.get(key)
            if channel is None:
                channel = tile.channels[key] = Channel(tile, key)
            self._join(viewer, channel, stale, now)
        self._urge(viewer, viewer.channels[index], viewer.shown[index][2])

    def _join(self, viewer: Viewer, channel: Channel, stale: float | None, now: float) -> None:
        viewer.channels[channel.tile.index] = channel
        cohort = next((cohort for cohort in channel.cohorts if cohort.whole), None)
        if cohort is None:
            cohort = Cohort(channel)
            cohort.whole = True
            channel.cohorts.append(cohort)
        cohort.viewers.add(viewer)
        cohort.stale, cohort.after = earliest(cohort.stale, stale), 0.0
        self._queues.wait(cohort, now)
        self._queues.unpark([cohort])
        self._queues.keep_few(channel)

    def _leave(self, viewer: Viewer, channel: Channel) -> float | None:
        """Take *viewer* out of *channel*; return since when what it sees there is not what there is."""
        del viewer.channels[channel.tile.index]
        self._urge(viewer, channel, None)
        cohort = channel.cohort_of(viewer)
        cohort.viewers.discard(viewer)
        if not cohort.viewers:
            self._queues.drop(cohort)
        if not channel.cohorts:
            del channel.tile.channels[channel.key]
        return cohort.stale

    def _hide(self, viewer: Viewer, index: int) -> None:
        tile = self._tiles[index]
        if channel := viewer.channels.get(index):
            self._leave(viewer, channel)
        tile.viewers.discard(viewer)
        if not tile.viewers:
            del self._tiles[index]

    def _resize(self, tile: Tile, now: float) -> None:
        """Begin anew with a display whose size has changed."""
        for viewer in tile.viewers:
            if channel := viewer.channels.get(tile.index):
                self._leave(viewer, channel)
        tile.size = size_of(tile.source)
        for viewer in tile.viewers:
            self._show(viewer, tile.index, now)

    def _urge(self, viewer: Viewer, channel: Channel, urgency: int | None) -> None:
        """Have *channel* as urgent as it is to anyone; to *viewer* it is now *urgency* (None: it has left)."""
        if (before := viewer.urgencies.pop(channel.tile.index, None)) is not None:
            channel.urgencies[before] -= 1
        if urgency is not None:
            channel.urgencies[urgency] += 1
            viewer.urgencies[channel.tile.index] = urgency
        most = next((i for i, count in enumerate(channel.urgencies) if count), channel.urgency)
        if most != channel.urgency:
            self._queues.urge(channel, most)

    # credit and pace

    def _set_credit(self, viewer: Viewer, credit: float) -> None:
        viewer.credit = credit
        if credit <= 0 or viewer.gone:
            self._solvent.discard(viewer)
        elif viewer not in self._solvent:
            self._solvent.add(viewer)
            self._queues.unpark(channel.cohort_of(viewer) for channel in viewer.channels.values())

    def _review(self, viewer: Viewer, now: float) -> None:
        """Look at whether *viewer* keeps up, and show it less or more of each tile."""
        dry = viewer.credit <= 0
        if now < viewer.review or not (dry or viewer.shrink.level):
            return
        viewer.review = now + REVIEW
        oldest = min(self._queues.late(viewer), default=None)
        wait = None if oldest is None else now - oldest
        if viewer.shrink.review(wait, lambda level: self._size_at(viewer, level), dry, now):
            for tile in viewer.shown:
                self._show(viewer, tile, now)
        (self._shrunk.add if viewer.shrink.level else self._shrunk.discard)(viewer)

    def _size_at(self, viewer: Viewer, level: int) -> float:
        """Return how many bytes all that waits for *viewer* comes to at *level*."""
        total = 0.0
        for channel in viewer.channels.values():
            if channel.cohort_of(viewer).stale is not None:
                step = viewer.step(channel.tile, level)
                width, height = step.size(*channel.tile.size)
                total += width * height * self._per_pixel(step, COARSE) + wire.CELL.size
        return total
